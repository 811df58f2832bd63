"""An enlargement for the browser, beside rules, guesses and the truth. The twin is `wire/upscaled.ts`."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .pack import Pack, clean

if TYPE_CHECKING:
    from ..upscaling import Score, Upscaled

VERSION = 1
LOSSLESS = 1_500_000  # pixels of one picture; a larger one is compressed, since it would be many megabytes
NAMES = {
    "small": "The small picture",
    "nearest": "Nearest",
    "bicubic": "Bicubic",
    "lanczos": "Lanczos",
    "upscaler": "The upscaler",
    "truth": "The true drawing",
}
TOPS = (10, 20, 40, 80, 160, 255)
"""Round ends of the scale that guesses and errors share."""


def upscaled(found: "Upscaled", scores: "Mapping[str, Score] | None" = None) -> tuple[dict[str, Any], bytes]:
    """What the view of an enlargement needs.

    scores: of `found`, where they are known already: they take a second.

    Returns (meta, buffer). The block of each of `meta["pictures"]` (its `key`) is a WebP of its own size, without loss
    where it isn't huge, so that a loupe shows the very pixels. `guesses` and, with a truth, `error` are uint8 (y, x); a
    byte stands for byte / 255 * `meta["top"]` levels of 255.
    """
    pack = Pack()
    shown = {"small": found.small, **found.pictures}
    if found.truth is not None:
        shown["truth"] = found.truth
    scores = scores_of(found) if scores is None else scores
    pictures = []
    for key, pixels in shown.items():
        pack.add(key, _webp(pixels))
        score = scores.get(key)
        pictures.append(
            {
                "key": key,
                "name": clean(NAMES.get(key, key), 60),
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "score": None
                if score is None
                else {"psnr": _finite(score.psnr), "distance": score.distance, "ssim": score.ssim},
            }
        )
    error = found.error
    maps = {"guesses": found.guesses} | ({} if error is None else {"error": error})
    most = max(float(np.quantile(values, 0.995)) for values in maps.values())
    top = next((one for one in TOPS if most <= one), TOPS[-1])
    for key, values in maps.items():
        pack.add(key, np.rint(values.clip(0, top) / top * 255).astype(np.uint8).tobytes())
    told = found.told
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "upscaled",
        "prompt": clean(found.prompt, 400),
        "seeds": len(found.seeds),
        "pictures": pictures,
        "maps": list(maps),
        "size": list(found.guesses.shape),
        "top": top,
        "told": None if told is None else _finite(told),
        "mean": {key: float(values.mean()) for key, values in maps.items()},
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def scores_of(found: "Upscaled") -> "Mapping[str, Score]":
    """How near each way comes to the drawing; nothing without one."""
    return {} if found.truth is None else found.scores()


def _webp(pixels: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    if pixels.shape[0] * pixels.shape[1] <= LOSSLESS:
        picture.save(file, "WEBP", lossless=True, quality=40, method=2)
    else:
        picture.save(file, "WEBP", quality=92, method=2)
    return file.getvalue()


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
