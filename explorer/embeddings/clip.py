"""One open_clip model: vectors of texts and pictures as it gives them, what its layers hold, what its patches match."""

import hashlib
import itertools
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from ..errors import InvalidSetting, UnknownWord
from .patches import patch_features

if TYPE_CHECKING:
    from PIL.Image import Image


class Clip:
    """A model that embeds texts and pictures into one space.

    model: open_clip's, in eval mode. preprocess, tokenizer: open_clip's own for it.
    """

    has_pictures = True

    def __init__(self, name: str, model: Any, preprocess: Any, tokenizer: Any) -> None:
        self.name = name
        self.model, self.preprocess, self.tokenizer = model, preprocess, tokenizer
        self.device = next(model.parameters()).device

    @cached_property
    def identity(self) -> str:
        """What its vectors depend on, as SHA-256: weights, preprocessing, tokenizer, libraries, device."""
        import open_clip

        digest = hashlib.sha256()
        tried = "a red castle, 2 narwhals"
        told = [self.preprocess, self.device.type, torch.__version__, open_clip.__version__, type(self.model).__name__]
        told += [self._ids([tried]).tolist(), str(self.model.visual)[:100_000]]
        digest.update(repr(told).encode())
        for name, values in self.model.state_dict().items():
            digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
            digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()

    @cached_property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.text([""]).shape[1])

    @property
    def temperature(self) -> float:
        """What cosines are divided by before the softmax: the model learned it."""
        return float(torch.exp(-self.model.logit_scale.detach().float()).reshape(-1)[0])

    @property
    def bias(self) -> float | None:
        """What is added after that, in models trained by the sigmoid of each pair (SigLIP); None in all others."""
        bias = getattr(self.model, "logit_bias", None)
        return None if bias is None else float(bias.detach().float().reshape(-1)[0])

    @torch.no_grad()
    def text(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) float32, as `encode_text` gives them."""
        found: np.ndarray = self.model.encode_text(self._ids(texts)).float().cpu().numpy()
        return found

    @torch.no_grad()
    def pictures(self, images: "Sequence[Image]") -> np.ndarray:
        """(n, d) float32, as `encode_image` gives them."""
        found: np.ndarray = self.model.encode_image(self._pixels(images)).float().cpu().numpy()
        return found

    @torch.no_grad()
    def layers(self, prompt: str, word: str) -> np.ndarray:
        """What the text tower holds of a word of a prompt: (layer, channel) float32, the mean over its tokens.

        First what goes into the first layer, then what comes out of each, last that after the final norm.
        Raises UnknownWord if it is not in the prompt, InvalidSetting for text towers that tell no layers.
        """
        ids = self._ids([prompt])
        rows = self._rows(ids[0].tolist(), prompt, word)
        tower = self.model.text if hasattr(self.model, "text") else self.model
        blocks = getattr(getattr(tower, "transformer", None), "resblocks", None)
        if blocks is None or not hasattr(tower, "ln_final"):
            raise InvalidSetting(
                f"The text tower of {self.name} tells no layers: use another model, or the pipeline's text encoder."
            )
        seen: list[torch.Tensor] = []
        handles = [
            blocks[0].register_forward_pre_hook(lambda module, args: seen.append(args[0])),
            *(block.register_forward_hook(lambda module, args, out: seen.append(out)) for block in blocks),
            tower.ln_final.register_forward_hook(lambda module, args, out: seen.append(out)),
        ]
        try:
            self.model.encode_text(ids)
        finally:
            for handle in handles:
                handle.remove()
        # Inner layers may have the sequence first.
        tables = [table[0] if table.shape[0] == 1 else table[:, 0] for table in seen]
        if any(table.ndim != 2 or len(table) <= max(rows) for table in tables):
            raise InvalidSetting(f"The text tower of {self.name} tells no layers: use another model.")
        found: np.ndarray = torch.stack([table[rows].mean(0) for table in tables]).float().cpu().numpy()
        return found

    @torch.no_grad()
    def patches(self, image: "Image") -> np.ndarray:
        """What each patch of a picture would be as a picture of its own: (y, x, d) float32.

        The last attention is replaced by each patch's own value, as in MaskCLIP (Zhou et al. 2022, section 3.2).
        Raises InvalidSetting for picture towers whose patches can't be had.
        """
        found: np.ndarray = patch_features(self.model.visual, self._pixels([image]), self.name).float().cpu().numpy()
        return found

    def seen(self, image: "Image") -> np.ndarray:
        """The part of a picture that the tower is shown, (y, x, RGB) uint8: a square, where it cuts one out."""
        pixels = self.preprocess(image)
        mean, std = (torch.tensor(self.model.visual.preprocess_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
        shown = ((pixels * std + mean).clamp(0, 1) * 255).round().to(torch.uint8)
        found: np.ndarray = shown.permute(1, 2, 0).numpy()
        return found

    def _ids(self, texts: Sequence[str]) -> torch.Tensor:
        try:
            ids: torch.Tensor = self.tokenizer(list(texts))
        except (UnicodeError, TypeError, ValueError) as error:
            raise InvalidSetting(
                "A text can't be tokenized: remove the characters that are not valid Unicode."
            ) from error
        return ids.to(self.device)

    def _pixels(self, images: "Sequence[Image]") -> torch.Tensor:
        pixels = torch.stack([self.preprocess(image) for image in images]).to(self.device)
        return pixels.to(next(self.model.parameters()).dtype)

    def _rows(self, row: list[int], prompt: str, word: str) -> list[int]:
        """Where a word's tokens stand: the places where they follow one another in the prompt's."""
        own = self._bare(word)
        found = [at for at in range(len(row) - len(own) + 1) if own and row[at : at + len(own)] == own]
        if not found:
            raise UnknownWord(
                f"{word!r:.60} is not among the words that are read of {prompt[:60]!r}: name one of them."
            )
        return sorted({at + i for at in found for i in range(len(own))})

    def _bare(self, word: str) -> list[int]:
        """The tokens of a word without the special ones around it, which all texts share."""
        empty, alone = (self._ids([text])[0].tolist() for text in ("", word))
        same = zip(empty, alone, strict=True)
        begin = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], same))
        if begin == len(empty):
            return []  # the word is no token at all
        return alone[begin : alone.index(empty[begin], begin)] if empty[begin] in alone[begin:] else alone[begin:]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, d) of length 1, as open_clip's `normalize=True` makes them."""
    found: np.ndarray = functional.normalize(torch.from_numpy(np.ascontiguousarray(vectors)), dim=-1).numpy()
    return found
