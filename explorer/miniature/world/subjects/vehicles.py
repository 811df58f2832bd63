"""Boat, car, rocket and train."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, band, box, curve, ellipse, poly, smooth
from ._register import subject


@subject("boat", "ship", "sailboat")
def boat(p: Pen, r: np.random.Generator) -> None:
    """A sailing boat with two sails and portholes."""
    puff = r.uniform(0.05, 0.2)
    p.shape("wood", box(-0.04, -0.96, 0.04, 0.5))
    p.shape("light", np.concatenate([curve((0.1, -0.86), (0.52 + puff, -0.4), (0.82, 0.26)), poly((0.1, 0.26))]))
    p.shape(
        "light" if r.random() < 0.4 else "snow",
        np.concatenate([curve((-0.1, -0.72), (-0.42 - puff, -0.3), (-0.66, 0.26)), poly((-0.1, 0.26))]),
    )
    p.mark("body", poly((0.1, -0.1), (0.63 + puff * 0.6, -0.1), (0.7 + puff * 0.4, 0.06), (0.1, 0.06)))
    p.shape("body", poly((0.04, -0.98), (-0.3, -0.9), (0.04, -0.8)), line=0.7)
    p.shape(
        "body",
        smooth(
            (-0.98, 0.4), (-0.4, 0.44), (0.4, 0.44), (1.0, 0.36), (0.78, 0.82), (0.5, 0.97), (-0.5, 0.97), (-0.78, 0.8)
        ),
    )
    p.mark(
        "dark", smooth((-0.86, 0.7), (0, 0.76), (0.88, 0.68), (0.74, 0.86), (0.5, 0.96), (-0.5, 0.96), (-0.76, 0.84))
    )
    p.mark("cream", band([(-0.93, 0.47), (0.93, 0.45)], 0.06))
    for x in (-0.42, 0, 0.42):
        p.mark("ink", ellipse(x, 0.63, 0.09, 0.09))
        p.mark("glass", ellipse(x, 0.63, 0.06, 0.06))


@subject("car", "automobile", size=1.1)
def car(p: Pen, r: np.random.Generator) -> None:
    """A small round car, seen from the side, with a smiling bumper."""
    roof = r.uniform(-0.62, -0.5)
    p.lower(0.22)
    p.shape(
        "body",
        smooth((-0.62, 0.0), (-0.46, roof + 0.06), (-0.1, roof), (0.26, roof + 0.06), (0.56, 0.0), (0.0, 0.2)),
        box(-0.98, -0.1, 0.98, 0.52, 0.2),
    )
    p.mark("light", box(-0.86, -0.05, 0.8, 0.06, 0.05))
    p.mark("dark", box(-0.96, 0.3, 0.96, 0.5, 0.09))
    p.mark(
        "ink",
        smooth((-0.5, -0.06), (-0.4, roof + 0.18), (-0.12, roof + 0.12), (-0.04, -0.06)),
        smooth((0.05, -0.06), (0.04, roof + 0.13), (0.22, roof + 0.18), (0.42, -0.06)),
    )
    p.mark(
        "glass",
        smooth((-0.45, -0.09), (-0.36, roof + 0.22), (-0.14, roof + 0.17), (-0.08, -0.09)),
        smooth((0.1, -0.09), (0.09, roof + 0.17), (0.2, roof + 0.22), (0.35, -0.09)),
    )
    p.mark("deep", band([(0.02, 0.0), (0.02, 0.34)], 0.03))
    p.mark("cream", band([(-0.16, 0.12), (-0.06, 0.12)], 0.05))
    p.shape("lit", ellipse(0.9, 0.12, 0.09, 0.11), line=0.6)
    p.mark("blush", ellipse(-0.94, 0.12, 0.05, 0.09))
    p.mark("metal", box(0.8, 0.4, 1.0, 0.5, 0.04), box(-1.0, 0.4, -0.82, 0.5, 0.04))
    for x in (-0.54, 0.54):
        p.shape("tyre", ellipse(x, 0.52, 0.25, 0.25), line=0.5)
        p.mark("metal", ellipse(x, 0.52, 0.13, 0.13))
        p.mark("snow", ellipse(x, 0.52, 0.06, 0.06))
    if r.random() < 0.35:
        p.shape("wood", box(-0.42, roof - 0.16, 0.2, roof - 0.02, 0.03), line=0.7)
    if r.random() < 0.3:
        p.mark("steel", band(poly((-0.5, -0.2), (-0.64, -0.8)), 0.025))


@subject("rocket", "spaceship", floats=True, tilt=0.4)
def rocket(p: Pen, r: np.random.Generator) -> None:
    """A plump rocket with fins, a porthole and a flame."""
    fat, burn = r.uniform(0.36, 0.42), r.uniform(0.92, 0.98)
    banded, two, lick = r.random() < 0.5, r.random() < 0.5, r.uniform(-0.05, 0.05)
    p.shape(
        (250, 134, 36),
        smooth(
            (-0.2, 0.36),
            (0.2, 0.36),
            (0.26, 0.58),
            (0.17, 0.8),
            (0.1, 0.72),
            (lick, burn),
            (-0.1, 0.72),
            (-0.17, 0.8),
            (-0.26, 0.58),
        ),
    )
    p.mark("lit", smooth((-0.12, 0.4), (0.12, 0.4), (0.13, 0.56), (lick * 0.5, burn - 0.2), (-0.13, 0.56)))
    for side in (-1, 1):
        fin = smooth((0.24, 0.02), (0.5, 0.14), (0.74, 0.42), (0.76, 0.72), (0.54, 0.52), (0.22, 0.38))
        p.shape("dark", fin * np.array([side, 1.0]))
    p.mark("body", band(curve((-0.42, 0.18), (-0.58, 0.32), (-0.66, 0.5)), 0.07, 0.05))
    p.shape("steel", box(-0.2, 0.3, 0.2, 0.44, 0.04))
    edge = [(fat * 0.56, -0.7), (fat * 0.95, -0.36), (fat, -0.02), (0.27, 0.36)]
    p.shape("body", smooth((0, -0.98), *edge, *((-x, y) for x, y in edge[::-1])))
    p.mark(
        "dark",
        smooth(
            (fat * 0.55, -0.62), (fat * 0.9, -0.32), (fat - 0.03, -0.02), (0.25, 0.33), (0.14, 0.34), (fat - 0.14, 0.0)
        ),
    )
    p.mark("light", band(curve((-fat * 0.5, -0.5), (-fat * 0.74, -0.2), (-fat * 0.68, 0.1)), 0.06, 0.09))
    tip = fat * 0.66
    p.shape(
        "dark",
        np.concatenate(
            [
                curve((-tip, -0.63), (-tip * 0.56, -0.83), (0, -0.98), (tip * 0.56, -0.83), (tip, -0.63)),
                curve((tip, -0.63), (0, -0.56), (-tip, -0.63)),
            ]
        ),
        line=0.5,
    )
    p.mark("light", band([(-tip * 0.56, -0.7), (-tip * 0.28, -0.84)], 0.06))
    p.shape("snow", ellipse(0, -0.24, 0.21, 0.21), line=0.8)
    p.mark("glass", ellipse(0, -0.24, 0.15, 0.15))
    p.mark("snow", ellipse(-0.05, -0.29, 0.055, 0.04, -0.6))
    if banded:
        p.mark("cream", band(curve((-fat + 0.04, 0.06), (0, 0.12), (fat - 0.04, 0.06)), 0.08))
    elif two:
        p.shape("snow", ellipse(0, 0.1, 0.12, 0.12), line=0.7)
        p.mark("glass", ellipse(0, 0.1, 0.075, 0.075))
    p.shape("dark", smooth((-0.07, 0.28), (0, 0.2), (0.07, 0.28), (0.06, 0.6), (-0.06, 0.6)), line=0.7)


@subject("train", "locomotive", size=1.1)
def train(p: Pen, r: np.random.Generator) -> None:
    """A little engine with a chimney, a boiler, a cab and big wheels."""
    funnel, puffs, bell = r.random() < 0.5, r.random() < 0.7, r.random() < 0.5
    roof = r.uniform(-0.66, -0.58)
    if puffs:
        p.shape(
            "snow",
            ellipse(0.5, -0.72, 0.12, 0.1),
            ellipse(0.3, -0.84, 0.16, 0.12),
            ellipse(0.06, -0.88, 0.12, 0.09),
            line=0.7,
        )
    chimney = (
        poly((0.5, -0.2), (0.5, -0.36), (0.42, -0.64), (0.8, -0.64), (0.72, -0.36), (0.72, -0.2))
        if funnel
        else box(0.5, -0.62, 0.72, -0.1)
    )
    p.shape("dark", chimney)
    p.shape(
        "gold" if not funnel else "body",
        box(0.44 if not funnel else 0.4, -0.68, 0.78 if not funnel else 0.82, -0.58, 0.04),
        line=0.8,
    )
    p.shape("light", smooth((-0.02, -0.1), (0.02, -0.36), (0.14, -0.42), (0.26, -0.36), (0.3, -0.1)))
    p.mark("gold", box(0.0, -0.24, 0.28, -0.18))
    p.shape("dark", box(-0.92, 0.38, 0.86, 0.62, 0.04))
    p.shape("dark", poly((0.72, 0.34), (0.86, 0.36), (0.99, 0.86), (0.66, 0.86)))
    p.shape("body", box(-0.3, -0.22, 0.86, 0.42, 0.12))
    p.mark("light", box(-0.2, -0.14, 0.78, -0.04, 0.05))
    p.mark("dark", box(-0.2, 0.28, 0.84, 0.4, 0.06))
    p.mark("gold", box(0.08, -0.2, 0.14, 0.4), box(0.5, -0.2, 0.56, 0.4))
    p.shape("lit", ellipse(0.87, 0.02, 0.1, 0.12), line=0.7)
    p.shape("body", box(-0.88, roof + 0.08, -0.24, 0.46))
    p.mark("dark", box(-0.88, 0.26, -0.24, 0.45))
    p.mark("light", box(-0.84, roof + 0.1, -0.77, 0.24))
    p.shape("cream", box(-0.72, -0.4, -0.36, -0.02, 0.06), line=0.7)
    p.mark("glass", box(-0.67, -0.35, -0.41, -0.07, 0.04))
    p.mark("snow", band([(-0.63, -0.14), (-0.5, -0.3)], 0.05))
    p.shape("dark", box(-0.99, roof - 0.06, -0.14, roof + 0.1, 0.06))
    if bell:
        p.mark("gold", box(-0.14, -0.3, -0.06, -0.2), ellipse(-0.1, -0.32, 0.08, 0.07))
    for x, size in ((-0.58, 0.33), (0.12, 0.24), (0.56, 0.24)):
        y = 0.98 - size
        p.shape("tyre", ellipse(x, y, size, size), line=0.5)
        p.mark("body", ellipse(x, y, size - 0.07, size - 0.07))
        p.mark(
            "dark",
            *(
                band(
                    [
                        (x - (size - 0.07) * np.cos(a), y - (size - 0.07) * np.sin(a)),
                        (x + (size - 0.07) * np.cos(a), y + (size - 0.07) * np.sin(a)),
                    ],
                    0.05,
                )
                for a in (0.4, 1.97)
            ),
        )
        p.mark("gold", ellipse(x, y, 0.075, 0.075))
    p.shape("metal", band([(-0.58, 0.72), (0.56, 0.76)], 0.08), line=0.6)
