"""The gallery view: the article's examples as cards, each recorded when it is opened."""

import threading
from typing import Any

import traitlets

from ..errors import InvalidSetting
from ..gallery import Gallery
from ..runs import Job, Progress, Stopped, Worker, sentence
from ..trace import Trace
from ..wire.gallery import gallery
from .bundle import bundle
from .opened import OpensRuns
from .strip import Row, Small, strip_html


class GalleryView(OpensRuns):
    """See the examples; a click on a card records its run, in the Explorer's worker thread, and opens it below.

    `open_example(name)` does the same from Python.
    """

    _stem = "gallery"
    _esm = bundle(_stem)

    _status = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, found: Gallery, *, _preview: str = "") -> None:
        """found: what `gallery` of an Explorer returned. Raises MissingBundle if the browser side was not built."""
        self._job: Job | None = None  # ipywidgets closes what it collects, also what was refused here
        self._needs_bundle()
        self.gallery = found
        self._worker: Worker = Worker("gallery") if found.worker is None else found.worker
        self._lock = threading.RLock()
        self.set_trait("_status", {"state": "idle"})
        super().__init__(*gallery(found), _preview)

    def open_example(self, name: str) -> Job:
        """Record an example, if that was not done before, and show its run below; returns at once.

        Raises InvalidSetting, naming all of them, where there is no such example.
        """
        return self._open(self.gallery.names.index(self.gallery.example(name).name))

    def stop(self) -> None:
        """End the run under way at its next step."""
        if self._job is not None:
            self._job.stop()
            if self._status.get("state") == "waiting":  # it will not begin, so nobody else tells
                self._tell(self._job, {"state": "idle"})

    def close(self) -> None:
        """Stop what runs, take the view out of the page and free its data."""
        self.stop()
        super().close()

    def _open(self, place: int) -> Job:
        one = self.gallery.examples[place]

        def work(job: Job) -> None:
            def step(progress: Progress) -> None:
                job.check()
                self._tell(job, {"state": "running", "place": place, "step": progress.step, "steps": progress.steps})

            try:
                if one.name not in self.gallery.traces:
                    trace = self.gallery.record(one.prompt, on_step=step)
                    self.gallery.traces[one.name] = trace
                    meta, data = gallery(self.gallery)
                    with self._lock, self.hold_sync():
                        self.set_trait("_meta", meta)
                        self.set_trait("_data", data)
                job.check()
                self.open_run(place)
                self._tell(job, {"state": "done", "place": place})
            except Stopped:
                self._tell(job, {"state": "idle"})
                raise
            except Exception as error:  # nothing leaves the thread unseen
                self._tell(job, {"state": "idle"})
                self.set_trait("_error", sentence(error))

        self.set_trait("_error", "")
        with self._lock:
            self.set_trait("_status", {"state": "waiting", "place": place})
            self._job = self._worker.submit(work)
            return self._job

    def _tell(self, job: Job, status: dict[str, Any]) -> None:
        """A job that was superseded has nothing to say."""
        with self._lock:
            if job is self._job:
                self.set_trait("_status", status)

    def _trace_at(self, *place: int) -> Trace:
        names = self.gallery.names
        if len(place) != 1 or not 0 <= place[0] < len(names) or names[place[0]] not in self.gallery.traces:
            raise InvalidSetting(f"There is no recorded example {place}: use open_example, such as {names[0]!r}.")
        return self.gallery.traces[names[place[0]]]

    def _told(self, widget: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            place = content.get("place", ())
            if content.get("do") == "stop":
                self.stop()
            elif content.get("do") == "open" and place:
                number = int(place[0])
                if not 0 <= number < len(self.gallery):
                    raise InvalidSetting(f"There is no example {number}: choose 0 to {len(self.gallery) - 1}.")
                self._open(number)
            else:
                super()._told(widget, content, buffers)
        except Exception as error:  # an error in a callback would be dropped
            self.set_trait("_error", sentence(error))

    def __repr__(self) -> str:
        return f"GalleryView({self.gallery!r})"


def display_gallery(found: Gallery) -> None:
    """Show the gallery: its view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    display_as(found, lambda one, key: GalleryView(one, _preview=key), lambda key: gallery_html(found, key=key))


def gallery_html(found: Gallery, *, key: str = "") -> str:
    """The static preview: the pictures that are recorded, and the names of all examples."""
    rows = []
    for group in dict.fromkeys(one.group for one in found.examples):
        own = [one for one in found.examples if one.group == group]
        small = [
            Small(found.traces[one.name].image.values, one.name, one.prompt) for one in own if one.name in found.traces
        ]
        rows.append(Row(small, f"{group.capitalize()}: {', '.join(one.name for one in own)}"))
    return strip_html("The article's examples", rows, f"{found!r}"[1:-1], key=key)
