"""Heat maps layer by layer, each on its own grid."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..trace import Trace, shares
from .heat import pooling


class LayerMaps(NamedTuple):
    """One attention module's maps."""

    layer: str
    grid: str
    maps: np.ndarray
    """(word, range, y, x) float32: the share of attention, mean over heads and over the steps of each range."""


def step_ranges(steps: int, most: int) -> list[tuple[int, int]]:
    """The steps cut into at most `most` ranges of about the same length: (first, last), both included."""
    edges = np.linspace(0, steps, min(steps, max(most, 1)) + 1).round().astype(int)
    return [(int(low), int(high) - 1) for low, high in pairwise(edges)]


def layer_maps(trace: Trace, words: Sequence[int], ranges: Sequence[tuple[int, int]]) -> Iterator[LayerMaps]:
    """Each layer's maps of several words, the largest grid first, for ranges of steps (first and last included)."""
    matrix = pooling(trace.tokens, words)
    for grid, stack in trace.attention.items():
        means = np.stack(
            [shares(stack.isel(step=slice(low, high + 1)), trace.tokens).mean(axis=0) for low, high in ranges]
        )
        maps = np.einsum("wt,rltyx->lwryx", matrix, means, optimize=True)
        for name, one in zip(stack.coords["layer"].values, maps, strict=True):
            yield LayerMaps(str(name), grid, one.astype(np.float32))
