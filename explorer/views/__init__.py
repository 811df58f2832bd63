"""What a person sees: one widget per file, each with a twin of the same stem in `extensions/widgets/src/`."""

import importlib
from typing import TYPE_CHECKING, Any

from .show import display

if TYPE_CHECKING:
    from .app import App
    from .attention import AttentionView
    from .guidance import GuidanceView
    from .steps import StepsView
    from .trace import TraceView
    from .words import WordsView

__all__ = ["App", "AttentionView", "GuidanceView", "StepsView", "TraceView", "WordsView", "display"]

# anywidget and ipywidgets take a third of a second to import, and a static preview needs neither.
_HOMES = {
    "App": "app",
    "AttentionView": "attention",
    "GuidanceView": "guidance",
    "StepsView": "steps",
    "TraceView": "trace",
    "WordsView": "words",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
