"""A scene's words: from one word to a full sentence, with the span of every content word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from . import moods, places, styles, subjects, weathers
from .palette import COLOURS
from .scene import Scene, generator

LOOSE = ("a picture of {}", "an image of {}", "a drawing of {}")
# {0} is the scene's first subject, {1} its second; the first way to say it is the usual one.
SIDES = {
    "left of": (
        "{0} [left] of {1}",
        "{0} to the [left] of {1}",
        "{0} on the [left] of {1}",
        "{1} [right] of {0}",
        "{1} to the [right] of {0}",
    ),
    "right of": (
        "{0} [right] of {1}",
        "{0} to the [right] of {1}",
        "{0} on the [right] of {1}",
        "{1} [left] of {0}",
        "{1} to the [left] of {0}",
    ),
    "above": ("{0} [above] {1}", "{0} [over] {1}", "{0} [above] {1}", "{1} [below] {0}", "{1} [under] {0}"),
    "behind": ("{0} [behind] {1}", "{0} [behind] {1}", "{1} [in front of] {0}"),
}
TOGETHER = ("{0} and {1}", "{0} next to {1}", "{0} beside {1}", "{0} and {1}")
FRAMES = ("{s} {w} {p}", "{s} {p} {w}", "{s} {p}, {w}", "{p}, {s} {w}", "{w}, {s} {p}", "{s} {w} {p}")
NUMBERS = {1: "one", 2: "two", 3: "three"}
SIZES = {"tiny": ("tiny", "tiny", "small", "little"), "huge": ("huge", "huge", "big", "giant", "large")}
SPELLINGS = {"grey": ("grey", "grey", "grey", "gray")}
PERSON = ("man", "woman", "child")
"""Who may be called a person."""
PLURALS = {
    "man": "men",
    "gentleman": "gentlemen",
    "woman": "women",
    "lady": "ladies",
    "child": "children",
    "person": "people",
    "fish": "fish",
    "butterfly": "butterflies",
    "bunny": "bunnies",
    "pony": "ponies",
    "teddy": "teddies",
}


@dataclass(frozen=True)
class Word:
    """A content word or phrase: its span in the caption, its kind and, where it is said of a subject, whose it is."""

    start: int
    end: int
    kind: str
    index: int = 0


@dataclass(frozen=True)
class Caption:
    """A caption and the spans of its content words, from left to right."""

    text: str
    words: tuple[Word, ...]


# While a caption is put together a content word is carried as ⟨kind index|words⟩; the marks are taken out at the end.
_MARK = re.compile(r"⟨(\w+) (\d)\|([^⟩]*)⟩")


def _mark(text: str, kind: str, index: int = 0) -> str:
    return f"⟨{kind} {index}|{text}⟩"


def _brackets(phrase: str, kind: str) -> str:
    return re.sub(r"\[([^]]*)\]", lambda m: _mark(m[1], kind), phrase)


def plural(noun: str) -> str:
    """More than one of it."""
    if noun in PLURALS:
        return PLURALS[noun]
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")


class _Teller:
    """The choices behind one caption."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.r: np.random.Generator = generator(scene.seed, 3)
        self.mood_said = scene.mood is None

    def pick(self, options: tuple[str, ...]) -> str:
        return options[int(self.r.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.r.random() < p)

    def noun(self, index: int, *, colour: bool, article: bool) -> str:
        one = self.scene.subjects[index]
        kind = subjects.KINDS[one.name]
        word = kind.words[0] if self.chance(0.75) or len(kind.words) == 1 else self.pick(kind.words[1:])
        if one.name in PERSON and self.chance(0.12):
            word = "person"
        several = kind.several
        words = []
        if not self.mood_said and self.chance(0.75):
            self.mood_said = True
            words.append(("mood", self.pick(moods.KINDS[self.scene.mood or ""].adjectives)))
        if one.size and self.chance(0.94):
            words.append(("size", self.pick(SIZES[one.size])))
        if colour:
            words.append(("colour", self.pick(SPELLINGS.get(one.colour, (one.colour,)))))
        words.append(("subject", plural(word) if one.count > 1 and not several else word))
        text = " ".join(_mark(said, k, index) for k, said in words)
        if one.count > 1:
            number = _mark(NUMBERS[one.count], "count", index)
            return f"{number} pairs of {text}" if several else f"{number} {text}"
        if not article:
            return text
        if several:
            return f"a pair of {text}" if self.chance(0.35) else text
        if self.chance(0.03):
            return f"{_mark('one', 'count', index)} {text}"
        return f"{'an' if words[0][1][0] in 'aeiou' else 'a'} {text}"

    def who(self, *, article: bool = True) -> str:
        scene = self.scene
        colour = self.chance(0.88)
        first = self.noun(0, colour=colour, article=article)
        if len(scene.subjects) == 1:
            return first
        second = self.noun(1, colour=colour if self.chance(0.92) else not colour, article=article)
        if scene.relation and self.chance(0.85):
            return _brackets(self.pick(SIDES[scene.relation]), "relation").format(first, second)
        return self.pick(TOGETHER).format(first, second)

    def where(self) -> str:
        return _brackets(self.pick(places.KINDS[self.scene.place].phrases), "place")

    def outside(self) -> str:
        return _brackets(self.pick(weathers.KINDS[self.scene.weather].phrases), "weather") if self.scene.weather else ""

    def styled(self, body: str, *, loose: bool = True) -> str:
        """In the words of the style or the mood; or, if `loose` words go before it, perhaps in those."""
        style = self.scene.style
        if style and self.chance(0.8):
            return _brackets(self.pick(styles.KINDS[style].phrases), "style").replace("{}", body)
        if not self.mood_said:
            self.mood_said = True
            return _brackets(self.pick(moods.KINDS[self.scene.mood or ""].phrases), "mood").replace("{}", body)
        said = self.pick(LOOSE).replace("{}", body) if self.chance(0.12) else body
        return said if loose else body

    def tell(self) -> str:
        scene, form = self.scene, self.r.random()
        if form < 0.06:
            return self.who(article=False) if len(scene.subjects) == 1 else self.who()
        if form < 0.10 and len(scene.subjects) == 1:
            parts = [self.who(article=False)]
            if self.chance(0.7):
                parts.append(
                    _mark(self.pick(places.KINDS[scene.place].nouns), "place")
                    if places.KINDS[scene.place].nouns
                    else self.where()
                )
            if scene.weather:
                parts.append(_mark(weathers.KINDS[scene.weather].adjective or scene.weather, "weather"))
            if scene.style and self.chance(0.7):
                parts.append(_mark(scene.style, "style"))
            return ", ".join(parts)
        adjective = weathers.KINDS[scene.weather].adjective if scene.weather else None
        nouns = places.KINDS[scene.place].nouns
        if form < 0.16 and adjective and nouns:
            there = "on" if any(said.startswith("on ") for said in places.KINDS[scene.place].phrases) else "in"
            where = f"{there} a {_mark(adjective, 'weather')} {_mark(self.pick(nouns), 'place')}"
            return self.styled(f"{self.who()} {where}")
        place = self.where() if self.chance(0.7) else ""
        weather = self.outside() if self.chance(0.85) else ""
        frame = self.pick(FRAMES)
        if (scene.style or not self.mood_said) and not frame.startswith("{s}"):
            frame = FRAMES[0]
        body = re.sub(r"\s+", " ", frame.format(s=self.who(), p=place, w=weather))
        body = body.replace(" ,", ",").strip(" ,")
        return self.styled(body, loose=frame.startswith("{s}"))


def _read(marked: str) -> Caption:
    """Take the marks out."""
    text, words, at = "", [], 0
    for m in _MARK.finditer(marked):
        text += marked[at : m.start()]
        words.append(Word(len(text), len(text) + len(m[3]), m[1], int(m[2])))
        text += m[3]
        at = m.end()
    return Caption(text + marked[at:], tuple(words))


def caption(scene: Scene) -> Caption:
    """Say what a scene shows; the wording is drawn by the scene's seed, so the same scene has the same caption."""
    teller = _Teller(scene)
    found = _read(teller.tell())
    if teller.chance(0.08):
        return Caption(found.text[0].upper() + found.text[1:], found.words)
    return found


def prompt(scene: Scene, *, place: bool = True) -> str:
    """The scene's one canonical prompt, in which everything is said once and in the usual words; place: say it too.

    An example: "a comic of a tiny red dog left of a blue house on the beach in rainy weather".
    """
    said = []
    for number, one in enumerate(scene.subjects):
        kind = subjects.KINDS[one.name]
        mood = [moods.KINDS[scene.mood].adjectives[0]] if scene.mood and number == 0 else []
        noun = plural(one.name) if one.count > 1 and not kind.several else one.name
        text = " ".join([*mood, *([one.size] if one.size else []), one.colour, noun])
        if one.count > 1:
            text = f"{NUMBERS[one.count]} {'pairs of ' if kind.several else ''}{text}"
        elif not kind.several:
            text = f"{'an' if text[0] in 'aeiou' else 'a'} {text}"
        said.append(text)
    body = said[0]
    if len(said) == 2:
        body = (SIDES[scene.relation] if scene.relation else TOGETHER)[0].format(*said)
    if place:
        body = f"{body} {places.KINDS[scene.place].phrases[0]}"
    if scene.weather:
        body = f"{body} {weathers.KINDS[scene.weather].phrases[0]}"
    if scene.style:
        body = styles.KINDS[scene.style].phrases[0].replace("{}", body)
    return re.sub(r"[][]", "", body)


def _vocabulary() -> tuple[str, ...]:
    said: list[str] = [*LOOSE, *TOGETHER, *COLOURS, *styles.STYLES, *NUMBERS.values(), "a an pair pairs of in"]
    said += ["person people", *PLURALS.values()]
    for forms in (*SIDES.values(), *SIZES.values(), *SPELLINGS.values()):
        said += forms
    for kind in subjects.KINDS.values():
        said += [w for word in kind.words for w in (word, *(() if kind.several else (plural(word),)))]
    for place in places.KINDS.values():
        said += [*place.phrases, *place.nouns]
    for weather in weathers.KINDS.values():
        said += weather.phrases
    for style in styles.KINDS.values():
        said += style.phrases
    for mood in moods.KINDS.values():
        said += [*mood.phrases, *mood.adjectives]
    return tuple(sorted({word for phrase in said for word in re.findall(r"[a-z]+", phrase.lower())}))


VOCABULARY = _vocabulary()
"""Every word that a caption can hold, in lower case."""
