"""Heat maps for the browser: over the steps, and layer by layer."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..analysis.heat import resize
from ..analysis.layers import layer_maps, step_ranges
from ..analysis.steps import settled_maps
from ..trace import Trace
from .pack import Pack, clean, numbers, quantise

MOST_MAPS = 4_400_000  # bytes: 50 steps of 20 words on 64 x 64, with some to spare
MOST_LAYERS = 450_000
MASK_SIDE = 256


def attention_part(pack: Pack, maps: xr.DataArray) -> dict[str, Any]:
    """maps: (word, step, y, x); a prompt of very many words gets a coarser grid, so that it stays quick to send."""
    until = settled_maps(maps)
    values = maps.values
    while values.size > MOST_MAPS and min(values.shape[-2:]) > 8:
        values = resize(values, values.shape[-2] // 2, values.shape[-1] // 2)
    quantised, scales = quantise(xr.DataArray(values, dims=maps.dims))
    pack.add("maps", quantised.tobytes())
    return {"shape": list(quantised.shape), "scales": scales, "settled": until.values.tolist()}


def unwanted_of(trace: Trace) -> Trace | None:
    """The same run as its negative prompt saw it, or None where its maps were not kept."""
    if trace.negative_tokens is None or not trace.negative:
        return None
    if not any(trace.negative_tokens.positions(i) for i in range(len(trace.negative_tokens.words))):
        return None
    return dataclasses.replace(
        trace, attention=trace.negative, tokens=trace.negative_tokens, negative={}, negative_tokens=None
    )


def layers_part(pack: Pack, trace: Trace, unwanted: Trace | None) -> dict[str, Any]:
    """As many ranges of steps as fit into `MOST_LAYERS` bytes; if one does not, the grids are made coarser too."""
    sides = {grid: (maps.sizes["y"], maps.sizes["x"], maps.sizes["layer"]) for grid, maps in trace.attention.items()}
    runs = [(one, _read(one)) for one in (trace, unwanted) if one is not None]
    count = max(sum(len(words) for _, words in runs), 1)
    halvings = 0

    def cells() -> int:
        return sum(max(y >> halvings, 1) * max(x >> halvings, 1) * n for y, x, n in sides.values())

    while count * cells() > MOST_LAYERS and halvings < 5:
        halvings += 1
    ranges = step_ranges(trace.steps, max(1, MOST_LAYERS // max(count * cells(), 1)))
    about, blocks, offset = [], [], 0
    for several in zip(*(layer_maps(one, words, ranges) for one, words in runs), strict=True):
        first = several[0]
        maps = np.concatenate([one.maps for one in several])
        height, width = (max(side >> halvings, 1) for side in maps.shape[-2:])
        small = maps if halvings == 0 else resize(maps, height, width)
        values, scales = quantise(xr.DataArray(small, dims=("word", "step", "y", "x")))
        place = {"name": clean(first.layer, 200), "grid": first.grid, "height": height, "width": width}
        about.append(place | {"offset": offset, "scales": numbers(scales)})
        blocks.append(values.tobytes())
        offset += values.nbytes
    pack.add("layers", b"".join(blocks))
    return {"ranges": [list(one) for one in ranges], "layers": about}


def _read(trace: Trace) -> list[int]:
    """The words that have maps."""
    return [i for i in range(len(trace.tokens.words)) if trace.tokens.positions(i)]


def masks_part(pack: Pack, trace: Trace, masks: Mapping[str | int, np.ndarray] | None) -> list[dict[str, Any]]:
    """True masks, one byte a pixel, at most `MASK_SIDE` pixels wide and high; each with the words that it is of.

    masks: by word; None for those that the trace itself knows.
    """
    found, blocks, offset = [], [], 0
    known = _masks_of(trace) if masks is None else [(trace.tokens.find(word), mask) for word, mask in masks.items()]
    for words, mask in known:
        truth = np.asarray(mask, np.float32)
        scale = min(1.0, MASK_SIDE / max(truth.shape))
        height, width = (max(1, round(side * scale)) for side in truth.shape)
        small = (resize(truth, height, width) >= 0.5).astype(np.uint8)
        found.append(
            {"words": list(words), "height": height, "width": width, "offset": offset},
        )
        blocks.append(small.tobytes())
        offset += small.nbytes
    if found:
        pack.add("masks", b"".join(blocks))
    return found


def _masks_of(trace: Trace) -> list[tuple[tuple[int, ...], np.ndarray]]:
    if trace.masks is None:
        return []
    spans = zip(trace.masks.coords["start"].values, trace.masks.coords["end"].values, strict=True)
    words = [
        tuple(i for i, word in enumerate(trace.tokens.words) if start <= word.start < end and trace.tokens.positions(i))
        for start, end in spans
    ]
    return [(own, mask) for own, mask in zip(words, trace.masks.values, strict=True) if own and mask.any()]
