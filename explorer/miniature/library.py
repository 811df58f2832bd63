"""The training pictures, to be searched: by a word of the caption, by what is shown, by style and place.

Nothing is stored. A picture's scene follows from its seed, so looking for scenes draws nothing; only the pictures that
are shown are drawn, and the same ones come out as in the training. No torch.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import world

COUNT = 64_000
"""Pictures that the miniature is trained on: seeds from 0."""


@dataclass(frozen=True, slots=True)
class Item:
    """One training picture: its seed, its caption and what it shows."""

    seed: int
    caption: str
    scene: world.Scene

    def picture(self) -> NDArray[np.uint8]:
        """The picture itself, (128, 128, 3) uint8, drawn now."""
        return world.render(self.scene).image

    def thumb(self, side: int = 64) -> NDArray[np.uint8]:
        """The same, smaller: (side, side, 3) uint8."""
        return np.asarray(Image.fromarray(self.picture()).resize((side, side), Image.Resampling.BOX))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Shelf:
    """What a search found, in the order of the training set.

    items: at most as many as were asked for. searched: how many pictures were gone through. more: whether the search
    ended because it had enough. note: a sentence where the world's own rules explain what was found.
    """

    items: tuple[Item, ...]
    searched: int
    more: bool
    note: str = ""

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> Item:
        return self.items[number]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def thumbs(self, side: int = 64) -> NDArray[np.uint8]:
        """All pictures, small: (item, side, side, 3) uint8."""
        found = [item.thumb(side) for item in self.items]
        return np.stack(found) if found else np.zeros((0, side, side, 3), np.uint8)

    def sheet(self, columns: int = 8) -> Image.Image:
        """All pictures side by side."""
        return world.sheet([item.scene for item in self.items], columns=columns)

    def __repr__(self) -> str:
        said = f"{len(self)} {'or more ' if self.more else ''}of {self.searched:,} training pictures"
        return f"<Shelf: {said}{'. ' + self.note if self.note else ''}>"

    def _repr_png_(self) -> bytes | None:
        if not self.items:
            return None
        held = io.BytesIO()
        self.sheet().save(held, "PNG")
        return held.getvalue()


class Library:
    """A training set, searched scene by scene; what was gone through once is remembered.

    count, first: how many pictures, from which seed on. pairs: which pairs of names it may have, as in training.
    """

    def __init__(self, count: int = COUNT, *, first: int = 0, pairs: world.Pairs = "seen") -> None:
        if count < 1 or first < 0:
            raise ValueError(f"A library has at least one picture and seeds from 0 on, not {count} from {first}.")
        self.count, self.first, self.pairs = count, first, pairs
        self._items: list[Item] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> Item:
        """Training picture `number`, from 0."""
        if not 0 <= number < self.count:
            raise IndexError(f"The library has pictures 0 to {self.count - 1}, not {number}.")
        return self._items[number] if number < len(self._items) else self._item(number)

    def __iter__(self) -> Iterator[Item]:
        for number in range(self.count):
            if number >= len(self._items):
                self._items.append(self._item(number))
            yield self._items[number]

    def search(
        self,
        text: str = "",
        *,
        subject: str | Sequence[str] | None = None,
        colour: str | None = None,
        place: str | None = None,
        weather: str | None = None,
        style: str | None = None,
        mood: str | None = None,
        relation: str | None = None,
        most: int | None = 48,
        within: int | None = None,
    ) -> Shelf:
        """Training pictures that have all that is asked for.

        text: words, each of which must be in the caption, in any order; "in quotes" they must follow one another.
        subject: one of the world's, or two that stand together. colour: of that subject, or of any where none is named.
        place, weather, style, mood, relation: names of the world. most: how many are wanted at most; None is all.
        within: how many pictures to go through at most; None is all of them.
        Raises ValueError, naming what is known, for a name that is not of the world.
        """
        subjects = () if subject is None else (subject,) if isinstance(subject, str) else tuple(subject)
        asked = {"place": place, "weather": weather, "style": style, "mood": mood, "relation": relation}
        for kind, name in (*(("subject", s) for s in subjects), ("colour", colour), *asked.items()):
            known = _known()[kind]
            if name is not None and name not in known:
                raise ValueError(f"The drawn world has no {kind} called {name!r}; it knows {', '.join(known)}.")
        wanted = [(kind, name) for kind, name in asked.items() if name is not None]
        patterns = _patterns(text)

        def fits(item: Item) -> bool:
            scene = item.scene
            if any(getattr(scene, kind) != name for kind, name in wanted):
                return False
            own = {one.name: one.colour for one in scene.subjects}
            if any(name not in own for name in subjects):
                return False
            if colour is not None and colour not in ([own[s] for s in subjects] or own.values()):
                return False
            return all(pattern.search(item.caption) for pattern in patterns)

        found: list[Item] = []
        limit = self.count if within is None else min(within, self.count)
        gone = 0
        for item in self:
            if gone == limit or (most is not None and len(found) == most):
                break
            gone += 1
            if fits(item):
                found.append(item)
        return Shelf(tuple(found), gone, gone < limit, self._note(subjects, colour, place, style, found))

    def words(self, within: int = 4000) -> Counter[str]:
        """How many of the first `within` captions have each word."""
        counts: Counter[str] = Counter()
        for item, _ in zip(self, range(min(within, self.count)), strict=False):
            counts.update(set(re.findall(r"[a-z]+", item.caption.lower())))
        return counts

    def together(self, kind: str = "colour", within: int = 4000) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """How often each subject meets each colour, place or style among the first `within` pictures.

        Returns the names of that kind, and int64 (subject, name); held-out pairs are 0 however far one looks.
        """
        if kind not in ("colour", "place", "style"):
            raise ValueError(f"kind is {kind!r}, expected colour, place or style.")
        names = _known()[kind]
        table = np.zeros((len(world.SUBJECTS), len(names)), np.int64)
        for item, _ in zip(self, range(min(within, self.count)), strict=False):
            for one in item.scene.subjects:
                name = one.colour if kind == "colour" else getattr(item.scene, kind)
                if name is not None:
                    table[world.SUBJECTS.index(one.name), names.index(name)] += 1
        return names, table

    def _ipython_display_(self) -> None:
        from ..views.library import display_library

        display_library(self)

    def __repr__(self) -> str:
        return f"<Library of {self.count:,} training pictures, seeds from {self.first:,}>"

    def _item(self, number: int) -> Item:
        scene = world.sample(self.first + number, self.pairs)
        return Item(scene.seed, world.caption(scene).text, scene)

    def _note(
        self, subjects: Sequence[str], colour: str | None, place: str | None, style: str | None, found: Sequence[Any]
    ) -> str:
        others = [name for name in (colour, place, style) if name is not None]
        kept = [(s, o) for s in subjects for o in others if world.held_out(s, o)]
        if found or not kept or self.pairs != "seen":
            return ""
        return (
            f"No training picture pairs {kept[0][0]} with {kept[0][1]}: this pair is held out, to see what is made up."
        )


@cache
def _known() -> dict[str, tuple[str, ...]]:
    return {
        "subject": world.SUBJECTS,
        "colour": world.COLOURS,
        "place": world.PLACES,
        "weather": world.WEATHERS,
        "style": world.STYLES,
        "mood": world.MOODS,
        "relation": world.RELATIONS,
    }


def _patterns(text: str) -> list[re.Pattern[str]]:
    """One for each word, or phrase in quotes; whole words, in any case."""
    parts = [a or b for a, b in re.findall(r'"([^"]+)"|(\S+)', text)]
    return [re.compile(rf"\b{re.escape(part.strip())}\b", re.IGNORECASE) for part in parts if part.strip()]
