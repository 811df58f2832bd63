"""The styles: how lines are drawn, how the backdrop and the figures are painted, how the picture is finished.

Their textures are smooth on purpose: grain and hatching would eat the small autoencoder's capacity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .canvas import RGB, SIZE, Floats

Paint = Callable[[Floats, np.random.Generator], Floats]
Figure = Callable[[Floats, Floats, np.random.Generator], Floats]
PAPER = np.array([250, 248, 243], np.float32)
GREY = np.array([0.3, 0.59, 0.11], np.float32)


def blur(a: Floats, radius: float) -> Floats:
    """A Gaussian blur of a map (y, x; any range up to 0..1) or a picture (y, x, 3; 0 to 255)."""
    if a.ndim == 2:
        soft = Image.fromarray((np.clip(a, 0, 1) * 255).astype(np.uint8), "L").filter(ImageFilter.GaussianBlur(radius))
        return np.asarray(soft, np.float32) / np.float32(255)
    soft = Image.fromarray(np.clip(a, 0, 255).astype(np.uint8), "RGB").filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, np.float32)


def noise(r: np.random.Generator, cells: int) -> Floats:
    """Smooth noise (y, x), about -1 to 1, with `cells` bumps along a side."""
    grid = Image.fromarray(r.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(grid.resize((SIZE, SIZE), Image.Resampling.BICUBIC), np.float32)


def relief(cover: Floats, radius: float) -> Floats:
    """Light from the upper left on a silhouette puffed up like a cushion: (y, x), about -1 (shade) to 1 (light)."""
    height = blur(cover, radius)
    down, right = (np.asarray(g, np.float32) for g in np.gradient(height))
    slope = (0.6 * right + 0.8 * down) * np.float32(radius * 2.6)
    return np.asarray(np.clip(slope, -1, 1), np.float32)


def _same(picture: Floats, r: np.random.Generator) -> Floats:
    return picture


def _flat(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    return rgb


@dataclass(frozen=True)
class Style:
    """A way of drawing.

    phrases: how captions say it: content words in brackets, {} where the scene's words go.
    line, rim: outline width in pixels and colour (None: a darker tone of each shape); ground_line: the place's width.
    backdrop: paints the place's picture; figure: paints one subject, given its colours and coverage; finish: the whole.
    shadow: strength of the shadow on the ground. fall: the colour of rain, where it is not the weather's own.
    """

    phrases: tuple[str, ...] = ()
    line: float = 0.9
    rim: RGB | None = None
    ground_line: float = 0.0
    backdrop: Paint = _same
    figure: Figure = _flat
    finish: Paint = _same
    shadow: float = 0.28
    fall: RGB | None = None


def _saturate(picture: Floats, by: float) -> Floats:
    grey = (picture @ GREY)[..., None]
    return grey + (picture - grey) * np.float32(by)


# --- watercolour -----------------------------------------------------------------------------------------------------


def _wash(picture: Floats, r: np.random.Generator) -> Floats:
    pigment = 0.62 + 0.16 * noise(r, 5)
    return blur(PAPER + (picture - PAPER) * pigment[..., None], 1.2)


def _bleed(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    rim = np.clip(cover - blur(cover, 2.0), 0, 1)
    pigment = 0.86 + 0.14 * noise(r, 6) + 0.9 * rim
    soft = blur(rgb, 0.6)
    return PAPER + (soft - PAPER) * pigment[..., None]


@cache
def _edge() -> Floats:
    at = np.arange(SIZE, dtype=np.float32)
    near = np.minimum(at, SIZE - 1 - at)
    return np.minimum(near[:, None], near[None, :])


def _margin(picture: Floats, r: np.random.Generator) -> Floats:
    inside = np.clip((_edge() - 4.5 - 3.2 * noise(r, 9)) / 3.0, 0, 1)[..., None]
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
    thick = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8), "RGB").filter(ImageFilter.MedianFilter(5))
    return _smear(np.asarray(thick, np.float32), _strokes(int(r.integers(12)))[0][[1, 3, 5, 7, 9, 11]])


def _brush(picture: Floats, r: np.random.Generator) -> Floats:
    taps, streaks = _strokes(int(r.integers(12)))
    smear = _smear(picture, taps[[5, 6, 7]])
    warm = smear * np.array([1.03, 0.99, 0.92], np.float32) + np.array([10, 5, 0], np.float32)
    return _saturate(warm, 1.1) + (5.0 * streaks)[..., None]


def _dab(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light = relief(cover, 6.0) + 0.35 * noise(r, 9)
    lit = rgb * (1 + 0.26 * np.minimum(light, 0))[..., None]
    return lit + (np.array([255, 246, 214], np.float32) - lit) * (0.22 * np.clip(light, 0, 1))[..., None]


# --- pencil ----------------------------------------------------------------------------------------------------------


def _graphite(picture: Floats, r: np.random.Generator) -> Floats:
    grey = (_saturate(picture, 0.12) - 250) * (0.42 + 0.05 * noise(r, 6))[..., None]
    return np.asarray(np.minimum(grey + 252, 252))


def _tint(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    pressure = 0.74 + 0.1 * noise(r, 7) + 0.06 * relief(cover, 5.0) * -1
    dark = np.clip(1.3 - (rgb @ GREY) / 90, 0, 1)
    return PAPER + (rgb - PAPER) * np.clip(pressure + 0.2 * dark, 0, 1)[..., None]


def _ink(rgb: Floats, r: np.random.Generator) -> Floats:
    return _saturate(rgb, 1.22)


PLAIN = Style()
KINDS: dict[str, Style] = {
    "watercolour painting": Style(
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
    ),
    "fine art illustration": Style(
        phrases=(
            "a [fine art illustration] of {}",
            "a [fine art illustration] of {}",
            "an [illustration] of {}",
            "{}, [fine art illustration]",
            "{}, [illustration]",
        ),
        line=1.5,
        rim=(26, 20, 36),
        ground_line=0.8,
        backdrop=_ink,
        shadow=0.0,
    ),
    "professional photograph": Style(
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
    ),
    "picture painted onto canvas": Style(
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
    ),
    "pencil sketch": Style(
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
    ),
}
STYLES = tuple(KINDS)
