"""What a person sees: one widget per file, each with a twin of the same stem in `extensions/widgets/src/`."""

import importlib
from typing import TYPE_CHECKING, Any

from .show import display

if TYPE_CHECKING:
    from .attention import AttentionView

__all__ = ["AttentionView", "display"]


def __getattr__(name: str) -> Any:
    # anywidget and ipywidgets take a third of a second to import, and a static preview needs neither.
    if name != "AttentionView":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(".attention", __name__).AttentionView
