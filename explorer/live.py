"""What makes an Explorer live: runs in the background with pictures as they sharpen, a history, the app, a page."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .decoding import decode, sampled, samplers
from .errors import InvalidSetting
from .runs import LivePictures, Progress, Worker
from .trace import Trace

KEPT_RUNS = 24
KEPT_BYTES = 1_000_000_000

Tell = Callable[[Progress, "np.ndarray | None"], None]


class Live:
    """The part of an `Explorer` that notebooks and the app use."""

    pipe: Any
    record: Callable[..., Any]

    def __init__(self) -> None:
        self.worker = Worker()
        self._history: list[Trace] = []

    @property
    def history(self) -> tuple[Trace, ...]:
        """The runs of the app so far, the newest last; as many as `KEPT_RUNS`, and fewer where they are large."""
        return tuple(self._history)

    @property
    def samplers(self) -> list[str]:
        """What `generate` takes as its sampler; the model's own first."""
        return samplers(self.pipe)

    def generate(self, prompt: str, *, sampler: str | None = None, tell: Tell | None = None, **settings: Any) -> Trace:
        """Record one run with the pictures of its steps, and keep it in the history.

        tell: called after each step with its progress and, now and then, the predicted picture (y, x, RGB) uint8; what
            it raises ends the run. sampler: one of `samplers`. settings: of `record`.
        Raises what `record` raises, and InvalidSetting for a sampler that does not go with the model.
        """
        with self._alone(), sampled(self.pipe, sampler):
            return self.watched(lambda on_step: self.record(prompt, on_step=on_step, **settings), tell)

    def watched(
        self, run: Callable[[Callable[[Progress], None]], Trace], tell: Tell | None = None, *, beside: bool = False
    ) -> Trace:
        """Make a run with the pictures of its steps, and keep it in the history.

        run: called with what is to be told of each step, it returns the trace. tell: as in `generate`. beside: the run
        goes beside another one, whose progress is told, so that its own pictures come when it is done.
        """
        live = LivePictures(lambda latents: decode(self.pipe, latents))

        def on_step(progress: Progress) -> None:
            if tell is None:
                return
            tell(progress, None)  # first, so that Stop need not wait for a picture
            picture = None if beside else live.add(progress)
            if picture is not None:
                tell(progress, picture)

        trace = run(on_step)
        with self._alone():
            if beside:
                live.add(Progress(trace.step_numbers[-1] + 1, trace.steps, trace.predicted.values[-1]))
            pictures = live.all(trace.predicted.values, trace.step_numbers)
        if pictures is not None:
            trace = dataclasses.replace(trace, pictures=xr.DataArray(pictures, dims=("step", "y", "x", "channel")))
        self._keep(trace)
        return trace

    def to_html(self, path: str | Path, traces: Sequence[Trace] | None = None) -> Path:
        """Write one offline page with all views of some runs: of `traces`, or of the app's history.

        Returns the path written. Raises InvalidSetting if there is no run yet.
        """
        from .views.page import write_page

        runs = self._history if traces is None else list(traces)
        if not runs:
            raise InvalidSetting("There is no run yet: generate one in the app, or pass traces=[trace].")
        return write_page(path, list(runs))

    def _keep(self, trace: Trace) -> None:
        self._history.append(trace)
        while len(self._history) > 1 and (
            len(self._history) > KEPT_RUNS or sum(one.nbytes for one in self._history) > KEPT_BYTES
        ):
            del self._history[0]

    def _alone(self) -> Any:
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        from .views.show import display_app

        display_app(self)
