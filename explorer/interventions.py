"""What-if: a recorded run again, from the same noise, with one thing changed.

way="conditioning" changes what the text encoder reads, or its rows. way="attention" keeps the layout: the unedited run
goes beside the edited one, whose cross-attention is taken from it (prompt-to-prompt, Hertz et al. 2022). A change that
changes nothing (a word for itself, a weight of 1) is the very same run, to the bit.
"""

import dataclasses
import math
import numbers
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

import torch

from .analysis.phases import read_in_parts
from .asked import wanted
from .capture import Editor, Keep, Plan
from .conditioning import differing, rows_of, weighted
from .errors import InvalidSetting
from .prompt import Tokens
from .rendering import Renderer, Request, Tell, check_start
from .trace import Trace
from .weighting import Weighted, parse, when

Way = Literal["conditioning", "attention"]
WAYS = ("conditioning", "attention")
HOLD, HOLD_SELF = 0.8, 0.4
"""Shares of the steps in which the unedited run's attention to the text, and to the image itself, is taken over: those
of Hertz et al.'s own examples."""


class WhatIf:
    """One change of one trace; each method runs it and returns the recorded Trace.

    keep, tell: as `keep` and `on_step` of `record`. hold, hold_self: see `Plan`, for way="attention".
    options: what the pipeline itself takes and the trace can't hold, such as the picture of image to image.
    """

    def __init__(
        self,
        ex: Any,
        trace: Trace,
        *,
        way: Way = "conditioning",
        keep: Keep | Mapping[str, Any] | None = None,
        tell: Tell | None = None,
        hold: float = HOLD,
        hold_self: float = HOLD_SELF,
        **options: Any,
    ) -> None:
        if way not in WAYS:
            raise InvalidSetting(f"way is {way!r}, expected one of {', '.join(map(repr, WAYS))}.")
        for name, value in (("hold", hold), ("hold_self", hold_self)):
            if not _number(value) or not 0 <= value <= 1:
                raise InvalidSetting(f"{name} is {value!r}, expected a share of the steps from 0 to 1.")
        self.renderer = Renderer(ex)
        self.trace = trace
        self.way = way
        self.keep, self.tell = wanted(keep), tell
        self.hold, self.hold_self = float(hold), float(hold_self)
        self.request = self.renderer.repeated(trace, **options)
        self.before = weighted_of(trace)
        if way == "attention" and not self.before.plain:
            raise InvalidSetting(
                'This trace has weights or times of its own, which way="attention" can\'t keep: '
                'use way="conditioning", or start from the trace it came from.'
            )

    def without(self, word: str | int | Sequence[str | int]) -> Trace:
        """Leave words out."""
        spans = _spans(self.trace.tokens, word)
        after = self.before.replaced([(start, end, "") for start, end in spans])
        return self._changed(after, {"kind": "without", "words": _texts(self.trace, spans)})

    def swap(self, old: str | int | Sequence[str | int], new: str) -> Trace:
        """Put other words in the place of some."""
        if not isinstance(new, str) or not new.strip():
            raise InvalidSetting(f"new is {new!r}, expected a word: to leave a word out, use without.")
        spans = _runs(self.trace.tokens, old)
        after = self.before.replaced([(start, end, new.strip()) for start, end in spans])
        return self._changed(after, {"kind": "swap", "words": _texts(self.trace, spans), "new": new.strip()})

    def add(self, words: str, where: str | int = "end") -> Trace:
        """Add words: see `explorer.Explorer.add`."""
        if not isinstance(words, str) or not words.strip():
            raise InvalidSetting(f"words is {words!r}, expected at least one word to add.")
        place = _place(self.trace.tokens, where)
        prompt, new = self.before.prompt, words.strip()
        if place and not prompt[place - 1].isspace() and new[0] not in ",.;:!?":
            new = " " + new
        if place < len(prompt) and not prompt[place].isspace():
            new += " "
        after = self.before.replaced([(place, place, new)])
        return self._changed(after, {"kind": "add", "new": words.strip(), "where": where})

    def reweight(self, factors: Mapping[str | int, float]) -> Trace:
        """Make words count more or less."""
        if not isinstance(factors, Mapping) or not factors:
            raise InvalidSetting(f"factors is {factors!r:.60}, expected words and numbers, such as {{'blue': 1.5}}.")
        after = self.before
        for word, factor in factors.items():
            if not _number(factor):
                raise InvalidSetting(f"The weight of {word!r} is {factor!r}, expected a number, such as 1.5.")
            after = after.weighted(_spans(self.trace.tokens, word), float(factor))
        edit = {"kind": "reweight", "factors": {str(word): float(factor) for word, factor in factors.items()}}
        if self.way == "attention" and after != self.before:
            return self._edited(after.prompt, after, edit)
        return self._changed(after, edit)

    def schedule(self, times: Mapping[str | int, Sequence[Any]]) -> Trace:
        """Let words be read in a part of the steps only."""
        if self.way == "attention":
            raise InvalidSetting('Words are timed by what is read: use way="conditioning".')
        after = timed(self.before, self.trace.tokens, times)
        shown = {str(word): list(pair) for word, pair in times.items()}
        return self._changed(after, {"kind": "schedule", "times": shown})

    def _changed(self, after: Weighted, edit: dict[str, Any]) -> Trace:
        if self.way == "attention" and after != self.before:
            return self._edited(after.prompt, Weighted(after.prompt), edit)
        made = run(self.renderer, self.request, after, self._noted(edit), keep=self.keep, tell=self.tell)
        check_start(self.trace, made)
        return made

    def _edited(self, prompt: str, factors: Weighted, edit: dict[str, Any]) -> Trace:
        """By the attention: the run of the trace and that of `prompt` side by side."""
        old, new = (
            one.tokens for one in self.renderer.family.encodings(self.renderer.pipe, [self.before.prompt, prompt])
        )
        plan = plan_of(old, new, factors, self.hold, self.hold_self)
        noted = self._noted(edit) | {"hold": self.hold, "hold_self": self.hold_self}
        request = dataclasses.replace(self.request, prompt=prompt, edit=noted)
        pair = [request] if plan.alone else [self.request, request]
        editor = Editor(self.renderer.pipe, self.renderer.family, plan)
        made = self.renderer.perform(pair, keep=self.keep, tell=self.tell, changes=[editor])[-1]
        check_start(self.trace, made)
        return made

    def _noted(self, edit: dict[str, Any]) -> dict[str, Any]:
        return {**edit, "way": self.way, "of": self.trace.settings.prompt}


def run(
    renderer: Renderer,
    request: Request,
    prompt: Weighted,
    edit: Mapping[str, Any],
    *,
    keep: Keep,
    tell: Tell | None = None,
) -> Trace:
    """Run a prompt with weights and times, from the noise of `request`, by itself."""
    edit = dict(edit) if prompt.plain else {**edit, "weighted": prompt.to_dict(), "told": prompt.told()}
    request = dataclasses.replace(request, prompt=prompt.prompt, edit=edit, alone=True, phases=())
    if prompt.plain:
        return renderer.perform([request], keep=keep, tell=tell)[0]
    whole = renderer.conditioning(request)
    tokens = whole.encoding.tokens
    if prompt.windows and tokens.read < len(tokens.pieces):
        raise InvalidSetting(
            f"With the words of all times, the prompt has more than the {tokens.limit} tokens that the text encoder "
            "reads: shorten it."
        )
    parts = []
    for first, text, stretches in prompt.phases(request.steps):
        one = whole if text == prompt.prompt else renderer.conditioning(request, text)
        parts.append((first, stretches, one))
    empty = renderer.conditioning(request, "") if prompt.weights else whole
    weighted(whole, empty, {0: 1.0} if prompt.weights else {})  # refuses what can't be weighted, in its own words
    names = differing(whole, empty, *(one for _, _, one in parts))
    phases = []
    for first, stretches, one in parts:
        factors: dict[int, float] = {}
        for weight in prompt.weights:
            for start, end in _within(weight.start, weight.end, stretches):
                for row in rows_of(one.encoding.tokens, start, end):
                    factors[row] = factors.get(row, 1.0) * weight.factor
        phases.append((first, weighted(one.only(names), empty, factors).values))
    made = renderer.perform([dataclasses.replace(request, phases=tuple(phases))], keep=keep, tell=tell)[0]
    read = [(first, _matches(tokens, one.encoding.tokens, stretches)) for first, stretches, one in parts]
    return read_in_parts(made, read, request.steps) if prompt.windows else made


def timed(prompt: Weighted, tokens: Tokens, times: Mapping[str | int, Sequence[Any]]) -> Weighted:
    """A prompt with words that are read from a time on, until another."""
    if not isinstance(times, Mapping) or not times:
        raise InvalidSetting(f"times is {times!r:.60}, expected words and times, such as {{'red': (0.0, 0.5)}}.")
    for word, pair in times.items():
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise InvalidSetting(f"The times of {word!r} are {pair!r:.40}, expected two, such as (0.0, 0.5).")
        begin, until = when(f"The first time of {word!r}", pair[0]), when(f"The last time of {word!r}", pair[1])
        prompt = prompt.timed(_runs(tokens, word), begin, until)
    return prompt


def plan_of(old: Tokens, new: Tokens, factors: Weighted, hold: float, hold_self: float) -> Plan:
    """Whose attention each row of the new text has: its own word's in the old text, the replaced words', or its own.

    As in the authors' `get_replacement_mapper` and `get_refinement_mapper`: words that stay keep the old attention,
    those that replace others share theirs, those that are new keep their own.
    """
    taken = torch.zeros(old.limit, new.limit)
    own = torch.ones(new.limit)
    first = [piece.position for piece in old.pieces[: old.read]], [piece.position for piece in new.pieces[: new.read]]
    texts = [[piece.text.strip().casefold() for piece in one.pieces[: one.read]] for one in (old, new)]

    def take(source: Sequence[int], target: Sequence[int]) -> None:
        for i, row in enumerate(target):
            if len(source) == len(target):
                taken[source[i], row] = 1
            else:
                taken[list(source), row] = 1 / len(target)
            own[row] = 0

    for tag, i, j, m, n in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
        if tag in ("equal", "replace"):
            take(first[0][i:j], first[1][m:n])
    # Before the prompt and after it, row by row.
    for row in range(min(min(one, default=1) for one in first)):
        take([row], [row])
    ends = [max(one, default=0) + 1 for one in first]
    for step in range(min(old.limit - ends[0], new.limit - ends[1])):
        take([ends[0] + step], [ends[1] + step])
    scale = torch.ones(new.limit)
    for weight in factors.weights:
        for row in rows_of(new, weight.start, weight.end):
            scale[row] *= weight.factor
    return Plan(taken, own, scale, hold, hold_self)


def asked(renderer: Renderer, request: Request, prompt: str, **more: Any) -> Trace:
    """Run a prompt with brackets, `(word:1.3)` and `[a:b:0.4]`."""
    return run(renderer, request, parse(prompt), {"kind": "weighted", "of": prompt, "way": "conditioning"}, **more)


def weighted_of(trace: Trace) -> Weighted:
    """The prompt of a trace with the weights and times it was run with."""
    edit = trace.settings.edit
    if edit.get("kind") == "path" or (edit.get("way") == "attention"):
        raise InvalidSetting(
            f"This trace was itself made by {edit.get('kind')}, whose change can't be carried on: start from the trace "
            "it came from."
        )
    return Weighted.from_dict(edit["weighted"]) if "weighted" in edit else Weighted(trace.settings.prompt)


def _spans(tokens: Tokens, word: Any) -> list[tuple[int, int]]:
    return [(tokens.words[i].start, tokens.words[i].end) for i in tokens.find(word)]


def _runs(tokens: Tokens, word: Any) -> list[tuple[int, int]]:
    """Where a word or phrase stands: words that follow one another, with what is between them, are one stretch.

    A phrase that stands there several times, or a word that follows itself, is found each time.
    """
    size = len(Tokens.of(word, (), limit=0, read=0).words) if isinstance(word, str) else 1
    found = sorted(tokens.find(word))
    groups: list[list[int]] = []
    for i in found:
        if groups and i == groups[-1][-1] + 1 and len(groups[-1]) < size:
            groups[-1].append(i)
        else:
            groups.append([i])
    return [(tokens.words[own[0]].start, tokens.words[own[-1]].end) for own in groups]


def _texts(trace: Trace, spans: Sequence[tuple[int, int]]) -> list[str]:
    return [trace.settings.prompt[start:end] for start, end in spans]


def _place(tokens: Tokens, where: str | int) -> int:
    """The character before which words are added."""
    words = tokens.words
    if where == "end" or (where == "start" and not words):
        return len(tokens.prompt.rstrip())
    if where == "start":
        return words[0].start
    if isinstance(where, int) and not isinstance(where, bool):
        if not 0 <= where <= len(words):
            raise InvalidSetting(f"where is {where}, expected a word's number from 0 to {len(words)}.")
        return words[where].start if where < len(words) else len(tokens.prompt.rstrip())
    side, _, word = where.partition(" ") if isinstance(where, str) else ("", "", "")
    if side not in ("before", "after") or not word:
        raise InvalidSetting(
            f"where is {where!r}, expected 'start', 'end', 'before <word>', 'after <word>' or a word's number."
        )
    spans = _runs(tokens, word)
    return spans[0][0] if side == "before" else spans[0][1]


def _within(start: int, end: int, stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Characters of the whole prompt as characters of a text that is made of some stretches of it."""
    found, at = [], 0
    for first, last in stretches:
        low, high = max(start, first), min(end, last)
        if low < high:
            found.append((at + low - first, at + high - first))
        at += last - first
    return found


def _matches(whole: Tokens, part: Tokens, stretches: Sequence[tuple[int, int]]) -> dict[int, int]:
    """For pieces of the whole prompt that a part of it reads, by their number: the row in which the part has them."""
    found = {}
    rows = {(p.encoder, p.start, p.end): p.position for p in part.pieces[: part.read]}
    for i, piece in enumerate(whole.pieces[: whole.read]):
        own = _within(piece.start, piece.end, stretches)
        row = rows.get((piece.encoder, own[0][0], own[-1][1])) if own else None
        if row is not None and own[-1][1] - own[0][0] == piece.end - piece.start:
            found[i] = row
    return found


def _number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(float(value))
