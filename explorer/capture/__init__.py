"""Watches one run of a pipeline and hands back plain arrays; leaves no patch behind and changes no pixel."""

from .around import as_before, quiet
from .edit import Editor, Plan
from .estimate import Estimate, fitted, seconds
from .feed import Change, Feed, Noise, told
from .keep import Keep
from .watch import Recording, Watched, watch

__all__ = [
    "Change",
    "Editor",
    "Estimate",
    "Feed",
    "Keep",
    "Noise",
    "Plan",
    "Recording",
    "Watched",
    "as_before",
    "fitted",
    "quiet",
    "seconds",
    "told",
    "watch",
]
