"""The app: type a prompt, watch the picture come about, explore it."""

import io
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
from PIL import Image

from .. import wire
from ..errors import InvalidSetting
from ..runs import Job, Progress, Stopped, Worker, seconds_left, sentence
from ..trace import Trace
from .app_map import RunsMap
from .app_whatif import WhatIfs
from .bundle import bundle, missing
from .run import Selection

if TYPE_CHECKING:
    from ..session import Explorer

THUMB = 112  # pixels of a thumbnail's longer side
SMOOTH = 0.04  # seconds between two messages of progress, at least
EXAMPLES = {
    "miniature": (
        "a photograph of a blue teddy bear in rainy weather",
        "a red castle in the snow",
        "a purple narwhal in the sea at night",
    )
}
OTHER_EXAMPLES = (
    "a photograph of a blue teddy bear in rainy weather",
    "an oil painting of a red castle in the snow",
    "a narwhal wearing sunglasses",
)
_SETTINGS = ("prompt", "negative_prompt", "seed", "steps", "guidance", "width", "height", "sampler")


@dataclass(frozen=True)
class Deferred:
    """A model that the app loads itself, in the background: it is there to be typed in meanwhile."""

    model: str
    load: "Callable[[], Explorer]"


class App(anywidget.AnyWidget, Selection, RunsMap, WhatIfs):
    """The whole explorer of one pipeline: `explorer.load()` as the last line of a cell shows it.

    Runs happen in the Explorer's one worker thread, so the kernel stays free; a newer run supersedes one that is not
    finished. With a `Deferred` model the app shows at once; what is asked for meanwhile runs as soon as it is loaded.
    All traits can be set, observed and linked; `generate()` and `stop()` are what the buttons do.

    prompt, negative_prompt, seed, steps, guidance, width, height, sampler: of the next run; `locked` keeps the seed.
    trace: the run that is shown, or None. `Selection` says what of it is selected.
    """

    _esm = bundle("app")

    prompt = traitlets.Unicode().tag(sync=True)
    negative_prompt = traitlets.Unicode().tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)
    steps = traitlets.Int(25, min=1, max=1000).tag(sync=True)
    guidance = traitlets.Float(7.5, min=0).tag(sync=True)
    width = traitlets.Int(512, min=8).tag(sync=True)
    height = traitlets.Int(512, min=8).tag(sync=True)
    sampler = traitlets.Unicode().tag(sync=True)
    trace = traitlets.Instance(Trace, None, allow_none=True)

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)
    _choices = traitlets.Dict(read_only=True).tag(sync=True)
    _status = traitlets.Dict(read_only=True).tag(sync=True)
    _live = traitlets.Bytes(read_only=True).tag(sync=True)
    _history: Any = traitlets.List(read_only=True).tag(sync=True)
    _thumbs = traitlets.Bytes(read_only=True).tag(sync=True)
    _shown = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, explorer: "Explorer | Deferred", *, _preview: str = "") -> None:
        """explorer: whose pipeline runs. Raises MissingBundle if the browser side was not built."""
        if not self._esm:
            raise missing("app")
        self._deferred = explorer if isinstance(explorer, Deferred) else None
        self._job: Job | None = None
        self._ids: dict[int, str] = {}
        self._lock = threading.RLock()
        self.on_run: Callable[[Trace], None] | None = None
        """Called in the worker thread with each finished run."""
        self.set_trait("_preview", _preview)
        if isinstance(explorer, Deferred):
            self._worker = Worker()
            self.set_trait("_choices", _asked_of(explorer.model))
            self.set_trait("_status", {"state": "loading"})
            super().__init__(seed=secrets.randbelow(10_000))
            self.on_msg(self._told)
            self._worker.submit(self._open)
            return
        self._worker = explorer.worker
        self.set_trait("_status", {"state": "idle"})
        super().__init__(seed=secrets.randbelow(10_000))
        self._adopt(explorer)
        self.on_msg(self._told)
        if runs := self.runs:
            self._show(runs[-1])

    @property
    def explorer(self) -> "Explorer | None":
        """Whose pipeline runs; None until it is loaded."""
        return None if self._deferred else self._explorer

    @property
    def runs(self) -> tuple[Trace, ...]:
        """The runs so far, the newest last."""
        return () if self._deferred else self._explorer.history

    def generate(self) -> Job:
        """Run with the settings as they are; returns at once. A run that is not finished is superseded."""
        settings = None if self._deferred else self._settings()
        self._tell({"state": "waiting", "step": 0, "steps": self.steps, "loading": settings is None})
        self._job = self._worker.submit(lambda job: self._run(job, settings))
        return self._job

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SETTINGS}

    def _open(self, job: Job) -> None:
        """Load the model, in the worker thread."""
        try:
            self._load()
        except Exception as error:
            if not job.stopped:  # else a run waits for the model, tries again and tells
                self._tell({"state": "failed", "message": sentence(error)})
            return
        if not job.stopped:
            self._tell({"state": "idle"})

    def _load(self) -> None:
        if self._deferred:
            explorer = self._deferred.load()
            explorer.worker = self._worker
            with self._lock, self.hold_sync():
                self._adopt(explorer)

    def _adopt(self, explorer: "Explorer") -> None:
        """Take over what the pipeline is usually run with."""
        height, width = explorer.family.size(explorer.pipe)
        names = explorer.samplers
        self._explorer = explorer
        self._deferred = None
        self.set_trait("_choices", _choices(explorer, names, height, width))
        self.guidance, self.steps, self.sampler = explorer.guidance, explorer.steps, names[0]
        self.width, self.height = width, height
        self._list_runs()

    def stop(self) -> None:
        """End the run at its next step."""
        if self._job is not None:
            self._job.stop()
            if self._status.get("state") == "waiting":  # it won't even begin
                self._tell({"state": "stopped"})
            elif self._status.get("state") == "running":
                self._tell({"state": "stopping", **{k: self._status.get(k) for k in ("step", "steps")}})

    def show(self, trace: Trace) -> None:
        """Show a run of the history again, or any other trace, and take over its settings."""
        s = trace.settings
        with self.hold_sync():
            self.prompt, self.negative_prompt = s.prompt, s.negative_prompt
            self.seed, self.guidance, self.width, self.height = s.seed, s.guidance, s.width, s.height
        self._show(trace)

    def close(self) -> None:
        """Stop what runs, take the app out of the page and free its data."""
        self.stop()
        self.close_map()
        self.close_change()
        super().close()
        for name in ("_data", "_live", "_thumbs"):
            self.set_trait(name, b"")
        self.trace = None

    def _run(self, job: Job, settings: dict[str, Any] | None) -> None:
        """settings: None for those that stand there once the model is loaded."""
        begin = last = time.perf_counter()
        told = 0

        def tell(progress: Progress, picture: np.ndarray | None) -> None:
            nonlocal last, told
            job.check()
            now = time.perf_counter()
            if picture is None and now - last < SMOOTH and progress.step < progress.steps:
                return
            last = now
            if picture is not None:
                self._set(_live=wire.jpeg(picture, 85))
                told = progress.step
            self._tell(
                {
                    "state": "running",
                    "step": progress.step,
                    "steps": progress.steps,
                    "left": round(seconds_left(progress, now - begin), 1),
                    "pictured": told,
                }
            )

        try:
            job.check()
            self._load()
            begin = last = time.perf_counter()
            settings = settings or self._settings()
            self._tell({"state": "running", "step": 0, "steps": settings["steps"]})
            trace = self._explorer.generate(**settings, tell=tell)
            job.check()  # stopped in its last step: nobody waits for it
        except Stopped:
            if job is self._job:  # else a newer run has taken over, and tells its own state
                self._tell({"state": "stopped"})
            raise
        except Exception as error:
            if job is self._job:
                self._tell({"state": "failed", "message": sentence(error)})
            return
        self._show(trace)
        self._tell({"state": "done", "seconds": round(time.perf_counter() - begin, 1)})
        if self.on_run is not None:
            self.on_run(trace)

    def _show(self, trace: Trace) -> None:
        meta, data = wire.trace(trace)
        with self._lock, self.hold_sync():
            # The words, pixels and layers of another run are others; the step stays where both have it.
            self.words = ()
            self.set_trait("pixel", None)
            self.set_trait("box", None)
            ends = (self.step,) if self.step is None or isinstance(self.step, int) else self.step
            if any(one is not None and one not in trace.step_numbers for one in ends):
                self.step = None
            names = {
                name for one in (meta["layers"] or {"layers": []})["layers"] for name in (one["name"], one["grid"])
            }
            if self.layer not in names:
                self.layer = None
            self.set_trait("_meta", meta)
            self.set_trait("_data", data)
            self.trace = trace
            self._list_runs()
            self.set_trait("_shown", self._id(trace))

    def _list_runs(self) -> None:
        thumbs, listed, offset = [], [], 0
        for trace in self.runs:
            data = _thumb(trace)
            title = wire.clean(trace.settings.prompt, 200)
            listed.append({"id": self._id(trace), "title": title, "offset": offset, "bytes": len(data)})
            thumbs.append(data)
            offset += len(data)
        self.set_trait("_history", listed)
        self.set_trait("_thumbs", b"".join(thumbs))

    def _id(self, trace: Trace) -> str:
        return f"{trace.settings.seed}-{id(trace)}"

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            do = content.get("do")
            if do == "generate":
                self._take(content.get("settings") or {})
                self.generate()
            elif do == "stop":
                self.stop()
            elif do == "change":
                self.ask_change(content)
            elif do == "stop change":
                self.stop_change()
            elif do == "map":
                self.map_runs()
            elif do == "open":
                for trace in self.runs:
                    if self._id(trace) == content.get("id"):
                        self.show(trace)
        except Exception as error:  # an error in a callback would be dropped
            self._tell({"state": "failed", "message": sentence(error)})

    def _take(self, settings: dict[str, Any]) -> None:
        names = {trait: self.traits()[trait] for trait in (*_SETTINGS, "locked")}
        try:
            with self.hold_sync():
                for name, value in settings.items():
                    if name in names:
                        setattr(self, name, value)
        except traitlets.TraitError as error:
            raise InvalidSetting(f"A setting can't be used: {error}") from error

    def _tell(self, status: dict[str, Any]) -> None:
        self._set(_status=status)

    def _set(self, **values: Any) -> None:
        with self._lock:
            for name, value in values.items():
                self.set_trait(name, value)

    def __repr__(self) -> str:
        return f"App({self._deferred.model if self._deferred else self._explorer!r})"


def _asked_of(model: str) -> dict[str, Any]:
    """What the form offers while the model is not yet there."""
    name = model.removesuffix("-fast")
    return {
        "model": wire.clean(model, 120),
        "samplers": [],
        "sizes": [],
        "examples": list(EXAMPLES.get(name, OTHER_EXAMPLES)),
        "quick": name in EXAMPLES,
    }


def _choices(explorer: "Explorer", names: list[str], height: int, width: int) -> dict[str, Any]:
    multiple = explorer.family.multiple(explorer.pipe)

    def side(pixels: float) -> int:
        return max(multiple, round(pixels / multiple) * multiple)

    sizes = [(width, height)]
    sizes += [(side(width * x), side(height * y)) for x, y in ((0.5, 0.5), (1.25, 0.75), (0.75, 1.25), (1.5, 1.5))]
    return _asked_of(explorer.model) | {"samplers": names, "sizes": [list(size) for size in dict.fromkeys(sizes)]}


def _thumb(trace: Trace) -> bytes:
    picture = trace.picture().convert("RGB")
    picture.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
