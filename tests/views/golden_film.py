"""A small film, by Python (`python -m tests.views.golden_film` writes the file that vitest reads)."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.miniature.film import Film
from explorer.wire.film import films

FILE = Path(__file__).parents[2] / "extensions/widgets/src/fixtures/film.json"
PROMPTS = ("a red castle", "a blue dog")


def tiny_film(
    name: str = "tiny", seen: tuple[int, ...] = (0, 100, 400, 1600), side: int = 32, gan: bool = False
) -> Film:
    """A training as no model made it: flat pictures that become brighter, curves that can be told by heart."""
    count, columns = len(seen), len(PROMPTS)
    pictures = np.zeros((count, columns, side, side, 3), np.uint8)
    for i in range(count):
        pictures[i, 0] = (40 * i + 20, 20, 20)
        pictures[i, 1] = (20, 20, 40 * i + 20)
    rise = np.linspace(0, 1, count).astype(np.float32)
    curves = {
        "loss": (1.5 - rise).astype(np.float32),
        "subject": rise * 0.8,
        "word/castle": rise,
        "word/dog": rise * 0.3,
    }
    curves["loss"][0] = np.nan
    if gan:
        curves = {
            "generator": 1 + rise,
            "drawn": rise * 0.5,
            "right on drawn": 1 - rise * 0.5,
            "right on unseen": rise * 0 + 1,
            "unseen": 1 - rise * 0.5,
            "verdicts": np.stack([rise * 0.4, rise * 0.6], 1),
            "verdicts on unseen": np.stack([1 - rise * 0.4, 1 - rise * 0.6], 1),
        }
    maps = np.zeros((count, columns, 2, 4, 6), np.uint8)
    for i in range(count):
        maps[i, :, :, 1:3, 2:4] = 30 * (i + 1)
        maps[i, 1, 1] = 7
    return Film(
        name,
        "Made up for the tests.",
        PROMPTS,
        np.array(seen, np.int64),
        np.array([n / 100 for n in seen], np.float32),
        pictures,
        {key: np.asarray(values, np.float32) for key, values in curves.items()},
        maps=None if gan else maps,
        map_words=() if gan else (("red", "castle"), ("blue",)),
    )


def golden_film() -> dict[str, Any]:
    """Two films as they are sent."""
    meta, data = films([tiny_film(), tiny_film("other", (0, 50, 3000), gan=True)])
    return {"meta": meta, "data": base64.b64encode(data).decode()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden_film(), indent=1) + "\n")
