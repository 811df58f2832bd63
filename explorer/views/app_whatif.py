"""The app's what-ifs: the shown run again with one thing changed, beside itself; each word's effect; a path from it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import traitlets
from ipywidgets import Widget, widget_serialization

from ..errors import InvalidSetting
from ..frames import Frame, Interpolation, Key
from ..runs import Job, Stopped, Worker, sentence
from ..trace import Trace
from .comparison import ComparisonView
from .effects import EffectsView
from .interpolation import InterpolationView
from .path_work import Told

if TYPE_CHECKING:
    from ..session import Explorer

FRAMES = (2, 50)  # of a path, fewest and most


class WhatIfs(traitlets.HasTraits):
    """The part of the app that changes its run.

    changed: the view of the newest change, or None: a comparison with the run it came from, each word's effect, or a
    path. A changed run is a run of the history like any other.
    """

    changed = traitlets.Instance(Widget, None, allow_none=True, read_only=True).tag(sync=True, **widget_serialization)
    _changing = traitlets.Dict({"state": "idle"}, read_only=True).tag(sync=True)

    _explorer: "Explorer"
    _worker: Worker
    _change_job: Job | None = None
    trace: Any
    _list_runs: Callable[[], None]

    def change(self, kind: str, **how: Any) -> Job:
        """Change the shown run, as the tab "What if" does; returns at once. A run that is not finished is superseded.

        kind: "without", "swap", "add", "reweight", "schedule", "effects", "grow" or "path". how: `words`, indices of
        words; `new`, text; `where`; `factor`; `times`, two shares of the steps; `way`; `prompt` and `frames` of a path.
        Raises InvalidSetting if no run is shown or there is no such change.
        """
        trace = self.trace
        if trace is None:
            raise InvalidSetting("There is no run to change yet: generate one first.")
        if kind not in _KINDS:
            raise InvalidSetting(f"{kind!r:.20} is no change: choose one of {', '.join(_KINDS)}.")
        self._told_change({"state": "waiting"})
        self._change_job = self._worker.submit(lambda job: self._change(job, trace, kind, how))
        return self._change_job

    def ask_change(self, content: dict[str, Any]) -> None:
        """As a message asks; what is wrong with it is told in the tab."""
        try:
            self.change(str(content.get("kind")), **(content.get("how") or {}))
        except Exception as error:
            self._told_change({"state": "failed", "message": sentence(error)})

    def stop_change(self) -> None:
        """End the change at its next step; frames and words that are done stay."""
        if self._change_job is not None and not self._change_job.done.is_set():
            self._change_job.stop()
            self._told_change({**self._changing, "state": "stopping"})

    def close_change(self) -> None:
        """Stop, and free what was shown."""
        self.stop_change()
        self._show_change(None)

    def _change(self, job: Job, trace: Trace, kind: str, how: dict[str, Any]) -> None:
        told = Told(job, self._told_change)
        try:
            job.check()
            self._told_change({"state": "running", "step": 0, "steps": 1, "done": 0, "wanted": 0})
            _KINDS[kind](self, trace, how, told)
            job.check()
            self._told_change({"state": "done"})
        except Stopped:
            if job is self._change_job:
                self._told_change({"state": "stopped"})
            raise
        except Exception as error:
            if job is self._change_job:
                self._told_change({"state": "failed", "message": sentence(error)})

    def _beside(self, trace: Trace, how: dict[str, Any], told: Told, run: Callable[..., Trace]) -> None:
        """One changed run, shown against the run it came from."""
        way = str(how.get("way", "conditioning"))
        told.wanted = 1

        def again(tell: Any) -> Trace:
            return run(way=way, tell=tell)

        made = self._explorer.watched(again, lambda progress, picture: told.step(progress), beside=way == "attention")
        self._list_runs()
        self._show_change(ComparisonView([trace, made]))

    def _without(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        word = _phrase(trace, how)
        self._beside(trace, how, told, lambda **more: self._explorer.without(trace, word, **more))

    def _swap(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        word, new = _phrase(trace, how), str(how.get("new", ""))
        self._beside(trace, how, told, lambda **more: self._explorer.swap(trace, word, new, **more))

    def _add(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        new, where = str(how.get("new", "")), how.get("where", "end")
        self._beside(trace, how, told, lambda **more: self._explorer.add(trace, new, where, **more))

    def _reweight(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        factors = {_named(trace, i): float(how.get("factor", 1.0)) for i in _words(trace, how)}
        self._beside(trace, how, told, lambda **more: self._explorer.reweight(trace, factors, **more))

    def _schedule(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        begin, until = how.get("times", (None, None))
        times = {_named(trace, i): (begin, until) for i in _words(trace, how)}

        def run(**more: Any) -> Trace:
            return self._explorer.schedule(trace, times, **more)

        self._beside(trace, how, told, run)

    def _effects(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        words = how.get("words") or None
        read = [
            i for i, w in enumerate(trace.tokens.words) if trace.tokens.positions(i) and any(map(str.isalnum, w.text))
        ]
        told.wanted = len(read if words is None else words)
        # One by one, so that stopping keeps the words that are done.
        found = self._explorer.effects(trace, words, tell=told.step, batch=1, on_word=lambda index, one: told.frame())
        self._show_change(EffectsView(found))

    def _grow(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        s = trace.settings
        told.wanted = sum(any(map(str.isalnum, word.text)) for word in trace.tokens.words)
        found = self._explorer.grow(
            s.prompt,
            seed=s.seed,
            steps=s.steps,
            guidance=s.guidance,
            width=s.width or None,
            height=s.height or None,
            negative_prompt=s.negative_prompt,
            tell=told.step,
            batch=1,
            on_frame=lambda number, one: told.frame(),
        )
        self._show_change(EffectsView(found))

    def _path(self, trace: Trace, how: dict[str, Any], told: Told) -> None:
        prompt, count = str(how.get("prompt", "")).strip(), how.get("frames", 9)
        if not prompt:
            raise InvalidSetting("The path has no end yet: type the prompt that it leads to.")
        if not isinstance(count, int) or not FRAMES[0] <= count <= FRAMES[1]:
            raise InvalidSetting(f"{count!r:.20} frames can't be made: choose {FRAMES[0]} to {FRAMES[1]}.")
        told.wanted = count
        frames: list[Frame] = []
        view: InterpolationView | None = None

        def done(frame: Frame) -> None:
            nonlocal view
            frames.append(frame)
            keys = tuple(Key(**key) for key in frame.trace.settings.edit["keys"])
            so_far = Interpolation(keys, tuple(sorted(frames, key=lambda one: one.at)), asked=count)
            if view is None:
                view = InterpolationView(so_far, self._explorer)
                self._show_change(view)
            else:
                view.show(so_far)
            told.frame(frame)

        spacing = "perceptual" if how.get("even") else "even"
        whole = self._explorer.interpolate(
            trace, {"prompt": prompt}, frames=count, spacing=spacing, tell=told.step, batch=1, on_frame=done
        )
        if view is not None:
            view.show(whole)

    def _show_change(self, view: Any) -> None:
        before: Any = self.changed
        self.set_trait("changed", view)
        if before is not None:
            before.close()

    def _told_change(self, status: dict[str, Any]) -> None:
        self.set_trait("_changing", status)


_KINDS: dict[str, Callable[[WhatIfs, Trace, dict[str, Any], Told], None]] = {
    "without": WhatIfs._without,
    "swap": WhatIfs._swap,
    "add": WhatIfs._add,
    "reweight": WhatIfs._reweight,
    "schedule": WhatIfs._schedule,
    "effects": WhatIfs._effects,
    "grow": WhatIfs._grow,
    "path": WhatIfs._path,
}


def _words(trace: Trace, how: dict[str, Any]) -> list[int]:
    words = how.get("words")
    count = len(trace.tokens.words)
    if not isinstance(words, Sequence) or isinstance(words, str) or not words:
        raise InvalidSetting("No word is chosen: click a word of the prompt first.")
    if not all(isinstance(i, int) and 0 <= i < count for i in words):
        raise InvalidSetting(f"There are no such words: choose 0 to {count - 1}.")
    return sorted(set(words))


def _named(trace: Trace, index: int) -> str | int:
    """A word by its text, so that what was done can be told in words; by its number where it stands there twice."""
    texts = [word.text.casefold() for word in trace.tokens.words]
    text = texts[index]
    return trace.tokens.words[index].text if texts.count(text) == 1 and any(map(str.isalnum, text)) else index


def _phrase(trace: Trace, how: dict[str, Any]) -> Any:
    """Chosen words; as one phrase where they follow one another and stand there once."""
    own = _words(trace, how)
    words = trace.tokens.words
    text = trace.tokens.prompt[words[own[0]].start : words[own[-1]].end]
    if own == list(range(own[0], own[-1] + 1)) and trace.tokens.prompt.casefold().count(text.casefold()) == 1:
        return text
    return own
