"""The styles with an ink line: illustration, comic, pixel art, stained glass."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from ..canvas import SIZE, Floats, grain
from ._tools import GREY, Style, frame, relief, saturate

INK = (26, 20, 36)
BLOCK = 4


def _tone(picture: Floats) -> Floats:
    """Lightness, 0 to 1; (y, x, 1)."""
    return np.asarray(np.clip(picture @ GREY / 255, 0, 1)[..., None], np.float32)


# --- illustration ----------------------------------------------------------------------------------------------------

RAMP = np.array([[34, 30, 66], [60, 96, 124], [226, 164, 116], [255, 238, 204]], np.float32)


def _poster(picture: Floats, r: np.random.Generator) -> Floats:
    """A few flat tones, drawn towards indigo in the shade and ivory in the light."""
    tone = _tone(picture)[..., 0]
    steps = tone * 9
    flat = (np.floor(steps) + np.clip((steps - np.floor(steps) - 0.5) * 5 + 0.5, 0, 1)) / 9
    at = np.linspace(0, 1, len(RAMP))
    ramp = np.stack([np.interp(flat, at, RAMP[:, i]) for i in range(3)], -1).astype(np.float32)
    banded = picture * (flat / np.maximum(tone, 0.04))[..., None]
    return saturate(banded, 1.25) * np.float32(0.66) + ramp * np.float32(0.34)


def _cel(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    """One hard-edged shade and one hard-edged light."""
    light = relief(cover, 6.0)
    shade = np.clip((-light - 0.3) * 5, 0, 1)[..., None]
    shine = np.clip((light - 0.55) * 6, 0, 1)[..., None] * np.float32(0.34)
    lit = rgb * (1 - shade * np.array([0.34, 0.38, 0.22], np.float32))
    shine = shine * np.clip(_tone(rgb) * 4 - 0.5, 0, 1)
    return np.asarray(lit + (np.array([255, 248, 226], np.float32) - lit) * shine, np.float32)


def _plate(picture: Floats, r: np.random.Generator) -> Floats:
    return frame(picture, (250, 240, 216), 5, (74, 48, 56), 1.2)


# --- comic -----------------------------------------------------------------------------------------------------------


@cache
def _screen(side: int) -> Floats:
    """Rows of dots 8 usual pixels apart, large above and small below; (y, x, 1), 0 to 1."""
    fine = side // SIZE
    y, x = (np.mgrid[0:side, 0:side].astype(np.float32) + np.float32(0.5)) / np.float32(fine)
    odd = np.floor(y / 8) % 2 * 4
    away = np.hypot((x + odd) % 8 - 4, y % 8 - 4)
    radius = np.interp(y, [0, SIZE * 0.75, SIZE], [3.3, 1.6, 1.6]).astype(np.float32)
    return np.asarray(np.clip((radius - away + 0.5 / fine) * fine, 0, 1)[..., None], np.float32)


def _halftone(picture: Floats, r: np.random.Generator) -> Floats:
    bright = saturate(picture, 1.5)
    dark = 1 - np.clip(_tone(picture) * 4 - 1, 0, 1)
    dots = bright * np.array([0.64, 0.76, 0.94], np.float32) * (1 - dark) + (bright + np.array([34, 48, 92])) * dark
    return np.asarray(bright + (np.clip(dots, 0, 255) - bright) * _screen(len(picture)), np.float32)


def _bold(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    return saturate(rgb, 1.3)


def _panel(picture: Floats, r: np.random.Generator) -> Floats:
    return frame(picture, (255, 255, 255), 3, (12, 10, 14), 2.6)


# --- pixel art -------------------------------------------------------------------------------------------------------


def _blocks(picture: Floats, r: np.random.Generator) -> Floats:
    """Blocks of one colour each, 24 colours in all."""
    block = BLOCK * grain(picture)
    small = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8), "RGB").reduce(block)
    small = small.filter(ImageFilter.UnsharpMask(1.2, 80, 0))
    few = small.quantize(24, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE).convert("RGB")
    return np.asarray(few, np.float32).repeat(block, 0).repeat(block, 1)


# --- stained glass ---------------------------------------------------------------------------------------------------


@cache
def _panes(number: int, side: int) -> tuple[Floats, Floats]:
    """One of a few fixed windows: what each pane does to the light (y, x, 3) and the lead between them (y, x, 1)."""
    r = np.random.Generator(np.random.PCG64([number, 78]))
    n = 5
    row, column = np.mgrid[-1 : n + 1, -1 : n + 1]
    middle = np.stack([column + 0.5 * (row % 2), row + 0.5], -1).reshape(-1, 2)
    middle = (middle + r.uniform(-0.3, 0.3, middle.shape)) * (SIZE / n)
    fine = side // SIZE
    y, x = (np.mgrid[0:side, 0:side] + 0.5) / fine
    away = np.hypot(x[..., None] - middle[:, 0], y[..., None] - middle[:, 1])
    near = np.argsort(away, -1)[..., :3]
    own, others = near[..., :1], near[..., 1:]
    apart = np.hypot(*np.moveaxis(middle[others] - middle[own], -1, 0))
    squares = np.take_along_axis(away, near, -1) ** 2
    depth = ((squares[..., 1:] - squares[..., :1]) / (2 * apart)).min(-1)
    stain = 1 + r.uniform(-0.13, 0.13, (len(middle), 1)) + r.uniform(-0.08, 0.08, (len(middle), 3))
    light = stain[own[..., 0]] * (0.9 + 0.16 * np.clip(depth / 9, 0, 1))[..., None]
    return light.astype(np.float32), np.clip((1 + 0.5 / fine - depth) * fine, 0, 1).astype(np.float32)[..., None]


def _glass(picture: Floats, r: np.random.Generator) -> Floats:
    light, lead = _panes(int(r.integers(12)), len(picture))
    stained = saturate(255 * (np.clip(picture, 0, 255) / np.float32(255)) ** np.float32(0.9), 1.6)
    stained = stained * light
    return stained + (np.array(INK, np.float32) - stained) * lead


def _enamel(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    light, _ = _panes(int(r.integers(12)), len(rgb))
    glow = 0.2 * np.clip(relief(cover, 8.0), -1, 1)[..., None]
    return saturate(rgb, 1.25) * (0.45 + 0.55 * light + glow)


def _window(picture: Floats, r: np.random.Generator) -> Floats:
    return frame(picture, (40, 36, 46), 3.5, (14, 12, 18), 1.0, corner=26)


ILLUSTRATION = Style(
    phrases=(
        "a [fine art illustration] of {}",
        "a [fine art illustration] of {}",
        "an [illustration] of {}",
        "{}, [fine art illustration]",
        "{}, [illustration]",
    ),
    line=1.5,
    rim=INK,
    ground_line=0.8,
    backdrop=_poster,
    figure=_cel,
    finish=_plate,
    shadow=0.0,
)
COMIC = Style(
    phrases=(
        "a [comic] of {}",
        "a [comic book] picture of {}",
        "{}, [comic]",
        "{} in a [comic]",
    ),
    line=2.5,
    rim=(8, 6, 10),
    ground_line=1.5,
    backdrop=_halftone,
    figure=_bold,
    finish=_panel,
    shadow=0.0,
)
PIXELS = Style(
    phrases=(
        "[pixel art] of {}",
        "a [pixel art] picture of {}",
        "{}, [pixel art]",
        "{} as [pixel art]",
    ),
    line=2.35,
    rim=(34, 28, 44),
    finish=_blocks,
    shadow=0.34,
)
WINDOW = Style(
    phrases=(
        "a [stained glass] window of {}",
        "[stained glass] of {}",
        "{}, [stained glass]",
        "{} in [stained glass]",
    ),
    line=2.0,
    rim=INK,
    ground_line=1.1,
    backdrop=_glass,
    figure=_enamel,
    finish=_window,
    shadow=0.0,
)
