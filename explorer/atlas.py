"""A map of embeddings: words, prompts and pictures as vectors of one model, and where each lies. No torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np

from .analysis.neighbours import nearest_to
from .errors import InvalidSetting, UnknownWord

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["NEIGHBOURS", "PICTURE", "TEXT", "THUMB", "Atlas", "Path", "Placed"]

TEXT, PICTURE = 0, 1
"""What `modalities` holds."""
NEIGHBOURS = 10
"""How many nearest neighbours each item has at hand."""
THUMB = 64
"""The longest side of a thumbnail, in pixels."""


@dataclass(frozen=True, slots=True)
class Path:
    """A way through the map: an interpolation, or the steps of one run.

    kind: "interpolation" or "steps". rows: its items, in order.
    """

    name: str
    kind: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A text that was put on an existing map, whose other items stay where they are.

    vector: (d,) float32, unit norm. point: (2 or 3,) float32. neighbours, cosines: the nearest items by true cosine.
    """

    label: str
    vector: np.ndarray
    point: np.ndarray
    neighbours: np.ndarray
    cosines: np.ndarray
    kind: str = "word"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Atlas:
    """A map of n embeddings, ready to show; made by `Explorer.project`.

    labels, kinds: (n) what each item is called, and what it is: "subject", "colour", "style", "word", "picture" ...
    modalities: (n,) uint8, 0 text, 1 picture.
    vectors: (n, d) float32, unit norm, as the model gave them: true cosines come from these.
    points: (n, 2 or 3) float32, where each item lies.
    thumbs: by row, a picture (y, x, RGB) uint8 of at most 64 pixels a side.
    method: "PCA", "t-SNE", "UMAP" or "axes". gap: what was done about the gap between words and pictures: "as it is",
        "centred" or "matched". note: one sentence on what was done, for the person looking.
    explained: the share of the variance along each axis, PCA only.
    trustworthiness: 0 to 1: how seldom the map shows as near what is not (Venna & Kaski 2001); of a sample where the
        map is large; None for fewer than four items.
    kept: (n,) float32, 0 to 1: the share of each item's nearest neighbours that are near on the map too; of a large
        map it is known of a sample, and not a number elsewhere.
    neighbours, cosines: (n, k) int32 and float32, nearest first, by true cosine; (n, 0) where n is above 20,000: see
        `nearest`.
    axes: what each axis shows, such as "PC 1 (34 %)". source: the name of the model.
    placed: puts a text on the map, with the model; None where there is no model at hand, as in a saved map.
    """

    labels: Sequence[str]
    kinds: Sequence[str]
    modalities: np.ndarray
    vectors: np.ndarray
    points: np.ndarray
    thumbs: Mapping[int, np.ndarray]
    method: str
    gap: str
    note: str
    explained: tuple[float, ...] | None
    trustworthiness: float | None
    kept: np.ndarray | None
    neighbours: np.ndarray
    cosines: np.ndarray
    paths: tuple[Path, ...]
    source: str
    axes: tuple[str, ...]
    placed: Callable[[str], Placed] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        count = len(self.labels)
        sizes = [len(self.kinds), len(self.modalities), len(self.vectors), len(self.points), len(self.neighbours)]
        if count == 0 or any(size != count for size in sizes) or self.points.shape[1:] not in ((2,), (3,)):
            raise InvalidSetting(
                f"A map needs as many kinds, vectors and points in 2 or 3 axes as labels, and at least one: {count} "
                f"labels came with {sizes} of the others."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """How many items, and in how many axes they lie."""
        return len(self.labels), int(self.points.shape[1])

    def __len__(self) -> int:
        return len(self.labels)

    def find(self, item: int | str) -> int:
        """The row of an item, by its number or its label (of several with one label, the first).

        Raises UnknownWord if there is none.
        """
        if isinstance(item, str):
            for row, label in enumerate(self.labels):
                if label == item:
                    return row
            raise UnknownWord(f"{item!r:.60} is not on this map: see `labels` for the {len(self)} items that are.")
        if isinstance(item, bool) or not 0 <= item < len(self):
            raise UnknownWord(f"The map has no item {item!r}: its items are numbered from 0 to {len(self) - 1}.")
        return int(item)

    def nearest(self, item: int | str | np.ndarray, count: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the items nearest to one of them, or to a unit vector (d,), and their true cosines.

        Nearest first, (count,) int32 and float32; the item itself is not among them.
        """
        if isinstance(item, np.ndarray):
            return nearest_to(self.vectors, item, count)
        row = self.find(item)
        if count <= self.neighbours.shape[1]:
            return self.neighbours[row, :count], self.cosines[row, :count]
        return nearest_to(self.vectors, self.vectors[row], count, leave=row)

    def similarities(self, item: int | str | np.ndarray) -> np.ndarray:
        """The true cosine of every item with one of them, or with a unit vector (d,): (n,) float32, -1 to 1."""
        vector = item if isinstance(item, np.ndarray) else self.vectors[self.find(item)]
        found: np.ndarray = self.vectors @ vector.astype(np.float32)
        return found

    def place(self, text: str) -> Placed:
        """Put a word or prompt on the map, without moving what is there.

        Raises InvalidSetting where the map has no model at hand, or for an empty text.
        """
        if self.placed is None:
            raise InvalidSetting("This map has no model at hand to read a new word: make the map anew with `project`.")
        return self.placed(text)

    def figure(self) -> "Figure":
        """The map as a Plotly figure, in 2 or 3 axes."""
        from .figures import atlas_figure

        return atlas_figure(self)

    def to_html(self, path: str | FilePath) -> FilePath:
        """Write one offline page, `path` + `.html`, with the map. Returns the path written."""
        from .views.page import write_atlas

        return write_atlas(path, self)

    def __repr__(self) -> str:
        count, axes = self.shape
        trust = "" if self.trustworthiness is None else f", trustworthiness {self.trustworthiness:.2f}"
        return f"<Atlas of {count} items in {axes}-D, {self.method}, {self.source}{trust}>"

    def _ipython_display_(self) -> None:
        from .views.show import display_atlas

        display_atlas(self)
