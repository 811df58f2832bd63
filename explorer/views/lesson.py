"""The lesson view: a small model learns while a class watches, with Start and Stop."""

import threading
import time
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from ..runs import sentence
from ..wire.film import films
from ..wire.pack import clean
from .bundle import bundle, missing
from .film import film_html
from .strip import strip_html

if TYPE_CHECKING:
    from ..lessons import Lesson

EVERY = 0.4  # seconds between two messages about steps
MOST = 600  # points of the curve


class LessonView(anywidget.AnyWidget):
    """Watch a lesson: Start and Stop, its error step by step, and what it draws by now, as a film that grows.

    lesson: an `explorer.Lesson`, started or not; `lesson.start()` and `lesson.stop()` do what the buttons do.
    """

    _esm = bundle("lesson")

    _status = traitlets.Dict(read_only=True).tag(sync=True)
    _errors = traitlets.Bytes(read_only=True).tag(sync=True)
    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, lesson: "Lesson", *, _preview: str = "") -> None:
        """lesson: what is watched. Raises MissingBundle if the browser side was not built."""
        self._unwatch: Any = None  # ipywidgets closes what it collects, also what was refused here
        if not self._esm:
            raise missing("lesson")
        self.lesson = lesson
        self._told_at = 0.0
        self._shown = -1
        self._lock = threading.RLock()
        self.set_trait("_preview", _preview)
        self._show(lesson.running)
        super().__init__()
        self._unwatch = lesson.watch(self._heard)
        self.on_msg(self._told)

    def close(self) -> None:
        """Take the view out of the page and free its data; the lesson goes on."""
        if self._unwatch is not None:
            self._unwatch()
        super().close()
        self.set_trait("_data", b"")

    def _heard(self, running: bool) -> None:
        """In the lesson's thread."""
        now = time.monotonic()
        if running and now - self._told_at < EVERY and len(self.lesson.moments) == self._shown:
            return
        self._told_at = now
        self._show(running)

    def _show(self, running: bool) -> None:
        lesson = self.lesson
        moments, errors = list(lesson.moments), list(lesson.errors)
        state = "running" if running else "failed" if lesson.trouble else "ended" if moments or errors else "idle"
        with self._lock:
            if len(moments) != self._shown:
                self._shown = len(moments)
                meta, data = films([lesson.film()]) if moments else ({}, b"")
                with self.hold_sync():
                    self.set_trait("_meta", meta)
                    self.set_trait("_data", data)
            self.set_trait("_errors", curve(errors))
            self.set_trait(
                "_status",
                {
                    "state": state,
                    "about": about(lesson),
                    "seen": errors[-1][0] if errors else 0,
                    "seconds": round(lesson.elapsed, 1),
                    "total": float(lesson.seconds),
                    "message": lesson.trouble,
                },
            )

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            if content.get("do") == "start":
                self.lesson.start()
                self._show(True)
            elif content.get("do") == "stop":
                self.lesson.stop()
        except Exception as error:  # an error in a callback would be dropped
            self.set_trait("_status", {**self._status, "state": "failed", "message": sentence(error)})

    def __repr__(self) -> str:
        return f"LessonView({self.lesson!r})"


def about(lesson: "Lesson") -> str:
    """What it learns, in a line."""
    return clean(f"{', '.join(lesson.subjects)} in {', '.join(lesson.colours)}", 200)


def curve(errors: list[tuple[int, float]]) -> bytes:
    """Pictures seen and error as float32 (point, 2), at most `MOST` of them; of more, the mean of neighbours."""
    values = np.asarray(errors, np.float32).reshape(-1, 2)
    each = -(-len(values) // MOST) if len(values) else 1
    parts = [values[begin : begin + each].mean(0) for begin in range(0, len(values), each)]
    return np.asarray(parts, np.float32).reshape(-1, 2).tobytes()


def display_lesson(lesson: "Lesson") -> None:
    """Show a lesson: its view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    display_as(lesson, lambda one, key: LessonView(one, _preview=key), lambda key: lesson_html(lesson, key=key))


def lesson_html(lesson: "Lesson", *, key: str = "") -> str:
    """The static preview: the moments so far."""
    if not lesson.moments:
        return strip_html(f"A lesson: {about(lesson)}", [], repr(lesson)[1:-1], key=key)
    return film_html(lesson.film(), key=key)
