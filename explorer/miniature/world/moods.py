"""The moods: what each does to the backdrop's colours, what it strews over it, and the faces it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from .canvas import RGB, Floats, Pen, Points, band, curve, ellipse, poly
from .styles import blur

Paint = Callable[[Floats, np.random.Generator], Floats]
Draw = Callable[[Pen, np.random.Generator], None]


@dataclass(frozen=True)
class Mood:
    """How a mood changes a picture.

    phrases, adjectives: how captions say it, the content word in brackets; adjectives stand before a subject.
    grade: the backdrop's colours. behind: draws over the backdrop, laid on with the strength of `ink`.
    over: the finished picture before the style's finish. eyes: "round", "angry" or "closed".
    murky: so dark that dark subjects need a glow behind them.
    """

    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]
    grade: Paint
    over: Paint
    behind: Draw
    eyes: str
    ink: float = 1.0
    murky: bool = False


def _colour(*rgb: float) -> Floats:
    return np.array(rgb, np.float32)


@cache
def _corners(side: int) -> Floats:
    """0 in the middle, 1 in the corners; (y, x, 1)."""
    at = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / (side / 2)
    away = np.hypot(at[:, None], at[None, :])
    return np.asarray(np.clip((away - 0.72) / 0.68, 0, 1)[..., None], np.float32)


def _scattered(r: np.random.Generator, columns: int, rows: int, bottom: float) -> list[tuple[float, float]]:
    """One place in each cell of a grid that reaches down to `bottom`, every other row moved aside."""
    return [
        ((i + r.uniform(0.2, 0.8) + 0.5 * (j % 2)) / (columns + 0.5), (j + r.uniform(0.2, 0.8)) / rows * bottom)
        for j in range(rows)
        for i in range(columns)
    ]


# --- cute ------------------------------------------------------------------------------------------------------------

CANDY: tuple[RGB, ...] = ((255, 238, 150), (168, 232, 214), (255, 255, 255), (206, 186, 250))


def _heart(x: float, y: float, s: float, lean: float) -> Points:
    t = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    px = np.sin(t) ** 3
    py = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    c, n = np.cos(lean), np.sin(lean)
    return np.stack([x + s * (px * c - py * n), y + s * (px * n + py * c)], 1)


def _hearts(p: Pen, r: np.random.Generator) -> None:
    for i, (x, y) in enumerate(_scattered(r, 5, 3, 0.68)):
        s, lean = r.uniform(0.036, 0.056), r.uniform(-0.4, 0.4)
        if i % 2 == 0:
            pink: RGB = (255, 112, 158) if i % 4 else (250, 84, 124)
            p.shape(pink, _heart(x, y, s, lean))
            p.mark((255, 206, 222), ellipse(x - s * 0.45, y - s * 0.35, s * 0.22, s * 0.16, -0.6))
        else:
            p.mark(CANDY[int(r.integers(len(CANDY)))], ellipse(x, y, s * 0.42, s * 0.42))


def _sweeten(picture: Floats, r: np.random.Generator) -> Floats:
    return picture + (_colour(255, 214, 230) - picture) * np.float32(0.36)


def _rosy(picture: Floats, r: np.random.Generator) -> Floats:
    return picture + (_colour(255, 196, 220) - picture) * (0.5 * _corners(len(picture)))


# --- scary -----------------------------------------------------------------------------------------------------------

SHADE: RGB = (14, 9, 22)


def _bat(p: Pen, x: float, y: float, s: float, lean: float) -> None:
    half = [(0.0, -0.12), (0.1, -0.3), (0.17, -0.14), (0.5, -0.42), (1.0, -0.3), (0.84, 0.16), (0.66, 0.02)]
    half += [(0.5, 0.26), (0.32, 0.08), (0.15, 0.36)]
    wings = np.array([*half, (0.0, 0.42), *[(-a, b) for a, b in half[:0:-1]]])
    c, n = np.cos(lean), np.sin(lean)
    p.mark(SHADE, wings @ np.array([[c, n], [-n, c]]) * s + (x, y))


def _branch(p: Pen, x: float, y: float, reach: float, thick: float, r: np.random.Generator) -> None:
    """A bare crooked branch from an edge; `reach` is signed."""
    bough = [(x, y)]
    for i, turn in enumerate(r.uniform(-0.06, 0.06, 4)):
        bough.append((bough[-1][0] + reach / 4, bough[-1][1] + (0.03 if i % 2 else -0.035) + float(turn)))
    p.mark(SHADE, band(curve(*bough), thick, 0.008))
    for i in (1, 2, 3):
        up = r.uniform(0.07, 0.12) * (1 if i == 2 else -1)
        x0, y0 = bough[i]
        twig = curve((x0, y0), (x0 + reach * 0.1, y0 + up * 0.45), (x0 + reach * 0.09, y0 + up))
        p.mark(SHADE, band(twig, thick * 0.5, 0.007))


def _haunt(p: Pen, r: np.random.Generator) -> None:
    side = 1.0 if r.random() < 0.5 else -1.0
    for edge, y, reach, thick in ((side, 0.3, 0.36, 0.055), (-side, 0.12, 0.26, 0.042), (side, 0.62, 0.2, 0.04)):
        x = -0.02 if edge > 0 else 1.02
        _branch(p, x, y + r.uniform(-0.05, 0.05), edge * reach * r.uniform(0.9, 1.15), thick, r)
    for x, y in ((0.5, 0.12), (0.5 + side * 0.26, 0.3), (0.5 - side * 0.22, 0.4)):
        _bat(p, x + r.uniform(-0.08, 0.08), y + r.uniform(-0.04, 0.04), r.uniform(0.075, 0.115), r.uniform(-0.3, 0.3))


def _murk(picture: Floats, r: np.random.Generator) -> Floats:
    """Violet in the shade and above, a sickly green where it is light and near the ground."""
    tone = np.clip(picture.mean(-1, keepdims=True) / 255, 0, 1)
    down = np.linspace(0, 1, len(picture), dtype=np.float32)[:, None, None]
    glow = _colour(114, 74, 162) * (1 - down) + _colour(102, 158, 66) * down
    murk = _colour(62, 40, 88) + (glow - _colour(62, 40, 88)) * (0.26 + 0.74 * tone)
    return np.asarray(picture * np.float32(0.24) + murk * np.float32(0.72), np.float32)


def _gloom(picture: Floats, r: np.random.Generator) -> Floats:
    return picture + (_colour(20, 8, 34) - picture) * (0.78 * _corners(len(picture)))


# --- dreamy ----------------------------------------------------------------------------------------------------------


def _sparkle(p: Pen, x: float, y: float, s: float) -> None:
    points = zip(np.arange(8) * np.pi / 4, [s, s * 0.2] * 4, strict=True)
    star = [(x + k * np.cos(a), y + k * np.sin(a)) for a, k in points]
    p.mark((255, 255, 255), poly(*star), ellipse(x, y, s * 0.26, s * 0.26))


def _float(p: Pen, r: np.random.Generator) -> None:
    lights: tuple[RGB, ...] = ((255, 214, 240), (226, 204, 255), (255, 236, 214), (206, 228, 255))
    for i, (x, y) in enumerate(_scattered(r, 3, 4, 1.0)):
        s = r.uniform(0.045, 0.1)
        p.mark(lights[i % 4], ellipse(x, y, s, s))
    for x, y in _scattered(r, 3, 2, 0.7):
        _sparkle(p, x, y, r.uniform(0.05, 0.085))


def _haze(picture: Floats, r: np.random.Generator) -> Floats:
    """A lilac haze that turns pink below."""
    down = np.linspace(0, 1, len(picture), dtype=np.float32)[:, None, None]
    haze = _colour(204, 184, 250) * (1 - down) + _colour(255, 196, 222) * down
    return np.asarray(blur(picture, 1.2) * np.float32(0.52) + haze * np.float32(0.48), np.float32)


def _glow(picture: Floats, r: np.random.Generator) -> Floats:
    soft = blur(picture, 4.0)
    lit = picture + (255 - picture) * np.clip(soft / 255 - 0.35, 0, 1) * np.float32(0.3)
    return lit + (_colour(250, 226, 250) - lit) * (0.6 * _corners(len(picture)))


KINDS: dict[str, Mood] = {
    "cute": Mood(
        adjectives=("cute", "adorable"),
        phrases=("{} in a [cute] mood", "a [cute] picture of {}", "an [adorable] picture of {}", "{}, [cute]"),
        grade=_sweeten,
        over=_rosy,
        behind=_hearts,
        eyes="round",
    ),
    "scary": Mood(
        adjectives=("scary", "spooky"),
        phrases=("{} in a [scary] mood", "a [scary] picture of {}", "a [spooky] picture of {}", "{}, [scary]"),
        grade=_murk,
        over=_gloom,
        behind=_haunt,
        eyes="angry",
        murky=True,
    ),
    "dreamy": Mood(
        adjectives=("dreamy",),
        phrases=("{} in a [dreamy] mood", "a [dreamy] picture of {}", "{}, [dreamy]", "{} in a [dream]"),
        grade=_haze,
        over=_glow,
        behind=_float,
        eyes="closed",
        ink=0.62,
    ),
}
MOODS = tuple(KINDS)
