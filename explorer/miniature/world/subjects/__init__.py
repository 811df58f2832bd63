"""The things that can be drawn: one function each, found by importing this folder's files."""

from __future__ import annotations

from . import animals, buildings, nature, objects, people, vehicles, water
from ._register import KINDS, Kind

SUBJECTS = tuple(KINDS)

__all__ = ["KINDS", "SUBJECTS", "Kind", "animals", "buildings", "nature", "objects", "people", "vehicles", "water"]
