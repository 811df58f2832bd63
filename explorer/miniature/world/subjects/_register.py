"""How a subject is registered, and the small parts that several subjects share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..canvas import Pen, arc, band, ellipse, grow

Draw = Callable[[Pen, np.random.Generator], None]


@dataclass(frozen=True)
class Kind:
    """A subject's drawing function and how it stands in a picture.

    The function draws within x and y from -1 to 1, y down, facing right, its feet at y = 1.
    words: what captions may call it, the canonical name first. floats: needs no ground.
    size: its box against the usual. tilt: the most it leans, in radians. several: takes no article ("sunglasses").
    """

    draw: Draw
    words: tuple[str, ...]
    floats: bool = False
    size: float = 1.0
    tilt: float = 0.05
    several: bool = False


KINDS: dict[str, Kind] = {}
LASHES = ((-0.75, 0.3), (0.0, 0.55), (0.75, 0.3))


def subject(
    *words: str, floats: bool = False, size: float = 1.0, tilt: float = 0.05, several: bool = False
) -> Callable[[Draw], Draw]:
    """Register a drawing function under the first of `words`; the others are its synonyms."""

    def register(draw: Draw) -> Draw:
        KINDS[words[0]] = Kind(draw, words, floats, size, tilt, several)
        return draw

    return register


def eye(p: Pen, x: float, y: float, size: float) -> None:
    """An eye, legible on any colour: round with a glint, or as the pen's mood has it (see `moods.Mood.eyes`)."""
    look = p.mood
    inner = 1.0 if x < 0 or x > 0.4 else -1.0  # where the face's middle lies; one eye alone looks ahead
    if look == "closed":
        s = size * 1.25
        lid = arc(x, y - s * 0.25, s, s * 0.75, 0.1, np.pi - 0.1, 11)
        lashes = [band([(x + a * s, y + b * s), (x + a * s * 1.4, y + b * s * 1.7)], size * 0.24) for a, b in LASHES]
        p.mark("snow", *(grow(o, size * 0.16) for o in (band(lid, size * 0.34), *lashes)))
        p.mark("ink", band(lid, size * 0.34), *lashes)
        return
    if look == "angry":
        size *= 1.12
        p.mark("ink", ellipse(x, y, size * 1.18, size * 1.25))
        p.mark((255, 222, 60), ellipse(x, y, size, size * 1.08))
        p.mark((226, 60, 24), ellipse(x + size * 0.12 * inner, y + size * 0.2, size * 0.62, size * 0.66))
        p.mark("ink", ellipse(x + size * 0.12 * inner, y + size * 0.2, size * 0.24, size * 0.6))
        brow = [(x - inner * size * 1.5, y - size * 1.45), (x + inner * size * 1.45, y - size * 0.25)]
        p.mark("ink", band(brow, size * 0.5, size * 0.72))
        return
    if look == "round":
        size *= 1.2
        p.mark("blush", ellipse(x - inner * size * 0.5, y + size * 1.72, size * 0.72, size * 0.44))
    p.mark("ink", ellipse(x, y, size * 1.18, size * 1.25))
    p.mark("snow", ellipse(x, y, size, size * 1.08))
    if look == "round":
        p.mark("ink", ellipse(x + size * 0.06, y + size * 0.06, size * 0.84, size * 0.92))
        p.mark("snow", ellipse(x - size * 0.22, y - size * 0.34, size * 0.36, size * 0.38))
        p.mark("snow", ellipse(x + size * 0.36, y + size * 0.42, size * 0.2, size * 0.2))
        return
    p.mark("ink", ellipse(x + size * 0.18, y + size * 0.08, size * 0.68, size * 0.76))
    p.mark("snow", ellipse(x - size * 0.1, y - size * 0.3, size * 0.26, size * 0.28))


def smile(p: Pen, x: float, y: float, width: float, thick: float = 0.045) -> None:
    """A smiling mouth; a jagged one under a scary pen."""
    if p.mood == "angry":
        teeth = [(x + width * (i / 3 - 1), y + width * (0.75 if i % 2 else 0.15) + width * 0.1) for i in range(7)]
        p.mark("ink", *(band([a, b], thick * 1.1) for a, b in pairwise(teeth)))
        return
    p.mark("ink", band(arc(x, y, width, width * 0.7, 0.25, np.pi - 0.25, 9), thick))
