"""Castle and house."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, arc, band, box, ellipse, poly
from ._register import subject


def _arch(x: float, y: float, width: float, height: float) -> Points:
    """A doorway with a round top, standing on (x, y)."""
    return np.concatenate([arc(x, y - height, width, width, np.pi, 2 * np.pi, 9), poly((x + width, y), (x - width, y))])


def _battlements(x0: float, x1: float, y: float, count: int, height: float = 0.14) -> Points:
    """The toothed outline of a wall's top, from y - height down to y."""
    edges = np.linspace(x0, x1, 2 * count)
    points: list[tuple[float, float]] = [(x0, y + 0.06)]
    for i in range(2 * count - 1):
        level = y - height if i % 2 == 0 else y
        points += [(float(edges[i]), level), (float(edges[i + 1]), level)]
    return poly(*points, (x1, y + 0.06))


@subject("castle", "fortress")
def castle(p: Pen, r: np.random.Generator) -> None:
    """A castle with round towers, pointed or toothed, a gate and flags."""
    pointed = r.random() < 0.6
    tall = r.uniform(-0.08, 0.08)
    lit = "lit" if r.random() < 0.5 else "ink"
    p.shape("dark", box(-0.3, -0.45 + tall, 0.3, 0.9), _battlements(-0.36, 0.36, -0.45 + tall, 4))
    p.mark(lit, _arch(0, -0.1, 0.07, 0.1))
    if r.random() < 0.8:
        p.mark("steel", band([(0, -0.55 + tall), (0, -0.96)], 0.03))
        p.shape("light", poly((0.01, -0.98), (0.32, -0.88), (0.01, -0.76)), line=0.7)
    p.shape("body", box(-0.62, 0.18, 0.62, 0.98), _battlements(-0.62, 0.62, 0.18, 6, 0.13))
    for side in (-1, 1):
        x = 0.68 * side
        top = -0.3 + (tall if side > 0 else -tall)
        p.shape("body", box(x - 0.24, top, x + 0.24, 0.98))
        p.mark("light", box(x - 0.2, top + 0.04, x - 0.08, 0.95))
        if pointed:
            p.shape("dark", poly((x - 0.31, top + 0.04), (x, top - 0.62), (x + 0.31, top + 0.04)))
            p.mark("gold", ellipse(x, top - 0.64, 0.05, 0.05))
        else:
            p.shape("body", _battlements(x - 0.3, x + 0.3, top, 3, 0.16))
        p.mark(lit, _arch(x + 0.04, top + 0.42, 0.075, 0.12))
        p.mark(
            "dark", band([(x - 0.05, 0.45), (x + 0.08, 0.45)], 0.045), band([(x + 0.04, 0.66), (x + 0.17, 0.66)], 0.045)
        )
    p.mark(
        "dark",
        *(
            band([(x, y), (x + 0.12, y)], 0.045)
            for x, y in ((-0.36, 0.36), (0.25, 0.4), (-0.05, 0.34), (-0.38, 0.7), (0.3, 0.66))
        ),
    )
    p.shape("door", _arch(0, 0.98, 0.2, 0.3), line=0.8)
    p.mark("ink", band([(0, 0.52), (0, 0.96)], 0.025))
    p.mark("gold", ellipse(0.07, 0.78, 0.035, 0.035))


@subject("house", "home", "cottage")
def house(p: Pen, r: np.random.Generator) -> None:
    """A small house with a pitched roof, a chimney, a door and windows."""
    peak, wide = r.uniform(-0.98, -0.8), r.uniform(0.72, 0.84)
    side = 1 if r.random() < 0.5 else -1
    p.shape("dark", box(0.3, -0.86, 0.52, -0.2))
    p.mark("metal", box(0.27, -0.92, 0.55, -0.82))
    p.shape("body", box(-wide, -0.2, wide, 0.98))
    p.mark("light", box(-wide, -0.2, -wide + 0.13, 0.98))
    p.shape("dark", poly((-wide - 0.16, -0.12), (0, peak), (wide + 0.16, -0.12)))
    p.mark(
        "body",
        *(
            band([(-(wide - 0.05) * t, -0.12 - 0.75 * (1 - t)), ((wide - 0.05) * t, -0.12 - 0.75 * (1 - t))], 0.035)
            for t in (0.5, 0.75)
        ),
    )
    if r.random() < 0.5:
        p.shape("cream", ellipse(0, -0.4, 0.15, 0.15), line=0.6)
        p.mark("glass", ellipse(0, -0.4, 0.1, 0.1))
    pane = "lit" if r.random() < 0.5 else "glass"
    x = 0.36 * side
    p.shape("door", box(x - 0.19, 0.3, x + 0.19, 0.98, 0.05), line=0.7)
    p.mark("gold", ellipse(x + 0.11, 0.66, 0.04, 0.04))
    x = -0.36 * side
    p.shape("cream", box(x - 0.25, 0.16, x + 0.25, 0.62), line=0.6)
    p.mark(pane, box(x - 0.2, 0.21, x + 0.2, 0.57))
    p.mark("cream", band([(x, 0.2), (x, 0.58)], 0.045), band([(x - 0.2, 0.39), (x + 0.2, 0.39)], 0.045))
    if r.random() < 0.6:
        p.mark("leaf", ellipse(x - 0.12, 0.7, 0.14, 0.08), ellipse(x + 0.12, 0.7, 0.14, 0.08))
        p.mark("blush", ellipse(x - 0.12, 0.66, 0.05, 0.05), ellipse(x + 0.14, 0.67, 0.05, 0.05))
