"""A static picture of several runs, for where no widget runs: rows of small pictures with captions."""

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..wire import clean
from ..wire.pictures import webp
from .preview import LONGEST, MARKER

if TYPE_CHECKING:
    from jinja2 import Template

SIDE = 128  # pixels of a picture's longer side
MOST = 24  # pictures of one preview: a saved notebook must stay small


class Small(NamedTuple):
    """One picture of a strip."""

    pixels: np.ndarray
    """(y, x, RGB) uint8."""
    caption: str
    alt: str


class Row(NamedTuple):
    """Pictures in a line. head: what is written above them."""

    pictures: Sequence[Small]
    head: str = ""


def strip_html(title: str, rows: Sequence[Row], line: str, *, key: str = "") -> str:
    """The preview: a title, rows of pictures, a line about them. Of more than `MOST` pictures, some are left out.

    key: a class by which the live view finds its own preview and hides it.
    """
    total = sum(len(row.pictures) for row in rows)
    skip = -(-total // MOST)
    shown = []
    for row in rows:
        pictures = row.pictures if skip == 1 or len(rows) > 1 else [*row.pictures[::skip], *row.pictures[-1:]]
        shown.append({"head": clean(row.head, 120), "pictures": [_small(one) for one in pictures]})
    if len(rows) > 1 and skip > 1:
        shown, line = shown[: max(1, MOST // max(len(rows[0].pictures), 1))], f"{line} · the first rows"
    return _template().render(
        marker=MARKER, key=key, title=clean(title, LONGEST), rows=shown, line=clean(line, 2 * LONGEST)
    )


def _small(one: Small) -> dict[str, Any]:
    height, width = one.pixels.shape[:2]
    scale = SIDE / max(height, width)
    data = webp(one.pixels, SIDE, 80)
    return {
        "src": "data:image/webp;base64," + base64.b64encode(data).decode(),
        "alt": clean(one.alt, LONGEST),
        "caption": clean(one.caption, 80),
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }


@cache
def _template() -> "Template":
    from jinja2 import Environment

    text = Path(__file__).with_suffix(".html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
