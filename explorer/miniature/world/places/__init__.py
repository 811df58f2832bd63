"""The places behind the subjects: one function each, drawing from the back to the front in units of the picture."""

from __future__ import annotations

from . import built, land, nowhere, water
from ._register import KINDS, Place, place

_ORDER = (
    "countryside landscape",
    "sea",
    "desert",
    "city",
    "forest",
    "space",
    "plain background",
    "beach",
    "living room",
    "underwater",
    "farm",
)
PLACES = tuple(sorted(KINDS, key=_ORDER.index))
WEATHERLESS = frozenset(name for name, kind in KINDS.items() if not kind.weather)

__all__ = ["KINDS", "PLACES", "WEATHERLESS", "Place", "built", "land", "nowhere", "place", "water"]
