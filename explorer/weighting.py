"""Prompts as people type them elsewhere, `(word:1.3)`, `((word))`, `[word]`, `[a:b:0.4]`, read into a plain prompt with
weights and times. Pure text: no torch.

The syntax is that of AUTOMATIC1111's web interface (its wiki, "Attention/emphasis" and "Prompt editing"):

    (red)         weight 1.1; ((red)) 1.1 * 1.1; [red] 1 / 1.1; (red:1.3) weight 1.3
    [cat:dog:0.4] "cat" for the first 0.4 of the steps, "dog" from then on; a whole number is a step instead
    [dog:0.4]     "dog" from 0.4 on; [cat::0.4] "cat" until 0.4
    \\( \\) \\[ \\]   the bracket itself
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidSetting

EMPHASIS = 1.1
"""What one pair of round brackets multiplies by, and square ones divide by."""

When = float | int | None
"""A time in a run: a whole number is a step, counted from 0; other numbers are shares of the run, 0 to 1; None is its
beginning or end."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Characters `prompt[start:end]` count so many times."""

    start: int
    end: int
    factor: float


@dataclass(frozen=True, slots=True)
class Window:
    """Characters `prompt[start:end]` are read only from a time on, and until another."""

    start: int
    end: int
    begin: When = None
    until: When = None

    def open(self, step: int, steps: int) -> bool:
        """Whether they are read in a step, counted from 0, of so many."""
        return _step(self.begin, steps, 0) <= step < _step(self.until, steps, steps)


@dataclass(frozen=True, slots=True)
class Weighted:
    """A prompt with what its brackets said: the words of all times in one text, their weights, when they are read."""

    prompt: str
    weights: tuple[Weight, ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it is read as any other prompt: nothing has another weight or a time of its own."""
        return not self.weights and not self.windows

    def at(self, step: int, steps: int) -> "tuple[str, tuple[tuple[int, int], ...]]":
        """The text that is read in a step, and the stretches (start, end) of `prompt` that it is made of."""
        shut = [(w.start, w.end) for w in self.windows if not w.open(step, steps)]
        kept = _outside(shut, len(self.prompt)) if shut else [(0, len(self.prompt))]
        kept = _tidied(self.prompt, kept)
        return "".join(self.prompt[start:end] for start, end in kept), tuple(kept)

    def phases(self, steps: int) -> "list[tuple[int, str, tuple[tuple[int, int], ...]]]":
        """The texts of a run one after another: (its first step, text, stretches of `prompt`)."""
        found: list[tuple[int, str, tuple[tuple[int, int], ...]]] = []
        for step in range(steps):
            text, kept = self.at(step, steps)
            if not found or found[-1][2] != kept:
                found.append((step, text, kept))
        return found

    def weighted(self, spans: Iterable[tuple[int, int]], factor: float) -> "Weighted":
        """With another factor on some stretches of the prompt; a factor of 1 changes nothing."""
        more = [Weight(start, end, factor) for start, end in spans if factor != 1]
        return Weighted(self.prompt, (*self.weights, *more), self.windows)

    def timed(self, spans: Iterable[tuple[int, int]], begin: When, until: When) -> "Weighted":
        """With stretches of the prompt that are read only from `begin` until `until`; the whole run changes nothing."""
        more = [] if _whole(begin, until) else [Window(start, end, begin, until) for start, end in spans]
        return Weighted(self.prompt, self.weights, (*self.windows, *more))

    def replaced(self, changes: Sequence[tuple[int, int, str]]) -> "Weighted":
        """With stretches (start, end) of the prompt replaced by other texts; weights and times stay with their words.

        A stretch that is left empty takes a neighbouring space with it. What is put in at a stretch's edges belongs to
        none of the weights there, and what replaces a whole weighted stretch takes its weight.
        """
        whole = [change if change[2] else (*_with_space(self.prompt, *change[:2]), "") for change in sorted(changes)]
        parts: list[str] = []
        edges: list[tuple[int, int, int, int]] = []  # of each change: old start and end, new start and end
        last = length = 0
        for start, end, new in whole:
            start = max(start, last)
            end = max(end, start)
            parts += [self.prompt[last:start], new]
            length += start - last
            edges.append((start, end, length, length + len(new)))
            length += len(new)
            last = end
        text = "".join([*parts, self.prompt[last:]])
        head = len(text) - len(text.lstrip()) if not self.prompt[:1].isspace() else 0
        text = text.strip() if text.strip() != self.prompt.strip() else text

        def moved(place: int, opens: bool) -> int:
            shift = 0
            for start, end, new_start, new_end in edges:
                if place > end or (place == end and start != end) or (place == end == start and opens):
                    shift = new_end - end
                elif place > start:  # inside of what was replaced
                    return min(max((new_start if opens else new_end) - head, 0), len(text))
            return min(max(place + shift - head, 0), len(text))

        weights = [Weight(moved(w.start, True), moved(w.end, False), w.factor) for w in self.weights]
        windows = [Window(moved(w.start, True), moved(w.end, False), w.begin, w.until) for w in self.windows]
        return Weighted(
            text, tuple(w for w in weights if w.start < w.end), tuple(w for w in windows if w.start < w.end)
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        return {
            "prompt": self.prompt,
            "weights": [[w.start, w.end, w.factor] for w in self.weights],
            "windows": [[w.start, w.end, w.begin, w.until] for w in self.windows],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Weighted":
        """From `to_dict`."""
        weights = tuple(Weight(int(s), int(e), float(f)) for s, e, f in data["weights"])
        return cls(str(data["prompt"]), weights, tuple(Window(int(s), int(e), b, u) for s, e, b, u in data["windows"]))

    def told(self) -> list[str]:
        """What the brackets do, a sentence for each word or phrase: for showing beside the prompt."""
        lines = [f"{self.prompt[w.start : w.end]!r} counts {w.factor:g} times" for w in self.weights]
        for w in self.windows:
            word = self.prompt[w.start : w.end]
            if w.begin == w.until == 0 or not word.strip():
                continue
            since = "" if w.begin is None else f" from {_time(w.begin)}"
            lines.append(f"{word.strip()!r} is read{since}{'' if w.until is None else f' until {_time(w.until)}'}")
        return lines


def parse(text: str) -> Weighted:
    """Read a prompt with brackets.

    Returns the plain prompt with the weights and times that the brackets gave; a prompt without brackets comes back as
    it is. Raises InvalidSetting, naming the place, for a bracket that is never closed or never opened, a number that is
    none, and for forms that are not known here (`[a|b]`, `AND`, `<lora:...>`).
    """
    reader = _Reader(text)
    reader.items("")
    return Weighted("".join(reader.out), tuple(_combined(reader.weights)), tuple(reader.windows))


def when(name: str, value: Any) -> When:
    """A time as a person gives it, checked: a step, a share of the run, or None. Raises InvalidSetting."""
    if value is None:
        return None
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
        raise InvalidSetting(f"{name} is {value!r}, expected a step, a share of the run from 0.0 to 1.0, or None.")
    if isinstance(number, float) and number > 1:
        raise InvalidSetting(f"{name} is {value!r}, expected a share from 0.0 to 1.0: write {int(number)} for a step.")
    return number


class _Reader:
    """Reads a text once, from left to right; `out` grows into the plain prompt."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.out: list[str] = []
        self.weights: list[Weight] = []
        self.windows: list[Window] = []

    @property
    def length(self) -> int:
        return sum(map(len, self.out))

    def items(self, closers: str) -> None:
        """Up to one of `closers`, which stays unread, or to the end of the text."""
        while self.place < len(self.text):
            c = self.text[self.place]
            if c == "\\" and self.text[self.place + 1 : self.place + 2] in {*"()[]:|\\"}:
                self.out.append(self.text[self.place + 1])
                self.place += 2
            elif c in closers:
                return
            elif c == "(":
                self.round()
            elif c == "[":
                self.square()
            elif c in ")]":
                raise InvalidSetting(
                    f"The bracket {c} at character {self.place + 1} was never opened: remove it, or write \\{c} for "
                    "the bracket itself."
                )
            elif c == "|" and "]" in closers:
                raise InvalidSetting(
                    f"Words that take turns, [a|b], at character {self.place + 1} are not known here: "
                    "use [a:b:0.5], one after the other."
                )
            elif self.text.startswith("<lora:", self.place):
                raise InvalidSetting(
                    f"<lora:...> at character {self.place + 1} is not part of a prompt here: "
                    "load it with pipe.load_lora_weights() and remove it."
                )
            else:
                self.out.append(c)
                self.place += 1

    def round(self) -> None:
        opened, start = self.place, self.length
        self.place += 1
        first_weight = len(self.weights)
        self.items(":)")
        factor = EMPHASIS
        if self._next(opened) == ":":
            word = self._until(")", opened)
            factor = _number(word, self.place - len(word))
        self._close(")", opened)
        if factor != 1:
            self.weights.insert(first_weight, Weight(start, self.length, factor))

    def square(self) -> None:
        opened, start = self.place, self.length
        self.place += 1
        first_weight, first_window = len(self.weights), len(self.windows)
        self.items(":]")
        if self._next(opened) == "]":
            self._close("]", opened)
            self.weights.insert(first_weight, Weight(start, self.length, 1 / EMPHASIS))
            return
        middle = self.length
        parts = [middle]
        spans: list[tuple[int, int, When, When]]
        self.place += 1
        ahead = re.match(r"\s*([^][():|\\]*?)\s*\]", self.text[self.place :])
        if ahead and _is_number(ahead[1]):
            times = ahead[1]  # [dog:0.4]
            self.place += ahead.end() - 1
            spans = [(start, middle, _moment(times), None)]
        else:
            glue = (middle, middle)
            if self.text[self.place : self.place + 1] != ":" and middle > start:
                self.out.append(" ")
                glue = (middle, self.length)
            begin = self.length
            self.items(":]")
            parts.append(self.length)
            if self._next(opened) == "]":
                raise InvalidSetting(
                    f"The bracket [ at character {opened + 1} has no time: write [a:b:0.4], where 0.4 is the share of "
                    "the steps."
                )
            times = self._until("]", opened)
            moment = _moment(times.strip(), self.place - len(times))
            spans = [(start, middle, None, moment), (begin, parts[-1], moment, None)]
            if glue[0] < glue[1]:
                spans.append((*glue, 0, 0))
        self._close("]", opened)
        new = [Window(s, e, b, u) for s, e, b, u in spans if s < e and not _whole(b, u)]
        self.windows[first_window:first_window] = new

    def _next(self, opened: int) -> str:
        if self.place >= len(self.text):
            c = self.text[opened]
            raise InvalidSetting(
                f"The bracket {c} at character {opened + 1} is never closed: close it, or write \\{c} for the bracket "
                "itself."
            )
        return self.text[self.place]

    def _until(self, closer: str, opened: int) -> str:
        """The text from behind a colon up to `closer`."""
        self.place += 1
        end = self.text.find(closer, self.place)
        if end < 0:
            self.place = len(self.text)
            self._next(opened)
        found = self.text[self.place : end]
        self.place = end
        return found

    def _close(self, closer: str, opened: int) -> None:
        if self._next(opened) != closer:
            raise InvalidSetting(
                f"The bracket {self.text[opened]} at character {opened + 1} is closed by {self.text[self.place]}, "
                f"expected {closer}."
            )
        self.place += 1


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text))


def _number(text: str, place: int) -> float:
    if not _is_number(text.strip()):
        raise InvalidSetting(
            f"The weight {text.strip()[:20]!r} at character {place + 1} is no number: write it as in (word:1.3), "
            "or \\: for a colon."
        )
    return float(text)


def _moment(text: str, place: int = 0) -> When:
    if not _is_number(text) or text.startswith("-"):
        raise InvalidSetting(
            f"The time {text[:20]!r} at character {place + 1} is no number: write it as in [a:b:0.4], "
            "where 0.4 is the share of the steps."
        )
    number = float(text)
    if number == int(number) and ("." not in text or number > 1):
        return int(number)
    return when("The time", number)


def _combined(weights: Iterable[Weight]) -> Iterable[Weight]:
    """Brackets around the very same words multiply; nested ones stay apart, and multiply where they are used."""
    found: dict[tuple[int, int], float] = {}
    for w in weights:
        if w.start < w.end:
            found[w.start, w.end] = found.get((w.start, w.end), 1.0) * w.factor
    return (Weight(start, end, factor) for (start, end), factor in found.items() if factor != 1)


def _step(time: When, steps: int, otherwise: int) -> int:
    if time is None:
        return otherwise
    return time if isinstance(time, int) else round(time * steps)


def _whole(begin: When, until: When) -> bool:
    return (begin is None or begin == 0) and (until is None or (isinstance(until, float) and until >= 1))


def _time(time: When) -> str:
    return f"step {time}" if isinstance(time, int) else f"{time:.0%} of the steps"


def _outside(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """What is left of 0 to `length` without some stretches."""
    left, last = [], 0
    for start, end in sorted(spans):
        if start > last:
            left.append((last, start))
        last = max(last, end)
    return [*left, (last, length)] if last < length else left


def _with_space(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch with the space after it, or else before it, so that two spaces don't meet where it is left out."""
    if text[end : end + 1].isspace() and (start == 0 or text[start - 1].isspace()):
        return start, end + 1
    if end == len(text) and start and text[start - 1].isspace():
        return start - 1, end
    if start and text[start - 1].isspace() and text[end : end + 1] in {*",.;:!?"}:
        return start - 1, end
    return start, end


def _tidied(text: str, kept: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches without the spaces that meet where something was left out, and without those at both ends."""
    if kept == [(0, len(text))]:
        return kept
    found: list[tuple[int, int]] = []
    for start, end in kept:
        bare = not found or text[found[-1][1] - 1].isspace()
        while start < end and bare and text[start].isspace():
            start += 1
        if start < end:
            found.append((start, end))
    while found and text[found[-1][1] - 1].isspace():
        start, end = found.pop()
        if start < end - 1:
            found.append((start, end - 1))
    return found
