"""What each word did, or added, for the browser. The twin is `extensions/widgets/src/wire/effects.ts`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from ..analysis import word_maps
from ..analysis.effects import Effects, difference
from ..analysis.heat import resize
from ..trace import Trace
from . import LONGEST_PROMPT
from .pack import Pack, clean, quantise
from .pictures import webp
from .words import LONGEST_WORD

VERSION = 1
SIDE = 384  # pixels of a picture's longer side, at most
MAP_SIDE = 128  # of the map of what changed
TOPS = (10, 20, 40, 80, 120)
"""Round ends of a scale of colour differences, so that scales can be compared."""


def effects(found: Effects) -> tuple[dict[str, Any], bytes]:
    """What the effects view needs of words that were left out: a row for each.

    Returns (meta, buffer). The block `pictures` holds the whole run's picture first (`meta["whole"]`), then one per row
    (`span`), as WebP; `changes` uint8 (row, y, x), a byte standing for byte / 255 * `meta["top"]` of colour difference;
    `heat` uint8 (row, y, x), where the word drew attention, each by its own maximum (`meta["scales"]`).
    """
    trace = found.trace
    indices = [int(index) for index in found.maps.coords["index"].values]
    read = word_maps(trace, [i for i in indices if trace.tokens.positions(i)]).mean("step")
    own = {int(index): one for index, one in zip(read.coords["index"].values, read.values, strict=True)}
    empty = np.zeros(read.shape[-2:], np.float32)
    rows = [
        {
            "text": clean(trace.tokens.words[index].text, LONGEST_WORD),
            "size": float(found.size.values[i]),
            "agreement": _finite(found.agreement.values[i]),
            "prompt": clean(found.without[index].tokens.prompt, LONGEST_PROMPT),
        }
        for i, index in enumerate(indices)
    ]
    without = [found.without[index].image.values for index in indices]
    heat = np.stack([own.get(index, empty) for index in indices]) if indices else empty[None][:0]
    return _packed("effects", trace.tokens.prompt, trace, rows, without, list(found.maps.values), heat)


def growth(traces: Sequence[Trace]) -> tuple[dict[str, Any], bytes]:
    """What the effects view needs of a prompt that grew: a row for each picture, and what changed since the one before.

    Returns (meta, buffer) as `effects` does; there is no heat, and the first row has no change.
    """
    rows, maps = [], []
    for i, trace in enumerate(traces):
        text, before = trace.tokens.prompt, traces[i - 1].tokens.prompt if i else ""
        added = text[len(before) :].strip() if text.startswith(before) else text
        change = difference(trace, traces[i - 1]).values if i else np.zeros(trace.image.shape[:2], np.float32)
        rows.append(
            {
                "text": clean(added or text, LONGEST_WORD),
                "size": float(change.mean()) if i else None,
                "agreement": None,
                "prompt": clean(text, LONGEST_PROMPT),
            }
        )
        maps.append(change)
    pictures = [trace.image.values for trace in traces]
    return _packed("growth", traces[-1].tokens.prompt, traces[-1], rows, pictures, maps, None)


def _packed(
    kind: str,
    prompt: str,
    whole: Trace,
    rows: list[dict[str, Any]],
    pictures: list[np.ndarray],
    maps: list[np.ndarray],
    heat: np.ndarray | None,
) -> tuple[dict[str, Any], bytes]:
    pack = Pack()
    files, offset = [webp(one, SIDE) for one in (whole.image.values, *pictures)], 0
    spans = []
    for file in files:
        spans.append([offset, len(file)])
        offset += len(file)
    pack.add("pictures", b"".join(files))
    height, width = whole.image.shape[:2]
    scale = min(1.0, MAP_SIDE / max(height, width))
    tall, wide = (max(1, round(side * scale)) for side in (height, width))
    small = np.stack([resize(one, tall, wide) for one in maps]) if maps else np.zeros((0, tall, wide), np.float32)
    most = float(np.quantile(small, 0.995)) if small.size else 0.0
    top = next((one for one in TOPS if most <= one), TOPS[-1])
    pack.add("changes", np.rint(small.clip(0, top) / top * 255).astype(np.uint8).tobytes())
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": kind,
        "prompt": clean(prompt, LONGEST_PROMPT),
        "picture": {"type": "image/webp", "width": width, "height": height},
        "whole": spans[0],
        "rows": [row | {"span": span} for row, span in zip(rows, spans[1:], strict=True)],
        "changes": [tall, wide],
        "top": top,
        "heat": None,
        "scales": [],
    }
    if heat is not None:
        values, scales = quantise(xr.DataArray(heat[:, None], dims=("word", "step", "y", "x")))
        pack.add("heat", values.tobytes())
        meta |= {"heat": list(heat.shape[-2:]), "scales": scales}
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
