"""The interpolation view: a strip of frames that is scrubbed, its jumps, more frames where one drags."""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ..errors import InvalidSetting
from ..frames import Interpolation
from ..runs import Job, Stopped, Worker, sentence
from ..wire.frames import Encoded, frames
from .bundle import bundle, missing
from .page import Shown, page_of, write_html
from .path_work import Told, animated, more_frames
from .strip import Row, Small, strip_html

if TYPE_CHECKING:
    from ..session import Explorer


class InterpolationView(anywidget.AnyWidget):
    """Go along a path: pictures that fade into one another, each word's heat with them, and the change per frame.

    More frames are run in the Explorer's one worker thread, so that the kernel stays free; what is done when it is
    stopped is kept. All traits can be set, observed and linked.

    path: the Interpolation that is shown; it grows as frames are added.
    frame: the frame that is shown, from 0. words: the selected words, as indices into the words of all prompts.
    """

    _esm = bundle("interpolation")

    path: Any = traitlets.Instance(Interpolation, allow_none=True)
    frame = traitlets.Int(0, min=0).tag(sync=True)
    words = traitlets.Tuple().tag(sync=True)

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)
    _status = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self, path: Interpolation, explorer: "Explorer | None" = None, *, folder: str | Path = ".", _preview: str = ""
    ) -> None:
        """path: with at least one frame. explorer: who runs more frames; None is who made the path, if it is there.

        folder: where exported files go. Raises InvalidSetting for a path without frames, MissingBundle if the browser
        side was not built.
        """
        # ipywidgets closes what it collects, also what was refused here.
        self._job: Job | None = None
        self._known: dict[int, Encoded] = {}
        if not self._esm:
            raise missing("interpolation")
        if not path.frames:
            raise InvalidSetting("This path has no frames yet: run `interpolate` until the first is done.")
        made_by = None if path.maker is None else path.maker()
        self._explorer: Any = made_by if explorer is None else explorer
        self._worker: Worker = Worker("frames") if self._explorer is None else self._explorer.worker
        self._folder = Path(folder)
        self._lock = threading.RLock()
        self.set_trait("_status", {"state": "idle", "able": self._explorer is not None and path.shape is None})
        self.set_trait("_preview", _preview)
        self.show(path)
        super().__init__()
        self.on_msg(self._told)

    def refine(self, between: tuple[int, int], frames: int = 1) -> Job:
        """Run `frames` more frames in each gap between two frames, counted from 0; returns at once."""
        return self._submit(lambda job: self._refine(job, between, frames))

    def export(self, kind: str = "webp") -> Job:
        """Write an animation beside the notebook, "webp", "gif", "png", "mp4" or "webm"; returns at once."""
        return self._submit(lambda job: self._export(kind))

    def stop(self) -> None:
        """End what runs at its next step; the frames that are done stay."""
        if self._job is not None and not self._job.done.is_set():
            self._job.stop()
            self._tell({**self._status, "state": "stopping"})

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this path, without a kernel and without network; returns the path."""
        return write_html(path, path_page(self.path))

    def close(self) -> None:
        """Stop what runs, take the view out of the page and free its data."""
        self.stop()
        super().close()
        self.set_trait("_data", b"")
        self._known.clear()
        self.path = None

    def _submit(self, work: Any) -> Job:
        def run(job: Job) -> None:
            try:
                work(job)
            except Stopped:
                if job is self._job:
                    self._tell({"state": "stopped"})
                raise
            except Exception as error:
                if job is self._job:
                    self._tell({"state": "failed", "message": sentence(error)})

        self._tell({"state": "waiting"})
        self._job = self._worker.submit(run)
        return self._job

    def _refine(self, job: Job, between: tuple[int, int], count: int) -> None:
        if self._explorer is None:
            raise InvalidSetting("The Explorer that made this path is gone: pass one, InterpolationView(path, ex).")
        whole = more_frames(self._explorer, self.path, between, count, Told(job, self._tell), self.show)
        self.show(whole)
        job.check()
        self._tell({"state": "done"})

    def _export(self, kind: str) -> None:
        self._tell({"state": "writing"})
        target = animated(self.path, kind, self._folder)
        self._tell({"state": "done", "file": str(target)})

    def show(self, path: Interpolation) -> None:
        """Show another path, or this one with more frames."""
        meta, data = frames(path, self._known)
        with self._lock, self.hold_sync():
            self.path = path
            self.set_trait("_meta", meta)
            self.set_trait("_data", data)

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            do = content.get("do")
            if do == "refine":
                first, last = content["between"]
                self.refine((int(first), int(last)), int(content.get("frames", 1)))
            elif do == "export":
                self.export(str(content.get("kind")))
            elif do == "stop":
                self.stop()
        except Exception as error:  # an error in a callback would be dropped
            self._tell({"state": "failed", "message": sentence(error)})

    def _tell(self, status: dict[str, Any]) -> None:
        with self._lock:
            self.set_trait("_status", {**status, "able": self._status.get("able", False)})

    @traitlets.validate("frame")
    def _known_frame(self, proposal: Any) -> int:
        count = len(self._meta.get("frames", ()))
        if not 0 <= proposal["value"] < max(count, 1):
            raise InvalidSetting(f"There is no frame {proposal['value']}: choose 0 to {count - 1}.")
        return int(proposal["value"])

    @traitlets.validate("words")
    def _known_words(self, proposal: Any) -> tuple[int, ...]:
        count = len(self._meta.get("words", ()))
        for word in proposal["value"]:
            if not (isinstance(word, int) and 0 <= word < count):
                raise InvalidSetting(f"There is no word {word}: choose 0 to {count - 1}.")
        return tuple(dict.fromkeys(proposal["value"]))

    def __repr__(self) -> str:
        return f"InterpolationView({self.path!r})"


def path_html(path: Interpolation, *, key: str = "") -> str:
    """The static preview of a path: its frames in a strip, a grid in rows."""
    small = []
    for i, frame in enumerate(path.frames):
        prompt = frame.trace.tokens.prompt
        small.append(Small(frame.trace.image.values, str(i + 1), f"Frame {i + 1}: towards {prompt}"))
    title = (" → " if path.shape is None else " / ").join(dict.fromkeys(key.prompt for key in path.keys))
    rows = [Row(small)]
    if path.shape is not None and path.complete:
        rows = [Row(small[i : i + path.shape[1]]) for i in range(0, len(small), path.shape[1])]
    jump = "" if path.shape is not None or len(small) < 3 else f" · largest step {path.unevenness():.1f} × the median"
    return strip_html(title, rows, f"{path!r:.200}"[1:-1] + jump, key=key)


def path_page(path: Interpolation) -> str:
    """The offline page of a path, as text."""
    meta, data = frames(path)
    line = f"{len(path.frames)} frames · {path.method} · spacing {path.spacing}"
    shown = [Shown(meta, data, line)]
    return page_of(shown, title=meta["title"], preview=path_html(path), stem="interpolation")
