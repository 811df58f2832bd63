"""Space: texts and pictures as vectors of one model, in batches, kept on disk."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xarray as xr

from ..errors import InvalidSetting
from .cache import Cache, key_of
from .clip import Clip, unit
from .pictures import picture
from .pipeline import PipelineText

if TYPE_CHECKING:
    from ..atlas import Atlas
    from .matching import Match

BATCH = 64
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class States:
    """Vectors of one word: in several prompts, or in the layers of a text encoder.

    labels: (n) the prompts, or the layers. vectors: (n, d) float32, as the model holds them.
    """

    word: str
    labels: tuple[str, ...]
    vectors: np.ndarray
    source: str
    kind: str

    @property
    def cosines(self) -> xr.DataArray:
        """How alike they are, (a, b) float32, -1 to 1."""
        near = unit(self.vectors)
        return xr.DataArray(near @ near.T, dims=("a", "b"), coords={"a": list(self.labels), "b": list(self.labels)})

    def project(self, axes: int = 2) -> "Atlas":
        """A PCA map of them; in the order of the layers, a path leads through it."""
        from ..atlas import Path as Way
        from .mapping import map_of

        path = (Way(self.word, "steps", tuple(range(len(self.labels)))),) if self.kind == "layer" else ()
        return map_of(self.labels, self.vectors, kinds=self.kind, axes=axes, source=self.source, paths=path)

    def __repr__(self) -> str:
        return f"<States of {self.word!r} in {len(self.labels)} {self.kind}s, {self.source}>"


class Space:
    """The space of one model: texts, and with CLIP pictures too, as vectors.

    cache: where vectors are kept on disk; None is this person's cache folder, False nowhere, or the path of a file.
    A vector that is kept is the one of the batch in which it was first made; another batch rounds in the last bits.
    """

    def __init__(self, tower: Clip | PipelineText, *, cache: str | Path | bool | None = None) -> None:
        self.tower = tower
        self.cache = None if cache is False else Cache(None if cache is None or cache is True else cache)

    @classmethod
    def open(
        cls,
        name: str | Path = "miniature",
        pretrained: str | Path | None = None,
        *,
        device: Any = "cpu",
        cache: str | Path | bool | None = None,
    ) -> "Space":
        """A CLIP model's: "miniature"; any open_clip architecture and its tag, such as "ViT-B-32" and "openai", or a
        safetensors file; a folder; or "hf-hub:owner/model".

        Raises CheckpointError if there is no such model, no network, or only pickled weights.
        """
        from .sources import clip

        return cls(clip(name, pretrained, device), cache=cache)

    @property
    def name(self) -> str:
        """Of the model."""
        return self.tower.name

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self.tower.dimension

    @property
    def temperature(self) -> float:
        """What cosines are divided by before the softmax; 0 for a pipeline's text encoder, which has none."""
        return self.tower.temperature

    def encode_text(
        self, texts: str | Sequence[str], *, normalize: bool = True, batch: int = BATCH, on_progress: Tell | None = None
    ) -> np.ndarray:
        """Vectors of texts, (n, d) float32, as open_clip's `encode_text` gives them.

        normalize: to length 1. batch: how many at once. on_progress: called with how many are done, of how many.
        Raises InvalidSetting for what is no text.
        """
        texts = [texts] if isinstance(texts, str) else list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise InvalidSetting(f"{text!r:.60} is no text: give words or prompts, in quotes.")
        try:
            contents = [text.encode() for text in texts]
        except UnicodeError as error:
            raise InvalidSetting(
                "A text can't be tokenized: remove the characters that are not valid Unicode."
            ) from error
        return self._encode("text", texts, contents, self.tower.text, normalize, batch, on_progress)

    def encode_pictures(
        self, pictures: Sequence[Any], *, normalize: bool = True, batch: int = BATCH, on_progress: Tell | None = None
    ) -> np.ndarray:
        """Vectors of pictures, (n, d) float32, as open_clip's `encode_image` gives them of its own preprocessing.

        pictures: see `explorer.embeddings.picture`. normalize, batch, on_progress: as in `encode_text`.
        Raises InvalidSetting for what is no picture, and where the model knows texts alone.
        """
        tower = self._clip("pictures")
        loaded = [picture(one) for one in pictures]
        contents = [repr(image.size).encode() + hashlib.sha256(image.tobytes()).digest() for image in loaded]
        return self._encode("picture", loaded, contents, tower.pictures, normalize, batch, on_progress)

    def in_context(self, word: str, prompts: Sequence[str]) -> States:
        """A word's own vector in different prompts: the mean over its tokens, after the encoder's last layer.

        Raises UnknownWord, naming the prompt, if the word is not in one of them.
        """
        if not prompts or isinstance(prompts, str):
            raise InvalidSetting("A word is compared in several prompts: give a list of them.")
        if isinstance(self.tower, PipelineText):
            vectors = np.stack([self.tower.word(prompt, word) for prompt in prompts])
        else:
            vectors = np.stack([self.tower.layers(prompt, word)[-1] for prompt in prompts])
        return States(word, tuple(prompts), vectors, self.name, "prompt")

    def through_layers(self, word: str, prompt: str | None = None) -> States:
        """A word's vector in each layer of the text encoder; prompt: in which it stands, None is the word alone.

        Raises UnknownWord if the word is not in the prompt; InvalidSetting for encoders that tell no layers.
        """
        vectors = self.tower.layers(word if prompt is None else prompt, word)
        names = ["token and place", *(f"layer {i}" for i in range(1, len(vectors)))]
        if isinstance(self.tower, Clip):
            names[-1] = "final norm"
        return States(word, tuple(names), vectors, self.name, "layer")

    def match(self, prompts: str | Sequence[str], pictures: Sequence[Any]) -> "Match":
        """How well prompts and pictures match: see `explorer.embeddings.Match`."""
        from .matching import match

        return match(self, prompts, pictures)

    def contributions(self, prompt: str, image: Any) -> xr.DataArray:
        """What each word of a prompt adds to the match with a picture, (word) float32: by how much the cosine falls
        without it. Below 0, the picture matches better without the word.
        """
        from .matching import contributions

        return contributions(self, prompt, image)

    def patches(self, image: Any, text: str, *, way: str | None = None, cells: int | None = None) -> xr.DataArray:
        """Which parts of a picture match a text: (y, x) float32, of the part that the model is shown.

        way: "patches", the cosine of each patch of the picture tower; "covering", how far the cosine of the whole falls
            when the place is covered, which any model can; None is the former where there are enough of them.
        cells: rows and columns, for "covering". Raises InvalidSetting where the tower does not tell its patches apart.
        """
        from .matching import patches

        return patches(self, image, text, way=way, cells=cells)

    def _clip(self, wanted: str) -> Clip:
        if not isinstance(self.tower, Clip):
            raise InvalidSetting(
                f"{self.name.capitalize()} knows texts alone, and {wanted} were given: use a CLIP model, such as "
                "space('miniature')."
            )
        return self.tower

    def _encode(
        self,
        kind: str,
        items: Sequence[Any],
        contents: Sequence[bytes],
        encode: Callable[[Sequence[Any]], np.ndarray],
        normalize: bool,
        batch: int,
        tell: Tell | None,
    ) -> np.ndarray:
        if batch < 1:
            raise InvalidSetting(f"batch is {batch}, expected at least 1.")
        if not items:
            return np.zeros((0, self.dimension), np.float32)
        identity = self.tower.identity if self.cache is not None else ""
        keys = [key_of(identity, kind, content) for content in contents]
        kept = {} if self.cache is None else self.cache.get(list(dict.fromkeys(keys)), self.dimension)
        missing: dict[bytes, int] = {}
        for i, key in enumerate(keys):
            if key not in kept:
                missing.setdefault(key, i)
        order = list(missing.items())
        for first in range(0, len(order), batch):
            some = order[first : first + batch]
            if tell is not None:
                tell(len(items) - len(order) + first, len(items))
            made = encode([items[i] for _, i in some])
            fresh = {key: made[row] for row, (key, _) in enumerate(some)}
            kept |= fresh
            if self.cache is not None:
                self.cache.put(fresh)
        if tell is not None:
            tell(len(items), len(items))
        vectors = np.stack([kept[key] for key in keys])
        return unit(vectors) if normalize else vectors

    def __repr__(self) -> str:
        kinds = "texts and pictures" if self.tower.has_pictures else "texts"
        return f"<Space of {cast('Any', self.tower).name}: {kinds}, {self.dimension} dimensions>"
