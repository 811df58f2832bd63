"""What a scene is: its names, its frozen record, and the drawing of one by lot."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .moods import MOODS
from .palette import COLOURS
from .places import PLACES, WEATHERLESS
from .styles import STYLES
from .subjects import SUBJECTS
from .weathers import WEATHERS

RELATIONS = ("left of", "right of", "above", "behind")
SIZES = ("tiny", "huge")
Pairs = Literal["seen", "held out", "all"]
"""Which pairs of subject and colour, place or style a scene may have: see `held_out`."""
MOST = 3
"""How many of one kind a scene can show."""


def _check(kind: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ValueError(f"The drawn world has no {kind} called {name!r}; it knows {', '.join(known)}.")


def generator(seed: int, purpose: int) -> np.random.Generator:
    """A random generator of its own for each (seed, purpose), so that one part's draws never move another's."""
    return np.random.Generator(np.random.PCG64([seed, purpose]))


def held_out(subject: str, other: str) -> bool:
    """Whether a subject never meets this colour, place or style in training: one pair in ten, by a fixed rule.

    What the miniature does with such a pair it has understood and not remembered.
    """
    for offset, names in ((0, COLOURS), (4, PLACES), (7, STYLES)):
        if other in names:
            return (7 * SUBJECTS.index(subject) + 3 * names.index(other) + offset) % 10 == 0
    raise ValueError(f"The drawn world has no colour, place or style called {other!r}.")


@dataclass(frozen=True)
class Subject:
    """One kind of thing in a scene, by its canonical names.

    count: how many of it, 1 to 3. size: "tiny", "huge", or None for the usual.
    Raises ValueError, naming what is known, for any other name.
    """

    name: str
    colour: str
    count: int = 1
    size: str | None = None

    def __post_init__(self) -> None:
        _check("subject", self.name, SUBJECTS)
        _check("colour", self.colour, COLOURS)
        if not 1 <= self.count <= MOST:
            raise ValueError(f"A scene shows one to {MOST} of a kind, not {self.count}.")
        if self.size is not None:
            _check("size", self.size, SIZES)


@dataclass(frozen=True)
class Scene:
    """What is to be drawn. `seed` (0 or more) gives the variety: position, pose, details and the caption's wording.

    relation: where the first of two subjects stands, seen from the second; None leaves the sides to the seed.
    Raises ValueError, naming what is known, if a name is not of the world or the parts do not go together.
    """

    subjects: tuple[Subject, ...]
    place: str = "plain background"
    weather: str | None = None
    style: str | None = None
    relation: str | None = None
    mood: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.subjects) <= 2:
            raise ValueError(f"A scene has one subject or two, not {len(self.subjects)}.")
        if len({s.name for s in self.subjects}) < len(self.subjects):
            raise ValueError(f"Two subjects need different names; both are {self.subjects[0].name!r}.")
        if len(self.subjects) == 2 and any(s.count > 1 for s in self.subjects):
            raise ValueError("Several of a kind stand alone; give a scene of two subjects one of each.")
        _check("place", self.place, PLACES)
        if self.weather is not None:
            _check("weather", self.weather, WEATHERS)
            if self.place in WEATHERLESS:
                raise ValueError(f"There is no weather at {self.place!r}; leave weather as None there.")
        if self.style is not None:
            _check("style", self.style, STYLES)
        if self.mood is not None:
            _check("mood", self.mood, MOODS)
        if self.relation is not None:
            _check("relation", self.relation, RELATIONS)
            if len(self.subjects) < 2:
                raise ValueError(f"{self.relation!r} needs two subjects.")
        if self.seed < 0:
            raise ValueError(f"A seed is 0 or more, not {self.seed}.")

    @property
    def held_out(self) -> bool:
        """Whether any of its pairs of subject and colour, place or style never occurs in training."""
        return any(
            held_out(one.name, other)
            for one in self.subjects
            for other in (one.colour, self.place, self.style)
            if other is not None
        )


def _lot(r: np.random.Generator, seed: int) -> Scene:
    def one(names: Collection[str]) -> str:
        return tuple(names)[int(r.integers(len(names)))]

    names = r.permutation(len(SUBJECTS))[: 1 if r.random() < 0.62 else 2]
    sizes = [one(SIZES) if r.random() < 0.25 else None for _ in names]
    count = int(r.integers(2, MOST + 1)) if len(names) == 1 and r.random() < 0.25 else 1
    if len(names) == 2 and r.random() < 0.6:
        sizes = [None, None]
    subjects = tuple(
        Subject(SUBJECTS[n], one(COLOURS), count, size if count == 1 else None)
        for n, size in zip(names, sizes, strict=True)
    )
    place = one(PLACES)
    weather = one(WEATHERS) if r.random() < 0.7 else None
    style = one(STYLES) if r.random() < 0.8 else None
    mood = one(MOODS) if r.random() < 0.15 else None
    relation = one(RELATIONS) if r.random() < 0.85 and len(names) == 2 else None
    return Scene(subjects, place, None if place in WEATHERLESS else weather, style, relation, mood, seed)


def sample(seed: int, pairs: Pairs = "seen") -> Scene:
    """Draw a scene by lot, every name of a kind equally often.

    pairs: "seen" as in training, without the held-out pairs; "held out": at least one of them in it; "all": either.
    """
    r = generator(seed, 0)
    while True:
        scene = _lot(r, seed)
        if pairs == "all" or scene.held_out == (pairs == "held out"):
            return scene
