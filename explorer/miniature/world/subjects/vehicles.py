"""Boat and car."""

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
