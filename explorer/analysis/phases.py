"""Maps of a run whose words were read in some steps only, put right."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from ..prompt import Tokens
from ..trace import Trace, attention_array, shares


def read_in_parts(trace: Trace, read: Sequence[tuple[int, Mapping[int, int]]], asked: int) -> Trace:
    """A trace with the maps of each step at the words that were read in it.

    The run was recorded as if all words of `trace.tokens` had been there in every step. But a part of the prompt has
    its words in other rows, and a word that was not read has no attention: it gets 0, and what stood in its row counts
    as `rest`.

    read: (first step, for pieces by their number in `tokens`, the row in which that part has them), in order.
    asked: of how many steps those first ones are.
    """
    attention = {grid: _moved(maps, trace.tokens, read, asked) for grid, maps in trace.attention.items()}
    return dataclasses.replace(trace, attention=attention)


def _moved(
    maps: xr.DataArray, tokens: Tokens, read: Sequence[tuple[int, Mapping[int, int]]], asked: int
) -> xr.DataArray:
    whole = maps.sizes["token"] == tokens.read + 2
    values = shares(maps, tokens)
    moved = values.copy()
    entry = {piece.position: i + 1 for i, piece in enumerate(tokens.pieces[: tokens.read])}
    steps = len(values)
    for number, (first, places) in enumerate(read):
        last = read[number + 1][0] if number + 1 < len(read) else asked
        own = slice(-(-first * steps // asked), -(-last * steps // asked))
        moved[own, :, 1:-1] = 0
        used = set()
        for piece, row in places.items():
            if row in entry:
                moved[own, :, piece + 1] = values[own, :, entry[row]]
                used.add(entry[row])
        left = [i for i in range(1, tokens.read + 1) if i not in used]
        moved[own, :, -1] = values[own, :, -1] + values[own][:, :, left].sum(axis=2)
    if not whole:
        moved = moved[:, :, 1:-1]
    layers = [str(name) for name in maps.coords["layer"].values]
    numbers = maps.coords["step"].values
    if "top" not in maps.coords:
        return attention_array(moved.astype(maps.dtype), layers=layers, tokens=tokens, steps=numbers)
    tops = np.maximum(moved.max(axis=(3, 4)), np.finfo(np.float16).tiny).astype(np.float32)
    eighths = np.rint(moved / tops[..., None, None] * 255).astype(np.uint8)
    return attention_array(eighths, layers=layers, tokens=tokens, tops=tops, steps=numbers)
