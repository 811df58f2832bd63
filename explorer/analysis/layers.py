"""Heat maps layer by layer, each on its own grid."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import xarray as xr

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
        means = np.stack([_mean(stack, low, high, trace) for low, high in ranges])
        maps = np.einsum("wt,rltyx->lwryx", matrix, means, optimize=True)
        for name, one in zip(stack.coords["layer"].values, maps, strict=True):
            yield LayerMaps(str(name), grid, one.astype(np.float32))


def _mean(stack: xr.DataArray, low: int, high: int, trace: Trace) -> np.ndarray:
    """Over the steps low to high: (layer, token, y, x). Step by step, in the processor's cache."""
    total: np.ndarray = shares(stack.isel(step=[low]), trace.tokens)[0]
    for step in range(low + 1, high + 1):
        total += shares(stack.isel(step=[step]), trace.tokens)[0]
    total /= high + 1 - low
    return total
