"""What views of many runs share: one of them is opened when it is asked for, in the usual tabs."""

from typing import Any

import traitlets
from ipywidgets import widget_serialization

from ..runs import sentence
from ..trace import Trace
from .sent import SentView
from .trace import TraceView


class OpensRuns(SentView):
    """A view of several runs, each of which can be opened; only what is open is sent whole.

    opened: the view of the run that is open, or None; what is selected in it can be set, observed and linked.
    """

    opened = traitlets.Instance(TraceView, None, allow_none=True, read_only=True).tag(sync=True, **widget_serialization)

    _error = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, meta: dict[str, Any], data: bytes, preview: str) -> None:
        """meta, data: of the wire. preview: the class by which the view finds its preview."""
        super().__init__(meta, data, preview)
        self.on_msg(self._told)

    def open_run(self, *place: int) -> None:
        """Show one of the runs below, by its place; no place closes it."""
        before: Any = self.opened
        self.set_trait("opened", TraceView(self._trace_at(*place)) if place else None)
        if before is not None:
            before.close()

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        if self.opened is not None:
            self.open_run()
        super().close()

    def _trace_at(self, *place: int) -> Trace:
        raise NotImplementedError

    def _told(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the browser."""
        try:
            if content.get("do") == "open":
                self.set_trait("_error", "")
                self.open_run(*(int(one) for one in content.get("place", ())))
        except Exception as error:  # an error in a callback would be dropped
            self.set_trait("_error", sentence(error))
