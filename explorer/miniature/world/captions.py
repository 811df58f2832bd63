"""A scene's words: from one word to a full sentence, with the span of every content word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from . import places, styles, subjects, weathers
from .palette import COLOURS
from .scene import Scene, generator

LOOSE = ("a picture of {}", "an image of {}", "a drawing of {}")
SIDES = {
    "left of": ("{} left of {}", "{} to the left of {}", "{} on the left of {}"),
    "right of": ("{} right of {}", "{} to the right of {}", "{} on the right of {}"),
}
TOGETHER = ("{} and {}", "{} next to {}", "{} beside {}", "{} and {}")
FRAMES = ("{s} {w} {p}", "{s} {p} {w}", "{s} {p}, {w}", "{p}, {s} {w}", "{w}, {s} {p}", "{s} {w} {p}")


@dataclass(frozen=True)
class Word:
    """A content word or phrase: its span in the caption, its kind and, for subjects and colours, whose it is."""

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


class _Teller:
    """The choices behind one caption."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.r: np.random.Generator = generator(scene.seed, 3)

    def pick(self, options: tuple[str, ...]) -> str:
        return options[int(self.r.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.r.random() < p)

    def noun(self, index: int, *, colour: bool, article: bool) -> str:
        one = self.scene.subjects[index]
        kind = subjects.KINDS[one.name]
        word = kind.words[0] if self.chance(0.72) or len(kind.words) == 1 else self.pick(kind.words[1:])
        text = _mark(word, "subject", index)
        if colour:
            text = f"{_mark(one.colour, 'colour', index)} {text}"
        if not article:
            return text
        if kind.several:
            return f"a pair of {text}" if self.chance(0.35) else text
        said = one.colour if colour else word
        return f"{'an' if said[0] in 'aeiou' else 'a'} {text}"

    def who(self, *, article: bool = True) -> str:
        scene = self.scene
        colour = self.chance(0.86)
        first = self.noun(0, colour=colour, article=article)
        if len(scene.subjects) == 1:
            return first
        second = self.noun(1, colour=colour if self.chance(0.9) else not colour, article=article)
        form = self.pick(SIDES[scene.relation] if scene.relation and self.chance(0.8) else TOGETHER)
        return form.format(first, second)

    def where(self) -> str:
        return _brackets(self.pick(places.KINDS[self.scene.place].phrases), "place")

    def outside(self) -> str:
        return _brackets(self.pick(weathers.KINDS[self.scene.weather].phrases), "weather") if self.scene.weather else ""

    def styled(self, body: str) -> str:
        style = self.scene.style
        if style and self.chance(0.72):
            return _brackets(self.pick(styles.KINDS[style].phrases), "style").replace("{}", body)
        return self.pick(LOOSE).replace("{}", body) if self.chance(0.15) else body

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
            vowel = "an" if adjective[0] in "aeiou" else "a"
            who = self.who()
            return self.styled(f"{who} in {vowel} {_mark(adjective, 'weather')} {_mark(self.pick(nouns), 'place')}")
        place = self.where() if self.chance(0.62) else ""
        weather = self.outside() if self.chance(0.8) else ""
        frame = self.pick(FRAMES)
        if scene.style and not frame.startswith("{s}"):
            frame = FRAMES[0]
        body = re.sub(r"\s+", " ", frame.format(s=self.who(), p=place, w=weather))
        body = body.replace(" ,", ",").strip(" ,")
        return self.styled(body)


def caption(scene: Scene) -> Caption:
    """Say what a scene shows; the wording is drawn by the scene's seed, so the same scene has the same caption."""
    teller = _Teller(scene)
    marked = teller.tell()
    text, words, at = "", [], 0
    for m in _MARK.finditer(marked):
        text += marked[at : m.start()]
        words.append(Word(len(text), len(text) + len(m[3]), m[1], int(m[2])))
        text += m[3]
        at = m.end()
    text += marked[at:]
    if teller.chance(0.08):
        text = text[0].upper() + text[1:]
    return Caption(text, tuple(words))


def _vocabulary() -> tuple[str, ...]:
    said: list[str] = [*LOOSE, *TOGETHER, *COLOURS, *styles.STYLES, "a an pair of in"]
    for forms in SIDES.values():
        said += forms
    for kind in subjects.KINDS.values():
        said += kind.words
    for place in places.KINDS.values():
        said += [*place.phrases, *place.nouns]
    for weather in weathers.KINDS.values():
        said += weather.phrases
    for style in styles.KINDS.values():
        said += style.phrases
    return tuple(sorted({word for phrase in said for word in re.findall(r"[a-z]+", phrase.lower())}))


VOCABULARY = _vocabulary()
