"""The view of nearest training pictures: is it copied?"""

from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import traitlets

from ..wire.copies import NAMES, copies
from .bundle import bundle, missing
from .page import Shown, page_of, write_html
from .strip import Row, Small, strip_html

if TYPE_CHECKING:
    from ..copying import Copies


class CopiesView(anywidget.AnyWidget):
    """See a picture beside the training pictures nearest to it, by each measure, with the verdict."""

    _esm = bundle("copies")

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, found: "Copies", *, _preview: str = "") -> None:
        """found: what `explorer.copies` returned. Raises MissingBundle if the browser side was not built."""
        if not self._esm:
            raise missing("copies")
        self.found = found
        meta, data = copies(found)
        self.set_trait("_meta", meta)
        self.set_trait("_data", data)
        self.set_trait("_preview", _preview)
        super().__init__()

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this view, without a kernel and without network; returns the path."""
        shown = [Shown(self._meta, self._data, repr(self.found)[1:-1])]
        title = self.found.prompt or "Is it copied?"
        return write_html(path, page_of(shown, title=title, preview=copies_html(self.found), stem="copies"))

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        super().close()
        self.set_trait("_data", b"")

    def __repr__(self) -> str:
        return f"CopiesView({self.found!r})"


def display_copies(found: "Copies") -> None:
    """Show nearest pictures: their view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    display_as(found, lambda one, key: CopiesView(one, _preview=key), lambda key: copies_html(found, key=key))


def copies_html(found: "Copies", *, key: str = "") -> str:
    """The static preview: the picture, and the nearest by each measure."""
    rows = [Row([Small(found.picture, "the picture", f"The picture: {found.prompt}")])]
    for by, nearest in found.nearest.items():
        small = [
            Small(one.picture, f"{one.likeness:.2f} {one.caption}", f"Training picture {one.seed}: {one.caption}")
            for one in nearest.matches[:6]
        ]
        rows.append(Row(small, f"Nearest by {NAMES.get(by, (by,))[0]}"))
    return strip_html(found.prompt, rows, repr(found)[1:-1], key=key)
