"""From many dimensions to two or three: PCA, t-SNE, UMAP, or axes of one's own; new points on an existing map.

PCA is exact and works in blocks, so that a million vectors need no memory beside their own. t-SNE and UMAP lay out a
sample of what is large, and place the rest beside its nearest neighbours. No torch.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..analysis.neighbours import neighbours_among
from ..errors import InvalidSetting

METHODS = ("PCA", "t-SNE", "UMAP")
SAMPLE = {"t-SNE": 5_000, "UMAP": 20_000}
"""How many items each lays out at most."""
FEWEST = 5
"""Different items that t-SNE and UMAP need."""
_BLOCK = 8_192  # rows at once
_PLACED_BY = 5  # nearest neighbours

Place = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Where vectors lie on a map.

    points: (n, axes) float32. names: what each axis shows. place: puts more vectors (m, d) on the same map, (m, axes).
    explained: the share of the variance along each axis, PCA only. said: what was done, for the map's note.
    """

    method: str
    points: np.ndarray
    names: tuple[str, ...]
    place: Place
    explained: tuple[float, ...] | None
    said: str


def project(vectors: np.ndarray, method: str = "PCA", axes: int = 2, *, seed: int = 0) -> Projection:
    """Vectors (n, d) on a map of 2 or 3 axes. seed: of t-SNE and UMAP, which come out the same for the same one.

    Raises InvalidSetting for another method or number of axes, for t-SNE or UMAP of fewer than five different items,
    and where the extra `maps` is not installed.
    """
    if method not in METHODS:
        raise InvalidSetting(f"method is {method!r}, expected one of {', '.join(map(repr, METHODS))}.")
    if axes not in (2, 3):
        raise InvalidSetting(f"axes is {axes!r}, expected 2 or 3, or pairs of words to lay the map out by.")
    if method == "PCA":
        return pca(vectors, axes)
    return _laid_out(vectors, method, axes, seed)


def pca(vectors: np.ndarray, axes: int) -> Projection:
    """Principal components (Pearson 1901), exact: the eigenvectors of the covariance, or of the table of products where
    there are fewer items than dimensions.

    Each axis is turned so that its largest weight is positive.
    """
    count, size = vectors.shape
    mean = np.mean(vectors, axis=0, dtype=np.float64)
    small = mean.astype(np.float32)
    basis = np.zeros((size, axes))
    if count < size:
        away = vectors.astype(np.float64) - mean
        products = away @ away.T
        total = float(np.trace(products))
        strengths, found = np.linalg.eigh(products)
        parts = away.T @ found[:, ::-1][:, :axes]
    else:
        covariance = np.zeros((size, size))
        for first in range(0, count, _BLOCK):
            block = vectors[first : first + _BLOCK] - small
            covariance += block.T @ block
        shift = np.asarray(small, np.float64) - mean
        covariance -= count * np.outer(shift, shift)
        total = float(np.trace(covariance))
        strengths, found = np.linalg.eigh(covariance)
        parts = found[:, ::-1][:, :axes]
    strengths = np.maximum(strengths[::-1][:axes], 0.0)
    lengths = np.linalg.norm(parts, axis=0)
    there = (strengths > 1e-12 * max(total, 1e-300)) & (lengths > 0) & (total > 1e-9 * count)
    for axis in np.flatnonzero(there):
        turned = parts[:, axis] / lengths[axis]
        basis[:, axis] = turned * np.sign(turned[np.argmax(np.abs(turned))])
    shares = tuple(float(s) / total if there[i] else 0.0 for i, s in enumerate(strengths))
    shares += (0.0,) * (axes - len(shares))
    matrix = basis.astype(np.float32)

    def place(more: np.ndarray) -> np.ndarray:
        return _in_blocks(more, lambda block: (block - small) @ matrix, axes)

    names = tuple(f"PC {i + 1} ({100 * share:.0f} %)" for i, share in enumerate(shares))
    if not any(there):
        said = "all items have the same vector, so that they lie on one spot"
    else:
        all_told = f"{100 * sum(shares):.0f} % of all differences"
        said = f"its {axes} axes are those along which the items differ most, with {all_told}"
    return Projection("PCA", place(vectors), names, place, shares, said)


def along(vectors: np.ndarray, ends: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str]) -> Projection:
    """Axes of one's own, each from one set of vectors to another: -1 is the mean of the first, 1 that of the second.

    ends: one to three pairs of (m, d) arrays. With one pair, the second axis is that along which the items differ most
    otherwise. Raises InvalidSetting where the two ends of an axis are the same.
    """
    directions: list[np.ndarray] = []
    middles: list[np.ndarray] = []
    for (low, high), name in zip(ends, names, strict=True):
        a, b = (np.asarray(np.mean(end, axis=0, dtype=np.float64)) for end in (low, high))
        span = b - a
        if np.linalg.norm(span) < 1e-6:
            raise InvalidSetting(f"Both ends of the axis {name!r} are the same: name words that differ.")
        directions.append(2 * span / float(span @ span))
        middles.append((a + b) / 2)
    matrix = np.stack(directions, axis=1).astype(np.float32)
    offset = np.array([d @ m for d, m in zip(directions, middles, strict=True)], np.float32)
    said = "each axis runs from one set of words, at -1, to another, at 1"
    if len(ends) > 1:

        def place(more: np.ndarray) -> np.ndarray:
            return _in_blocks(more, lambda block: block @ matrix - offset, len(ends))

        return Projection("axes", place(vectors), tuple(names), place, None, said)
    unit: np.ndarray = (directions[0] / np.linalg.norm(directions[0])).astype(np.float32)
    rest = pca(_without(vectors, unit), 2)

    def beside(more: np.ndarray) -> np.ndarray:
        other = rest.place(_without(more, unit))[:, :1]
        return np.hstack([_in_blocks(more, lambda block: block @ matrix - offset, 1), other])

    said = (
        "the first axis runs from one set of words, at -1, to another, at 1, and the second is how the items differ "
        "most otherwise"
    )
    return Projection("axes", beside(vectors), (names[0], "most other differences"), beside, None, said)


def _without(vectors: np.ndarray, unit: np.ndarray) -> np.ndarray:
    return _in_blocks(vectors, lambda block: block - np.outer(block @ unit, unit), vectors.shape[1])


def _laid_out(vectors: np.ndarray, method: str, axes: int, seed: int) -> Projection:
    count = len(vectors)
    most = SAMPLE[method]
    sample = np.arange(count)
    if count > most:
        sample = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    chosen = np.ascontiguousarray(vectors[sample], dtype=np.float32)
    different = len(np.unique(np.round(chosen[:2000], 5), axis=0))
    if different < FEWEST:
        raise InvalidSetting(
            f"{method} needs at least {FEWEST} different items, and there are {different}: add some, or use "
            'method="PCA".'
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads that a seed forbids, and of what else such libraries remark
        laid = np.asarray(_maker(method)(chosen, axes, seed), np.float32)

    def place(more: np.ndarray) -> np.ndarray:
        return _beside(np.asarray(more, np.float32), chosen, laid)

    points = np.empty((count, axes), np.float32)
    points[sample] = laid
    others = np.setdiff1d(np.arange(count), sample, assume_unique=True)
    for first in range(0, len(others), _BLOCK):
        some = others[first : first + _BLOCK]
        points[some] = place(vectors[some])
    said = "items that are near are alike, but distances between groups, and sizes of groups, mean nothing"
    if len(others):
        said += f"; {most:,} of the {count:,} items were laid out and the others placed beside their nearest of those"
    names = tuple(f"{method} {i + 1}" for i in range(axes))
    return Projection(method, points, names, place, None, said)


def _beside(more: np.ndarray, chosen: np.ndarray, laid: np.ndarray) -> np.ndarray:
    """Between the nearest items of the map; nearer ones count more, and one that is the same counts alone."""
    rows, far = neighbours_among(more, chosen, min(_PLACED_BY, len(chosen)))
    scale = np.maximum(far[:, -1:], 1e-12)
    weights = np.maximum(1 - far / (scale * 1.0001), 1e-6) ** 2
    weights = np.where(far[:, :1] < 1e-9, (far < 1e-9).astype(np.float32), weights)
    weights /= weights.sum(1, keepdims=True)
    found: np.ndarray = np.einsum("mk,mka->ma", weights, laid[rows]).astype(np.float32)
    return found


def _maker(method: str) -> Callable[[np.ndarray, int, int], Any]:
    try:
        if method == "UMAP":
            import umap

            return lambda rows, axes, seed: umap.UMAP(
                n_components=axes,
                n_neighbors=min(15, len(rows) - 1),
                random_state=seed,
                n_jobs=1,
                init=_start(rows, axes),
            ).fit_transform(rows)
        from sklearn.manifold import TSNE
    except ImportError as error:
        raise InvalidSetting(
            f"{method} needs the extra maps: pip install 'prompt-explorer[maps]', or use method=\"PCA\"."
        ) from error
    return lambda rows, axes, seed: TSNE(
        n_components=axes,
        perplexity=min(30.0, (len(rows) - 1) / 3),
        init=_start(rows, axes) * 1e-5,
        random_state=seed,
    ).fit_transform(rows)


def _start(rows: np.ndarray, axes: int) -> np.ndarray:
    """Where both begin: PCA, which keeps the large-scale order (Kobak & Berens 2019), no two points on one spot."""
    points = pca(rows, axes).points.astype(np.float64)
    points *= 10 / max(float(points.std()), 1e-12)
    return (points + np.random.default_rng(0).normal(0, 1e-3, points.shape)).astype(np.float32)


def _in_blocks(vectors: np.ndarray, change: Callable[[np.ndarray], np.ndarray], width: int) -> np.ndarray:
    found = np.empty((len(vectors), width), np.float32)
    for first in range(0, len(vectors), _BLOCK):
        found[first : first + _BLOCK] = change(np.asarray(vectors[first : first + _BLOCK], np.float32))
    return found
