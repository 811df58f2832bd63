"""Tree, star, flower, apple."""

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
