"""Nearest neighbours by true cosine, and how many of them a map keeps. Block by block, so that memory is bounded."""

import numpy as np

from ..errors import InvalidSetting

BLOCK = 4_000_000
"""Numbers of a table of similarities that are at hand at once: 16 MB."""
MOST_CANDIDATES = 400
"""Per row, that are sorted; where more are equally near, as with a thousand words on one spot, whole rows are."""


def nearest_to(
    vectors: np.ndarray, vector: np.ndarray, count: int, *, leave: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of `vectors` (n, d) nearest to one unit vector (d,), nearest first, and their cosines.

    leave: a row that is not counted, as the item itself. Returns (count,) int32 and float32; fewer where there are
    fewer.
    """
    similar = np.asarray(vectors, np.float32) @ np.asarray(vector, np.float32)
    if leave is not None:
        similar[leave] = -np.inf
    rows, near = _top(similar[None], min(count, len(similar) - (leave is not None)))
    return rows[0], near[0]


def neighbours(vectors: np.ndarray, count: int, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest other rows of each row of unit vectors (n, d): their numbers and cosines, nearest first.

    rows: of which rows; None is all. Returns (rows, count) int32 and float32; fewer columns where n is small. Of rows
    that are equally near the earlier comes first.
    """
    of = np.arange(len(vectors)) if rows is None else np.asarray(rows)
    count = max(0, min(count, len(vectors) - 1))
    found = np.empty((len(of), count), np.int32)
    cosines = np.empty((len(of), count), np.float32)
    block = max(1, BLOCK // max(len(vectors), 1))
    for first in range(0, len(of), block):
        own = of[first : first + block]
        similar = vectors[own] @ vectors.T
        similar[np.arange(len(own)), own] = -np.inf
        found[first : first + block], cosines[first : first + block] = _top(similar, count)
    return found, cosines


def neighbours_among(more: np.ndarray, vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` rows of `vectors` (n, d) nearest to each of `more` (m, d), and their squared distances.

    Returns (m, count) int64 and float32, nearest first.
    """
    lengths = np.square(vectors, dtype=np.float32).sum(1)
    rows = np.empty((len(more), count), np.int64)
    far = np.empty((len(more), count), np.float32)
    block = max(1, BLOCK // len(vectors))
    for first in range(0, len(more), block):
        own = more[first : first + block]
        near, _ = _top(2 * (own @ vectors.T) - lengths, min(4 * count, len(vectors)))
        # Anew, from the differences: the product of matrices cancels for what is almost the same.
        exact = np.square(own[:, None] - vectors[near]).sum(2)
        order = np.argsort(exact, axis=1, kind="stable")[:, :count]
        rows[first : first + block] = np.take_along_axis(near, order, axis=1)
        far[first : first + block] = np.take_along_axis(exact, order, axis=1)
    return rows, far


def kept(near: np.ndarray, points: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """For each row, the share of its true neighbours that are among as many nearest points on the map, 0 to 1.

    near: (rows, k), as `neighbours` gives them. points: (n, axes). Returns (rows,) float32. Points on one spot are
    equally near: a true neighbour counts if it is no farther than the k-th nearest point.
    """
    of = np.arange(len(points)) if rows is None else np.asarray(rows)
    count = near.shape[1]
    if count == 0:
        return np.ones(len(of), np.float32)
    found = np.empty(len(of), np.float32)
    block = max(1, BLOCK // len(points))
    for first in range(0, len(of), block):
        own = of[first : first + block]
        far = distances(points[own], points)
        far[np.arange(len(own)), own] = np.inf
        limit = np.partition(far, count - 1, axis=1)[:, count - 1 : count]
        theirs = np.take_along_axis(far, near[first : first + block].astype(np.int64), axis=1)
        found[first : first + block] = (theirs <= limit * (1 + 1e-5)).mean(1)
    return found


def trustworthiness(vectors: np.ndarray, points: np.ndarray, count: int = 10) -> float | None:
    """How seldom a map shows as neighbours what are none: 1 is never, 0.5 is about chance (Venna & Kaski 2001, eq. 1).

    vectors: (n, d), compared by cosine. points: (n, axes), by distance. count: the neighbourhood k, made smaller where
    n is small. None for fewer than four items, where everything is everything's neighbour. Takes n x n comparisons:
    pass a sample of what is large.
    """
    total = len(vectors)
    count = min(count, (total - 1) // 2)
    if total < 4 or count < 1:
        return None
    penalty = 0.0
    block = max(1, BLOCK // total)
    for first in range(0, total, block):
        own = np.arange(first, min(first + block, total))
        far = distances(points[own], points)
        similar = vectors[own] @ vectors.T
        far[np.arange(len(own)), own] = np.inf
        similar[np.arange(len(own)), own] = np.inf
        shown = np.argsort(far, axis=1, kind="stable")[:, :count]
        # How many items are nearer than the one shown; those that are equally near do not count against it.
        theirs = np.take_along_axis(similar, shown, axis=1)
        for column in range(count):
            rank = (similar > theirs[:, column : column + 1] + 1e-6).sum(1)
            penalty += float(np.maximum(rank - count, 0).sum())
    return 1.0 - penalty * 2.0 / (total * count * (2 * total - 3 * count - 1))


def distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances between points (a, axes) and (b, axes): (a, b) float32."""
    if a.shape[1] != b.shape[1]:
        raise InvalidSetting(f"Points in {a.shape[1]} and {b.shape[1]} axes can't be compared: use those of one map.")
    found = np.zeros((len(a), len(b)), np.float32)
    for axis in range(a.shape[1]):  # few axes: exact, where a product of matrices cancels
        found += np.square(a[:, axis, None] - b[None, :, axis], dtype=np.float32)
    return found


def _top(similar: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` largest of each row, the largest first, the earlier first among equals."""
    if count <= 0:
        return np.zeros((len(similar), 0), np.int32), np.zeros((len(similar), 0), np.float32)
    width = similar.shape[1]
    groups = 8 * count
    if width >= 8 * groups:
        # The count-th largest of the groups' maxima is no larger than the count-th largest of all, so that few are left
        # to be sorted; a full partition of each row takes ten times as long.
        even = width - width % groups
        tops = similar[:, :even].reshape(len(similar), -1, groups).max(1)
        least = np.partition(tops, groups - count, axis=1)[:, groups - count]
        row, column = np.nonzero(similar >= least[:, None])
        if len(row) <= MOST_CANDIDATES * len(similar):
            value = similar[row, column]
            order = np.lexsort((-value, row))  # stable: the earlier column first
            first = np.searchsorted(row, np.arange(len(similar)))
            chosen = order[first[:, None] + np.arange(count)]
            return column[chosen].astype(np.int32), value[chosen].astype(np.float32)
    order = np.argsort(-similar, axis=1, kind="stable")[:, :count]
    return order.astype(np.int32), np.take_along_axis(similar, order, axis=1).astype(np.float32)
