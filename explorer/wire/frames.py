"""A path between runs, for the browser. The twin is `extensions/widgets/src/wire/frames.ts`."""

import itertools
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import xarray as xr

from ..analysis import word_maps
from ..analysis.aligned import aligned
from ..analysis.distance import between, features, unevenness
from ..analysis.heat import resize
from ..frames import Interpolation
from ..prompt import Tokens
from ..trace import Trace
from . import LONGEST_PROMPT
from .pack import Pack, clean, quantise
from .pictures import webp
from .words import LONGEST_WORD

VERSION = 1
SIDE = 512  # pixels of a frame's longer side, at most
SMALL = 256  # beyond `MANY` frames
MANY = 40
MOST_MAPS = 2_400_000  # bytes


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is sent of one frame; encoding it again for each new frame of a path would take ever longer."""

    picture: bytes
    maps: np.ndarray
    """(word, y, x) float32, mean over the steps; the words that were read."""
    indices: list[int]
    """Of these words in `tokens.words`."""
    features: list[np.ndarray]


def frames(path: Interpolation, known: dict[int, Encoded] | None = None) -> tuple[dict[str, Any], bytes]:
    """What the interpolation view needs of a path with at least one frame.

    known: what was encoded before, by the `id` of a trace that is still held; new frames are added to it.

    Returns (meta, buffer). `meta["frames"][i]` says where a frame stands, and its WebP's place in the block `pictures`.
    `meta["words"]` are the words of all keys, aligned; `meta["maps"]["rows"][i][w]` is the row of word w in the maps
    of frame i, or None: uint8 (row, y, x), mean over the steps, a byte standing for byte / 255 * `scales[w]`.
    `meta["curve"]` is the change from each frame to the next; None in a grid.
    """
    known = {} if known is None else known
    side = SIDE if len(path.frames) <= MANY else SMALL
    for frame in path.frames:
        if id(frame.trace) not in known:
            known[id(frame.trace)] = _encoded(frame.trace, side)
    parts = [known[id(frame.trace)] for frame in path.frames]
    pack = Pack()
    spans, offset = [], 0
    for one in parts:
        spans.append([offset, len(one.picture)])
        offset += len(one.picture)
    pack.add("pictures", b"".join(one.picture for one in parts))
    words, places = _words(path)
    maps = _maps(pack, path, parts, places, len(words))
    curve = _curve(path, parts)
    height, width = path.frames[0].trace.image.shape[:2]
    meta = {
        "version": VERSION,
        "kind": "frames",
        "title": (" → " if path.shape is None else " / ").join(dict.fromkeys(clean(k.prompt, 120) for k in path.keys)),
        "keys": [
            {name: clean(v, LONGEST_PROMPT) if isinstance(v, str) else v for name, v in asdict(key).items()}
            for key in path.keys
        ],
        "method": path.method,
        "spacing": path.spacing,
        "closed": path.closed and path.complete,
        "shape": None if path.shape is None else list(path.shape),
        "asked": path.asked,
        "picture": {"type": "image/webp", "width": width, "height": height},
        "frames": [
            {"at": list(frame.at), "key": frame.is_key, "span": span}
            for frame, span in zip(path.frames, spans, strict=True)
        ],
        "words": words,
        "maps": maps,
        "curve": curve,
        "unevenness": _finite(unevenness(np.array(curve))) if curve else None,
        "film": find_spec("imageio_ffmpeg") is not None,
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def _encoded(trace: Trace, side: int) -> Encoded:
    maps = word_maps(trace)
    indices = [int(index) for index in maps.coords["index"].values]
    return Encoded(
        webp(trace.image.values, side), maps.mean("step").values, indices, features(trace.image.values[..., :3])
    )


def _words(path: Interpolation) -> tuple[list[dict[str, Any]], dict[str, dict[int, int]]]:
    """The words of all keys, and for each prompt the place of its words among them."""
    own: dict[str, Tokens] = {}
    for frame in path.frames:
        own.setdefault(frame.trace.tokens.prompt, frame.trace.tokens)
    prompts = [key.prompt for key in path.keys if key.prompt in own]
    prompts = list(dict.fromkeys([*prompts, *own]))
    rows = aligned([own[prompt] for prompt in prompts])
    words = []
    for row in rows:
        number = next(i for i, index in enumerate(row) if index is not None)
        text = own[prompts[number]].words[row[number] or 0].text
        words.append({"text": clean(text, LONGEST_WORD), "prompts": [i for i, at in enumerate(row) if at is not None]})
    places = {
        prompt: {row[i]: place for place, row in enumerate(rows) if row[i] is not None}
        for i, prompt in enumerate(prompts)
    }
    return words, places  # type: ignore[return-value]


def _maps(
    pack: Pack, path: Interpolation, parts: list[Encoded], places: dict[str, dict[int, int]], count: int
) -> dict[str, Any]:
    height, width = np.max([one.maps.shape[-2:] for one in parts], axis=0).tolist()
    total = sum(len(one.indices) for one in parts)
    while total * height * width > MOST_MAPS and min(height, width) > 8:
        height, width = height // 2, width // 2
    rows: list[list[int | None]] = []
    stacks, tops, number = [], np.zeros(count, np.float32), 0
    own: list[int] = []
    for frame, one in zip(path.frames, parts, strict=True):
        place = places[frame.trace.tokens.prompt]
        row: list[int | None] = [None] * count
        maps = one.maps if one.maps.shape[-2:] == (height, width) else resize(one.maps, height, width)
        for index in one.indices:
            row[place[index]] = number
            own.append(place[index])
            number += 1
        rows.append(row)
        stacks.append(maps)
    values = np.concatenate(stacks) if number else np.zeros((0, height, width), np.float32)
    # A word has one scale along the whole path, so that it can be seen to grow and fade.
    for word in range(count):
        mine = [i for i, one in enumerate(own) if one == word]
        if mine:
            quantised, scales = quantise(xr.DataArray(values[mine][None], dims=("word", "step", "y", "x")))
            tops[word], values[mine] = scales[0], quantised[0]
    pack.add("maps", values.astype(np.uint8).tobytes())
    return {"height": height, "width": width, "rows": rows, "scales": [float(top) for top in tops]}


def _curve(path: Interpolation, parts: list[Encoded]) -> list[float] | None:
    if path.shape is not None:
        return None
    row = [*parts, parts[0]] if path.closed and path.complete else parts
    return [between(a.features, b.features) for a, b in itertools.pairwise(row)]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
