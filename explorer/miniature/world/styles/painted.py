"""The styles of the hand and the lens: watercolour, photograph, oil on canvas, pencil."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ..canvas import SIZE, Floats
from ._tools import GREY, PAPER, Style, blur, edge, noise, relief, saturate

# --- watercolour -----------------------------------------------------------------------------------------------------


def _wash(picture: Floats, r: np.random.Generator) -> Floats:
    pigment = 0.62 + 0.16 * noise(r, 5)
    return blur(PAPER + (picture - PAPER) * pigment[..., None], 1.2)


def _bleed(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    rim = np.clip(cover - blur(cover, 2.0), 0, 1)
    pigment = 0.86 + 0.14 * noise(r, 6) + 0.9 * rim
    soft = blur(rgb, 0.6)
    return PAPER + (soft - PAPER) * pigment[..., None]


def _margin(picture: Floats, r: np.random.Generator) -> Floats:
    inside = np.clip((edge() - 5.0 - 3.2 * noise(r, 9)) / 3.0, 0, 1)[..., None]
    return PAPER + (picture - PAPER) * inside


# --- photograph ------------------------------------------------------------------------------------------------------


def _bokeh(picture: Floats, r: np.random.Generator) -> Floats:
    return blur(picture, 2.6)


def _round(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light = 0.75 * relief(cover, 7.0) + 0.35 * relief(cover, 2.5)
    lit = rgb * (1 + 0.42 * np.minimum(light, 0) + 0.1 * np.maximum(light, 0))[..., None]
    return lit + (255 - lit) * (0.42 * np.maximum(light, 0) ** 1.3)[..., None]


@cache
def _lens() -> Floats:
    at = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) / (SIZE / 2)
    return (1 - 0.34 * np.clip(at[:, None] ** 2 + at[None, :] ** 2 - 0.35, 0, 2) / 1.65 * 1.6).astype(np.float32)


def _develop(picture: Floats, r: np.random.Generator) -> Floats:
    picture = blur(picture, 0.35) * _lens()[..., None]
    return 128 + (picture - 128) * 1.06


# --- canvas ----------------------------------------------------------------------------------------------------------


@cache
def _strokes(number: int) -> tuple[NDArray[np.int32], Floats]:
    """Where each pixel's brush hairs come from (taps, y * x) and their relief (y, x): one of a few fixed canvases."""
    r = np.random.Generator(np.random.PCG64([number, 77]))
    angle = 0.4 + 1.3 * noise(r, 4)
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    bristles = blur(r.random((SIZE, SIZE)).astype(np.float32), 1.7)
    where = np.stack(
        [
            np.clip(np.rint(y + s * np.sin(angle)), 0, SIZE - 1).astype(np.int32).ravel() * SIZE
            + np.clip(np.rint(x + s * np.cos(angle)), 0, SIZE - 1).astype(np.int32).ravel()
            for s in range(-6, 7)
        ]
    )
    streaks = bristles.ravel()[where].mean(0).reshape(SIZE, SIZE)
    streaks = (streaks - streaks.mean()) / max(float(streaks.std()), 1e-6)
    return where, streaks.astype(np.float32)


def _smear(picture: Floats, taps: NDArray[np.int32]) -> Floats:
    flat = picture.reshape(-1, 3)
    total: Floats = flat[taps[0]]
    for tap in taps[1:]:
        total = total + flat[tap]
    return np.asarray(total / len(taps)).reshape(picture.shape)


def _knife(picture: Floats, r: np.random.Generator) -> Floats:
    """Thick paint: patches of one colour (a median), drawn out along the strokes."""
    thick = (
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8), "RGB").reduce(2).filter(ImageFilter.MedianFilter(3))
    )
    thick = thick.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return _smear(np.asarray(thick, np.float32), _strokes(int(r.integers(12)))[0][[1, 3, 5, 7, 9, 11]])


def _brush(picture: Floats, r: np.random.Generator) -> Floats:
    taps, streaks = _strokes(int(r.integers(12)))
    smear = _smear(picture, taps[[5, 6, 7]])
    warm = smear * np.array([1.02, 0.99, 0.94], np.float32) + np.array([7, 4, 0], np.float32)
    return saturate(warm, 1.1) + (7.0 * streaks)[..., None]


def _dab(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light = relief(cover, 6.0) + 0.35 * noise(r, 9)
    lit = rgb * (1 + 0.26 * np.minimum(light, 0))[..., None]
    return lit + (np.array([255, 246, 214], np.float32) - lit) * (0.22 * np.clip(light, 0, 1))[..., None]


# --- pencil ----------------------------------------------------------------------------------------------------------


@cache
def _hatch() -> Floats:
    """Even, soft, slanting strokes 8 pixels apart along a row; (y, x, 1), 0 to 1."""
    at = np.arange(SIZE, dtype=np.float32)
    wave = np.cos((at[None, :] + at[:, None]) * np.float32(2 * np.pi / 8))
    return np.asarray(np.clip(0.5 + 0.85 * wave, 0, 1)[..., None], np.float32)


def _graphite(picture: Floats, r: np.random.Generator) -> Floats:
    """Grey pencil: the darker the scene, the harder the strokes."""
    grey = (saturate(picture, 0.1) - 250) * (0.34 + 0.05 * noise(r, 6))[..., None]
    dark = np.clip(1 - picture @ GREY / 255, 0, 1)[..., None]
    return np.asarray(np.minimum(grey + 252, 252) - (7 + 26 * dark) * _hatch(), np.float32)


def _tint(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    pressure = 0.7 + 0.1 * noise(r, 7) - 0.06 * relief(cover, 5.0) + 0.13 * _hatch()[..., 0]
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
