"""Rabbit, horse, butterfly."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, band, curve, ellipse, poly, smooth
from ._register import eye, smile, subject


def _moved(points: Points, x: float, y: float, turn: float = 0.0, flip: float = 1.0) -> Points:
    """An outline mirrored by `flip`, turned by `turn` radians about the origin and moved to (x, y)."""
    c, s = np.cos(turn), np.sin(turn)
    px, py = points[:, 0] * flip, points[:, 1]
    return np.stack([x + px * c - py * s, y + px * s + py * c], 1)


def _inner(outline: Points, x: float, y: float, share: float) -> Points:
    """The outline drawn in towards (x, y), to `share` of its size."""
    at = np.array([x, y])
    return np.asarray(at + (outline - at) * share)


def _ear(p: Pen, x: float, y: float, turn: float, long: float, role: str = "body") -> None:
    """A long rabbit ear that grows from (x, y); `turn` 0 is straight up."""
    outer = smooth(
        (-0.1, 0.06),
        (-0.17, -long * 0.5),
        (-0.08, -long * 0.94),
        (0.08, -long * 0.94),
        (0.17, -long * 0.5),
        (0.1, 0.06),
    )
    inner = ellipse(0.0, -long * 0.52, 0.075, long * 0.32)
    p.shape(role, _moved(outer, x, y, turn))
    p.mark("blush", _moved(inner, x, y, turn))


@subject("rabbit", "bunny")
def rabbit(p: Pen, r: np.random.Generator) -> None:
    """A rabbit with long ears and a cotton tail, crouching side on or sitting up face on."""
    if r.random() < 0.5:
        _crouching(p, r)
    else:
        _upright(p, r)


def _crouching(p: Pen, r: np.random.Generator) -> None:
    lop, back, patch = r.random() < 0.3, r.uniform(-0.1, 0.06), r.random() < 0.4
    lean = r.uniform(-0.5, -0.2)
    p.shape("snow", ellipse(-0.84, 0.56, 0.17, 0.17))
    if not lop:
        _ear(p, 0.34, -0.3, lean + 0.42, 0.72, "dark")
    p.shape("dark", band([(0.3, 0.6), (0.36, 0.9)], 0.22, 0.18), ellipse(0.44, 0.92, 0.17, 0.08))
    p.shape(
        "body",
        smooth(
            (-0.84, 0.5),
            (-0.66, -0.02 + back),
            (-0.2, -0.2 + back),
            (0.3, 0.0),
            (0.5, 0.4),
            (0.4, 0.78),
            (-0.2, 0.95),
            (-0.7, 0.92),
        ),
        band([(0.16, 0.6), (0.18, 0.88)], 0.24, 0.2),
        ellipse(0.28, 0.91, 0.2, 0.09),
    )
    if patch:
        p.mark("light", smooth((-0.6, 0.06 + back), (-0.2, -0.1 + back), (0.0, 0.12), (-0.3, 0.26), (-0.58, 0.24)))
    p.mark("light", smooth((0.42, 0.4), (0.46, 0.66), (0.3, 0.78), (0.2, 0.6)))
    p.shape("body", ellipse(-0.38, 0.6, 0.35, 0.34), line=0.8)
    p.mark("body", ellipse(-0.46, 0.6, 0.33, 0.3))
    p.shape("body", ellipse(-0.24, 0.91, 0.34, 0.09), line=0.8)
    p.shape(
        "body",
        smooth(
            (0.1, -0.1), (0.3, -0.4), (0.6, -0.42), (0.88, -0.14), (0.96, 0.08), (0.78, 0.26), (0.4, 0.26), (0.14, 0.14)
        ),
    )
    p.mark("light", ellipse(0.8, 0.12, 0.17, 0.13))
    if lop:
        _ear(p, 0.3, -0.26, np.pi + 0.45, 0.7)
    else:
        _ear(p, 0.26, -0.26, lean, 0.78)
    p.mark("ink", ellipse(0.945, 0.02, 0.07, 0.06))
    p.mark("ink", band(curve((0.92, 0.06), (0.88, 0.14), (0.76, 0.16)), 0.04))
    p.mark("blush", ellipse(0.58, 0.12, 0.1, 0.065))
    eye(p, 0.6, -0.1, 0.12)


def _upright(p: Pen, r: np.random.Generator) -> None:
    long = r.uniform(0.62, 0.72)
    ears = int(r.integers(4))
    wave = r.random() < 0.35
    for side in (-1, 1):
        if ears == 0:
            continue
        bent = ears == 1 and side > 0
        _ear(p, 0.18 * side, -0.36, (1.15 if bent else r.uniform(0.1, 0.3)) * side, long)
    p.shape("snow", ellipse(-0.5, 0.78, 0.18, 0.17))
    p.shape(
        "body",
        smooth(
            (0, 0.02), (0.3, 0.14), (0.46, 0.56), (0.42, 0.92), (0, 0.98), (-0.42, 0.92), (-0.46, 0.56), (-0.3, 0.14)
        ),
    )
    p.mark("light", ellipse(0, 0.58, 0.26, 0.3))
    for side in (-1, 1):
        p.shape("body", ellipse(0.34 * side, 0.88, 0.26, 0.12, 0.12 * side), line=0.8)
        p.mark("light", ellipse(0.4 * side, 0.88, 0.12, 0.06))
        if wave and side > 0:
            p.shape("body", band([(0.28, 0.3), (0.62, 0.08)], 0.22, 0.2), line=0.8)
        else:
            p.shape("body", band([(0.26 * side, 0.28), (0.15 * side, 0.54)], 0.22, 0.2), line=0.8)
    p.shape(
        "body",
        smooth(
            (0, -0.46),
            (0.34, -0.38),
            (0.54, -0.02),
            (0.36, 0.24),
            (0, 0.3),
            (-0.36, 0.24),
            (-0.54, -0.02),
            (-0.34, -0.38),
        ),
    )
    if ears == 0:
        for side in (-1, 1):
            _ear(p, 0.38 * side, -0.32, (np.pi - 0.52) * side, 0.72)
    if r.random() < 0.35:
        p.mark("dark", ellipse(0.23, -0.07, 0.2, 0.2))
    p.mark("light", ellipse(-0.1, 0.12, 0.15, 0.12), ellipse(0.1, 0.12, 0.15, 0.12))
    p.mark("snow", poly((-0.075, 0.16), (0.075, 0.16), (0.06, 0.3), (-0.06, 0.3)))
    p.mark(
        "blush",
        poly((-0.085, 0.0), (0.085, 0.0), (0, 0.1)),
        ellipse(-0.38, 0.1, 0.09, 0.06),
        ellipse(0.38, 0.1, 0.09, 0.06),
    )
    smile(p, -0.08, 0.08, 0.085, 0.04)
    smile(p, 0.08, 0.08, 0.085, 0.04)
    eye(p, -0.23, -0.08, 0.115)
    eye(p, 0.21, -0.08, 0.115)


@subject("horse", "pony", size=1.1)
def horse(p: Pen, r: np.random.Generator) -> None:
    """A horse side on with a long neck, mane and flowing tail, standing, stepping or galloping."""
    gait = int(r.integers(3))
    swish, mane = r.uniform(0.02, 0.16), ("dark", "dark", "light", "cream")[int(r.integers(4))]
    coat, blaze = int(r.integers(4)), r.random() < 0.5
    legs = {
        0: (
            ((-0.5, 0.4), (-0.4, 0.92)),
            ((0.3, 0.4), (0.28, 0.92)),
            ((-0.52, 0.3), (-0.62, 0.6), (-0.6, 0.92)),
            ((0.42, 0.3), (0.46, 0.92)),
        ),
        1: (
            ((-0.5, 0.4), (-0.34, 0.62), (-0.3, 0.92)),
            ((0.3, 0.4), (0.62, 0.46), (0.6, 0.74)),
            ((-0.52, 0.3), (-0.64, 0.62), (-0.7, 0.92)),
            ((0.4, 0.3), (0.38, 0.92)),
        ),
        2: (
            ((-0.5, 0.4), (-0.72, 0.6), (-0.92, 0.78)),
            ((0.3, 0.4), (0.6, 0.52), (0.78, 0.74)),
            ((-0.5, 0.3), (-0.5, 0.66), (-0.68, 0.92)),
            ((0.42, 0.3), (0.7, 0.6), (0.92, 0.88)),
        ),
    }[gait]
    tail = (-0.56, -0.14), (-0.8, -0.16), (-0.98 + swish, 0.16), (-0.97 + swish * 1.5, 0.66), (-0.82 + swish, 0.5)
    p.shape(mane, smooth(*tail, (-0.74 + swish * 0.5, 0.22), (-0.6, 0.04)))
    for leg in legs[:2]:
        p.shape("dark", band(leg, 0.2, 0.15))
        p.mark("door", ellipse(leg[-1][0] + 0.02, leg[-1][1] + 0.01, 0.1, 0.075))
    p.shape(mane, smooth((0.44, -0.96), (0.2, -0.92), (0.02, -0.6), (-0.06, -0.24), (0.16, -0.08), (0.4, -0.5)))
    p.shape(
        "body",
        smooth(
            (-0.72, 0.06),
            (-0.56, -0.2),
            (-0.1, -0.14),
            (0.3, -0.22),
            (0.54, 0.06),
            (0.46, 0.36),
            (0.0, 0.4),
            (-0.4, 0.38),
            (-0.66, 0.34),
        ),
        poly((0.0, -0.12), (0.3, -0.8), (0.58, -0.56), (0.54, 0.14)),
        smooth(
            (0.26, -0.76),
            (0.42, -0.9),
            (0.6, -0.82),
            (0.94, -0.5),
            (0.98, -0.34),
            (0.84, -0.26),
            (0.6, -0.42),
            (0.38, -0.5),
        ),
        poly((0.32, -0.8), (0.4, -1.04), (0.54, -0.82)),
        *(band(leg, 0.25 if i else 0.29, 0.16) for i, leg in enumerate(legs[2:])),
    )
    if coat == 0:
        p.mark(
            "light",
            smooth((-0.6, -0.1), (-0.3, -0.16), (-0.2, 0.06), (-0.44, 0.18)),
            smooth((0.06, 0.3), (0.1, 0.06), (0.3, 0.1), (0.3, 0.3)),
        )
    elif coat == 1:
        for x, y in ((-0.54, 0.0), (-0.36, -0.08), (-0.42, 0.12), (-0.2, 0.0), (-0.6, 0.16)):
            p.mark("light", ellipse(x, y, 0.05, 0.05))
    elif coat == 2:
        p.mark("light", ellipse(-0.05, 0.3, 0.36, 0.08))
    for leg in legs[2:]:
        x, y = leg[-1]
        p.mark("light", ellipse(x, y - 0.1, 0.085, 0.07))
        p.mark("door", ellipse(x + 0.02, y + 0.01, 0.11, 0.08))
    p.mark("light", ellipse(0.88, -0.38, 0.1, 0.1))
    if blaze:
        p.mark("light", band([(0.62, -0.76), (0.84, -0.54)], 0.08))
    p.shape(mane, smooth((0.42, -0.94), (0.56, -0.86), (0.5, -0.68), (0.34, -0.74)), line=0.6)
    p.shape(
        mane, smooth((0.34, -0.86), (0.34, -0.6), (0.18, -0.36), (0.16, -0.1), (0.04, -0.28), (0.12, -0.62)), line=0
    )
    p.mark("ink", ellipse(0.92, -0.42, 0.035, 0.04))
    p.mark("ink", band(curve((0.92, -0.3), (0.84, -0.32), (0.76, -0.36)), 0.04))
    eye(p, 0.58, -0.64, 0.085)


@subject("butterfly", floats=True, tilt=0.3)
def butterfly(p: Pen, r: np.random.Generator) -> None:
    """A butterfly from above with spread wings, or side on with the wings raised."""
    above = r.random() < 0.65
    tails, pattern = r.random() < 0.35, int(r.integers(3))
    high, wide, low = r.uniform(0.82, 0.98), r.uniform(0.84, 0.98), r.uniform(0.74, 0.9)
    if not above:
        _side_on(p, r, pattern)
        return
    upper = smooth(
        (0.04, -0.02), (0.2, -0.56), (0.6, -high), (wide, 0.08 - high), (wide - 0.02, -0.36), (0.66, 0.0), (0.3, 0.12)
    )
    lower = smooth((0.04, 0.02), (0.36, 0.02), (0.74, 0.14), (0.8, 0.5), (0.56, low), (0.28, 0.66), (0.1, 0.34))
    tail = band([(0.5, low - 0.2), (0.62, 0.97)], 0.16, 0.09)
    for flip in (-1.0, 1.0):
        p.shape("dark", _moved(lower, 0, 0, 0, flip), *([_moved(tail, 0, 0, 0, flip)] if tails else []))
        p.mark("body", _moved(_inner(lower, 0.4, 0.36, 0.72), 0, 0, 0, flip))
        p.shape("dark", _moved(upper, 0, 0, 0, flip))
        p.mark("body", _moved(_inner(upper, 0.48, -0.4, 0.78), 0, 0, 0, flip))
        if pattern == 0:
            spots = [ellipse(0.66, -0.58, 0.12, 0.14), ellipse(0.52, 0.42, 0.12, 0.12), ellipse(0.38, -0.3, 0.07, 0.08)]
        elif pattern == 1:
            spots = [
                smooth((0.16, -0.14), (0.34, -0.5), (0.64, -0.62), (0.5, -0.24)),
                smooth((0.18, 0.14), (0.5, 0.22), (0.46, 0.48)),
            ]
        else:
            spots = [
                band([(0.24, -0.16), (0.62, -0.66)], 0.08, 0.12),
                band([(0.3, -0.06), (0.74, -0.36)], 0.08, 0.12),
                ellipse(0.46, 0.4, 0.14, 0.12),
            ]
        p.mark("light", *(_moved(s, 0, 0, 0, flip) for s in spots))
        if pattern == 0:
            p.mark("dark", _moved(ellipse(0.66, -0.58, 0.055, 0.065), 0, 0, 0, flip))
        p.mark("ink", _moved(band(curve((0.03, -0.46), (0.1, -0.72), (0.26, -0.88)), 0.05), 0, 0, 0, flip))
        p.mark("ink", _moved(ellipse(0.27, -0.89, 0.055, 0.055), 0, 0, 0, flip))
    p.shape("ink", band([(0, -0.3), (0, 0.5)], 0.17, 0.09), ellipse(0, -0.4, 0.12, 0.12), line=0)


def _side_on(p: Pen, r: np.random.Generator, pattern: int) -> None:
    lean = r.uniform(-0.12, 0.1)
    fore = smooth((0.2, 0.44), (0.26, 0.0), (0.5, -0.6), (0.86, -0.94), (0.96, -0.6), (0.8, 0.0), (0.44, 0.42))
    main = smooth((0.16, 0.5), (0.1, -0.1), (-0.06, -0.66), (-0.36, -0.98), (-0.66, -0.9), (-0.6, -0.4), (-0.3, 0.16))
    hind = smooth((0.14, 0.5), (-0.2, 0.0), (-0.6, -0.12), (-0.92, 0.08), (-0.88, 0.42), (-0.5, 0.62), (-0.1, 0.6))
    p.shape("dark", _moved(fore, 0.0, 0.0, lean * 0.5))
    p.mark("body", _moved(_inner(fore, 0.5, -0.2, 0.76), 0.0, 0.0, lean * 0.5))
    for wing, x, y in ((hind, -0.45, 0.26), (main, -0.24, -0.3)):
        p.shape("dark", _moved(wing, 0, 0, lean))
        p.mark("body", _moved(_inner(wing, x, y, 0.78), 0, 0, lean))
    if pattern == 0:
        spots = [ellipse(-0.38, -0.6, 0.13, 0.15), ellipse(-0.56, 0.24, 0.13, 0.12)]
    elif pattern == 1:
        spots = [
            smooth((0.04, 0.2), (-0.12, -0.3), (-0.4, -0.66), (-0.38, -0.3)),
            smooth((-0.1, 0.36), (-0.46, 0.1), (-0.68, 0.3)),
        ]
    else:
        spots = [
            band([(0.0, 0.06), (-0.22, -0.62)], 0.08, 0.1),
            band([(-0.12, 0.06), (-0.46, -0.5)], 0.08, 0.1),
            ellipse(-0.56, 0.26, 0.14, 0.11),
        ]
    p.mark("light", *(_moved(s, 0, 0, lean) for s in spots))
    p.mark("ink", band(curve((0.52, 0.36), (0.66, 0.1), (0.86, 0.04)), 0.05), ellipse(0.88, 0.04, 0.055, 0.055))
    p.mark("ink", band(curve((0.56, 0.4), (0.76, 0.26), (0.94, 0.28)), 0.05), ellipse(0.95, 0.28, 0.055, 0.055))
    p.mark("ink", band([(-0.34, 0.78), (0.12, 0.58), (0.4, 0.46)], 0.1, 0.18), ellipse(0.5, 0.44, 0.13, 0.13))
