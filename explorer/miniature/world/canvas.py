"""Drawing helpers: outlines as point arrays, a sheet of palette indices, and a pen that maps unit coordinates to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

RGB = tuple[float, float, float]
Points = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

SIZE = 128
"""Pixels of a picture's side. A picture of finer grain has two or four times as many; whatever is measured in pixels
here (widths of lines, radii of blurs) is measured in these."""
SCALE = 3


def grain(picture: Floats) -> int:
    """How many of a picture's pixels stand side by side where the usual picture has one."""
    return len(picture) // SIZE


def mix(a: RGB, b: RGB, t: float) -> RGB:
    """The colour `t` (0 to 1) of the way from `a` to `b`."""
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """An ellipse's outline, turned by `turn` radians; (n, 2)."""
    t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    px, py = rx * np.cos(t), ry * np.sin(t)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([x + px * c - py * s, y + px * s + py * c], 1)


def arc(x: float, y: float, rx: float, ry: float, start: float, stop: float, n: int = 16) -> Points:
    """Points along an ellipse from angle `start` to `stop` (radians, y down)."""
    t = np.linspace(start, stop, n)
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1)


def poly(*points: tuple[float, float]) -> Points:
    """A polygon's corners as an array."""
    return np.array(points, float)


def box(x0: float, y0: float, x1: float, y1: float, r: float = 0.0) -> Points:
    """A rectangle with corners rounded by `r`."""
    if r <= 0:
        return poly((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    q = np.pi / 2
    corners = [(x1 - r, y0 + r, -q), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, q), (x0 + r, y0 + r, 2 * q)]
    return np.concatenate([arc(cx, cy, r, r, a, a + q, 6) for cx, cy, a in corners])


def _spline(p: Points, before: Points, after: Points, far: Points, steps: int) -> Points:
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = before[:, None], p[:, None], after[:, None], far[:, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.asarray(curve.reshape(-1, 2))


def smooth(*points: tuple[float, float]) -> Points:
    """A closed Catmull-Rom curve through the points."""
    p = np.array(points, float)
    return _spline(p, np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0), 7)


def curve(*points: tuple[float, float]) -> Points:
    """An open Catmull-Rom curve through the points."""
    p = np.array(points, float)
    e = np.concatenate([p[:1], p, p[-1:]])
    return np.concatenate([_spline(e[1:-2], e[:-3], e[2:-1], e[3:], 7), p[-1:]])


def band(points: Points | Sequence[tuple[float, float]], start: float, stop: float | None = None) -> Points:
    """The outline of a line with round ends whose width runs from `start` to `stop`."""
    p = np.asarray(points, float)
    half = np.linspace(start, start if stop is None else stop, len(p))[:, None] / 2
    d = np.gradient(p, axis=0)
    d /= np.maximum(np.hypot(d[:, :1], d[:, 1:]), 1e-9)
    n = np.stack([-d[:, 1], d[:, 0]], 1)
    ends = []
    for at, sign in ((-1, 1.0), (0, -1.0)):
        t = np.linspace(np.pi / 2, -np.pi / 2, 7)[1:-1, None]
        ends.append(p[at] + half[at] * sign * (np.cos(t) * d[at] + np.sin(t) * n[at]))
    return np.concatenate([p + n * half, ends[0], (p - n * half)[::-1], ends[1]])


def grow(p: Points, by: float) -> Points:
    """The outline moved outwards by `by` along its normals; mitres are capped, so sharp corners stay short."""
    a, b = p - np.roll(p, 1, 0), np.roll(p, -1, 0) - p
    a = a / np.maximum(np.hypot(a[:, :1], a[:, 1:]), 1e-9)
    b = b / np.maximum(np.hypot(b[:, :1], b[:, 1:]), 1e-9)
    t = a + b
    length = np.maximum(np.hypot(t[:, :1], t[:, 1:]), 1e-6)
    q = np.roll(p, -1, 0)
    side = 1.0 if float(np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1])) > 0 else -1.0
    n = np.stack([t[:, 1], -t[:, 0]], 1) / length * side
    return p + n * by * np.minimum(2.0 / length, 2.2)


class Sheet:
    """A transparent sheet of palette indices, `SCALE` times the picture's size; index 0 is nothing."""

    def __init__(self, grain: int = 1) -> None:
        self.side, self.scale = SIZE * grain, SCALE * grain
        self.ink = Image.new("L", (self.side * SCALE, self.side * SCALE), 0)
        self.draw = ImageDraw.Draw(self.ink)
        self.palette: list[tuple[RGB, bool]] = [((0.0, 0.0, 0.0), False)]
        self._known: dict[tuple[RGB, bool], int] = {}

    def index(self, rgb: RGB, carries: bool) -> int:
        """The palette index of a colour; `carries`: whether it stands for the subject's named colour."""
        key = (rgb, carries)
        if key not in self._known:
            self._known[key] = min(len(self.palette), 255)
            self.palette.append(key)
        return self._known[key]

    def fill(self, points: Points, index: int) -> None:
        """Fill an outline given in sheet pixels."""
        self.draw.polygon(points.ravel().tolist(), fill=index)

    def flat(self) -> tuple[Floats, Floats, Floats]:
        """Colours (y, x, 3; 0 to 255), coverage (y, x; 0 to 1) and share of colour-carrying ink (y, x; 0 to 1)."""
        table = np.zeros((256, 5), np.uint8)
        for i, (rgb, carries) in enumerate(self.palette[:256]):
            table[i] = (*np.clip(np.rint(rgb), 0, 255), 255 * (i > 0), 255 * carries)
        indexed = self.ink.copy()
        indexed.putpalette(table[:, :4].tobytes(), "RGBA")
        rgba = np.asarray(indexed.convert("RGBA").reduce(SCALE), np.float32)
        if table[:, 4].any():
            carried = np.asarray(self.ink.point(table[:, 4].tolist()).reduce(SCALE), np.float32) / np.float32(255)
        else:
            carried = np.zeros((self.side, self.side), np.float32)
        return rgba[..., :3], rgba[..., 3] / np.float32(255), carried


class Pen:
    """Draws outlines given in unit coordinates on a sheet.

    tones: named roles and their colours; `carriers` are the roles that show the subject's named colour.
    line: outline width in picture pixels (0: none); `rim` its colour, or None for the shape's own, darkened.
    tint: what becomes of every colour. mood: the look of eyes and mouths (`moods.Mood.eyes`).
    """

    def __init__(
        self,
        sheet: Sheet,
        tones: dict[str, RGB],
        *,
        matrix: NDArray[np.float64],
        offset: tuple[float, float],
        line: float,
        rim: RGB | None = None,
        carriers: frozenset[str] = frozenset(),
        tint: Callable[[RGB], RGB] | None = None,
        mood: str | None = None,
    ) -> None:
        self.sheet, self.tones, self.rim, self.carriers, self.tint = sheet, tones, rim, carriers, tint
        self.mood = mood
        self.matrix = matrix.T * sheet.scale
        self.offset = np.array(offset) * sheet.scale
        self.line = line * sheet.scale

    def lower(self, by: float) -> None:
        """Draw everything from now on `by` units lower."""
        self.offset = self.offset + np.array([0.0, by]) @ self.matrix

    def _index(self, role: str | RGB) -> int:
        rgb = self.tones[role] if isinstance(role, str) else role
        if self.tint is not None:
            rgb = self.tint(rgb)
        return self.sheet.index(rgb, isinstance(role, str) and role in self.carriers)

    def shape(self, role: str | RGB, *outlines: Points, line: float = 1.0) -> None:
        """Fill the union of `outlines`, rimmed as one silhouette; `line` scales the rim, 0 leaves it out."""
        placed = [o @ self.matrix + self.offset for o in outlines]
        if line and self.line:
            if self.rim is not None:
                rim = self.sheet.index(self.rim, False)
            elif isinstance(role, str) and role in self.carriers:
                rim = self.sheet.index(self.tones["deep"], False)
            else:
                rim = self._index(mix(self.tones[role] if isinstance(role, str) else role, (30.0, 25.0, 35.0), 0.6))
            for o in placed:
                self.sheet.fill(grow(o, self.line * line), rim)
        index = self._index(role)
        for o in placed:
            self.sheet.fill(o, index)

    def mark(self, role: str | RGB, *outlines: Points) -> None:
        """Fill outlines without a rim: eyes, spots, seams."""
        self.shape(role, *outlines, line=0)
