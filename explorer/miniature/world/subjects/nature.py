"""Tree, star, flower, apple, mountain, moon, mushroom."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, arc, band, curve, ellipse, poly, smooth
from ._register import eye, smile, subject


@subject("tree")
def tree(p: Pen, r: np.random.Generator) -> None:
    """A leafy tree, round or a fir, its crown in the colour."""
    lean = r.uniform(-0.08, 0.08)
    p.shape("wood", smooth((-0.12, 0.2), (0.12, 0.2), (0.13, 0.7), (0.26, 0.99), (-0.26, 0.99), (-0.13, 0.7)))
    p.mark("door", band([(0.04, 0.5), (0.06, 0.86)], 0.04))
    if r.random() < 0.35:
        for y, w in ((0.5, 0.72), (0.1, 0.58), (-0.28, 0.42)):
            p.shape(
                "body",
                poly(
                    (-w, y),
                    (-w * 0.5, y - 0.36),
                    (lean, y - 0.74),
                    (w * 0.5, y - 0.36),
                    (w, y),
                    (w * 0.4, y + 0.08),
                    (-w * 0.4, y + 0.08),
                ),
            )
            p.mark("light", poly((-w * 0.66, y - 0.08), (-w * 0.3, y - 0.4), (-w * 0.2, y - 0.08)))
            p.mark("dark", poly((w * 0.2, y), (w * 0.3, y - 0.26), (w * 0.8, y - 0.02)))
        return
    p.shape("wood", band([(0, 0.4), (-0.3, 0.1)], 0.1, 0.06), band([(0, 0.4), (0.3, 0.1)], 0.1, 0.06), line=0)
    puffs = [
        (-0.46, -0.02, 0.38),
        (0.46, -0.02, 0.38),
        (-0.34, -0.46, 0.38),
        (0.36, -0.46, 0.38),
        (0.0, -0.62, 0.38),
        (0, -0.1, 0.5),
    ]
    p.shape("body", *(ellipse(x + lean, y, s * r.uniform(0.92, 1.08), s) for x, y, s in puffs))
    p.mark("dark", ellipse(0.46, 0.08, 0.28, 0.2), ellipse(0.02, 0.22, 0.34, 0.15), ellipse(-0.44, 0.12, 0.2, 0.14))
    p.mark(
        "light",
        ellipse(-0.36, -0.56, 0.22, 0.16, -0.5),
        ellipse(0.08, -0.72, 0.18, 0.12),
        ellipse(-0.5, -0.12, 0.14, 0.1),
    )
    if r.random() < 0.25:
        p.mark(
            "cream",
            *(
                ellipse(x, y, 0.055, 0.055)
                for x, y in ((-0.2, -0.3), (0.3, -0.4), (0.1, 0.0), (-0.5, 0.08), (0.5, -0.06))
            ),
        )


def _star(x: float, y: float, outer: float, inner: float, points: int = 5, turn: float = 0.0) -> Points:
    a = np.arange(2 * points) * np.pi / points - np.pi / 2 + turn
    d = np.where(np.arange(2 * points) % 2 == 0, outer, inner)
    return np.stack([x + d * np.cos(a), y + d * np.sin(a)], 1)


@subject("star", floats=True, tilt=0.25)
def star(p: Pen, r: np.random.Generator) -> None:
    """A plump five-pointed star, with a face more often than not."""
    inner = r.uniform(0.46, 0.54)
    p.shape("body", _star(0, 0.08, 1.0, inner))
    lit = _star(0, 0.08, 0.97, inner - 0.02)
    centre = np.array([[0.0, 0.08]])
    p.mark("light", *(np.concatenate([centre, lit[i : i + 2]]) for i in (0, 6, 8)))
    p.mark("dark", *(np.concatenate([centre, lit[i : i + 2]]) for i in (3, 1, 5)))
    p.mark("body", _star(0, 0.08, 0.72, inner * 0.8))
    if r.random() < 0.75:
        eye(p, -0.18, 0.0, 0.1)
        eye(p, 0.17, 0.0, 0.1)
        p.mark("blush", ellipse(-0.32, 0.16, 0.07, 0.045), ellipse(0.32, 0.16, 0.07, 0.045))
        smile(p, 0, 0.12, 0.13, 0.05)
    else:
        p.mark("light", ellipse(-0.14, -0.14, 0.16, 0.09, -0.6))


@subject("flower")
def flower(p: Pen, r: np.random.Generator) -> None:
    """A flower on a stem with two leaves; its petals are in the colour."""
    petals, bend = int(r.integers(5, 9)), r.uniform(-0.12, 0.12)
    x, y, far = bend, -0.4, 0.34
    p.shape("leaf", band(curve((0, 0.99), (-bend, 0.5), (x, y)), 0.11, 0.09))
    p.shape(
        "leaf",
        smooth((0, 0.78), (0.24, 0.44), (0.6, 0.4), (0.4, 0.7)),
        smooth((0, 0.88), (-0.2, 0.6), (-0.56, 0.52), (-0.4, 0.82)),
    )
    turn = r.uniform(0, 1)
    angles = [2 * np.pi * i / petals + turn for i in range(petals)]
    width = 0.26 if petals < 7 else 0.2
    for a in angles:
        p.shape("body", ellipse(x + far * np.cos(a), y + far * np.sin(a), 0.28, width, a))
    for a in angles:
        p.mark("light", ellipse(x + 0.42 * np.cos(a), y + 0.42 * np.sin(a), 0.13, width * 0.5, a))
        p.mark("dark", ellipse(x + 0.19 * np.cos(a), y + 0.19 * np.sin(a), 0.1, 0.05, a))
    p.shape("gold", ellipse(x, y, 0.19, 0.19), line=0.8)
    p.mark("wood", *(ellipse(x + 0.08 * np.cos(t), y + 0.08 * np.sin(t), 0.025, 0.025) for t in (0.4, 2.5, 4.6)))


@subject("apple", size=0.86)
def apple(p: Pen, r: np.random.Generator) -> None:
    """A round apple with a leaf, sometimes smiling."""
    fat = r.uniform(0.84, 0.94)
    p.shape("wood", band(curve((0, -0.5), (0.02, -0.75), (0.12, -0.96)), 0.11, 0.09))
    p.shape("leaf", smooth((0.06, -0.66), (0.28, -0.98), (0.66, -0.92), (0.44, -0.68)))
    p.shape(
        "body",
        smooth(
            (0, -0.52),
            (0.34, -0.66),
            (fat - 0.1, -0.42),
            (fat, 0.1),
            (0.66, 0.7),
            (0.3, 0.98),
            (0, 0.9),
            (-0.3, 0.98),
            (-0.66, 0.7),
            (-fat, 0.1),
            (-fat + 0.1, -0.42),
            (-0.34, -0.66),
        ),
    )
    p.mark("dark", smooth((fat - 0.08, 0.2), (0.62, 0.64), (0.28, 0.92), (0.0, 0.84), (0.44, 0.58)))
    p.mark("light", ellipse(-0.5, -0.26, 0.15, 0.26, 0.35))
    p.mark("dark", band(arc(0, -0.62, 0.26, 0.16, 0.5, 2.6, 9), 0.06))
    if r.random() < 0.4:
        eye(p, -0.22, 0.1, 0.1)
        eye(p, 0.22, 0.1, 0.1)
        smile(p, 0, 0.26, 0.16, 0.05)
    elif r.random() < 0.4:
        p.mark("snow", ellipse(-0.52, -0.34, 0.06, 0.11, 0.35))


@subject("mountain", size=1.15, tilt=0.0)
def mountain(p: Pen, r: np.random.Generator) -> None:
    """A great rock with one snowy peak or two, light on the left and dark on the right."""
    shift, second = r.uniform(-0.1, 0.14), r.random() < 0.5
    trees = r.random() < 0.5
    dip = r.uniform(-0.04, 0.04)

    def peak(x: float, top: float, left: float, right: float) -> None:
        def at(*points: tuple[float, float]) -> Points:
            """From (-1 left foot .. 1 right foot, 0 summit .. 1 ground) to the drawing."""
            return poly(*((x + u * (right - x if u > 0 else x - left), top + v * (0.96 - top)) for u, v in points))

        west = ((-1.0, 1.0), (-0.72, 0.65), (-0.5, 0.53), (-0.26, 0.2), (0.0, 0.0))
        east = ((0.3, 0.26), (0.46, 0.51), (0.7, 0.63), (1.0, 1.0))
        p.shape("body", at(*west, *east))
        p.mark("dark", at((0, 0), *east, (0.1, 1.0), (0.2, 0.73), (-0.04, 0.57), (0.1, 0.36)))
        p.mark(
            "light",
            at((-0.48, 0.53), (-0.3, 0.3), (-0.12, 0.57), (-0.3, 0.84)),
            at((-0.8, 0.8), (-0.68, 0.67), (-0.56, 0.98), (-0.8, 0.98)),
        )
        p.mark("body", at((0.34, 0.63), (0.46, 0.59), (0.66, 0.92), (0.44, 0.86)))
        snow = ((0.34, 0.37), (0.2, 0.3), (0.08, 0.41), (-0.04, 0.28), (-0.16, 0.39), (-0.24, 0.27), (-0.34, 0.32))
        p.shape("snow", at((-0.26, 0.2), (0.0, 0.0), (0.3, 0.26), *snow), line=0.5)
        p.mark((204, 216, 234), at((0.01, 0.02), (0.28, 0.26), (0.31, 0.35), (0.18, 0.27), (0.08, 0.22)))

    if second:
        peak(0.5, -0.42 + dip, 0.0, 0.99)
        peak(-0.22 + shift * 0.5, -0.95, -0.99, 0.66)
    else:
        peak(shift, -0.95, -0.99, 0.99)
    if trees:
        for x, y in ((-0.72, 0.98), (-0.52, 0.99), (0.62, 0.99)):
            p.shape("leaf", poly((x - 0.11, y), (x, y - 0.32), (x + 0.11, y)), line=0.7)


def _craters(p: Pen, places: tuple[tuple[float, float, float], ...]) -> None:
    for x, y, size in places:
        p.mark("light", ellipse(x + 0.03, y + 0.035, size, size * 0.92))
        p.mark("dark", ellipse(x, y, size, size * 0.92))
        p.mark("body", ellipse(x + 0.04, y + 0.045, size * 0.72, size * 0.64))


@subject("moon", floats=True, tilt=0.22)
def moon(p: Pen, r: np.random.Generator) -> None:
    """A crescent, often with a face in profile, or a full moon with craters."""
    full, face, waist = r.random() < 0.4, r.random() < 0.65, r.uniform(-0.04, 0.08)
    if full:
        p.shape("body", ellipse(0, 0, 0.96, 0.96))
        p.mark(
            "dark",
            np.concatenate([arc(0, 0, 0.95, 0.95, -0.75, 2.3, 20), arc(-0.16, -0.18, 0.95, 0.95, 2.1, -0.55, 20)]),
        )
        _craters(
            p, ((0.32, -0.56, 0.16), (-0.12, 0.66, 0.15), (-0.7, 0.3, 0.1), (-0.16, -0.76, 0.08), (0.44, 0.54, 0.1))
        )
        p.mark("light", ellipse(-0.56, -0.52, 0.2, 0.1, -0.78))
        if face:
            eye(p, -0.3, -0.12, 0.125)
            eye(p, 0.22, -0.12, 0.125)
            p.mark("blush", ellipse(-0.46, 0.13, 0.1, 0.06), ellipse(0.38, 0.13, 0.1, 0.06))
            smile(p, -0.04, 0.1, 0.2, 0.065)
        else:
            _craters(p, ((-0.34, -0.12, 0.23), (0.26, 0.1, 0.19)))
        return
    outer = arc(0.16, 0, 0.97, 0.98, 0.86, 2 * np.pi - 0.86, 30)
    (x1, y1), (x0, y0) = outer[0], outer[-1]
    bump = [(waist + 0.01, -0.12), (waist + 0.2, 0.08), (waist + 0.02, 0.17)] if face else [(waist, 0.0)]
    inner = curve((x0, y0), (0.42, -0.62), (0.16, -0.42), *bump, (waist + 0.08, 0.34), (0.42, 0.62), (x1, y1))
    p.shape("body", np.concatenate([outer, inner[1:-1]]))
    p.mark("dark", np.concatenate([arc(0.16, 0, 0.95, 0.96, 0.98, 3.3, 24), arc(0.26, -0.1, 0.93, 0.92, 3.2, 1.1, 24)]))
    p.mark("light", ellipse(-0.52, -0.4, 0.19, 0.085, -0.98))
    if face:
        eye(p, -0.18, -0.1, 0.125)
        p.mark("blush", ellipse(-0.24, 0.18, 0.1, 0.065))
        smile(p, 0.0, 0.27, 0.13, 0.06)
        _craters(p, ((-0.56, 0.02, 0.09), (0.08, -0.72, 0.08)))
    else:
        _craters(p, ((-0.38, 0.04, 0.16), (-0.1, 0.58, 0.12), (-0.04, -0.6, 0.12)))


@subject("mushroom", "toadstool")
def mushroom(p: Pen, r: np.random.Generator) -> None:
    """A toadstool: a spotted cap in the colour on a pale stem, now and then with a face."""
    tall, fat = r.uniform(-0.96, -0.84), r.uniform(0.9, 0.98)
    brim, shy = r.uniform(0.1, 0.2), r.random() < 0.4
    spots = "dark" if sum(p.tones["body"]) > 700 else "snow"
    p.shape(
        "cream",
        smooth(
            (-0.22, 0.0), (0.22, 0.0), (0.24, 0.5), (0.34, 0.86), (0.2, 0.99), (-0.2, 0.99), (-0.34, 0.86), (-0.24, 0.5)
        ),
    )
    p.mark((226, 206, 168), smooth((0.1, 0.2), (0.2, 0.2), (0.21, 0.55), (0.29, 0.85), (0.16, 0.94), (0.12, 0.6)))
    p.shape(
        "body",
        smooth(
            (-fat, brim),
            (-fat + 0.05, -0.28),
            (-0.52, tall + 0.24),
            (0, tall),
            (0.52, tall + 0.24),
            (fat - 0.05, -0.28),
            (fat, brim),
            (0.6, brim + 0.13),
            (0, brim + 0.19),
            (-0.6, brim + 0.13),
        ),
    )
    p.mark(
        "dark",
        smooth(
            (-fat + 0.05, brim + 0.02),
            (0, brim - 0.02),
            (fat - 0.05, brim + 0.02),
            (0.58, brim + 0.1),
            (0, brim + 0.16),
            (-0.58, brim + 0.1),
        ),
    )
    p.mark(
        "dark",
        smooth((fat - 0.12, -0.34), (fat - 0.05, 0.02), (fat - 0.16, brim - 0.02), (0.5, brim - 0.04), (0.7, -0.1)),
    )
    p.mark("light", ellipse(-0.5, tall + 0.42, 0.2, 0.09, -0.75))
    turn = r.uniform(-0.06, 0.06)
    for x, y, w, h in (
        (-0.06, -0.5, 0.19, 0.16),
        (0.46, -0.36, 0.14, 0.13),
        (-0.6, -0.16, 0.12, 0.14),
        (0.16, -0.08, 0.14, 0.1),
        (-0.28, -0.04, 0.1, 0.08),
        (0.72, -0.02, 0.08, 0.1),
    ):
        p.mark(spots, ellipse(x + turn, y, w, h))
    if shy:
        eye(p, -0.11, 0.5, 0.075)
        eye(p, 0.11, 0.5, 0.075)
        p.mark("blush", ellipse(-0.19, 0.64, 0.05, 0.04), ellipse(0.19, 0.64, 0.05, 0.04))
        smile(p, 0, 0.63, 0.09, 0.045)
    else:
        p.shape(
            "cream",
            smooth((-0.24, 0.34), (0.24, 0.34), (0.33, 0.5), (0.12, 0.46), (0, 0.52), (-0.12, 0.46), (-0.33, 0.5)),
            line=0.7,
        )
    if r.random() < 0.5:
        p.shape(
            "leaf",
            poly((-0.5, 0.99), (-0.54, 0.74), (-0.42, 0.86), (-0.34, 0.66), (-0.26, 0.86), (-0.18, 0.99)),
            line=0.6,
        )
