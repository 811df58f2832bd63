"""How a place is registered, and the small parts that several places share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..canvas import RGB, Pen, Points, poly

Draw = Callable[[Pen, np.random.Generator, "str | None"], None]


@dataclass(frozen=True)
class Place:
    """A place's drawing function and how subjects and captions use it.

    The function draws with x and y from 0 to 1, y down, over a sky that is already there, and is told the weather.
    phrases: how captions say it, the content word in brackets. nouns: what can follow "a rainy".
    ground: where feet may stand (y), or None where everything floats. front: drawn before the subjects' feet.
    sky: top and bottom colours, one pair drawn by the seed, where the weather makes none.
    weather: whether there is any weather here.
    """

    draw: Draw
    phrases: tuple[str, ...]
    nouns: tuple[str, ...]
    ground: tuple[float, float] | None
    front: Draw | None
    sky: tuple[tuple[RGB, RGB], ...]
    weather: bool


KINDS: dict[str, Place] = {}


def place(
    name: str,
    *phrases: str,
    nouns: tuple[str, ...],
    ground: tuple[float, float] | None = (0.84, 0.93),
    front: Draw | None = None,
    sky: tuple[tuple[RGB, RGB], ...] = (),
    weather: bool = True,
) -> Callable[[Draw], Draw]:
    """Register a place's drawing function under its canonical name."""

    def register(draw: Draw) -> Draw:
        KINDS[name] = Place(draw, phrases, nouns, ground, front, sky, weather)
        return draw

    return register


def rolling(r: np.random.Generator, y: float, height: float, waves: float = 1.0) -> Points:
    """A hilly skyline that closes below the picture."""
    x = np.linspace(-0.05, 1.05, 24)
    a, b = r.uniform(0, 6.3, 2)
    top = y + height * (0.65 * np.sin(5 * waves * x + a) + 0.35 * np.sin(9 * waves * x + b))
    return np.concatenate([np.stack([x, top], 1), poly((1.05, 1.1), (-0.05, 1.1))])


def tuft(p: Pen, x: float, y: float, s: float, colour: RGB) -> None:
    """Three blades of grass."""
    p.mark(
        colour,
        *(poly((x + d * s - s * 0.3, y), (x + d * 1.5 * s, y - s * 2.2), (x + d * s + s * 0.3, y)) for d in (-1, 0, 1)),
    )
