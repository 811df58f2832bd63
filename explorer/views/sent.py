"""What views of one finished result share: the data, sent once, a preview, and an offline page."""

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from .bundle import missing
from .page import Shown, page_of, write_html


class SentView(anywidget.AnyWidget):
    """A view whose data goes to the browser once; `_stem` names its bundle."""

    _stem: ClassVar[str]

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, meta: dict[str, Any], data: bytes, preview: str = "", **traits: Any) -> None:
        """meta, data: from `explorer.wire`. preview: the class of the preview that the view hides."""
        self.set_trait("_meta", meta)
        self.set_trait("_data", data)
        self.set_trait("_preview", preview)
        super().__init__(**traits)

    @classmethod
    def _needs_bundle(cls) -> None:
        if not cls._esm:
            raise missing(cls._stem)

    def _write(self, path: str | Path, *, title: str, line: str, preview: str) -> Path:
        shown = [Shown(self._meta, self._data, line)]
        return write_html(path, page_of(shown, title=title, preview=preview, stem=self._stem))

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        super().close()
        self.set_trait("_data", b"")
