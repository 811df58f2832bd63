"""Tokens: the pieces a text encoder reads, the words they make, and where they stand."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from .errors import UnknownWord

_JOINERS = frozenset("'-\u2019\u2010")  # inside a word these do not end it: bear's, blue-green
_SHOWN = 12  # words named in an error


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of the prompt."""

    text: str
    """The characters of the prompt it stands for (without the tokenizer's own marks)."""
    position: int
    """Its row among those that the denoiser reads as text; with CLIP, row 0 is the beginning-of-text token."""
    start: int
    end: int
    """Characters `prompt[start:end]`."""
    encoder: str = ""
    """Which text encoder made the row, where the denoiser reads those of several."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the prompt, or a run of punctuation."""

    text: str
    start: int
    end: int
    pieces: tuple[int, ...]
    """Indices into `Tokens.pieces`."""
    cut: bool
    """Whether some of it lies beyond the limit of every encoder, so that the model never read it as a whole."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the denoiser reads of one prompt.

    prompt: the text as typed.
    pieces: those that were read, encoder by encoder, and then those that were cut off.
    limit: rows of the text, special tokens and padding included (77 with CLIP).
    read: how many of `pieces`, from the first, fit under the limit.
    unknown: indices of the words that are outside the language of a model that was taught a closed one.
    """

    prompt: str
    pieces: tuple[Piece, ...]
    words: tuple[Word, ...]
    limit: int
    read: int
    unknown: tuple[int, ...] = ()

    @classmethod
    def build(cls, prompt: str, spans: Iterable[tuple[int, int]], *, limit: int, read: int, first: int = 1) -> "Tokens":
        """Group one tokenizer's pieces into words.

        spans: for each piece, in order and without special tokens, its characters (the tokenizer's offsets).
        limit: rows of the text; read: how many pieces fit; first: the row of the first piece.
        A piece belongs to the word in which its first visible character stands.
        """
        pieces = tuple(
            Piece(prompt[start:end], position, start, end) for position, (start, end) in enumerate(spans, start=first)
        )
        return cls.of(prompt, pieces, limit=limit, read=read)

    @classmethod
    def of(cls, prompt: str, pieces: tuple[Piece, ...], *, limit: int, read: int) -> "Tokens":
        """Group pieces into words, the first `read` of which were read; see `build`."""
        word_spans = _word_spans(prompt)
        starts = [start for start, _ in word_spans]
        own: list[list[int]] = [[] for _ in word_spans]
        for i, piece in enumerate(pieces):
            at = _first_visible(prompt, piece)
            word = bisect_right(starts, at) - 1
            if word >= 0 and at < word_spans[word][1]:
                own[word].append(i)

        def cut(indices: list[int]) -> bool:
            lost = {pieces[i].encoder for i in indices if i >= read}
            return bool(lost) and lost == {pieces[i].encoder for i in indices}

        words = tuple(
            Word(prompt[start:end], start, end, tuple(indices), cut(indices))
            for (start, end), indices in zip(word_spans, own, strict=True)
        )
        return cls(prompt, pieces, words, limit, min(read, len(pieces)))

    @classmethod
    def joined(cls, **encoders: "Tokens") -> "Tokens":
        """One prompt as several encoders read it, whose rows stand behind one another in the order given."""
        parts, first = [], 0
        for name, one in encoders.items():
            moved = [replace(piece, position=piece.position + first, encoder=name) for piece in one.pieces]
            parts.append((moved[: one.read], moved[one.read :]))
            first += one.limit
        read = [piece for kept, _ in parts for piece in kept]
        prompt = next(iter(encoders.values())).prompt
        pieces = (*read, *(piece for _, lost in parts for piece in lost))
        return cls.of(prompt, pieces, limit=first, read=len(read))

    def behind(self, rows: int) -> "Tokens":
        """These tokens with so many rows of something else before them."""
        pieces = tuple(replace(piece, position=piece.position + rows) for piece in self.pieces)
        return Tokens.of(self.prompt, pieces, limit=self.limit + rows, read=self.read)

    def within(self, rows: int) -> "Tokens":
        """These tokens cut off, or with padding, at so many rows."""
        read = sum(piece.position < rows for piece in self.pieces[: self.read])
        return Tokens.of(self.prompt, self.pieces, limit=rows, read=read)

    def known_by(self, vocabulary: Collection[str] | None) -> "Tokens":
        """These tokens with the words marked that a model with this vocabulary (in lower case) was never taught.

        A word such as "blue-green" is known if all its parts are. None stands for an open language: nothing is marked.
        """
        if vocabulary is None:
            return self
        parts = [re.findall(r"\w+", word.text.casefold()) for word in self.words]
        return replace(
            self, unknown=tuple(i for i, own in enumerate(parts) if any(part not in vocabulary for part in own))
        )

    def find(self, word: "str | int | Sequence[str | int]") -> tuple[int, ...]:
        """Indices into `words` for a word, a phrase, an index, or several of these.

        A word that stands in the prompt several times means all of its places. Case does not matter.
        Raises UnknownWord, naming the prompt's words, if it is not there, or if the model never read it.
        """
        if not isinstance(word, str | int):
            return tuple(dict.fromkeys(i for one in word for i in self.find(one)))
        if isinstance(word, int):
            if not -len(self.words) <= word < len(self.words):
                raise UnknownWord(f"There is no word {word}: the prompt has {len(self.words)} words. {self._known()}")
            found: tuple[int, ...] = (word % len(self.words),)
        else:
            wanted = [word[start:end].casefold() for start, end in _word_spans(word)]
            own = [w.text.casefold() for w in self.words]
            places = [i for i in range(len(own) - len(wanted) + 1) if own[i : i + len(wanted)] == wanted]
            if not wanted or not places:
                raise UnknownWord(f"The prompt does not hold {_shorten(word)!r}. {self._known()}")
            found = tuple(dict.fromkeys(i for place in places for i in range(place, place + len(wanted))))
        if not any(self.positions(i) for i in found):
            text = _shorten(self.words[found[0]].text)
            if self.words[found[0]].cut:
                raise UnknownWord(
                    f"{text!r} was cut off: the text encoder reads {self.limit} tokens, "
                    "so shorten the prompt or move the word forward."
                )
            raise UnknownWord(
                f"{text!r} has no token that begins in it, so it has no map of its own: ask for the word before it."
            )
        return found

    def positions(self, index: int) -> tuple[int, ...]:
        """Which of the pieces that were read, counted from 0, make the word at `index`."""
        return tuple(i for i in self.words[index].pieces if i < self.read)

    def shares(self, index: int) -> dict[int, float]:
        """How much each of `positions` counts for the map of a word.

        The mean over the pieces of an encoder; where several encoders read the word, the sum of their means.
        """
        own = self.positions(index)
        of = [self.pieces[i].encoder for i in own]
        return {i: 1 / of.count(encoder) for i, encoder in zip(own, of, strict=True)}

    def _known(self) -> str:
        names = list(dict.fromkeys(w.text for w in self.words if any(c.isalnum() for c in w.text)))
        if not names:
            return "The prompt has no words."
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return f"Its words are: {', '.join(_shorten(name) for name in names[:_SHOWN])}{more}."

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        rows = [piece.position for piece in self.pieces]
        first = rows[0] if rows else 1
        about: dict[str, Any] = {
            "prompt": self.prompt,
            "spans": [[p.start, p.end] for p in self.pieces],
            "limit": self.limit,
            "read": self.read,
            "first": first,
        }
        if any(p.encoder for p in self.pieces) or rows != list(range(first, first + len(rows))):
            about |= {"rows": rows, "encoders": [p.encoder for p in self.pieces]}
        if self.unknown:
            about |= {"unknown": list(self.unknown)}
        return about

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Tokens":
        """From `to_dict`."""
        spans = [(int(start), int(end)) for start, end in data["spans"]]
        sizes = {name: int(data[name]) for name in ("limit", "read")}
        prompt, first = str(data["prompt"]), int(data["first"])
        rows = [int(row) for row in data.get("rows", range(first, first + len(spans)))]
        encoders = [str(name) for name in data.get("encoders", [""] * len(spans))]
        pieces = tuple(
            Piece(prompt[start:end], row, start, end, encoder)
            for (start, end), row, encoder in zip(spans, rows, encoders, strict=True)
        )
        tokens = cls.of(prompt, pieces, **sizes)
        unknown = (int(index) for index in data.get("unknown", ()))
        return replace(tokens, unknown=tuple(index for index in unknown if 0 <= index < len(tokens.words)))


def _kind(character: str) -> str:
    """'w' for what makes words in any script, ' ' for what parts them, 's' for the rest (punctuation, emoji)."""
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    return "w" if category[0] in "LNM" or character == "_" else "s"


def _word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words and the runs of punctuation or emoji of a text stand."""
    kinds = [_kind(c) for c in text]
    for i in range(1, len(text) - 1):
        if text[i] in _JOINERS and kinds[i - 1] == "w" and _kind(text[i + 1]) == "w":
            kinds[i] = "w"
    spans = []
    for kind, group in groupby(range(len(text)), key=lambda i: kinds[i]):
        places = list(group)
        if kind != " ":
            spans.append((places[0], places[-1] + 1))
    return spans


def _first_visible(prompt: str, piece: Piece) -> int:
    """The first character of a piece that is not a space; some tokenizers count the space before a word as its own."""
    return next((i for i in range(piece.start, piece.end) if not prompt[i].isspace()), piece.start)


def _shorten(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
