"""The styles of the hand and the lens: watercolour, photograph, oil on canvas, pencil."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ..canvas import SIZE, Floats, grain
from ._tools import GREY, PAPER, Style, blur, edge, noise, relief, saturate, smoothly

# --- watercolour -----------------------------------------------------------------------------------------------------


def _wash(picture: Floats, r: np.random.Generator) -> Floats:
    pigment = 0.62 + 0.16 * noise(r, 5, len(picture))
    return blur(PAPER + (picture - PAPER) * pigment[..., None], 1.2)


def _bleed(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    rim = np.clip(cover - blur(cover, 2.0), 0, 1)
    pigment = 0.86 + 0.14 * noise(r, 6, len(rgb)) + 0.9 * rim
    soft = blur(rgb, 0.6)
    return PAPER + (soft - PAPER) * pigment[..., None]


def _margin(picture: Floats, r: np.random.Generator) -> Floats:
    inside = np.clip((edge(len(picture)) - 5.0 - 3.2 * noise(r, 9, len(picture))) / 3.0, 0, 1)[..., None]
    return PAPER + (picture - PAPER) * inside


# --- photograph ------------------------------------------------------------------------------------------------------


def _bokeh(picture: Floats, r: np.random.Generator) -> Floats:
    return blur(picture, 2.6)


def _round(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light = 0.75 * relief(cover, 7.0) + 0.35 * relief(cover, 2.5)
    lit = rgb * (1 + 0.42 * np.minimum(light, 0) + 0.1 * np.maximum(light, 0))[..., None]
    return lit + (255 - lit) * (0.42 * np.maximum(light, 0) ** 1.3)[..., None]


@cache
def _lens(side: int) -> Floats:
    at = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2)
    return (1 - 0.34 * np.clip(at[:, None] ** 2 + at[None, :] ** 2 - 0.35, 0, 2) / 1.65 * 1.6).astype(np.float32)


def _develop(picture: Floats, r: np.random.Generator) -> Floats:
    picture = blur(picture, 0.35) * _lens(len(picture))[..., None]
    return 128 + (picture - 128) * 1.06


# --- canvas ----------------------------------------------------------------------------------------------------------


@lru_cache(12)  # as many as there are canvases
def _strokes(number: int, side: int) -> tuple[NDArray[np.int32], Floats]:
    """Where each pixel's brush hairs come from (taps, y * x) and their relief (y, x): one of a few fixed canvases.

    The taps go from 6 usual pixels behind to 6 ahead; between two of them there is one more at a finer grain.
    """
    r = np.random.Generator(np.random.PCG64([number, 77]))
    angle = 0.4 + 1.3 * noise(r, 4, side)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    bristles = r.random((SIZE, SIZE)).astype(np.float32)
    bristles = blur(bristles if side == SIZE else smoothly(bristles, side), 1.7)
    taps = _taps(side)
    apart = side / SIZE / taps
    where = np.stack(
        [
            np.clip(np.rint(y + s * apart * np.sin(angle)), 0, side - 1).astype(np.int32).ravel() * side
            + np.clip(np.rint(x + s * apart * np.cos(angle)), 0, side - 1).astype(np.int32).ravel()
            for s in range(-6 * taps, 6 * taps + 1)
        ]
    )
    streaks = bristles.ravel()[where].mean(0).reshape(side, side)
    streaks = (streaks - streaks.mean()) / max(float(streaks.std()), 1e-6)
    return where, streaks.astype(np.float32)


def _taps(side: int) -> int:
    """How many taps a usual pixel has."""
    return min(2, side // SIZE)


def _smear(picture: Floats, taps: NDArray[np.int32]) -> Floats:
    flat = picture.reshape(-1, 3)
    total: Floats = flat[taps[0]]
    for tap in taps[1:]:
        total = total + flat[tap]
    return np.asarray(total / len(taps)).reshape(picture.shape)


def _knife(picture: Floats, r: np.random.Generator) -> Floats:
    """Thick paint: patches of one colour (a median), drawn out along the strokes."""
    side, taps = len(picture), _taps(len(picture))
    thick = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8), "RGB").reduce(2)
    thick = thick.filter(ImageFilter.MedianFilter(2 * grain(picture) + 1))
    thick = thick.resize((side, side), Image.Resampling.BILINEAR)
    return _smear(np.asarray(thick, np.float32), _strokes(int(r.integers(12)), side)[0][taps : 11 * taps + 1 : 2])


def _brush(picture: Floats, r: np.random.Generator) -> Floats:
    taps, streaks = _strokes(int(r.integers(12)), len(picture))
    near = _taps(len(picture))
    smear = _smear(picture, taps[5 * near : 7 * near + 1])
    warm = smear * np.array([1.02, 0.99, 0.94], np.float32) + np.array([7, 4, 0], np.float32)
    return saturate(warm, 1.1) + (7.0 * streaks)[..., None]


def _dab(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light = relief(cover, 6.0) + 0.35 * noise(r, 9, len(cover))
    lit = rgb * (1 + 0.26 * np.minimum(light, 0))[..., None]
    return lit + (np.array([255, 246, 214], np.float32) - lit) * (0.22 * np.clip(light, 0, 1))[..., None]


# --- pencil ----------------------------------------------------------------------------------------------------------


@cache
def _hatch(side: int) -> Floats:
    """Even, soft, slanting strokes 8 usual pixels apart along a row; (y, x, 1), 0 to 1."""
    fine = side // SIZE
    at = (np.arange(side, dtype=np.float32) - np.float32(fine / 2 - 0.5)) / np.float32(fine)
    wave = np.cos((at[None, :] + at[:, None]) * np.float32(2 * np.pi / 8))
    return np.asarray(np.clip(0.5 + 0.85 * wave, 0, 1)[..., None], np.float32)


def _graphite(picture: Floats, r: np.random.Generator) -> Floats:
    """Grey pencil: the darker the scene, the harder the strokes."""
    grey = (saturate(picture, 0.1) - 250) * (0.34 + 0.05 * noise(r, 6, len(picture)))[..., None]
    dark = np.clip(1 - picture @ GREY / 255, 0, 1)[..., None]
    return np.asarray(np.minimum(grey + 252, 252) - (7 + 26 * dark) * _hatch(len(picture)), np.float32)


def _tint(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    pressure = 0.7 + 0.1 * noise(r, 7, len(cover)) - 0.06 * relief(cover, 5.0) + 0.13 * _hatch(len(cover))[..., 0]
    dark = np.clip(1.3 - (rgb @ GREY) / 90, 0, 1)
    return np.asarray(PAPER + (rgb - PAPER) * np.clip(pressure + 0.2 * dark, 0, 1)[..., None], np.float32)


WATERCOLOUR = Style(
    phrases=(
        "a [watercolour painting] of {}",
        "a [watercolour painting] of {}",
        "a [watercolor painting] of {}",
        "a [watercolour] of {}",
        "{}, [watercolour painting]",
        "{} in [watercolour]",
        "{}, [watercolor]",
    ),
    line=0.5,
    backdrop=_wash,
    figure=_bleed,
    finish=_margin,
    shadow=0.16,
)
PHOTOGRAPH = Style(
    phrases=(
        "a [professional photograph] of {}",
        "a [photograph] of {}",
        "a [photograph] of {}",
        "a [photo] of {}",
        "{}, [professional photograph]",
        "a [professional photo] of {}",
        "{}, [photo]",
    ),
    line=0.0,
    backdrop=_bokeh,
    figure=_round,
    finish=_develop,
    shadow=0.5,
)
CANVAS = Style(
    phrases=(
        "a [picture painted onto canvas] of {}",
        "a picture of {} [painted onto canvas]",
        "a painting on [canvas] of {}",
        "{}, [painted onto canvas]",
        "an [oil painting] of {}",
        "{}, [oil painting]",
    ),
    line=0.6,
    backdrop=_knife,
    figure=_dab,
    finish=_brush,
    shadow=0.3,
)
PENCIL = Style(
    phrases=(
        "a [pencil sketch] of {}",
        "a [pencil sketch] of {}",
        "a [pencil drawing] of {}",
        "a [sketch] of {}",
        "{}, [pencil sketch]",
        "{}, [pencil drawing]",
    ),
    line=1.0,
    rim=(70, 70, 76),
    ground_line=0.7,
    backdrop=_graphite,
    figure=_tint,
    shadow=0.14,
    fall=(150, 152, 160),
)
