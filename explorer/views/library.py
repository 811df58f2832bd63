"""The library view: the training pictures, searched by word, combination and style."""

import threading
from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from ..errors import InvalidSetting
from ..miniature import world
from ..miniature.library import Item, Library, Shelf
from ..runs import Job, Stopped, Worker, sentence
from ..wire.pack import Pack, clean
from ..wire.pictures import webp
from .bundle import bundle, missing
from .strip import Row, Small, strip_html

KINDS: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "colour": world.COLOURS,
    "place": world.PLACES,
    "weather": world.WEATHERS,
    "style": world.STYLES,
    "mood": world.MOODS,
}
MOST = 48
BEYOND = (2_000, 8_000, 32_000)
"""How far is looked before what was found is shown; then to the end."""
LONGEST = 200  # characters of a search


class LibraryView(anywidget.AnyWidget):
    """Browse the pictures that the miniature learned from: type words, or choose a subject, a colour, a style.

    library: what is searched. `search` does the same from Python; both work in a thread of the view's own.
    """

    _esm = bundle("library")

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _status = traitlets.Dict(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, library: Library | None = None, *, _preview: str = "") -> None:
        """library: None is that of the miniature. Raises MissingBundle if the browser side was not built."""
        self._job: Job | None = None  # ipywidgets closes what it collects, also what was refused here
        if not self._esm:
            raise missing("library")
        self.library = Library() if library is None else library
        self._worker = Worker("library")
        self._files: dict[int, bytes] = {}
        self._lock = threading.RLock()
        self.set_trait("_preview", _preview)
        self.set_trait("_status", {"state": "waiting"})
        self.set_trait("_meta", {"version": 1, "kind": "library", "choices": KINDS, "count": len(self.library)})
        super().__init__()
        self.on_msg(self._told)
        self.search()

    def search(self, text: str = "", **names: str | None) -> Job:
        """Look for pictures whose captions have these words, and that show these names; returns at once.

        names: subject, colour, place, weather, style or mood, such as style="comic".
        Raises InvalidSetting for another kind or name.
        """
        asked = {kind: name for kind, name in names.items() if name}
        for kind, name in asked.items():
            if name not in KINDS.get(kind, ()):
                known = ", ".join(KINDS.get(kind, KINDS))
                raise InvalidSetting(f"The library knows no {kind} {name!r}: choose one of {known}.")
        with self._lock:
            self.set_trait("_status", {"state": "running", "searched": 0})
            self._job = self._worker.submit(lambda job: self._search(job, clean(text, LONGEST), asked))
            return self._job

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        if self._job is not None:
            self._job.stop()
        super().close()
        self.set_trait("_data", b"")
        self._files.clear()

    def _search(self, job: Job, text: str, asked: Mapping[str, Any]) -> None:
        try:
            ends = [end for end in BEYOND if end < len(self.library)]
            for end in (*ends, None):
                shelf = self.library.search(text, most=MOST, within=end, **asked)
                job.check()
                done = end is None or len(shelf) == MOST
                if len(shelf) or done:
                    self._show(job, shelf, done)
                if done:
                    return
                self._tell(job, {"state": "running", "searched": shelf.searched})
        except Stopped:
            raise
        except Exception as error:  # nothing leaves the thread unseen
            self._tell(job, {"state": "failed", "message": sentence(error)})

    def _show(self, job: Job, shelf: Shelf, done: bool) -> None:
        files = [self._file(job, item) for item in shelf]
        meta, data = packed(shelf, files)
        with self._lock:
            if job is not self._job:
                return
            with self.hold_sync():
                self.set_trait("_meta", {**self._meta, **meta})
                self.set_trait("_data", data)
            state = "done" if done else "running"
            self.set_trait("_status", {"state": state, "searched": shelf.searched, "note": clean(shelf.note, 300)})

    def _file(self, job: Job, item: Item) -> bytes:
        if item.seed not in self._files:
            job.check()
            self._files[item.seed] = webp(item.picture(), 128)
        return self._files[item.seed]

    def _tell(self, job: Job, status: dict[str, Any]) -> None:
        with self._lock:
            if job is self._job:
                self.set_trait("_status", status)

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            if content.get("do") == "search":
                asked = {kind: str(name) for kind, name in dict(content.get("names", {})).items()}
                self.search(str(content.get("text", "")), **asked)
        except Exception as error:  # an error in a callback would be dropped
            self.set_trait("_status", {"state": "failed", "message": sentence(error)})

    def __repr__(self) -> str:
        return f"LibraryView({self.library!r})"


def packed(shelf: Shelf, files: list[bytes]) -> tuple[dict[str, Any], bytes]:
    """What was found, for the browser: seeds, captions and the places of their WebPs in the block `pictures`."""
    pack, offset, items = Pack(), 0, []
    for item, file in zip(shelf, files, strict=True):
        items.append({"seed": item.seed, "caption": clean(item.caption, 200), "span": [offset, len(file)]})
        offset += len(file)
    pack.add("pictures", b"".join(files))
    return {"items": items, "more": shelf.more, "blocks": pack.blocks, "type": "image/webp"}, pack.data()


def display_library(library: Library) -> None:
    """Show a library: its view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    display_as(library, lambda one, key: LibraryView(one, _preview=key), lambda key: library_html(library, key=key))


def library_html(library: Library, *, key: str = "") -> str:
    """The static preview: the first pictures."""
    small = [Small(item.picture(), item.caption, item.caption) for item in library.search(most=12)]
    return strip_html("The pictures that the model learned from", [Row(small)], repr(library)[1:-1], key=key)
