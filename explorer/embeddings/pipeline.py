"""The text encoder of a loaded pipeline as a source of vectors: the space that the diffusion model itself reads."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ..conditioning import Conditioning
from ..errors import InvalidSetting
from ..rendering import Renderer, Request


class PipelineText:
    """What the denoiser is told of a text, as one vector: the mean over the rows of its words.

    Where the model reads several encoders in tables of their own, their means stand behind one another.
    """

    has_pictures = False
    temperature = 0.0
    bias = None

    def __init__(self, ex: Any) -> None:
        self.renderer = Renderer(ex)
        self.request: Request = ex._asked("", steps=1, seed=0)
        self.name = f"the text encoder of {ex.model}"
        self.dimension = int(self.text(["a"]).shape[1])

    @cached_property
    def identity(self) -> str:
        """What its vectors depend on, as SHA-256: the encoders' weights, the tokenization, libraries, device."""
        import diffusers
        import transformers

        pipe, family = self.renderer.pipe, self.renderer.family
        digest = hashlib.sha256()
        told = [family.name, str(pipe.device), torch.__version__, transformers.__version__, diffusers.__version__]
        told += [type(pipe).__name__, family.encoding(pipe, "a red castle, 2 narwhals").ids]
        digest.update(repr(told).encode())
        for encoder in family.encoders(pipe):
            for name, values in encoder.state_dict().items():
                digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
                digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()

    def text(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) float32."""
        return np.stack([np.concatenate([table.mean(0) for table in _tables(self.told(text))]) for text in texts])

    def told(self, text: str) -> Conditioning:
        """What the denoiser is told of a text."""
        return self.renderer.conditioning(self.request, text)

    def word(self, prompt: str, word: str) -> np.ndarray:
        """The mean over the rows of a word of a prompt, (d,) float32. Raises UnknownWord if it is not in the prompt."""
        one = self.told(prompt)
        tokens = one.encoding.tokens
        pieces = {i for number in tokens.find(word) for i in tokens.words[number].pieces if i < tokens.read}
        rows = sorted(tokens.pieces[i].position for i in pieces)
        if not rows:
            raise InvalidSetting(f"{word!r:.60} was cut off, since the prompt is too long: shorten the prompt.")
        return np.concatenate([table.mean(0) for table in _tables(one, rows)])

    @torch.no_grad()
    def layers(self, prompt: str, word: str) -> np.ndarray:
        """What the first encoder holds of a word of a prompt: (layer, channel) float32, the mean over its tokens.

        First what goes into the first layer, then what comes out of each. Raises UnknownWord, and InvalidSetting for
        encoders that tell no layers.
        """
        pipe, family = self.renderer.pipe, self.renderer.family
        encoding = family.encodings(pipe, [prompt])[0]
        tokens, encoder = encoding.tokens, family.encoders(pipe)[0]
        first = tokens.pieces[0].encoder if tokens.pieces else ""
        pieces = {i for number in tokens.find(word) for i in tokens.words[number].pieces if i < tokens.read}
        rows = sorted(tokens.pieces[i].position for i in pieces if tokens.pieces[i].encoder == first)
        whole = tokens.limit == len(encoding.ids) or bool(encoding.others)
        states = None
        if whole and rows:
            told = encoder(torch.tensor([encoding.ids], device=pipe.device), output_hidden_states=True)
            states = getattr(told, "hidden_states", None)
        if states is None:
            raise InvalidSetting(
                f"The text encoder of {family.name} does not tell what its layers hold of {word!r:.60}: use the CLIP "
                "model, space('miniature') or space('ViT-B-32')."
            )
        found: np.ndarray = torch.stack([state[0, rows].mean(0) for state in states]).float().cpu().numpy()
        return found


def _tables(one: Conditioning, rows: Sequence[int] | None = None) -> list[np.ndarray]:
    """Rows of the text, (row, channel) float32, of each table that the denoiser reads: those of the prompt's words,
    or where it has none all of them."""
    tokens = one.encoding.tokens
    if rows is None:
        rows = sorted({piece.position for piece in tokens.pieces[: tokens.read]}) or list(range(tokens.limit))
    return [
        value[0, list(rows)].float().cpu().numpy()
        for name, value in one.values.items()
        if one.has_rows(name) and value.is_floating_point()
    ]
