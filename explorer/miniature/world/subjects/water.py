"""Narwhal and fish."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, arc, band, curve, ellipse, poly, smooth
from ._register import eye, subject


@subject("narwhal", floats=True, size=1.12)
def narwhal(p: Pen, r: np.random.Generator) -> None:
    """A round narwhal with a long twisted tusk."""
    long = r.uniform(-0.08, 0.06)
    tip = (0.98, -0.92 - long)
    p.shape("cream", poly((0.44, -0.22), (0.6, -0.08), tip))
    for t in (0.25, 0.45, 0.65):
        x, y = 0.52 + (tip[0] - 0.52) * t, -0.15 + (tip[1] + 0.15) * t
        w = 0.1 * (1 - t)
        p.mark("wood", band([(x - w, y - w * 0.2), (x + w * 0.8, y + w * 0.9)], 0.03))
    lift = r.uniform(-0.12, 0.1)
    p.shape(
        "body",
        smooth((-0.84, -0.1 + lift), (-1.0, -0.46 + lift), (-0.78, -0.36 + lift), (-0.7, -0.16)),
        smooth((-0.8, -0.06 + lift), (-0.56, -0.42 + lift), (-0.6, -0.1)),
        smooth(
            (-0.86, -0.12),
            (-0.5, 0.06),
            (-0.15, -0.2),
            (0.3, -0.3),
            (0.7, -0.1),
            (0.82, 0.24),
            (0.58, 0.56),
            (0.05, 0.66),
            (-0.45, 0.48),
            (-0.74, 0.14),
        ),
    )
    p.mark("light", smooth((0.8, 0.26), (0.5, 0.34), (0.1, 0.46), (-0.4, 0.38), (0.0, 0.62), (0.5, 0.57)))
    for x, y, s in (
        (-0.3, 0.06, 0.07),
        (-0.08, -0.06, 0.06),
        (0.14, -0.15, 0.05),
        (-0.14, 0.14, 0.05),
        (-0.5, 0.14, 0.05),
    ):
        p.mark("dark", ellipse(x + r.uniform(-0.03, 0.03), y, s * 1.3, s))
    p.shape("dark", smooth((0.2, 0.36), (0.02, 0.5), (-0.16, 0.8), (0.12, 0.74), (0.32, 0.5)))
    eye(p, 0.56, 0.1, 0.095)
    p.mark("blush", ellipse(0.47, 0.3, 0.09, 0.055))
    p.mark("ink", band(curve((0.8, 0.24), (0.7, 0.33), (0.58, 0.31)), 0.04))


@subject("fish", floats=True, size=1.05, tilt=0.12)
def fish(p: Pen, r: np.random.Generator) -> None:
    """An oval fish with a wide forked tail, pointed fins, stripes or scales and a big eye."""
    deep, fork, spread = r.uniform(0.46, 0.58), r.uniform(0.76, 0.88), r.uniform(0.56, 0.68)
    lobes = [
        np.concatenate(
            [
                curve((-0.44, 0.0), (-0.66, 0.24 * side), (-0.92, spread * side)),
                curve((-1.0, (spread - 0.06) * side), (-0.96, 0.3 * side), (-fork, 0.0)),
            ]
        )
        for side in (-1, 1)
    ]
    p.shape("dark", *lobes)
    sail = curve((0.52, -deep * 0.7), (0.3, -deep - 0.2), (-0.02, -deep - 0.36))
    p.shape("dark", np.concatenate([sail, curve((-0.1, -deep - 0.3), (-0.14, -deep - 0.06), (-0.36, -deep * 0.5))]))
    keel = curve((0.36, deep * 0.8), (0.2, deep + 0.18), (-0.06, deep + 0.32))
    p.shape("dark", np.concatenate([keel, curve((-0.13, deep + 0.26), (-0.06, deep + 0.06), (-0.14, deep * 0.6))]))
    p.shape(
        "body",
        smooth(
            (-0.62, -0.05),
            (-0.32, -deep * 0.55),
            (0.2, -deep),
            (0.68, -deep * 0.72),
            (0.98, 0.04),
            (0.68, deep * 0.74),
            (0.2, deep),
            (-0.32, deep * 0.55),
            (-0.62, 0.05),
        ),
    )
    for side in (-1, 1):
        p.mark("body", band([(-0.62, 0.06 * side), (-0.88, (spread - 0.18) * side)], 0.12, 0.06))
    p.mark("body", band([(0.14, -deep - 0.02), (0.04, -deep - 0.24)], 0.07))
    p.mark(
        "light",
        smooth((0.9, 0.14), (0.4, 0.28), (-0.3, 0.16), (-0.1, deep * 0.74), (0.24, deep * 0.9), (0.64, deep * 0.66)),
    )
    if r.random() < 0.5:
        for x, ys in ((-0.34, (-0.1, 0.1)), (-0.12, (-0.24, 0.0, 0.24)), (0.1, (-0.3, -0.06))):
            p.mark("dark", *(band(arc(x, y, 0.1, 0.12, -1.3, 1.3, 7), 0.06) for y in ys))
    else:
        tone = "light" if r.random() < 0.5 else "dark"
        for x, tall in ((-0.34, 0.36), (-0.12, 0.66), (0.12, 0.84)):
            p.mark(tone, band(curve((x - 0.04, -deep * tall), (x + 0.05, 0.0), (x - 0.04, deep * tall)), 0.12))
    p.mark("dark", band(arc(0.26, 0.02, 0.14, deep * 0.7, -1.1, 1.1, 9), 0.06))
    p.shape("dark", smooth((0.28, 0.1), (0.0, 0.08), (-0.14, 0.3), (-0.02, 0.38), (0.16, 0.28)), line=0.7)
    eye(p, 0.66, -0.12, 0.14)
    p.mark("ink", band(curve((0.94, 0.12), (0.84, 0.2), (0.74, 0.18)), 0.045))
