"""A fake Explorer that can be asked what if: a changed run is a synthetic trace of the changed prompt."""

import dataclasses
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from explorer.analysis.effects import Effects, effects
from explorer.errors import InvalidSetting
from explorer.frames import Frame, Interpolation, Key
from explorer.runs import Progress, Stopped
from explorer.sheets import Grid, Growth
from explorer.trace import Trace
from tests.fake import Fake, synthetic_run


class FakeWays(Fake):
    """As `Fake`, with the what-ifs of an Explorer; `seconds` a step."""

    def watched(self, run: Callable[..., Trace], tell: Any = None, *, beside: bool = False) -> Trace:
        trace = run(lambda progress: tell and tell(progress, None))
        self._keep(trace)
        return trace

    def without(self, trace: Trace, word: Any, *, way: str = "conditioning", tell: Any = None) -> Trace:
        words = [trace.tokens.words[i].text for i in trace.tokens.find(word)]
        prompt = " ".join(w.text for i, w in enumerate(trace.tokens.words) if i not in trace.tokens.find(word))
        return self._edited(trace, prompt, {"kind": "without", "words": words, "way": way}, tell)

    def swap(self, trace: Trace, old: Any, new: str, *, way: str = "conditioning", tell: Any = None) -> Trace:
        if not new:
            raise InvalidSetting("new is '', expected a word: to leave a word out, use without.")
        found = trace.tokens.find(old)
        texts = [new if i == found[0] else w.text for i, w in enumerate(trace.tokens.words) if i not in found[1:]]
        words = [trace.tokens.words[i].text for i in found]
        return self._edited(trace, " ".join(texts), {"kind": "swap", "words": words, "new": new, "way": way}, tell)

    def add(
        self, trace: Trace, words: str, where: Any = "end", *, way: str = "conditioning", tell: Any = None
    ) -> Trace:
        return self._edited(trace, f"{trace.tokens.prompt} {words}", {"kind": "add", "new": words, "way": way}, tell)

    def reweight(self, trace: Trace, factors: Any, *, way: str = "conditioning", tell: Any = None) -> Trace:
        return self._edited(trace, trace.tokens.prompt, {"kind": "reweight", "factors": factors, "way": way}, tell)

    def schedule(self, trace: Trace, times: Any, *, way: str = "conditioning", tell: Any = None) -> Trace:
        shown = {word: list(pair) for word, pair in times.items()}
        return self._edited(trace, trace.tokens.prompt, {"kind": "schedule", "times": shown, "way": way}, tell)

    def effects(self, trace: Trace, words: Any = None, *, tell: Any, batch: int = 1, on_word: Any = None) -> Effects:
        found: dict[int, Trace] = {}
        try:
            for index in range(len(trace.tokens.words)) if words is None else words:
                found[index] = self.without(trace, index, tell=tell)
                if on_word:
                    on_word(index, found[index])
        except Stopped:
            if not found:
                raise
        return effects(trace, found)

    def grow(self, prompt: str, *, tell: Any, batch: int = 1, on_frame: Any = None, **settings: Any) -> Growth:
        found, words = Growth(), prompt.split()
        for i in range(len(words)):
            found.append(self._edited(synthetic_run("a", steps=4), " ".join(words[: i + 1]), {"kind": "grow"}, tell))
            if on_frame:
                on_frame(i, found[-1])
        return found

    def interpolate(
        self, *ends: Any, frames: int = 9, tell: Any = None, batch: int = 1, on_frame: Any = None, **more: Any
    ) -> Interpolation:
        self.asked = more
        prompts = [end.tokens.prompt if isinstance(end, Trace) else end["prompt"] for end in ends]
        keys = tuple(Key(prompt, 0, 4.0) for prompt in prompts)
        made: list[Frame] = []
        places = np.linspace(0, len(keys) - 1, frames).tolist()
        try:
            for at in (places[0], places[-1], *places[1:-1]):
                made.append(self._frame(keys, at, tell))
                if on_frame:
                    on_frame(made[-1])
        except Stopped:
            if not made:
                raise
        row = tuple(sorted(made, key=lambda frame: frame.at))
        return Interpolation(keys, row, asked=frames, maker=weakref.ref(self))

    def refine(
        self, of: Interpolation, between: tuple[int, int], frames: int = 1, *, tell: Any = None, batch: int = 1,
        on_frame: Any = None,
    ) -> Interpolation:  # fmt: skip
        first, last = (of.frames[i].at[0] for i in between)
        made: list[Frame] = []
        try:
            for at in np.linspace(first, last, frames + 2)[1:-1].tolist():
                made.append(self._frame(of.keys, at, tell))
                if on_frame:
                    on_frame(made[-1])
        except Stopped:
            if not made:
                raise
        row = tuple(sorted([*of.frames, *made], key=lambda frame: frame.at))
        return dataclasses.replace(of, frames=row, asked=of.asked + frames)

    def grid(self, rows: Any, columns: Any, *, prompt: str) -> Grid:
        cells = {}
        for i, animal in enumerate(rows["animal"]):
            for j, seed in enumerate(columns["seed"]):
                cells[i, j] = synthetic_run(prompt.format(animal=animal), steps=4, seed=seed)
        down, right = [{"animal": one} for one in rows["animal"]], [{"seed": one} for one in columns["seed"]]
        return Grid(tuple(down), tuple(right), cells)

    def _frame(self, keys: tuple[Key, ...], at: float, tell: Any) -> Frame:
        nearest = keys[round(at)].prompt
        note = {"kind": "path", "keys": [dataclasses.asdict(key) for key in keys]}
        trace = self._edited(synthetic_run("a", steps=4), nearest, note, tell)
        # The sky goes from one colour to another, so that each frame differs from its neighbours.
        shifted = np.clip(trace.image.values.astype(int) + np.array([int(90 * at), 0, int(-60 * at)]), 0, 255)
        return Frame((float(at),), dataclasses.replace(trace, image=trace.image.copy(data=shifted.astype(np.uint8))))

    def _edited(self, trace: Trace, prompt: str, edit: Any, tell: Any) -> Trace:
        made = synthetic_run(prompt, steps=trace.steps, seed=trace.settings.seed, guidance=trace.settings.guidance)
        for step in range(1, trace.steps + 1):
            time.sleep(self.seconds)
            self.stepped += 1
            if tell:
                tell(Progress(step, trace.steps, None))
        return dataclasses.replace(made, settings=dataclasses.replace(made.settings, edit=edit))
