"""The map view: words, pictures and styles where an embedding puts them."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import anywidget
import numpy as np
import traitlets

from .. import wire
from ..atlas import Atlas, Placed
from ..errors import InvalidSetting
from ..runs import Job, Worker, sentence
from ..wire.atlas import atlas as atlas_of
from ..wire.atlas import in_bytes
from .bundle import bundle, missing

MOST_PLACED = 100  # typed words: all of them are sent with each new one
LONGEST = 1000  # characters of a typed text


class MapView(anywidget.AnyWidget):
    """Explore a map of embeddings: true nearest neighbours, selections, paths; type a word and see where it lands.

    Everything is sent to the browser once, and no look asks the kernel. What a person pins and selects comes back; a
    typed word is embedded in a thread of its own, so the kernel stays free. All traits can be set, observed and linked.

    item: the row of the pinned item in the Atlas, or None. selected: rows, ascending, such as those inside a lasso.
    """

    _esm = bundle("map")

    item = traitlets.Int(None, allow_none=True).tag(sync=True)
    selected = traitlets.Tuple().tag(sync=True)

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)
    _kernel = traitlets.Bool(True, read_only=True).tag(sync=True)
    _live = traitlets.Bool(False, read_only=True).tag(sync=True)
    _placed: Any = traitlets.List(read_only=True).tag(sync=True)
    _told = traitlets.Dict(read_only=True).tag(sync=True)
    _near = traitlets.Dict(read_only=True).tag(sync=True)
    _alike = traitlets.Bytes(read_only=True).tag(sync=True)

    _atlas: Atlas | None = None
    _worker: Worker | None = None  # also of a view that could not be built, and is closed all the same

    def __init__(self, atlas: Atlas, *, place: Callable[[str], Placed] | None = None, _preview: str = "") -> None:
        """atlas: what to show. place: puts a typed text on the map; None is the Atlas's own way, if it has one.

        Raises MissingBundle if the browser side was not built.
        """
        if not self._esm:
            raise missing("map")
        self._atlas = atlas
        self._count = len(atlas)
        self._place = place or atlas.placed
        # Not the Explorer's worker, of which the newest job wins: a typed word must not end a run.
        self._worker = Worker("map")
        self._typed: list[str] = []
        self._compared: int | None = None
        self._lock = Lock()
        meta, data = atlas_of(atlas)
        self.set_trait("_meta", meta)
        self.set_trait("_data", data)
        self.set_trait("_preview", _preview)
        self.set_trait("_live", self._place is not None)
        self.set_trait("_told", {"state": "idle"})
        super().__init__()
        self.on_msg(self._asked)

    @property
    def atlas(self) -> Atlas | None:
        """The map that is shown; None once the view is closed."""
        return self._atlas

    def place(self, text: str) -> None:
        """Put a word or prompt on the map, as typing it does; returns at once."""
        with self._lock:
            self._typed.append(text)
        self.set_trait("_told", {"state": "waiting"})
        self._submit()

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        if self._worker is not None:
            self._worker.stop()
        super().close()
        for name in ("_data", "_alike"):
            self.set_trait(name, b"")
        self._atlas = self._place = None

    def _asked(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            if content.get("do") == "place":
                self.place(str(content.get("text", ""))[:LONGEST])
            elif content.get("do") == "near":
                row = self._known(content.get("row"))
                with self._lock:
                    self._compared = row
                self._submit()
        except Exception as error:  # an error in a callback would be dropped
            self.set_trait("_told", {"state": "failed", "message": sentence(error)})

    def _submit(self) -> None:
        if self._worker is not None:
            self._worker.submit(self._answer)

    def _answer(self, job: Job) -> None:
        """In the worker: what was asked so far. A newer job takes this one's place, and then does what is left too."""
        while not job.stopped:
            with self._lock:
                text = self._typed.pop(0) if self._typed else None
                row, self._compared = (self._compared, None) if text is None else (None, self._compared)
            try:
                if text is not None:
                    self._place_one(text)
                elif row is not None:
                    self._compare(row)
                else:
                    return
            except Exception as error:
                self.set_trait("_told", {"state": "failed", "message": sentence(error)})

    def _place_one(self, text: str) -> None:
        place = self._place
        if place is None:
            raise InvalidSetting("This map has no model at hand to read a new word: make the map anew with `project`.")
        if len(self._placed) >= MOST_PLACED:
            raise InvalidSetting(f"{MOST_PLACED} words were typed into this map, which is the most: show it anew.")
        found = place(text)
        with self.hold_sync():
            self.set_trait("_placed", [*self._placed, _told_of(found, self._meta.get("width") is not None)])
            self.set_trait("_told", {"state": "waiting" if self._typed else "idle"})

    def _compare(self, row: int) -> None:
        """An item with all others, for a map that is too large to send what that takes."""
        atlas = self._atlas
        if atlas is None:
            return
        rows, cosines = atlas.nearest(row)
        alike = np.rint(np.clip(atlas.similarities(row), -1, 1) * 127).astype(np.int8)
        near = [[int(one), round(float(cosine), 4)] for one, cosine in zip(rows, cosines, strict=True)]
        with self.hold_sync():
            self.set_trait("_alike", alike.tobytes())
            self.set_trait("_near", {"row": row, "neighbours": near})

    def _known(self, row: Any) -> int:
        if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < self._count:
            raise InvalidSetting(f"The map has no item {row!r}: its items are numbered from 0 to {self._count - 1}.")
        return row

    @traitlets.validate("item")
    def _known_item(self, proposal: Any) -> int | None:
        return None if proposal["value"] is None else self._known(proposal["value"])

    @traitlets.validate("selected")
    def _known_items(self, proposal: Any) -> tuple[int, ...]:
        return tuple(sorted({self._known(row) for row in proposal["value"]}))

    def __repr__(self) -> str:
        return f"MapView({self._count} items)"


def _told_of(placed: Placed, vector: bool) -> dict[str, Any]:
    return {
        "text": wire.clean(placed.label, 200),
        "point": [float(one) for one in placed.point],
        "neighbours": [
            [int(row), round(float(cosine), 4)] for row, cosine in zip(placed.neighbours, placed.cosines, strict=True)
        ],
        "vector": in_bytes(np.asarray(placed.vector, np.float32)).tolist() if vector else [],
    }
