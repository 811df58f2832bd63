"""Draws the sheets of pictures that the docs show: the drawn world, and what the miniature makes of prompts."""

from pathlib import Path

import explorer
from explorer.miniature import world
from explorer.miniature.recipe import sheets
from explorer.miniature.recipe.unet import PROMPTS

FOLDER = Path(__file__).parent / "pictures"

world.sheet([world.draw(1000 + i) for i in range(40)], 10).save(FOLDER / "world.png", optimize=True)
traces = explorer.load().record(list(PROMPTS), seed=1)
sheets.save(FOLDER / "miniature.png", [trace.image.values for trace in traces], list(PROMPTS))
