"""Prompt Explorer: see what a text-to-image model does with each word of a prompt."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.settling import Settling
    from .atlas import Atlas
    from .copying import Copies, copies
    from .embeddings import Space
    from .errors import (
        CaptureError,
        CheckpointError,
        ExplorerError,
        InvalidSetting,
        TraceFileError,
        UnknownWord,
        UnsupportedPipeline,
    )
    from .films import open_film
    from .frames import Interpolation, open_frames
    from .gallery import Gallery
    from .lessons import Lesson
    from .miniature.film import Film
    from .prompt import Tokens
    from .session import Explorer, load, wrap
    from .sheets import Grid, Growth
    from .storage import open_trace as open
    from .trace import Settings, Trace
    from .upscaling import Upscaled
    from .views import (
        AttentionView,
        ComparisonView,
        CopiesView,
        EffectsView,
        FilmView,
        GalleryView,
        GridView,
        GuidanceView,
        InterpolationView,
        LessonView,
        LibraryView,
        MapView,
        StepsView,
        TraceView,
        UpscaledView,
        WordsView,
        compare,
    )

__version__ = "0.1.0"

# Where each public name lives; loaded on first use (PEP 562), since torch and diffusers take seconds to import.
_HOMES = {
    "Atlas": "atlas",
    "AttentionView": "views",
    "CaptureError": "errors",
    "CheckpointError": "errors",
    "ComparisonView": "views",
    "Copies": "copying",
    "CopiesView": "views",
    "EffectsView": "views",
    "Explorer": "session",
    "ExplorerError": "errors",
    "Film": "miniature.film",
    "FilmView": "views",
    "Gallery": "gallery",
    "GalleryView": "views",
    "Grid": "sheets",
    "GridView": "views",
    "Growth": "sheets",
    "GuidanceView": "views",
    "Interpolation": "frames",
    "InterpolationView": "views",
    "InvalidSetting": "errors",
    "Lesson": "lessons",
    "LessonView": "views",
    "LibraryView": "views",
    "MapView": "views",
    "Settings": "trace",
    "Settling": "analysis.settling",
    "Space": "embeddings",
    "StepsView": "views",
    "Tokens": "prompt",
    "Trace": "trace",
    "TraceFileError": "errors",
    "TraceView": "views",
    "UnknownWord": "errors",
    "UnsupportedPipeline": "errors",
    "Upscaled": "upscaling",
    "UpscaledView": "views",
    "WordsView": "views",
    "compare": "views",
    "copies": "copying",
    "load": "session",
    "open": "storage",
    "open_film": "films",
    "open_frames": "frames",
    "wrap": "session",
}
_NAMES = {"open": "open_trace"}

__all__ = [
    "Atlas",
    "AttentionView",
    "CaptureError",
    "CheckpointError",
    "ComparisonView",
    "Copies",
    "CopiesView",
    "EffectsView",
    "Explorer",
    "ExplorerError",
    "Film",
    "FilmView",
    "Gallery",
    "GalleryView",
    "Grid",
    "GridView",
    "Growth",
    "GuidanceView",
    "Interpolation",
    "InterpolationView",
    "InvalidSetting",
    "Lesson",
    "LessonView",
    "LibraryView",
    "MapView",
    "Settings",
    "Settling",
    "Space",
    "StepsView",
    "Tokens",
    "Trace",
    "TraceFileError",
    "TraceView",
    "UnknownWord",
    "UnsupportedPipeline",
    "Upscaled",
    "UpscaledView",
    "WordsView",
    "compare",
    "copies",
    "load",
    "open",
    "open_film",
    "open_frames",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), _NAMES.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext explorer`: the magics `%prompt` and `%%prompt`."""
    importlib.import_module(".magics", __name__).load(shell)
