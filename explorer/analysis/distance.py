"""How different two pictures look: colours in L*a*b*, compared at several sizes, from the whole down to the detail."""

from collections.abc import Sequence

import numpy as np

from .colour import lab, shrunk

SIDES = (4, 8, 16, 32)
"""The sizes at which pictures are compared: at 4 x 4 only their large masses count, at 32 x 32 their shapes."""


def features(picture: np.ndarray, sides: Sequence[int] = SIDES) -> list[np.ndarray]:
    """A picture (y, x, RGB) uint8 at each size, (side, side, L*a*b*): what `between` compares."""
    colours = lab(np.asarray(picture))
    return [shrunk(colours, min(side, len(colours)), min(side, colours.shape[1])) for side in sides]


def between(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> float:
    """The distance of two pictures' `features`: the mean over sizes and places of the colour difference, CIE 1976.

    0 is the same picture; about 2 is just visible; black against white is 100.
    """
    return float(np.mean([np.sqrt(((one - two) ** 2).sum(-1)).mean() for one, two in zip(a, b, strict=True)]))


def distance(a: np.ndarray, b: np.ndarray, sides: Sequence[int] = SIDES) -> float:
    """How different two pictures of one size look, (y, x, RGB) uint8 each: see `between`."""
    return between(features(a, sides), features(b, sides))


def evenly(distances: np.ndarray, count: int) -> list[int]:
    """Which of some pictures in a row to show so that neighbours differ as equally as may be.

    distances: (picture, picture), how different any two look. count: how many to show, the first and last among them.
    Returns their indices, in order: of the choices with the least sum of steps to the power of 2, 4 and 8, the one
    whose largest step is the smallest multiple of the median.
    """
    total = len(distances)
    count = min(count, total)
    if count < 2:
        return [0][:count]
    ways = [_shortest(distances.astype(np.float64) ** power, count) for power in (2, 4, 8)]
    return min(ways, key=lambda way: unevenness(distances[way[:-1], way[1:]]))


def unevenness(steps: np.ndarray) -> float:
    """The largest of some steps as a multiple of the median: 1 is even; infinite where most of them are 0."""
    steps = np.asarray(steps, np.float64)
    if not steps.size or not steps.max() > 0:
        return 1.0
    middle = float(np.median(steps))
    return float(steps.max()) / middle if middle > 0 else float("inf")


def _shortest(costs: np.ndarray, count: int) -> list[int]:
    """From the first to the last in `count` places, in order, with the least sum of costs."""
    total = len(costs)
    costs = np.where(np.tri(total, dtype=bool), np.inf, costs)
    best = np.where(np.arange(total) == 0, 0.0, np.inf)
    before = []
    for _ in range(count - 1):
        ways = best[:, None] + costs
        before.append(ways.argmin(axis=0))
        best = ways.min(axis=0)
    chosen = [total - 1]
    for step in reversed(before):
        chosen.append(int(step[chosen[-1]]))
    return chosen[::-1]
