"""How a trace displays itself: the widget, and a static preview for where no widget runs."""

import uuid
from collections.abc import Callable
from typing import Any

from ..errors import MissingBundle
from ..trace import Trace
from .preview import preview_html, preview_text


def display(trace: Trace) -> None:
    """Show a trace.

    In a notebook: two outputs, the attention view and, below it, a preview in plain HTML. A live view hides its
    preview; a reopened notebook, nbviewer or a printed page has only the preview. Without a kernel: one line of text.
    """
    publish = _publisher()
    if publish is None:
        print(repr(trace))
        return
    key = f"prompt-explorer-{uuid.uuid4().hex[:12]}"
    try:
        publish(*_widget(trace, key))
    except MissingBundle as error:
        publish({"text/plain": str(error)})
    publish({"text/plain": preview_text(trace), "text/html": preview_html(trace, key=key)})


def _widget(trace: Trace, key: str) -> Any:
    from .attention import AttentionView

    return AttentionView(trace, _preview=key)._repr_mimebundle_()


def _publisher() -> Callable[..., None] | None:
    """What sends an output to the notebook; None outside a kernel."""
    try:
        from IPython import get_ipython
        from IPython.display import publish_display_data
    except ImportError:
        return None
    shell = get_ipython()
    return publish_display_data if getattr(shell, "kernel", None) is not None else None
