"""How a word becomes a vector: alone, in templates, or as the mean over captions of the drawn world that say it."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidSetting
from ..prompt import Tokens

if TYPE_CHECKING:
    from .space import Space, Tell

CAPTIONS = 24
"""Of the drawn world, over which a word's vector is averaged."""
# Words that are in every prompt and say nothing of the picture by themselves.
_SMALL = frozenset(
    "a an and are as at by for from in into is it its of on or over the their there to under with".split()
)

IN_CAPTIONS = "captions"

Template = str | Sequence[str] | None


class Words:
    """The words of one Explorer, as vectors of one space.

    A model learned from captions, in which no word stands alone, so that a word alone can be a poor question; the mean
    over several texts around it is the usual way out (prompt ensembling, Radford et al. 2021, section 3.1.4).
    template: None is the word alone; one or several texts with braces, "a photo of a {}", whose mean is taken;
        "captions", the mean over captions of the drawn world that say it, for words that the miniature knows.
    """

    def __init__(self, ex: Any, space: "Space", template: Template = None) -> None:
        self.known = known_words(ex)
        self.kinds = kinds_known(self.known)
        self.space = space
        self.in_captions = template == IN_CAPTIONS
        self.templates = ["{}"] if template is None or self.in_captions else template
        self.templates = [self.templates] if isinstance(self.templates, str) else list(self.templates)
        if not self.templates or not all(isinstance(one, str) and "{}" in one for one in self.templates):
            raise InvalidSetting(
                f"template is {template!r:.60}, expected braces for the word, 'a photo of a {{}}', or 'captions'."
            )
        if self.in_captions and not self.known:
            raise InvalidSetting(
                "There are captions for the miniature alone, whose world is drawn: use template='a photo of a {}'."
            )

    def told(self, text: str) -> list[str]:
        """The texts whose mean is a word's vector."""
        small = text.strip().casefold()
        if self.in_captions and small in self.kinds:
            return captions(self.known, self.kinds[small], small)
        return [one.replace("{}", text) for one in self.templates]

    def encode(self, texts: Sequence[str], plain: Sequence[bool] = (), on_progress: "Tell | None" = None) -> np.ndarray:
        """Vectors of words and prompts, (n, d) float32 of length 1. plain: which are prompts, and read as they are."""
        several = [[text] if i < len(plain) and plain[i] else self.told(text) for i, text in enumerate(texts)]
        every = [one for own in several for one in own]
        vectors = self.space.encode_text(every, on_progress=on_progress)
        found = np.empty((len(texts), vectors.shape[1]), np.float32)
        at = 0
        for i, own in enumerate(several):
            mean = vectors[at : at + len(own)].mean(0) if len(own) > 1 else vectors[at]
            found[i] = mean / max(float(np.linalg.norm(mean)), 1e-12) if len(own) > 1 else mean
            at += len(own)
        return found

    @property
    def said(self) -> str:
        """What was done, for a map's note; empty for words alone."""
        if self.in_captions:
            return f"each word that the model was taught is the mean over {CAPTIONS} captions that say it"
        return "" if self.templates == ["{}"] else "each word is read in its template"


def captions(known: Mapping[str, Sequence[str]], kind: str, word: str) -> list[str]:
    """Captions of the drawn world that say a word: each of one subject, as different as they can be otherwise."""
    from ..miniature import world
    from ..miniature.world.places import WEATHERLESS

    lot = np.random.default_rng(7)  # the same other words for each word, so that what differs is the word alone

    def one(names: Sequence[str]) -> str:
        return names[int(lot.integers(len(names)))]

    outside = [place for place in known["place"] if place not in WEATHERLESS]
    found: list[str] = []
    for _ in range(4 * CAPTIONS):
        said = {"subject": one(known["subject"]), "colour": one(known["colour"])}
        place, shown = one(outside), lot.random() < 0.5
        more: dict[str, Any] = {"style": one(known["style"]) if known["style"] and lot.random() < 0.5 else None}
        if kind in said:
            said[kind] = word
        elif kind == "place":
            place = word
        else:
            more[kind] = word
        scene = world.Scene((world.Subject(said["subject"], said["colour"]),), place, **more)
        text = world.prompt(scene, place=shown or kind in ("place", "weather"))
        if text not in found:
            found.append(text)
    return found[:CAPTIONS]


def known_words(ex: Any) -> dict[str, list[str]]:
    """The words of the drawn world by their kind, for a model that was taught it; else none."""
    if ex.vocabulary is None:
        return {}
    from ..miniature import world

    lists = {
        "subject": world.SUBJECTS,
        "colour": world.COLOURS,
        "style": world.STYLES,
        "place": world.PLACES,
        "weather": world.WEATHERS,
        "mood": world.MOODS,
    }
    found = {
        kind: [name for name in names if set(name.casefold().split()) <= ex.vocabulary] for kind, names in lists.items()
    }
    # Another closed language than the drawn world's has hardly any of these.
    return found if found["subject"] and found["colour"] and found["place"] else {}


def kinds_known(known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The kind of each word, in small letters."""
    return {name.casefold(): kind for kind, names in known.items() for name in names}


def words_of(prompt: str, known: Mapping[str, str]) -> list[str]:
    """The words of a prompt that say something: names that are known, of several words too, and all other long ones."""
    found: list[str] = []
    rest = prompt
    for name in sorted(known, key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        if pattern.search(rest):
            found.append(name)
            rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    for word in Tokens.of(rest, (), limit=0, read=0).words:
        text = word.text.strip(".,;:!?()[]\"'").casefold()
        if text and text not in _SMALL and text not in found and any(c.isalpha() for c in text):
            found.append(text)
    return found
