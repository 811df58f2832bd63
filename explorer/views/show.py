"""How a trace displays itself: the widget, and a static preview for where no widget runs."""

import html
import uuid
from collections.abc import Callable
from typing import Any

from ..atlas import Atlas
from ..errors import MissingBundle
from ..trace import Trace
from .preview import MARKER, preview_html, preview_text


def display(trace: Trace) -> None:
    """Show a trace.

    In a notebook: its views in tabs, and a preview of it. Without a kernel: one line of text.
    """
    display_as(trace, _view, lambda key: preview_html(trace, key=key), lambda: preview_text(trace))


def display_as(
    what: Any, view: Callable[[Any, str], Any], preview: Callable[[str], str], text: Callable[[], str] | None = None
) -> None:
    """Show something as two outputs: a live view and, below it, a preview in plain HTML.

    The live view hides its preview; a reopened notebook, nbviewer or a printed page has only the preview. Without a
    kernel: one line of text.

    view: makes the widget of `what`; it and `preview` are given the class by which the view finds its preview.
    text: where not even HTML is shown; None is its repr.
    """
    publish = _publisher()
    if publish is None:
        print(repr(what))
        return
    key = f"prompt-explorer-{uuid.uuid4().hex[:12]}"
    try:
        publish(*view(what, key)._repr_mimebundle_())
    except MissingBundle as error:
        publish({"text/plain": str(error)})
    publish({"text/plain": repr(what) if text is None else text(), "text/html": preview(key)})


def display_app(explorer: Any) -> None:
    """Show the app of an Explorer; below it, for where no widget runs, the preview of its newest run.

    Outside a notebook: one line of text.
    """
    publish = _publisher()
    if publish is None:
        print(repr(explorer))
        return
    key = f"prompt-explorer-{uuid.uuid4().hex[:12]}"

    def preview(trace: Trace | None, update: bool = False) -> None:
        found = {"text/plain": repr(explorer), "text/html": _welcome(explorer, key)}
        if trace is not None:
            found = {"text/plain": preview_text(trace), "text/html": preview_html(trace, key=key)}
        publish(found, transient={"display_id": key}, update=update)

    try:
        from .app import App

        app = App(explorer, _preview=key)
        app.on_run = lambda trace: preview(trace, update=True)
        widget: Any = app._repr_mimebundle_()
        publish(*widget)
    except MissingBundle as error:
        publish({"text/plain": str(error)})
    runs = explorer.history
    preview(runs[-1] if runs else None)


def _welcome(explorer: Any, key: str) -> str:
    return f'<div class="{MARKER} {key}">{html.escape(repr(explorer))}: run this cell to use the app.</div>'


def display_atlas(atlas: Atlas) -> None:
    """Show a map of embeddings: its view, and a preview of it. Without a kernel: one line of text."""
    from .map_preview import map_html, map_text

    display_as(atlas, _map, lambda key: map_html(atlas, key=key), lambda: map_text(atlas))


def _map(atlas: Atlas, key: str) -> Any:
    from .map import MapView

    return MapView(atlas, _preview=key)


def _view(trace: Trace, key: str) -> Any:
    from .trace import TraceView

    return TraceView(trace, _preview=key)


def _publisher() -> Callable[..., None] | None:
    """What sends an output to the notebook; None outside a kernel."""
    try:
        from IPython import get_ipython
        from IPython.display import publish_display_data
    except ImportError:
        return None
    shell = get_ipython()
    return publish_display_data if getattr(shell, "kernel", None) is not None else None
