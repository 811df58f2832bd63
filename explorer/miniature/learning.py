"""Which words a training learns first: read from the curves of its film. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import world
from .film import Film

PREFIX = "word/"
KINDS: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "colour": world.COLOURS,
    "place": world.PLACES,
    "weather": world.WEATHERS,
    "style": world.STYLES,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Word:
    """How one word was learned.

    kind: subject, colour, place, weather or style. right: float32 (checkpoint,), the share of the prompts with it in
    whose pictures the oracle finds it, as the mean of three checkpoints. learned: the checkpoint from which on it is
    found in at least half of them, or None if that never comes; seen: the pictures seen by then.
    """

    text: str
    kind: str
    right: NDArray[np.float32]
    learned: int | None
    seen: int | None

    def __repr__(self) -> str:
        when = "not learned yet" if self.seen is None else f"learned after {self.seen:,} pictures"
        return f"<{self.kind} {self.text!r}: {when}, right in {float(self.right[-1]):.0%} at the end>"


def words(film: Film, *, share: float = 0.5) -> list[Word]:
    """Every word that the film has a curve of, the earliest learned first.

    share: of a word's prompts that must show it, from 0 to 1, for the word to count as learned.
    Raises ValueError where the film has no curves of words, or share is no share.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share!r}, expected a number above 0 and up to 1, such as 0.5.")
    kinds = {name: kind for kind, names in KINDS.items() for name in names}
    found = []
    for name, curve in film.curves.items():
        text = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or text not in kinds:
            continue
        right = _steady(curve)
        later = np.flatnonzero(right < share)
        first = 0 if not len(later) else int(later[-1]) + 1
        learned = first if first < len(right) else None
        seen = None if learned is None else int(film.seen[learned])
        found.append(Word(text, kinds[text], right, learned, seen))
    if not found:
        raise ValueError(f'The film {film.name!r} has no curves of words: choose the film "miniature".')
    return sorted(found, key=lambda w: (w.learned is None, w.learned or 0, -float(w.right.mean()), w.text))


def kinds(film: Film) -> dict[str, NDArray[np.float32]]:
    """The curves of whole kinds, float32 (checkpoint,) each: "subject", "colour" and so on."""
    return {kind: np.asarray(film.curves[kind], np.float32) for kind in KINDS if kind in film.curves}


def table(found: Sequence[Word], most: int = 12) -> str:
    """The first words of `words` as a Markdown table, and how many of each kind were learned."""
    lines = ["| word | kind | learned after | right at the end |", "|---|---|---|---|"]
    for one in list(found)[:most]:
        seen = "not yet" if one.seen is None else f"{one.seen:,} pictures"
        lines.append(f"| {one.text} | {one.kind} | {seen} | {float(one.right[-1]):.0%} |")
    counts = []
    for kind in KINDS:
        own = [one for one in found if one.kind == kind]
        if own:
            counts.append(f"{sum(one.learned is not None for one in own)} of {len(own)} {kind}s")
    return "\n".join([*lines, "", f"Learned by the end: {', '.join(counts)}."])


def _steady(curve: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean with the neighbours before and after; what was not measured counts as 0."""
    padded = np.pad(np.nan_to_num(np.asarray(curve, np.float32)), 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3, np.float32)
