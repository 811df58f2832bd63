"""From vectors to a map: neighbours, projection, and how far the map can be trusted. No torch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.neighbours import kept as share_kept
from ..analysis.neighbours import nearest_to, neighbours, trustworthiness
from ..atlas import NEIGHBOURS, TEXT, Atlas, Path, Placed
from ..errors import InvalidSetting
from .gap import gap as gap_of
from .projection import Projection, along, project

ALL_NEIGHBOURS = 20_000
"""Items up to which each one's neighbours are at hand; of more, they are looked up when they are asked for."""
ALL_KEPT = 5_000
SAMPLE = 1_000
"""Of a larger map, how many items tell how many neighbours it keeps, and how far it can be trusted."""
_COMPARED = 100_000_000  # pairs of a sample's items and all others: of a million items, fewer tell
_BLOCK = 65_536

Axis = tuple[str, np.ndarray, np.ndarray]
Encode = Callable[[str], np.ndarray]


def map_of(
    labels: Sequence[str],
    vectors: np.ndarray,
    *,
    kinds: str | Sequence[str] = "word",
    modalities: np.ndarray | None = None,
    thumbs: Mapping[int, np.ndarray] | None = None,
    method: str = "PCA",
    axes: int | Sequence[Axis] = 2,
    gap: str = "as it is",
    pairs: Sequence[tuple[int, int]] = (),
    paths: Sequence[Path] = (),
    source: str = "",
    seed: int = 0,
    encode: Encode | None = None,
    said: str = "",
) -> Atlas:
    """A map of vectors that you have already: of another model, of a file, of a million pictures.

    labels, kinds: (n) what each item is called and what it is; one kind is that of all.
    vectors: (n, d); brought to length 1 where they are not. A memory-mapped array is read in blocks.
    modalities: (n,) 0 for texts and 1 for pictures; None is texts. thumbs: pictures by row, at most 64 pixels a side.
    method: "PCA", "t-SNE" or "UMAP", the latter two with the extra `maps`. axes: 2, 3, or one to three axes of one's
        own, (name, vectors of the one end, vectors of the other end).
    gap, pairs: see `explorer.embeddings.gap`. paths: ways through the map. encode: a text as a vector, for new words.
    said: what else the note says.
    Raises InvalidSetting for vectors that are not finite, or don't go with the labels.
    """
    vectors = checked(vectors)
    count = len(vectors)
    if count != len(labels):
        raise InvalidSetting(f"There are {len(labels)} labels for {count} vectors: give one for each.")
    modalities = np.full(count, TEXT, np.uint8) if modalities is None else np.asarray(modalities, np.uint8)
    kinds = [kinds] * count if isinstance(kinds, str) else kinds
    treated = gap_of(vectors, modalities, gap, pairs)
    flat = treated.closed(vectors, modalities)
    if isinstance(axes, int):
        layout = project(flat, method, axes, seed=seed)
    else:
        ends = [(treated.closed(low, TEXT), treated.closed(high, TEXT)) for _, low, high in axes]
        layout = along(flat, ends, [name for name, _, _ in axes])
    near, cosines = _neighbours(vectors)
    kept, trust = _trust(vectors, layout.points, near)
    one: Callable[[str], Placed] | None = None
    if encode is not None:
        known = encode

        def one(text: str) -> Placed:
            if not isinstance(text, str) or not text.strip():
                raise InvalidSetting("There is nothing to put on the map: type a word or a prompt.")
            vector = known(text.strip())
            point = layout.place(treated.closed(vector[None], TEXT))[0]
            rows, far = nearest_to(vectors, vector, NEIGHBOURS)
            kind = "prompt" if len(text.split()) > 3 else "word"
            return Placed(text.strip(), vector, point, rows, far, kind)

    return Atlas(
        labels=labels,
        kinds=kinds,
        modalities=modalities,
        vectors=vectors,
        points=layout.points,
        thumbs=dict(thumbs or {}),
        method=layout.method,
        gap=gap,
        note=_note(count, layout, [treated.said, said], trust),
        explained=layout.explained,
        trustworthiness=trust,
        kept=kept,
        neighbours=near,
        cosines=cosines,
        paths=tuple(paths),
        source=source,
        axes=layout.names,
        placed=one,
    )


def checked(vectors: Any) -> np.ndarray:
    """Vectors (n, d) as float32 of length 1; the same array, where they are that already.

    Raises InvalidSetting for another shape, no vectors, what is not finite, and vectors of length 0.
    """
    vectors = np.asanyarray(vectors)
    if vectors.ndim != 2 or 0 in vectors.shape or not np.issubdtype(vectors.dtype, np.floating):
        raise InvalidSetting(
            f"A map is made of vectors (items, dimensions), at least one: an array {vectors.shape} of {vectors.dtype} "
            "was given."
        )
    same = vectors.dtype == np.float32
    for first in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[first : first + _BLOCK], np.float32)
        lengths = np.linalg.norm(block, axis=1)
        if not np.isfinite(lengths).all() or not lengths.all():
            row = first + int(np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))[0])
            raise InvalidSetting(
                f"Vector {row} is zero or holds what is no number, so that it has no place: leave it out."
            )
        same = same and bool((np.abs(lengths - 1) < 1e-3).all())
    if same:
        own: np.ndarray = vectors
        return own
    found = np.empty(vectors.shape, np.float32)
    for first in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[first : first + _BLOCK], np.float32)
        found[first : first + _BLOCK] = block / np.linalg.norm(block, axis=1, keepdims=True)
    return found


def _neighbours(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(vectors) <= ALL_NEIGHBOURS:
        return neighbours(vectors, NEIGHBOURS)
    return np.zeros((len(vectors), 0), np.int32), np.zeros((len(vectors), 0), np.float32)


def _trust(vectors: np.ndarray, points: np.ndarray, near: np.ndarray) -> tuple[np.ndarray | None, float | None]:
    count = len(vectors)
    if count < 2:
        return None, None
    if count <= ALL_KEPT:
        kept = share_kept(near, points)
    else:
        size = min(SAMPLE, max(200, _COMPARED // count))
        rows = np.sort(np.random.default_rng(0).choice(count, size, replace=False))
        own = near[rows] if near.shape[1] else neighbours(vectors, NEIGHBOURS, rows)[0]
        kept = np.full(count, np.nan, np.float32)
        kept[rows] = share_kept(own, points, rows)
    some = np.arange(count)
    if count > SAMPLE:
        some = np.sort(np.random.default_rng(1).choice(count, SAMPLE, replace=False))
    return kept, trustworthiness(np.asarray(vectors[some]), points[some], NEIGHBOURS)


def _note(count: int, layout: Projection, more: Sequence[str], trust: float | None) -> str:
    """One sentence."""
    parts = [f"{layout.method} of {count:,} item{'s' if count != 1 else ''}: {layout.said}"]
    if layout.method == "axes":
        parts = [f"Axes of one's own for {count:,} item{'s' if count != 1 else ''}: {layout.said}"]
    parts += [one for one in more if one]
    if trust is not None and trust < 0.8:
        parts.append("many items that lie near each other here are not alike, so that only the listed neighbours count")
    return "; ".join(parts) + "."
