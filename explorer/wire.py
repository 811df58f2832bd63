"""From Python to the browser: one JSON-able dict and one binary buffer, sent once.

The twin is `extensions/widgets/src/wire.ts`; a change on one side is a change on both, and of `VERSION`.
"""

import io
import math
from typing import Any

import numpy as np
import xarray as xr

from .analysis import word_maps
from .prompt import Tokens
from .trace import Trace

VERSION = 1
LONGEST_WORD = 80  # characters of one word, and of the prompt as a label: a prompt may be 100 kB long
LONGEST_PROMPT = 400
CUT_SHOWN = 24  # words beyond the encoder's limit that are still shown


def attention(trace: Trace) -> tuple[dict[str, Any], bytes]:
    """What the attention view needs of a trace.

    Returns (meta, buffer). The buffer holds the heat maps, uint8 (row, step, y, x), mean over layers on the largest
    grid, and then the picture as PNG. A byte of row r stands for `meta["scales"][r] * byte / 255`, a share of the
    position's attention; `meta["words"][i]["row"]` is the row of a word of `tokens.words`, or None if the model did not
    read it.
    """
    maps = word_maps(trace)
    rows = {int(index): row for row, index in enumerate(maps.coords["index"].values)}
    values, scales = quantise(maps)
    picture = png(trace)
    words = _words(trace.tokens, rows)
    meta = {
        "version": VERSION,
        "kind": "attention",
        "prompt": clean(trace.tokens.prompt, LONGEST_PROMPT),
        "words": words,
        "omitted": len(trace.tokens.words) - len(words),
        "limit": trace.tokens.limit,
        "shape": list(values.shape),
        "scales": scales,
        "timesteps": _numbers(trace.latents.coords["timestep"]),
        "sigmas": _numbers(trace.latents.coords["sigma"]),
        "picture": {
            "offset": values.nbytes,
            "bytes": len(picture),
            "type": "image/png",
            "width": trace.image.sizes["x"],
            "height": trace.image.sizes["y"],
            "alt": f"The generated picture: {clean(trace.tokens.prompt, LONGEST_PROMPT)}",
        },
    }
    return meta, values.tobytes() + picture


def quantise(maps: xr.DataArray) -> tuple[np.ndarray, list[float]]:
    """Maps (word, step, y, x) as uint8, each word by its own maximum, and those maxima."""
    shares = np.nan_to_num(maps.values, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    tops = shares.max(axis=(1, 2, 3)) if shares.size else np.zeros(shares.shape[0], np.float32)
    scaled = shares / np.maximum(tops, np.finfo(np.float32).tiny)[:, None, None, None]
    return np.rint(scaled * 255).astype(np.uint8), [float(top) for top in tops]


def png(trace: Trace) -> bytes:
    """The picture as PNG."""
    file = io.BytesIO()
    trace.picture().save(file, "PNG")
    return file.getvalue()


def clean(text: str, longest: int) -> str:
    """A text that any JSON encoder and UTF-8 can hold: lone surrogates become U+FFFD, and it is cut at `longest`."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return short.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _words(tokens: Tokens, rows: dict[int, int]) -> list[dict[str, Any]]:
    """The words in reading order; of a tail that was cut off only the first few, since it has no maps."""
    end = max(rows, default=-1) + 1 + CUT_SHOWN
    return [
        {
            "text": clean(word.text, LONGEST_WORD),
            "start": word.start,
            "end": word.end,
            "pieces": [clean(tokens.pieces[i].text, LONGEST_WORD) for i in word.pieces[:LONGEST_WORD]],
            "cut": word.cut,
            "row": rows.get(i),
        }
        for i, word in enumerate(tokens.words[:end])
    ]


def _numbers(values: xr.DataArray) -> list[float | None]:
    """JSON knows no NaN."""
    return [float(v) if math.isfinite(v) else None for v in values.values]
