"""The drawn world: a renderer that draws a captioned scene and knows which pixels each word made."""

from .captions import VOCABULARY, Caption, Word, caption, prompt
from .moods import MOODS
from .palette import COLOURS
from .places import PLACES
from .render import Drawing, Mask, draw, render, sheet
from .scene import RELATIONS, SIZES, Pairs, Scene, Subject, held_out, sample
from .styles import STYLES
from .subjects import SUBJECTS
from .weathers import WEATHERS

__all__ = [
    "COLOURS",
    "MOODS",
    "PLACES",
    "RELATIONS",
    "SIZES",
    "STYLES",
    "SUBJECTS",
    "VOCABULARY",
    "WEATHERS",
    "Caption",
    "Drawing",
    "Mask",
    "Pairs",
    "Scene",
    "Subject",
    "Word",
    "caption",
    "draw",
    "held_out",
    "prompt",
    "render",
    "sample",
    "sheet",
]
