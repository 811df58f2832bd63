"""The things that can be drawn: one function each, found by importing this folder's files."""

from __future__ import annotations

from . import animals, buildings, creatures, household, nature, objects, people, play, towers, vehicles, water
from ._register import KINDS, Kind

SUBJECTS = tuple(sorted(KINDS))

__all__ = [
    "KINDS",
    "SUBJECTS",
    "Kind",
    "animals",
    "buildings",
    "creatures",
    "household",
    "nature",
    "objects",
    "people",
    "play",
    "towers",
    "vehicles",
    "water",
]
