"""The view of nearest training pictures: is it copied?"""

from pathlib import Path
from typing import TYPE_CHECKING

from ..wire.copies import NAMES, copies
from .bundle import bundle
from .sent import SentView
from .strip import Row, Small, strip_html

if TYPE_CHECKING:
    from ..copying import Copies


class CopiesView(SentView):
    """See a picture beside the training pictures nearest to it, by each measure, with the verdict."""

    _stem = "copies"
    _esm = bundle(_stem)

    def __init__(self, found: "Copies", *, _preview: str = "") -> None:
        """found: what `explorer.copies` returned. Raises MissingBundle if the browser side was not built."""
        self._needs_bundle()
        self.found = found
        meta, data = copies(found)
        super().__init__(meta, data, _preview)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this view, without a kernel and without network; returns the path."""
        title = self.found.prompt or "Is it copied?"
        return self._write(path, title=title, line=repr(self.found)[1:-1], preview=copies_html(self.found))

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
