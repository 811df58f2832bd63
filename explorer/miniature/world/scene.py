"""What a scene is: its names, its frozen record, and the drawing of one by lot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from .palette import COLOURS
from .places import PLACES, WEATHERLESS
from .styles import STYLES
from .subjects import SUBJECTS
from .weathers import WEATHERS

RELATIONS = ("left of", "right of")


def _check(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ValueError(f"The drawn world has no {kind} called {name!r}; it knows {', '.join(known)}.")


def generator(seed: int, purpose: int) -> np.random.Generator:
    """A random generator of its own for each (seed, purpose), so that one part's draws never move another's."""
    return np.random.Generator(np.random.PCG64([seed, purpose]))


@dataclass(frozen=True)
class Subject:
    """One thing in a scene, by its canonical names. Raises ValueError, naming the known ones, for any other."""

    name: str
    colour: str

    def __post_init__(self) -> None:
        _check("subject", self.name, SUBJECTS)
        _check("colour", self.colour, COLOURS)


@dataclass(frozen=True)
class Scene:
    """What is to be drawn. `seed` (0 or more) gives the variety: position, size, details and the caption's wording.

    relation: where the first of two subjects stands, seen from the second; None leaves the sides to the seed.
    Raises ValueError, naming what is known, if a name is not of the world or the parts do not go together.
    """

    subjects: tuple[Subject, ...]
    place: str = "plain background"
    weather: str | None = None
    style: str | None = None
    relation: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.subjects) <= 2:
            raise ValueError(f"A scene has one subject or two, not {len(self.subjects)}.")
        if len({s.name for s in self.subjects}) < len(self.subjects):
            raise ValueError(f"Two subjects need different names; both are {self.subjects[0].name!r}.")
        _check("place", self.place, PLACES)
        if self.weather is not None:
            _check("weather", self.weather, WEATHERS)
            if self.place in WEATHERLESS:
                raise ValueError(f"There is no weather at {self.place!r}; leave weather as None there.")
        if self.style is not None:
            _check("style", self.style, STYLES)
        if self.relation is not None:
            _check("relation", self.relation, RELATIONS)
            if len(self.subjects) < 2:
                raise ValueError(f"{self.relation!r} needs two subjects.")
        if self.seed < 0:
            raise ValueError(f"A seed is 0 or more, not {self.seed}.")


def sample(seed: int) -> Scene:
    """Draw a scene by lot: one subject in 65 of 100, every name of a kind equally often."""
    r = generator(seed, 0)
    names = r.permutation(len(SUBJECTS))[: 1 if r.random() < 0.65 else 2]
    subjects = tuple(Subject(SUBJECTS[n], COLOURS[int(r.integers(len(COLOURS)))]) for n in names)
    place = PLACES[int(r.integers(len(PLACES)))]
    weather = None
    if place not in WEATHERLESS and r.random() < 0.75:
        weather = WEATHERS[int(r.integers(len(WEATHERS)))]
    style = (None, *STYLES)[int(r.integers(len(STYLES) + 1))]
    relation = RELATIONS[int(r.integers(2))] if len(subjects) == 2 and r.random() < 0.7 else None
    return Scene(subjects, place, weather, style, relation, seed)
