"""Dog, cat, teddy bear, bird."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, band, curve, ellipse, poly, smooth
from ._register import eye, smile, subject


@subject("dog")
def dog(p: Pen, r: np.random.Generator) -> None:
    """A dog on four legs with a floppy ear and a collar."""
    wag, ear = r.uniform(-0.15, 0.2), r.uniform(-0.05, 0.12)
    p.shape("body", band(curve((-0.62, 0.0), (-0.86, -0.2), (-0.92 + wag * 0.5, -0.58 - wag * 0.3)), 0.2, 0.12))
    p.shape("dark", band([(-0.36, 0.3), (-0.34, 0.92)], 0.23, 0.2), band([(0.34, 0.3), (0.36, 0.92)], 0.23, 0.2))
    p.shape(
        "body",
        smooth(
            (-0.78, 0.02),
            (-0.55, -0.22),
            (-0.05, -0.18),
            (0.42, -0.28),
            (0.64, 0.05),
            (0.44, 0.46),
            (-0.1, 0.42),
            (-0.6, 0.48),
        ),
        band([(-0.6, 0.3), (-0.62, 0.92)], 0.27, 0.23),
        band([(0.5, 0.25), (0.52, 0.92)], 0.27, 0.23),
        band([(0.42, 0.0), (0.5, -0.5)], 0.46, 0.4),
        ellipse(0.5, -0.52, 0.38, 0.36),
        ellipse(0.78, -0.42, 0.24, 0.19, 0.12),
    )
    p.mark("light", ellipse(0.8, -0.36, 0.2, 0.13, 0.12), ellipse(-0.1, 0.34, 0.34, 0.09))
    if r.random() < 0.6:
        p.mark("dark", ellipse(-0.3, -0.04, 0.2, 0.13, 0.3), ellipse(0.02, 0.12, 0.1, 0.08))
    p.mark("snow" if r.random() < 0.5 else "gold", band([(0.24, -0.17), (0.68, -0.1)], 0.09))
    p.mark("ink", ellipse(0.96, -0.5, 0.09, 0.075))
    if r.random() < 0.6:
        p.shape("blush", ellipse(0.76, -0.2, 0.075, 0.11), line=0.6)
    p.mark("ink", band(curve((0.62, -0.3), (0.76, -0.25), (0.92, -0.32)), 0.04))
    eye(p, 0.58, -0.6, 0.1)
    p.shape(
        "dark",
        smooth((0.3, -0.88), (0.08, -0.7 - ear), (0.06, -0.3 + ear), (0.22, -0.22 + ear), (0.38, -0.5), (0.42, -0.8)),
    )


@subject("cat")
def cat(p: Pen, r: np.random.Generator) -> None:
    """A sitting cat, face on, with a curled tail and whiskers."""
    curl = r.uniform(-0.1, 0.25)
    p.shape("body", band(curve((0.3, 0.82), (0.78, 0.75), (0.86, 0.3), (0.66 + curl * 0.5, -0.02 - curl)), 0.22, 0.15))
    p.shape(
        "body",
        smooth(
            (0, -0.3), (0.36, -0.05), (0.55, 0.55), (0.5, 0.95), (0, 0.99), (-0.5, 0.95), (-0.55, 0.55), (-0.36, -0.05)
        ),
    )
    p.shape("light", smooth((0, -0.1), (0.22, 0.1), (0.24, 0.5), (0, 0.72), (-0.24, 0.5), (-0.22, 0.1)), line=0)
    p.shape("body", ellipse(-0.2, 0.88, 0.2, 0.13), ellipse(0.2, 0.88, 0.2, 0.13), line=0.8)
    p.shape(
        "body",
        smooth(
            (0, -0.86),
            (0.42, -0.76),
            (0.56, -0.42),
            (0.36, -0.1),
            (0, -0.03),
            (-0.36, -0.1),
            (-0.56, -0.42),
            (-0.42, -0.76),
        ),
        poly((-0.53, -0.45), (-0.5, -1.0), (-0.08, -0.8)),
        poly((0.53, -0.45), (0.5, -1.0), (0.08, -0.8)),
    )
    p.mark(
        "blush", poly((-0.43, -0.66), (-0.43, -0.88), (-0.25, -0.78)), poly((0.43, -0.66), (0.43, -0.88), (0.25, -0.78))
    )
    if r.random() < 0.7:
        p.mark("dark", band([(0, -0.84), (0, -0.62)], 0.09, 0.04))
        for side in (-1, 1):
            p.mark("dark", band([(0.15 * side, -0.82), (0.13 * side, -0.66)], 0.08, 0.03))
            p.mark("dark", band([(0.46 * side, 0.3), (0.32 * side, 0.34)], 0.09, 0.03))
            p.mark("dark", band([(0.52 * side, 0.52), (0.36 * side, 0.54)], 0.09, 0.03))
    eye(p, -0.24, -0.46, 0.125)
    eye(p, 0.22, -0.46, 0.125)
    p.mark("light", ellipse(-0.09, -0.22, 0.14, 0.1), ellipse(0.09, -0.22, 0.14, 0.1))
    p.mark("blush", poly((-0.075, -0.32), (0.075, -0.32), (0, -0.24)))
    smile(p, -0.065, -0.22, 0.07, 0.035)
    smile(p, 0.065, -0.22, 0.07, 0.035)
    for side in (-1, 1):
        p.mark(
            "ink",
            band([(0.3 * side, -0.24), (0.64 * side, -0.3)], 0.025),
            band([(0.3 * side, -0.18), (0.62 * side, -0.13)], 0.025),
        )


@subject("teddy bear", "teddy")
def teddy_bear(p: Pen, r: np.random.Generator) -> None:
    """A sitting teddy bear with foot pads, sometimes with a bow."""
    up = r.uniform(0, 0.55) * (r.random() < 0.5)
    p.shape(
        "body",
        band([(-0.35, 0.08), (-0.74, 0.36 - up * 1.4)], 0.34, 0.3),
        band([(0.35, 0.08), (0.74, 0.36)], 0.34, 0.3),
    )
    p.shape("body", ellipse(0, 0.4, 0.48, 0.5))
    p.mark("light", ellipse(0, 0.42, 0.3, 0.32))
    for side in (-1, 1):
        p.shape("body", ellipse(0.5 * side, 0.76, 0.27, 0.24))
        p.mark("light", ellipse(0.53 * side, 0.77, 0.17, 0.15))
        p.mark("dark", ellipse(0.53 * side, 0.79, 0.09, 0.07))
    p.shape("body", ellipse(-0.4, -0.8, 0.2, 0.19), ellipse(0.4, -0.8, 0.2, 0.19), ellipse(0, -0.43, 0.54, 0.47))
    p.mark("dark", ellipse(-0.41, -0.8, 0.11, 0.1), ellipse(0.41, -0.8, 0.11, 0.1))
    p.mark("body", ellipse(0, -0.43, 0.5, 0.43))
    p.mark("light", ellipse(0, -0.28, 0.26, 0.2))
    p.mark("ink", ellipse(0, -0.37, 0.1, 0.07))
    p.mark("ink", band([(0, -0.34), (0, -0.24)], 0.035))
    smile(p, 0, -0.26, 0.11, 0.04)
    eye(p, -0.23, -0.5, 0.085)
    eye(p, 0.21, -0.5, 0.085)
    if r.random() < 0.5:
        p.shape(
            "cream",
            poly((0, 0.06), (-0.24, -0.06), (-0.24, 0.18)),
            poly((0, 0.06), (0.24, -0.06), (0.24, 0.18)),
            line=0.7,
        )
        p.shape("cream", ellipse(0, 0.06, 0.07, 0.07), line=0.7)
    else:
        p.mark("dark", band([(0, 0.2), (0, 0.66)], 0.03))


@subject("bird", floats=True, size=0.95, tilt=0.12)
def bird(p: Pen, r: np.random.Generator) -> None:
    """A songbird with a pointed beak and a long fanned tail, its wings raised or folded."""
    flap = r.random() < 0.55
    tail, crest = r.uniform(-0.1, 0.12), r.random() < 0.35
    for end in ((-1.0, -0.06 + tail), (-0.98, 0.18 + tail), (-0.9, 0.4 + tail)):
        p.shape("dark", band([(-0.34, 0.2), end], 0.16, 0.2))
    if not flap:
        for x in (-0.05, 0.2):
            p.mark("wood", band([(x, 0.56), (x + 0.02, 0.96)], 0.075), band([(x - 0.1, 0.97), (x + 0.2, 0.97)], 0.07))
    else:
        far = (0.14, 0.0), (0.06, -0.5), (0.16, -1.0), (0.32, -0.9), (0.42, -0.5), (0.42, -0.1)
        p.shape("dark", smooth(*far))
    p.shape("gold", poly((0.7, -0.5), (1.04, -0.3), (0.7, -0.16)))
    p.mark((206, 140, 40), band([(0.74, -0.3), (0.98, -0.3)], 0.05))
    if crest:
        p.shape("dark", poly((0.24, -0.52), (0.16, -0.86), (0.38, -0.74), (0.46, -0.92), (0.62, -0.56)))
    p.shape(
        "body",
        smooth(
            (-0.56, 0.16),
            (-0.2, -0.08),
            (0.2, -0.2),
            (0.6, -0.16),
            (0.62, 0.2),
            (0.34, 0.54),
            (-0.06, 0.6),
            (-0.42, 0.42),
        ),
        ellipse(0.5, -0.34, 0.34, 0.33),
    )
    p.mark("light", smooth((0.66, -0.04), (0.44, 0.02), (0.2, 0.3), (0.02, 0.54), (0.26, 0.5), (0.52, 0.28)))
    if flap:
        near = (0.26, 0.12), (-0.06, 0.16), (-0.44, -0.18), (-0.66, -0.66), (-0.62, -0.98), (-0.36, -0.88), (0.04, -0.5)
        p.shape("dark", smooth(*near, (0.26, -0.14)))
        p.mark("body", smooth((0.18, 0.02), (-0.06, 0.0), (-0.3, -0.3), (-0.44, -0.62), (-0.34, -0.74), (0.02, -0.38)))
        p.mark("dark", band([(-0.48, -0.7), (-0.06, -0.2)], 0.06), band([(-0.28, -0.7), (0.06, -0.26)], 0.06))
    else:
        folded = (0.26, -0.04), (0.0, -0.14), (-0.36, 0.02), (-0.78, 0.3), (-0.36, 0.42), (0.06, 0.38), (0.28, 0.2)
        p.shape("dark", smooth(*folded))
        p.mark("body", smooth((0.18, 0.02), (-0.04, -0.04), (-0.36, 0.12), (-0.14, 0.24), (0.14, 0.18)))
        p.mark("light", band([(-0.04, 0.3), (-0.5, 0.3)], 0.07, 0.04))
    eye(p, 0.54, -0.4, 0.115)
    p.mark("blush", ellipse(0.48, -0.18, 0.1, 0.06))
