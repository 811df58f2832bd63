"""The weathers: what each does to the sky, to the ground's colours and in front of everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .canvas import RGB, Pen, band, box, ellipse, grow, mix, poly

Draw = Callable[[Pen, np.random.Generator], None]


def _nothing(p: Pen, r: np.random.Generator) -> None:
    pass


@dataclass(frozen=True)
class Weather:
    """How a weather changes a picture.

    skies: top and bottom colours, one pair drawn by the seed. behind: draws in the sky; front: falls before everything.
    tint: what becomes of the place's colours. light: what the subject's colours are multiplied by; veil: how much mist
    covers the place's farthest point (0 to 1). reach: what it changes: "sky", "ground" or "all" of the background.
    phrases, adjectives: how captions say it, the content word in brackets.
    """

    skies: tuple[tuple[RGB, RGB], ...]
    phrases: tuple[str, ...] = ()
    adjective: str | None = None
    behind: Draw = _nothing
    front: Draw = _nothing
    fall: tuple[RGB, float] = ((255, 255, 255), 0.0)
    tint: Callable[[RGB], RGB] = lambda c: c
    light: RGB = (1, 1, 1)
    veil: float = 0.0
    reach: str = "sky"


def _cloud(p: Pen, x: float, y: float, s: float, colour: RGB) -> None:
    p.shape(
        colour,
        ellipse(x, y, s, s * 0.46),
        ellipse(x - s * 0.6, y + s * 0.1, s * 0.6, s * 0.32),
        ellipse(x + s * 0.65, y + s * 0.08, s * 0.62, s * 0.34),
        ellipse(x + s * 0.15, y - s * 0.25, s * 0.5, s * 0.42),
    )


def _fair(p: Pen, r: np.random.Generator) -> None:
    for x in (r.uniform(0.05, 0.4), r.uniform(0.6, 0.95))[: int(r.integers(1, 3))]:
        _cloud(p, x, r.uniform(0.08, 0.26), r.uniform(0.08, 0.13), (250, 252, 254))


def _sun(p: Pen, r: np.random.Generator) -> None:
    x, y, s = r.choice([0.15, 0.85]) + r.uniform(-0.03, 0.03), r.uniform(0.14, 0.18), r.uniform(0.1, 0.12)
    turn = r.uniform(0, 0.5)
    for i in range(12):
        a = turn + i * np.pi / 6
        c, n = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
        at = np.array([x, y])
        far = s * (1.85 if i % 2 else 1.6)
        p.mark(
            (255, 214, 64), np.stack([at + c * s * 1.16 + n * s * 0.17, at + c * far, at + c * s * 1.16 - n * s * 0.17])
        )
    p.shape((255, 206, 48), ellipse(x, y, s, s))
    p.mark((255, 228, 110), ellipse(x - s * 0.15, y - s * 0.15, s * 0.66, s * 0.66))


def _moon(p: Pen, r: np.random.Generator) -> None:
    for _ in range(22):
        s = r.choice([0.004, 0.005, 0.008])
        p.mark((252, 246, 214), ellipse(r.random(), r.uniform(0, 0.6), s, s))
    x, y, s = r.choice([0.16, 0.84]) + r.uniform(-0.04, 0.04), r.uniform(0.12, 0.18), r.uniform(0.075, 0.1)
    if r.random() < 0.5:
        t, u = np.linspace(-2.2, 2.2, 18), np.linspace(1.55, -1.55, 14)
        outer = np.stack([x + s * np.cos(t), y + s * np.sin(t)], 1)
        hollow = np.stack([x - s * 0.6 + s * 0.98 * np.cos(u) * 0.85, y + s * 0.8 * np.sin(u)], 1)
        p.shape((252, 240, 190), np.concatenate([outer, hollow]), line=0)
    else:
        p.shape((250, 240, 200), ellipse(x, y, s, s))
        for dx, dy, q in ((-0.3, -0.2, 0.22), (0.3, 0.25, 0.18), (0.15, -0.45, 0.13)):
            p.mark((226, 214, 176), ellipse(x + dx * s, y + dy * s, s * q, s * q))


def _storm(p: Pen, r: np.random.Generator) -> None:
    for i in range(4):
        shade = r.uniform(-12, 12)
        _cloud(
            p,
            (i + r.uniform(0.2, 0.8)) / 4,
            r.uniform(0.02, 0.17),
            r.uniform(0.13, 0.19),
            (88 + shade, 96 + shade, 114 + shade),
        )


def _bolt(p: Pen, x: float, y: float, s: float, side: float) -> None:
    zag = (
        (0.1, 0),
        (-0.16, 0.42),
        (0.0, 0.42),
        (-0.18, 0.74),
        (-0.06, 0.74),
        (-0.26, 1.14),
        (0.16, 0.64),
        (0.02, 0.64),
    )
    back = ((0.24, 0.32), (0.08, 0.32), (0.3, 0))
    bolt = poly(*((x + side * dx * s, y + dy * s) for dx, dy in (*zag, *back)))
    p.mark((150, 150, 186), grow(bolt, 0.02))
    p.mark((206, 200, 206), grow(bolt, 0.009))
    p.mark((255, 246, 176), bolt)


def _thunder(p: Pen, r: np.random.Generator) -> None:
    side = r.choice([-1.0, 1.0])
    for i in range(5):
        t = r.uniform(-6, 6)
        at = ((i + r.uniform(0.2, 0.8)) / 5, r.uniform(0.18, 0.26))
        _cloud(p, *at, r.uniform(0.14, 0.19), (78 + t, 82 + t, 102 + t))
    _bolt(p, 0.5 + side * r.uniform(0.36, 0.4), r.uniform(0.07, 0.09), r.uniform(0.4, 0.46), side)
    if r.random() < 0.5:
        _bolt(p, 0.5 - side * r.uniform(0.36, 0.42), r.uniform(0.08, 0.1), r.uniform(0.26, 0.3), -side)
    for i in range(5):
        t = r.uniform(-6, 6)
        _cloud(
            p, (i + r.uniform(0.2, 0.8)) / 5, r.uniform(-0.02, 0.05), r.uniform(0.15, 0.19), (50 + t, 53 + t, 70 + t)
        )


def _low_sun(p: Pen, r: np.random.Generator) -> None:
    """The evening sky from violet to gold, bars of cloud, and the sun going down at one side."""
    violet: RGB = (112, 84, 158) if r.random() < 0.5 else (132, 84, 148)
    stops: tuple[RGB, ...] = (violet, (214, 112, 148), (250, 150, 100), (255, 206, 120))
    for i in range(40):
        t = min(i / 40 * 5.2, 2.999)
        p.mark(mix(stops[int(t)], stops[int(t) + 1], t % 1), box(-0.05, i / 60, 1.05, 1.1))
    side = r.choice([-1.0, 1.0])
    x, y, s = 0.5 + side * r.uniform(0.32, 0.37), r.uniform(0.36, 0.39), r.uniform(0.15, 0.17)
    p.mark((255, 196, 112), ellipse(x, y, s * 1.32, s * 1.32))
    p.mark((255, 222, 130), ellipse(x, y, s * 1.14, s * 1.14))
    p.shape((255, 246, 196), ellipse(x, y, s, s))
    for _ in range(5):
        at, high, w = r.uniform(-0.05, 0.85), r.uniform(0.06, 0.36), r.uniform(0.14, 0.28)
        p.shape(
            mix((150, 84, 140), (255, 170, 130), high * 1.8),
            band([(at, high), (at + w, high)], 0.026),
            band([(at + w * 0.2, high - 0.018), (at + w * 0.75, high - 0.018)], 0.022),
        )


def _grey(p: Pen, r: np.random.Generator) -> None:
    for x in (r.uniform(0.1, 0.4), r.uniform(0.6, 0.9)):
        _cloud(p, x, r.uniform(0.05, 0.16), r.uniform(0.11, 0.16), (196, 206, 220))


def _streaks(p: Pen, r: np.random.Generator) -> None:
    slant = r.uniform(0.2, 0.42) * r.choice([-1.0, 1.0])
    for i in range(6):
        for j in range(6):
            x, y, n = (i + r.uniform(0, 1)) / 6, (j + r.uniform(0, 1)) / 6, r.uniform(0.07, 0.12)
            p.mark(
                (0, 0, 0),
                poly(
                    (x - 0.0065, y), (x + 0.0065, y), (x + 0.0065 - slant * n, y + n), (x - 0.0065 - slant * n, y + n)
                ),
            )


def _gusts(p: Pen, r: np.random.Generator) -> None:
    slant = r.uniform(1.1, 1.5) * r.choice([-1.0, 1.0])
    for i in range(4):
        for j in range(5):
            x, y, n = (i + r.uniform(0, 1)) / 4, (j + r.uniform(0, 1)) / 5, r.uniform(0.06, 0.11)
            p.mark((0, 0, 0), band([(x, y), (x - slant * n, y + n)], 0.011, 0.006))


def _flakes(p: Pen, r: np.random.Generator) -> None:
    for i in range(7):
        for j in range(7):
            s = r.uniform(0.008, 0.018)
            p.mark((0, 0, 0), ellipse((i + r.random()) / 7, (j + r.random()) / 7, s, s))


def _dim(c: RGB) -> RGB:
    return (c[0] * 0.3 + 4, c[1] * 0.36 + 8, c[2] * 0.52 + 26)


FAIR = Weather(
    skies=(((130, 188, 236), (214, 234, 246)), ((152, 202, 226), (228, 240, 236)), ((176, 196, 234), (246, 226, 214))),
    behind=_fair,
)

KINDS: dict[str, Weather] = {
    "rainy": Weather(
        skies=(((110, 120, 138), (168, 178, 190)), ((96, 108, 130), (156, 168, 184))),
        phrases=("in [rainy] weather", "in the [rain]", "on a [rainy] day", "in [rainy] weather"),
        adjective="rainy",
        behind=_storm,
        front=_streaks,
        fall=((222, 234, 248), 0.62),
        tint=lambda c: mix((c[0] * 0.84, c[1] * 0.86, c[2] * 0.9), (110, 120, 136), 0.2),
        light=(0.94, 0.95, 0.98),
        reach="sky",
    ),
    "snowy": Weather(
        skies=(((160, 178, 204), (220, 228, 240)), ((176, 186, 208), (228, 230, 240))),
        phrases=("in [snowy] weather", "in the [snow]", "on a [snowy] day", "in [snowy] weather"),
        adjective="snowy",
        behind=_grey,
        front=_flakes,
        fall=((255, 255, 255), 0.95),
        tint=lambda c: mix(c, (242, 246, 252), 0.62),
        reach="all",
    ),
    "sunny": Weather(
        skies=(((66, 162, 246), (190, 232, 255)), ((84, 176, 250), (214, 240, 252))),
        phrases=("in [sunny] weather", "in the [sunshine]", "on a [sunny] day", "in [sunny] weather"),
        adjective="sunny",
        behind=_sun,
        tint=lambda c: (c[0] * 1.04 + 4, c[1] * 1.03 + 3, c[2] * 0.96),
        light=(1.03, 1.02, 0.98),
    ),
    "foggy": Weather(
        skies=(((206, 212, 216), (228, 231, 232)),),
        phrases=("in [foggy] weather", "in the [fog]", "on a [foggy] day", "in the [mist]"),
        adjective="foggy",
        tint=lambda c: mix(c, (216, 220, 224), 0.25),
        veil=0.55,
        reach="all",
    ),
    "night": Weather(
        skies=(((12, 18, 54), (42, 56, 112)), ((18, 16, 60), (56, 56, 118))),
        phrases=("at [night]", "by [night]", "in the [moonlight]", "at [night]"),
        behind=_moon,
        tint=_dim,
        light=(0.9, 0.91, 0.97),
        reach="all",
    ),
    "stormy": Weather(
        skies=(((46, 50, 68), (116, 122, 140)), ((42, 50, 72), (108, 118, 138))),
        phrases=("in [stormy] weather", "in a [storm]", "in the [thunderstorm]", "in [stormy] weather"),
        adjective="stormy",
        behind=_thunder,
        front=_gusts,
        fall=((196, 208, 228), 0.5),
        tint=lambda c: mix((c[0] * 0.62, c[1] * 0.65, c[2] * 0.72), (66, 72, 92), 0.22),
        light=(0.95, 0.96, 1.0),
    ),
    "sunset": Weather(
        skies=(((122, 84, 154), (255, 206, 120)),),
        phrases=("at [sunset]", "at [dusk]", "in the [evening]", "at [sunset]"),
        behind=_low_sun,
        tint=lambda c: mix((c[0] * 0.93, c[1] * 0.78, c[2] * 0.82), (222, 112, 96), 0.22),
        light=(1.0, 0.97, 0.94),
    ),
}
WEATHERS = tuple(KINDS)
