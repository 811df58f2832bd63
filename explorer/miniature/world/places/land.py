"""The open country: hills, sand, woods and fields."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, band, box, curve, ellipse, poly
from ._register import place, rolling, tuft


@place(
    "countryside landscape",
    "in the [countryside]",
    "in a [landscape]",
    "in a [countryside landscape]",
    "in the [countryside]",
    "in a [meadow]",
    nouns=("landscape", "countryside landscape", "meadow"),
)
def countryside(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Green hills with bushes, a path and flowers."""
    shift = r.uniform(-10, 10)
    p.shape((128 + shift, 178, 142), rolling(r, 0.5, 0.06))
    p.shape((112 + shift, 186, 96), rolling(r, 0.6, 0.05))
    for _ in range(int(r.integers(2, 5))):
        x, y, s = r.uniform(0, 1), r.uniform(0.58, 0.64), r.uniform(0.03, 0.055)
        p.shape((74, 142, 78), ellipse(x, y, s, s * 1.1), ellipse(x + s, y + s * 0.3, s * 0.8, s * 0.8))
    p.shape((138 + shift, 204, 92), rolling(r, 0.74, 0.03))
    if r.random() < 0.5:
        x = r.uniform(0.2, 0.8)
        p.mark(
            (226, 206, 156),
            np.concatenate(
                [
                    curve((x, 0.72), (x - 0.06, 0.8), (x + 0.1, 1.02)),
                    curve((x + 0.36, 1.02), (x + 0.08, 0.8), (x + 0.025, 0.72)),
                ]
            ),
        )
    for _ in range(6):
        x, y = r.uniform(0.03, 0.97), r.uniform(0.8, 0.98)
        if r.random() < 0.5:
            tuft(p, x, y, 0.014, (96, 168, 68))
        else:
            p.mark(
                (252, 252, 240),
                *(ellipse(x + a * 0.012, y + b * 0.012, 0.009, 0.009) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))),
            )
            p.mark((250, 208, 80), ellipse(x, y, 0.008, 0.008))


def _cactus(p: Pen, x: float, y: float, s: float) -> None:
    g: RGB = (86, 148, 96)
    p.shape(
        g,
        band([(x, y), (x, y - s)], s * 0.26),
        band(curve((x, y - s * 0.36), (x + s * 0.3, y - s * 0.4), (x + s * 0.34, y - s * 0.7)), s * 0.17),
        band(curve((x, y - s * 0.5), (x - s * 0.28, y - s * 0.54), (x - s * 0.32, y - s * 0.8)), s * 0.17),
    )


@place("desert", "in the [desert]", "in a [desert]", "in the [dunes]", "in the [desert]", nouns=("desert",))
def desert(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Sand dunes with cacti and stones."""
    if r.random() < 0.4:
        x = r.uniform(0.1, 0.9)
        p.shape((206, 140, 96), poly((x - 0.16, 0.66), (x - 0.12, 0.47), (x + 0.1, 0.46), (x + 0.15, 0.66)))
    p.shape((228, 186, 120), rolling(r, 0.6, 0.05, 0.8))
    p.shape((238, 202, 138), rolling(r, 0.68, 0.05, 0.7))
    for x in (r.uniform(0.03, 0.2), r.uniform(0.8, 0.97))[: int(r.integers(1, 3))]:
        _cactus(p, x, r.uniform(0.74, 0.82), r.uniform(0.16, 0.26))
    p.shape((246, 216, 156), rolling(r, 0.79, 0.03, 0.8))
    for _ in range(3):
        x, y, s = r.uniform(0.05, 0.9), r.uniform(0.88, 0.97), r.uniform(0.012, 0.024)
        p.mark((206, 170, 116), ellipse(x, y, s * 1.4, s))
    for _ in range(3):
        x, y = r.uniform(0, 0.8), r.uniform(0.85, 0.97)
        p.mark((232, 196, 132), band(curve((x, y), (x + 0.07, y - 0.012), (x + 0.16, y + 0.004)), 0.01))


def _fir(p: Pen, x: float, y: float, s: float, green: RGB) -> None:
    p.shape((104, 74, 52), box(x - s * 0.09, y - s * 0.3, x + s * 0.09, y))
    for lift, w in ((0.18, 0.44), (0.55, 0.34), (0.9, 0.22)):
        p.shape(green, poly((x - s * w, y - s * lift), (x, y - s * (lift + 0.7)), (x + s * w, y - s * lift)))


@place("forest", "in the [forest]", "in a [forest]", "in the [woods]", "in the [forest]", nouns=("forest",))
def forest(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Trunks and firs in rows, ferns and mushrooms on the ground."""
    firs = r.random() < 0.6
    p.shape((128, 176, 150), rolling(r, 0.42, 0.03, 3.0))
    for row, (n, y, s, green) in enumerate(((8, 0.7, 0.31, (82, 146, 110)), (6, 0.78, 0.37, (48, 112, 80)))):
        for i in range(n):
            x = (i + r.uniform(0.2, 0.8)) / n
            size = s * r.uniform(0.85, 1.15)
            if firs:
                _fir(p, x, y, size * 0.9, green)
            else:
                p.shape((112 - 20 * row, 82 - 14 * row, 62 - 8 * row), box(x - 0.016, y - size * 0.8, x + 0.016, y))
                p.shape(
                    green,
                    ellipse(x, y - size * 0.9, 0.1, size * 0.36),
                    ellipse(x + 0.05, y - size * 0.7, 0.07, size * 0.24),
                )
    p.shape((92, 136, 78), rolling(r, 0.76, 0.014, 1.5))
    p.mark((110, 154, 88), rolling(r, 0.86, 0.02, 1.2))
    for _ in range(5):
        tuft(p, r.uniform(0.03, 0.97), r.uniform(0.82, 0.99), 0.017, (66, 112, 62))
    for _ in range(int(r.integers(0, 3))):
        x, y = r.choice([r.uniform(0.03, 0.2), r.uniform(0.8, 0.96)]), r.uniform(0.88, 0.97)
        p.shape((244, 236, 216), box(x - 0.009, y - 0.03, x + 0.009, y), line=0.6)
        p.shape((208, 84, 72), ellipse(x, y - 0.034, 0.03, 0.02), line=0.6)


def _barn(p: Pen, x: float, y: float, s: float) -> None:
    """A barn with a bent roof, and its silo."""
    p.shape(
        (186, 190, 196),
        box(x + s * 0.62, y - s * 1.05, x + s * 0.9, y),
        ellipse(x + s * 0.76, y - s * 1.05, s * 0.14, s * 0.13),
    )
    p.mark((160, 164, 174), *(box(x + s * 0.62, y - s * h, x + s * 0.9, y - s * h + 0.008) for h in (0.3, 0.6, 0.9)))
    gable = poly(
        (x - s * 0.5, y),
        (x - s * 0.5, y - s * 0.5),
        (x - s * 0.34, y - s * 0.82),
        (x, y - s),
        (x + s * 0.34, y - s * 0.82),
        (x + s * 0.5, y - s * 0.5),
        (x + s * 0.5, y),
    )
    p.shape((164, 92, 80), gable)
    p.shape((112, 84, 82), band(gable[1:6], s * 0.11), line=0.6)
    cream: RGB = (240, 232, 216)
    p.mark(
        cream,
        box(x - s * 0.24, y - s * 0.42, x + s * 0.24, y),
        box(x - s * 0.1, y - s * 0.7, x + s * 0.1, y - s * 0.52),
    )
    p.mark((138, 76, 68), box(x - s * 0.19, y - s * 0.37, x + s * 0.19, y))
    for d in (-1, 1):
        p.mark(cream, band([(x - d * s * 0.18, y - s * 0.36), (x + d * s * 0.18, y - s * 0.01)], s * 0.05))


def _bale(p: Pen, x: float, y: float, s: float) -> None:
    p.shape((220, 190, 116), ellipse(x, y - s, s, s))
    t = np.linspace(0, 13, 40)
    p.mark((190, 154, 82), band(np.stack([x + s * 0.062 * t * np.cos(t), y - s + s * 0.062 * t * np.sin(t)], 1), 0.009))


@place("farm", "on a [farm]", "on the [farm]", "on the [farm]", nouns=("farm",))
def farm(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Ploughed rows up to a fence, behind it fields, a barn and round bales of straw."""
    side = r.choice([-1.0, 1.0])
    p.shape((150, 186, 140), rolling(r, 0.49, 0.025))
    p.shape((222, 202, 128), rolling(r, 0.55, 0.012))
    for i in range(9):
        x = 0.5 + (i - 4) * 0.17
        p.mark((204, 180, 104), band([(0.5 + (x - 0.5) * 0.75, 0.565), (x, 0.63)], 0.008, 0.016))
    _barn(p, 0.5 + side * r.uniform(0.33, 0.38) - 0.035, 0.6, r.uniform(0.22, 0.25))
    for x, s in ((0.07, 0.044), (0.19, 0.036))[: int(r.integers(1, 3))]:
        _bale(p, 0.5 - side * (0.5 - x - r.uniform(0, 0.03)), 0.635, s)
    p.shape((150, 186, 92), rolling(r, 0.645, 0.006))
    p.shape((176, 138, 98), box(-0.05, 0.735, 1.05, 1.1))
    vanish, step = 0.5 + r.uniform(-0.15, 0.15), r.uniform(0.2, 0.24)
    ripe = r.random() < 0.35
    for i in range(-9, 10):
        near, far = vanish + i * step, vanish + i * step * 0.46
        rows = [(far + (near - far) * t, 0.735 + 0.33 * t) for t in np.linspace(0, 1, 9)]
        p.mark((150, 114, 80), band([(x + 0.012, y + 0.012) for x, y in rows], 0.03, 0.085))
        p.mark((206, 176, 92) if ripe else (112, 160, 76), band(rows, 0.034, 0.085))
        for x, y in rows:
            w = 0.012 + 0.075 * (y - 0.735)
            if -0.05 < x < 1.05:
                p.mark((232, 206, 126) if ripe else (148, 192, 98), ellipse(x - w * 0.4, y, w * 0.9, w * 0.75))
    wood: RGB = (214, 196, 168)
    for y in (0.655, 0.7):
        p.shape(wood, box(-0.05, y - 0.01, 1.05, y + 0.01), line=0.7)
    shift = r.uniform(0, 0.1)
    for x in np.arange(-0.06, 1.05, 0.125):
        p.shape(
            wood,
            poly(
                (x + shift - 0.015, 0.745),
                (x + shift - 0.015, 0.635),
                (x + shift, 0.615),
                (x + shift + 0.015, 0.635),
                (x + shift + 0.015, 0.745),
            ),
            line=0.7,
        )
