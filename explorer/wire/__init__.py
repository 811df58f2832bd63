"""From Python to the browser: one JSON-able dict and one binary buffer per trace, sent once.

The twin is `extensions/widgets/src/wire.ts`; a change on one side is a change on both, and of `VERSION`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from ..analysis import word_maps
from ..trace import Trace
from .attention import attention_part, layers_part, masks_part, unwanted_of
from .pack import Pack, clean, jpeg, numbers, png, quantise
from .steps import curves_part, fields_part, pictures_part
from .words import CUT_SHOWN, words_part

__all__ = ["CUT_SHOWN", "PARTS", "VERSION", "clean", "jpeg", "png", "quantise", "trace"]

VERSION = 2
LONGEST_PROMPT = 400  # characters of the prompt as a label: a prompt may be 100 kB long
PARTS = ("attention", "layers", "fields", "pictures", "curves")


def trace(
    trace: Trace, parts: tuple[str, ...] = PARTS, *, masks: Mapping[str | int, np.ndarray] | None = None
) -> tuple[dict[str, Any], bytes]:
    """What the views need of a trace.

    parts: of `PARTS`, what to send beside the words and the picture; a single view needs less than all of them.
        attention: heat maps, uint8 (row, step, y, x), mean over layers on the largest grid.
        layers: heat maps of each layer on its own grid, uint8 (row, range, y, x), over ranges of steps.
        fields: latents, predicted x0, noise prediction and, where it is known, what guidance pushed, uint8
            (step, channel, y, x); and the linear decoder that draws any of them as a picture.
        pictures: the predicted x0 of each step as JPEG, where the trace holds them decoded.
        curves: change per step, power per frequency band.
    masks: for drawn pictures, where a word's subject truly is: (y, x) bool by word; None for the trace's own, if any.

    Returns (meta, buffer). `meta["blocks"][name]` is a block's place in the buffer. Maps are quantised by their row's
    own maximum: a byte of row r stands for `scales[r] * byte / 255`, a share of the position's attention;
    `meta["words"][i]["row"]` is the row of a word of `tokens.words`, or None if the model did not read it. Where the
    negative prompt's maps were kept, its words follow, marked `negative`. Fields are quantised by channel, a byte
    standing for low + byte / 255 * (high - low).
    """
    pack = Pack()
    maps = word_maps(trace)
    rows = {int(index): row for row, index in enumerate(maps.coords["index"].values)}
    words = words_part(trace.tokens, rows)
    omitted = len(trace.tokens.words) - len(words)
    unwanted = unwanted_of(trace)
    if unwanted is not None:
        more = word_maps(unwanted)
        shift = len(rows)
        own = {int(index): shift + row for row, index in enumerate(more.coords["index"].values)}
        words += [word | {"negative": True} for word in words_part(unwanted.tokens, own)]
        maps = xr.concat([maps, more], dim="word")
    prompt = clean(trace.tokens.prompt, LONGEST_PROMPT)
    pack.add("picture", png(trace))
    settings = trace.settings
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "trace",
        "prompt": prompt,
        "negative": clean(settings.negative_prompt, LONGEST_PROMPT),
        "words": words,
        "omitted": omitted,
        "limit": trace.tokens.limit,
        "steps": trace.steps,
        "numbers": trace.step_numbers,
        "timesteps": numbers(trace.latents.coords["timestep"].values),
        "sigmas": numbers(trace.latents.coords["sigma"].values),
        "seed": str(settings.seed),  # beyond what a number of JavaScript holds
        "guidance": settings.guidance,
        "scheduler": clean(settings.scheduler, 80),
        "model": clean(settings.model, 120),
        "picture": {
            "type": "image/png",
            "width": trace.image.sizes["x"],
            "height": trace.image.sizes["y"],
            "alt": f"The generated picture: {prompt}",
        },
        "attention": attention_part(pack, maps) if "attention" in parts else None,
        "layers": layers_part(pack, trace, unwanted) if "layers" in parts else None,
        "fields": fields_part(pack, trace) if "fields" in parts else None,
        "pictures": pictures_part(pack, trace) if "pictures" in parts else None,
        "curves": curves_part(trace) if "curves" in parts else None,
        "masks": masks_part(pack, trace, masks),
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()
