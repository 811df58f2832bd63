"""What a person sees: one widget per file, each with a twin of the same stem in `extensions/widgets/src/`."""

import importlib
from typing import TYPE_CHECKING, Any

from .show import display

if TYPE_CHECKING:
    from .app import App
    from .attention import AttentionView
    from .comparison import ComparisonView, compare
    from .copies import CopiesView
    from .effects import EffectsView
    from .film import FilmView
    from .gallery import GalleryView
    from .grid import GridView
    from .guidance import GuidanceView
    from .interpolation import InterpolationView
    from .lesson import LessonView
    from .library import LibraryView
    from .map import MapView
    from .steps import StepsView
    from .trace import TraceView
    from .upscaled import UpscaledView
    from .words import WordsView

__all__ = [
    "App",
    "AttentionView",
    "ComparisonView",
    "CopiesView",
    "EffectsView",
    "FilmView",
    "GalleryView",
    "GridView",
    "GuidanceView",
    "InterpolationView",
    "LessonView",
    "LibraryView",
    "MapView",
    "StepsView",
    "TraceView",
    "UpscaledView",
    "WordsView",
    "compare",
    "display",
]

# anywidget and ipywidgets take a third of a second to import, and a static preview needs neither.
_HOMES = {
    "App": "app",
    "AttentionView": "attention",
    "ComparisonView": "comparison",
    "CopiesView": "copies",
    "EffectsView": "effects",
    "FilmView": "film",
    "GalleryView": "gallery",
    "GridView": "grid",
    "GuidanceView": "guidance",
    "InterpolationView": "interpolation",
    "LessonView": "lesson",
    "LibraryView": "library",
    "MapView": "map",
    "StepsView": "steps",
    "TraceView": "trace",
    "UpscaledView": "upscaled",
    "WordsView": "words",
    "compare": "comparison",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
