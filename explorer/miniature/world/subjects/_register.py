"""How a subject is registered, and the small parts that several subjects share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..canvas import Pen, arc, band, ellipse

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


def subject(
    *words: str, floats: bool = False, size: float = 1.0, tilt: float = 0.05, several: bool = False
) -> Callable[[Draw], Draw]:
    """Register a drawing function under the first of `words`; the others are its synonyms."""

    def register(draw: Draw) -> Draw:
        KINDS[words[0]] = Kind(draw, words, floats, size, tilt, several)
        return draw

    return register


def eye(p: Pen, x: float, y: float, size: float) -> None:
    """A round eye with a glint, legible on any colour."""
    p.mark("ink", ellipse(x, y, size * 1.18, size * 1.25))
    p.mark("snow", ellipse(x, y, size, size * 1.08))
    p.mark("ink", ellipse(x + size * 0.18, y + size * 0.08, size * 0.68, size * 0.76))
    p.mark("snow", ellipse(x - size * 0.1, y - size * 0.3, size * 0.26, size * 0.28))


def smile(p: Pen, x: float, y: float, width: float, thick: float = 0.045) -> None:
    """A smiling mouth."""
    p.mark("ink", band(arc(x, y, width, width * 0.7, 0.25, np.pi - 0.25, 9), thick))
