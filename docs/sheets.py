"""Draws the sheets of pictures that the docs show: the drawn world (`python docs/sheets.py world` draws these alone),
and what the miniature makes of prompts."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.miniature.world import (
    COLOURS,
    MOODS,
    PLACES,
    RELATIONS,
    STYLES,
    SUBJECTS,
    WEATHERS,
    Scene,
    Subject,
    draw,
    render,
    sheet,
)

FOLDER = Path(__file__).parent / "pictures"
LINE = 15


def save(name: str, page: Image.Image, quality: int = 80) -> None:
    """Write a page as WebP."""
    page.save(FOLDER / f"{name}.webp", quality=quality, method=6)


def page(pictures: Sequence[NDArray[np.uint8]], labels: Sequence[str], columns: int, gap: int = 8) -> Image.Image:
    """Pictures row by row, each with its label beneath."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    texts = [textwrap.wrap(label, 20) for label in labels]
    foot = LINE * max(len(text) for text in texts) + 6
    out = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + foot)), "white")
    pen = ImageDraw.Draw(out)
    for i, (picture, text) in enumerate(zip(pictures, texts, strict=True)):
        x, y = i % columns * (width + gap), i // columns * (height + foot)
        out.paste(Image.fromarray(picture), (x, y))
        for n, line in enumerate(text):
            pen.text((x + width / 2, y + height + 2 + n * LINE), line, "black", anchor="ma", font_size=12)
    return out


def scenes(name: str, shown: dict[str, Scene], columns: int) -> None:
    """Save the scenes with their labels."""
    save(name, page([render(scene).image for scene in shown.values()], list(shown), columns))


def world() -> None:
    """Everything that docs/world.md shows."""
    save("world", sheet([draw(1000 + i) for i in range(40)], 10))

    pairs = []
    for i, name in enumerate(SUBJECTS):
        own = [Scene((Subject(name, COLOURS[(i * 5 + k) % 12]),), seed=2 * i + k) for k in (0, 7)]
        left, right = (render(scene).image for scene in own)
        pairs.append(np.concatenate([left, np.full((128, 2, 3), 255, np.uint8), right], 1))
    save("subjects", page(pairs, SUBJECTS, 4, 14))

    teddy = Scene((Subject("teddy bear", "red"),), seed=3)
    scenes("colours", {c: replace(teddy, subjects=(Subject("teddy bear", c),)) for c in COLOURS}, 6)
    scenes("places", {p: replace(teddy, place=p, seed=i) for i, p in enumerate(PLACES)}, 6)
    house = Scene((Subject("house", "red"),), "countryside landscape", seed=12)
    scenes("weathers", {"none": house} | {w: replace(house, weather=w) for w in WEATHERS}, 4)
    boat = Scene((Subject("boat", "orange"),), "sea", seed=5)
    scenes("styles", {"none": boat} | {s: replace(boat, style=s) for s in STYLES}, 5)
    moods = {"none": house, **{m: replace(house, mood=m) for m in MOODS}}
    cat = Scene((Subject("cat", "orange"),), "living room", seed=8)
    scenes("moods", moods | {f"{m} ": replace(cat, mood=None if m == "none" else m) for m in moods}, 4)

    tree, apple = Subject("tree", "green"), Subject("apple", "red")
    of_size = {str(size or "usual"): (replace(tree, size=size),) for size in ("tiny", None, "huge")}
    of_count = {word: (replace(apple, count=n),) for n, word in enumerate(("one", "two", "three"), start=1)}
    scenes("sizes", {label: Scene(s, "farm", seed=4) for label, s in (of_size | of_count).items()}, 6)
    two = (Subject("cat", "orange"), Subject("umbrella", "blue"))
    scenes("relations", {r: Scene(two, "beach", relation=r, seed=6) for r in RELATIONS}, 4)

    two = (Subject("dog", "orange"), Subject("house", "blue", size="tiny"))
    drawing = render(Scene(two, "beach", "sunset", relation="left of", seed=682))
    masked = [np.where(m.pixels[..., None], drawing.image, 255 - (255 - drawing.image) // 8) for m in drawing.masks]
    save("masks", page([drawing.image, *masked], ["the picture", *(m.word for m in drawing.masks)], 4))


def miniature() -> None:
    """What the shipped weights draw."""
    import explorer
    from explorer.miniature.recipe import sheets
    from explorer.miniature.recipe.unet import PROMPTS

    path = FOLDER / "miniature.png"
    sheets.save(path, [trace.image.values for trace in explorer.load().record(list(PROMPTS), seed=1)], list(PROMPTS))
    Image.open(path).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    world()
    if sys.argv[1:] != ["world"]:
        miniature()
