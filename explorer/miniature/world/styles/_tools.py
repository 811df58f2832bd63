"""What every style is made of: its record, blurs, smooth noise, light on a silhouette and frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

from ..canvas import RGB, SIZE, Floats, grain

Paint = Callable[[Floats, np.random.Generator], Floats]
Figure = Callable[[Floats, Floats, np.random.Generator], Floats]
PAPER = np.array([250, 248, 243], np.float32)
GREY = np.array([0.3, 0.59, 0.11], np.float32)


def blur(a: Floats, radius: float) -> Floats:
    """A Gaussian blur of a map (y, x; any range up to 0..1) or a picture (y, x, 3; 0 to 255)."""
    radius *= grain(a)
    if a.ndim == 2:
        soft = Image.fromarray((np.clip(a, 0, 1) * 255).astype(np.uint8), "L").filter(ImageFilter.GaussianBlur(radius))
        return np.asarray(soft, np.float32) / np.float32(255)
    soft = Image.fromarray(np.clip(a, 0, 255).astype(np.uint8), "RGB").filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, np.float32)


def noise(r: np.random.Generator, cells: int, side: int) -> Floats:
    """Smooth noise (y, x), about -1 to 1, with `cells` bumps along a side of so many pixels."""
    return smoothly(r.uniform(-1, 1, (cells, cells)).astype(np.float32), side)


def smoothly(values: Floats, side: int) -> Floats:
    """A square map brought to (side, side), by bicubic interpolation."""
    return np.asarray(Image.fromarray(values).resize((side, side), Image.Resampling.BICUBIC), np.float32)


def relief(cover: Floats, radius: float) -> Floats:
    """Light from the upper left on a silhouette puffed up like a cushion: (y, x), about -1 (shade) to 1 (light)."""
    height = blur(cover, radius)
    down, right = (np.asarray(g, np.float32) for g in np.gradient(height))
    slope = (0.6 * right + 0.8 * down) * np.float32(radius * 2.6 * grain(cover))
    return np.asarray(np.clip(slope, -1, 1), np.float32)


def same(picture: Floats, r: np.random.Generator) -> Floats:
    """The picture as it is."""
    return picture


def flat(rgb: Floats, cover: Floats, r: np.random.Generator) -> Floats:
    """A figure as it is."""
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
    backdrop: Paint = same
    figure: Figure = flat
    finish: Paint = same
    shadow: float = 0.28
    fall: RGB | None = None


def saturate(picture: Floats, by: float) -> Floats:
    """Stronger (above 1) or weaker colours."""
    grey = (picture @ GREY)[..., None]
    return grey + (picture - grey) * np.float32(by)


@cache
def edge(side: int, corner: float = 0.0) -> Floats:
    """How far each pixel lies inside the picture, whose corners are rounded by `corner`; (y, x) in usual pixels."""
    at = np.abs(np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side // SIZE) - np.float32(SIZE / 2 - corner)
    x, y = at[None, :], at[:, None]
    outside = np.hypot(np.maximum(x, 0), np.maximum(y, 0)) + np.minimum(np.maximum(x, y), 0)
    return np.asarray(corner - outside, np.float32)


def frame(picture: Floats, mat: RGB, width: float, ink: RGB, line: float, corner: float = 0.0) -> Floats:
    """A mat of `width` pixels around the picture, and inside it a line of `line` pixels."""
    depth, fine = edge(len(picture), corner)[..., None], grain(picture)
    inked = np.clip((width + line + 0.5 / fine - depth) * fine, 0, 1)
    lined = picture + (np.array(ink, np.float32) - picture) * inked
    matted = np.clip((width + 0.5 / fine - depth) * fine, 0, 1)
    return np.asarray(lined + (np.array(mat, np.float32) - lined) * matted, np.float32)


PLAIN = Style()
