"""Sample sheets: pictures side by side, with their captions beneath."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw


def sheet(pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str] = (), columns: int = 8) -> Image.Image:
    """uint8 pictures (height, width, 3) as one, row by row."""
    height, width = pictures[0].shape[:2]
    foot = 34 if captions else 0
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (width + 4), rows * (height + foot + 4)), "white")
    draw = ImageDraw.Draw(page)
    for i, picture in enumerate(pictures):
        x, y = i % columns * (width + 4), i // columns * (height + foot + 4)
        page.paste(Image.fromarray(picture), (x, y))
        if captions:
            draw.multiline_text(
                (x, y + height), "\n".join(textwrap.wrap(captions[i], 25)[:3]), "black", font_size=10, spacing=1
            )
    return page


def save(path: Path, pictures: Sequence[NDArray[np.uint8]], captions: Sequence[str] = (), columns: int = 8) -> None:
    """Write the sheet as a PNG."""
    partial = path.with_suffix(".partial.png")
    sheet(pictures, captions, columns).save(partial)
    partial.replace(path)
