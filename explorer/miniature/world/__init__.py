"""The drawn world: a renderer that draws a captioned scene and knows which pixels each word made."""

from .captions import VOCABULARY, Caption, Word, caption
from .palette import COLOURS
from .places import PLACES
from .render import Drawing, Mask, draw, render, sheet
from .scene import RELATIONS, Scene, Subject, sample
from .styles import STYLES
from .subjects import SUBJECTS
from .weathers import WEATHERS

__all__ = [
    "COLOURS",
    "PLACES",
    "RELATIONS",
    "STYLES",
    "SUBJECTS",
    "VOCABULARY",
    "WEATHERS",
    "Caption",
    "Drawing",
    "Mask",
    "Scene",
    "Subject",
    "Word",
    "caption",
    "draw",
    "render",
    "sample",
    "sheet",
]
