"""Tower, windmill and lighthouse."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, arc, band, box, curve, ellipse, poly, smooth
from ._register import subject
from .buildings import _arch, _battlements


def _drum(top: float, bottom: float, above: float, below: float, waist: float = 0.0) -> Points:
    """A round wall seen from the front, of half widths `above` and `below`, its foot and sides curved."""
    t = np.linspace(0, 1, 9)
    x, y = above + (below - above) * t - waist * np.sin(np.pi * t), top + (bottom - 0.05 - top) * t
    right, left = np.stack([x, y], 1), np.stack([-x, y], 1)
    return np.concatenate([right, arc(0, bottom - 0.05, below, 0.05, 0, np.pi, 11), left[::-1]])


def _hoop(y0: float, y1: float, half0: float, half1: float, sag: float = 0.05) -> Points:
    """A band around a round wall from y0 down to y1; its edges sag towards the viewer."""
    return np.concatenate([arc(0, y0, half0, sag, np.pi, 0, 11), arc(0, y1, half1, sag, 0, np.pi, 11)])


def _pennant(p: Pen, y: float, side: int) -> None:
    """A flag on a pole that stands on (0, y)."""
    p.mark("steel", box(-0.025, -0.99, 0.025, y))
    p.shape("light", poly((0.02 * side, -0.99), (0.42 * side, -0.88), (0.02 * side, -0.75)), line=0.7)


@subject("tower", size=1.1, tilt=0.03)
def tower(p: Pen, r: np.random.Generator) -> None:
    """One tall round stone tower with a door and windows, under battlements or a pointed roof."""
    pointed = r.random() < 0.5
    half, foot, top = r.uniform(0.34, 0.4), r.uniform(0.46, 0.52), r.uniform(-0.5, -0.42)
    side = 1 if r.random() < 0.5 else -1
    lit = "lit" if r.random() < 0.5 else "ink"
    ivy = r.random() < 0.45
    if not pointed:
        _pennant(p, top - 0.1, side)
    p.shape("body", _drum(top, 0.98, half, foot, 0.03))
    p.mark(
        "light",
        poly((-half + 0.06, top), (-half + 0.16, top), (-foot + 0.25, 0.9), (-foot + 0.17, 0.94), (-foot + 0.1, 0.9)),
    )
    p.mark("dark", poly((half, top + 0.06), (half - 0.1, top + 0.06), (foot - 0.14, 0.93), (foot - 0.02, 0.93)))
    stones = ((-0.14, -0.2), (0.1, -0.28), (0.1, 0.32), (-0.24, 0.1), (-0.02, 0.22), (-0.32, 0.66), (0.3, 0.62))
    for x, y in stones:
        p.mark("dark", band([(x - 0.07, y), (x, y + 0.012), (x + 0.07, y)], 0.05))
    if pointed:
        p.shape("body", _hoop(top - 0.03, top + 0.12, half + 0.07, half + 0.07))
        peak = r.uniform(-0.98, -0.94)
        p.shape(
            "dark",
            np.concatenate(
                [
                    arc(0, top + 0.02, half + 0.17, 0.07, 0, np.pi, 11),
                    curve((-half + 0.08, top - 0.2), (-0.1, peak + 0.14), (0.0, peak)),
                    curve((0.1, peak + 0.14), (half - 0.08, top - 0.2)),
                ]
            ),
        )
        p.mark("body", poly((-half - 0.03, top + 0.02), (-0.04, peak + 0.12), (-half + 0.22, top + 0.06)))
        p.mark("gold", ellipse(0, peak, 0.055, 0.055))
    else:
        p.shape(
            "body",
            _drum(top - 0.06, top + 0.14, half + 0.13, half + 0.05),
            _battlements(-half - 0.15, half + 0.15, top - 0.1, 4, 0.17),
        )
        p.mark("light", box(-half - 0.1, top - 0.05, -half + 0.06, top + 0.02))
        p.mark("dark", _hoop(top + 0.05, top + 0.11, half + 0.08, half + 0.05, 0.035))
    for x, y in ((0.05 * side, top + 0.4), (-0.14 * side, top + 0.83)):
        p.shape("cream", _arch(x, y + 0.03, 0.115, 0.16), line=0.6)
        p.mark(lit, _arch(x, y, 0.08, 0.14))
    p.shape("dark", _arch(0.06 * side, 0.98, 0.24, 0.26), line=0.6)
    p.mark("door", _arch(0.06 * side, 0.98, 0.18, 0.24))
    p.mark("ink", box(0.06 * side - 0.015, 0.58, 0.06 * side + 0.015, 0.98))
    p.mark("gold", ellipse(0.06 * side + 0.08, 0.8, 0.04, 0.04))
    if ivy:
        vine = ((-0.44, 0.9), (-0.38, 0.74), (-0.46, 0.6), (-0.36, 0.46), (-0.42, 0.32))
        p.shape("leaf", *(ellipse(x * side, y, 0.095, 0.08) for x, y in vine), line=0.6)


@subject("windmill", size=1.15, tilt=0.03)
def windmill(p: Pen, r: np.random.Generator) -> None:
    """A round mill with a domed cap and four big sails, turned by chance."""
    turn, hub = r.uniform(0.15, 1.42), -0.24
    half, foot = r.uniform(0.24, 0.28), r.uniform(0.46, 0.54)
    lattice = "dark" if r.random() < 0.5 else "cream"
    pane = "lit" if r.random() < 0.5 else "glass"
    p.shape("body", _drum(hub, 0.98, half, foot, 0.05))
    p.mark(
        "light", poly((-half + 0.04, hub + 0.1), (-half + 0.13, hub + 0.1), (-foot + 0.24, 0.9), (-foot + 0.08, 0.9))
    )
    p.mark("dark", poly((half - 0.07, hub), (half, hub), (foot - 0.05, 0.94), (foot - 0.17, 0.94)))
    p.shape(
        "dark",
        np.concatenate(
            [
                arc(0, hub + 0.02, half + 0.08, 0.36, np.pi, 2 * np.pi),
                arc(0, hub + 0.02, half + 0.08, 0.05, 0, np.pi, 9),
            ]
        ),
    )
    p.shape("door", _arch(0, 0.98, 0.15, 0.22), line=0.8)
    p.mark("gold", ellipse(0.06, 0.82, 0.04, 0.04))
    p.shape("cream", _arch(0, 0.46, 0.115, 0.12), line=0.6)
    p.mark(pane, _arch(0, 0.43, 0.08, 0.09))
    for i in range(4):
        a = turn + i * np.pi / 2
        c, s = np.cos(a), np.sin(a)
        at = np.array([[c, s], [-s, c]])

        def placed(shape: Points, at: Points = at) -> Points:
            return np.asarray(shape @ at + (0.0, hub))

        p.shape("wood", placed(box(0, -0.035, 0.76, 0.035)), line=0.7)
        p.shape("light", placed(poly((0.2, 0.01), (0.75, 0.01), (0.78, 0.28), (0.2, 0.22))), line=0.8)
        p.mark(lattice, *(placed(box(x, 0.04, x + 0.055, 0.235)) for x in (0.33, 0.47, 0.61)))
        p.mark("wood", placed(box(0.1, -0.035, 0.77, 0.03)))
    p.shape("gold", ellipse(0, hub, 0.09, 0.09), line=0.8)


@subject("lighthouse", size=1.1, tilt=0.03)
def lighthouse(p: Pen, r: np.random.Generator) -> None:
    """A tapered tower with bands, a gallery and a lit lantern under a small dome."""
    foot, half = r.uniform(0.43, 0.5), r.uniform(0.25, 0.29)
    count, shift = int(r.integers(2, 4)), r.uniform(-0.03, 0.03)
    beams, rocks = r.random() < 0.35, r.random() < 0.45
    top, bottom = -0.4, 0.98
    if beams:
        for side in (-1, 1):
            p.mark("lit", poly((0.1 * side, -0.62), (0.8 * side, -0.74), (0.8 * side, -0.46), (0.1 * side, -0.55)))
    p.shape("body", _drum(top, bottom, half, foot))

    def wide(y: float) -> float:
        return half + (foot - half) * (y - top) / (bottom - 0.05 - top)

    white = "dark" if sum(p.tones["body"]) > 700 else "snow"
    tall = 0.29 / count
    for i in range(count):
        y = -0.12 + shift + i * 0.86 / count
        p.mark(white, _hoop(y, y + tall, wide(y), wide(y + tall)))
    p.mark(
        "dark" if white == "snow" else "metal", poly((half - 0.06, top), (half, top), (foot, 0.93), (foot - 0.12, 0.96))
    )
    p.mark("deep", _arch(0.0, 0.22, 0.075, 0.1))
    p.mark("lit", _arch(0.0, 0.2, 0.05, 0.08))
    p.shape("door", _arch(0.0, 0.98, 0.14, 0.18), line=0.8)
    p.mark("gold", ellipse(0.06, 0.84, 0.035, 0.035))
    p.shape("lit", box(-0.2, -0.72, 0.2, -0.44))
    p.mark("snow", ellipse(0, -0.59, 0.1, 0.11))
    p.mark("gold", ellipse(0, -0.59, 0.06, 0.07))
    p.mark("steel", *(box(x - 0.025, -0.72, x + 0.025, -0.44) for x in (-0.18, 0.18)))
    p.shape("dark", _hoop(-0.46, -0.36, half + 0.12, half + 0.08, 0.04))
    p.mark("light", _hoop(-0.455, -0.42, half + 0.1, half + 0.1, 0.04))
    p.shape(
        "body",
        np.concatenate([arc(0, -0.71, 0.28, 0.24, np.pi, 2 * np.pi, 12), arc(0, -0.71, 0.28, 0.03, 0, np.pi, 9)]),
    )
    p.mark("light", ellipse(-0.12, -0.81, 0.07, 0.045, -0.6))
    p.shape("dark", ellipse(0, -0.95, 0.05, 0.05), line=0.7)
    if rocks:
        p.shape("metal", smooth((-0.7, 0.98), (-0.62, 0.8), (-0.46, 0.76), (-0.32, 0.9), (-0.28, 0.98)), line=0.7)
        p.shape("metal", smooth((0.24, 0.98), (0.34, 0.86), (0.5, 0.84), (0.64, 0.98)), line=0.7)
        p.mark("steel", ellipse(-0.42, 0.92, 0.08, 0.04), ellipse(0.5, 0.94, 0.08, 0.035))
