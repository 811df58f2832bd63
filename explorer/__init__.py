"""Prompt Explorer: see what a text-to-image model does with each word of a prompt."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        CaptureError,
        CheckpointError,
        ExplorerError,
        InvalidSetting,
        TraceFileError,
        UnknownWord,
        UnsupportedPipeline,
    )
    from .frames import Interpolation, open_frames
    from .prompt import Tokens
    from .session import Explorer, load, wrap
    from .sheets import Grid
    from .storage import open_trace as open
    from .trace import Settings, Trace
    from .views import AttentionView, GuidanceView, StepsView, TraceView, WordsView

__version__ = "0.1.0"

# Where each public name lives; loaded on first use (PEP 562), since torch and diffusers take seconds to import.
_HOMES = {
    "AttentionView": "views",
    "CaptureError": "errors",
    "CheckpointError": "errors",
    "Explorer": "session",
    "ExplorerError": "errors",
    "Grid": "sheets",
    "GuidanceView": "views",
    "InvalidSetting": "errors",
    "Interpolation": "frames",
    "Settings": "trace",
    "StepsView": "views",
    "Tokens": "prompt",
    "Trace": "trace",
    "TraceFileError": "errors",
    "TraceView": "views",
    "UnknownWord": "errors",
    "UnsupportedPipeline": "errors",
    "WordsView": "views",
    "load": "session",
    "open": "storage",
    "open_frames": "frames",
    "wrap": "session",
}
_NAMES = {"open": "open_trace"}

__all__ = [
    "AttentionView",
    "CaptureError",
    "CheckpointError",
    "Explorer",
    "ExplorerError",
    "Grid",
    "GuidanceView",
    "Interpolation",
    "InvalidSetting",
    "Settings",
    "StepsView",
    "Tokens",
    "Trace",
    "TraceFileError",
    "TraceView",
    "UnknownWord",
    "UnsupportedPipeline",
    "WordsView",
    "load",
    "open",
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
