"""How well prompts and pictures match: cosines, ranks, shares; word by word, and part by part of a picture."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from ..errors import InvalidSetting
from ..prompt import Tokens
from .patches import CELLS, covering
from .pictures import picture, thumb

if TYPE_CHECKING:
    from .space import Space

ENOUGH = 6
"""Rows of patches from which on a picture tower's own are used, and not covering."""
APART = 0.1
"""By how much two of a kind must be more alike than a word and a picture before they count as two regions."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Match:
    """Prompts against pictures.

    prompts: (p). thumbs: (i) the pictures, at most 64 pixels a side. cosines: (prompt, picture) float32, -1 to 1.
    temperature: the model's own. bias: of models that were trained pair by pair (SigLIP), else None. alike: the mean
    cosine of two different prompts and of two different pictures, where there are two of each.
    """

    prompts: tuple[str, ...]
    thumbs: tuple[np.ndarray, ...]
    cosines: xr.DataArray
    temperature: float
    source: str
    bias: float | None = None
    alike: tuple[float, float] | None = None

    @property
    def ranks(self) -> xr.DataArray:
        """Where each prompt stands among all, for each picture: (prompt, picture) int64, 1 is the best."""
        order = np.argsort(np.argsort(-self.cosines.values, axis=0, kind="stable"), axis=0, kind="stable") + 1
        return xr.DataArray(order, dims=self.cosines.dims, coords=self.cosines.coords, name="rank")

    def softmax(self, over: str = "prompt") -> xr.DataArray:
        """Shares that sum to 1 over the prompts of each picture, or over the pictures of each prompt, at the model's
        temperature: (prompt, picture) float32. They say which fits best, not whether any fits.
        """
        if over not in ("prompt", "picture"):
            raise InvalidSetting(f"over is {over!r}, expected 'prompt' or 'picture'.")
        axis = self.cosines.dims.index(over)
        logits = self.cosines.values.astype(np.float64) / self.temperature
        powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
        shares = (powers / powers.sum(axis=axis, keepdims=True)).astype(np.float32)
        return xr.DataArray(shares, dims=self.cosines.dims, coords=self.cosines.coords, name="share")

    @property
    def explanation(self) -> str:
        """What the numbers say, in plain words."""
        best, worst = float(self.cosines.max()), float(self.cosines.min())
        ratio = float(np.exp(min(0.05 / self.temperature, 50)))
        text = f"The cosines go from {worst:.2f} to {best:.2f}. "
        if self.alike is not None:
            texts, pictures = self.alike
            across = float(self.cosines.mean())
            text += (
                f"Two of the prompts have a mean cosine of {texts:.2f}, two of the pictures {pictures:.2f}, a prompt "
                f"and a picture {across:.2f}: "
            )
            if min(texts, pictures) - across > APART:
                text += "words and pictures lie in two regions, so that even a perfect match stays far below 1. "
            else:
                text += "words and pictures are not kept in two regions. "
        text += (
            "What counts is the difference to the others: the model was trained with a temperature of "
            f"{self.temperature:.3f}, at which 0.05 more makes a match {ratio:.1f} times as likely."
        )
        if self.bias is not None:
            text += " It was trained pair by pair (SigLIP), so that the shares compare these alone."
        return text

    def __repr__(self) -> str:
        return f"<Match of {len(self.prompts)} prompts and {len(self.thumbs)} pictures, {self.source}>"

    def _repr_html_(self) -> str:
        shares = self.softmax().values
        head = "".join(
            f'<th scope="col"><img src="data:image/png;base64,{_png(image)}" alt="picture {i + 1}"></th>'
            for i, image in enumerate(self.thumbs)
        )
        rows = []
        for p, prompt in enumerate(self.prompts):
            cells = "".join(
                f'<td style="text-align:right;box-shadow:inset 0 -4px rgba(21,101,192,{shares[p, i]:.2f})">'
                f"{self.cosines.values[p, i]:.3f}<br><small>{100 * shares[p, i]:.0f} %</small></td>"
                for i in range(len(self.thumbs))
            )
            rows.append(f'<tr><th scope="row" style="text-align:left">{html.escape(prompt)}</th>{cells}</tr>')
        return (
            f"<table><caption>Cosine, and share among the prompts, {html.escape(self.source)}</caption>"
            f"<tr><td></td>{head}</tr>{''.join(rows)}</table><p>{html.escape(self.explanation)}</p>"
        )


def match(space: "Space", prompts: str | Sequence[str], pictures: Sequence[Any]) -> Match:
    """Every prompt against every picture. Raises InvalidSetting where there is none of either."""
    prompts = [prompts] if isinstance(prompts, str) else list(prompts)
    if isinstance(pictures, str) or not isinstance(pictures, Sequence):
        pictures = [pictures]
    if not prompts or not pictures:
        raise InvalidSetting("A match needs at least one prompt and one picture: give both.")
    clip = space._clip("pictures")
    loaded = [picture(one) for one in pictures]
    texts, shown = space.encode_text(prompts), space.encode_pictures(loaded)
    cosines = xr.DataArray(
        texts @ shown.T,
        dims=("prompt", "picture"),
        coords={"prompt": prompts, "picture": np.arange(len(loaded))},
        name="cosine",
    )
    alike = (_alike(texts), _alike(shown)) if min(len(texts), len(shown)) > 1 else None
    return Match(
        tuple(prompts), tuple(thumb(one) for one in loaded), cosines, clip.temperature, clip.name, clip.bias, alike
    )


def contributions(space: "Space", prompt: str, image: Any) -> xr.DataArray:
    """By how much the cosine of a prompt and a picture falls when each word is left out: (word) float32.

    The attributes `cosine` (of the whole prompt) and `prompt` come with it.
    """
    words = Tokens.of(prompt, (), limit=0, read=0).words
    if not words:
        raise InvalidSetting("The prompt has no words to leave out: give one that has.")
    left = [" ".join((prompt[: word.start] + prompt[word.end :]).split()) for word in words]
    vectors = space.encode_text([prompt, *left])
    cosines = vectors @ space.encode_pictures([image])[0]
    return xr.DataArray(
        cosines[0] - cosines[1:],
        dims=("word",),
        coords={"word": [word.text for word in words]},
        name="contribution",
        attrs={"cosine": float(cosines[0]), "prompt": prompt},
    )


@torch.no_grad()
def patches(space: "Space", image: Any, text: str, *, way: str | None, cells: int | None) -> xr.DataArray:
    """Which parts of a picture match a text: see `Space.patches`."""
    clip = space._clip("a picture")
    if way not in (None, "patches", "covering"):
        raise InvalidSetting(f"way is {way!r}, expected 'patches' or 'covering'.")
    if cells is not None and (isinstance(cells, bool) or not isinstance(cells, int) or not 2 <= cells <= 64):
        raise InvalidSetting(f"cells is {cells!r}, expected a whole number from 2 to 64.")
    loaded, vector = picture(image), space.encode_text([text])[0]
    found: np.ndarray | None = None
    if way != "covering" and cells is None:
        try:
            features = clip.patches(loaded)
        except InvalidSetting:
            if way == "patches":
                raise
        else:
            if way == "patches" or len(features) >= ENOUGH:
                features = features / np.maximum(np.linalg.norm(features, axis=2, keepdims=True), 1e-12)
                found, way = features @ vector, "patches"
    if found is None:
        if way == "patches":
            raise InvalidSetting('cells is of way="covering" alone: leave it out.')
        pixels = clip._pixels([loaded])
        told = torch.from_numpy(vector).to(pixels.device)
        found, way = covering(clip.model.encode_image, pixels, told, cells or CELLS).numpy(), "covering"
    return xr.DataArray(
        found.astype(np.float32), dims=("y", "x"), name=text, attrs={"way": way, "seen": clip.seen(loaded)}
    )


def _alike(vectors: np.ndarray) -> float:
    """The mean cosine of two different rows of unit norm."""
    count = len(vectors)
    return float((vectors.sum(0, dtype=np.float64) ** 2).sum() - count) / (count * (count - 1))


def _png(image: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()
