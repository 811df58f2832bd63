"""What the browser must read out, by Python (`python -m tests.views.golden` writes the file that vitest reads)."""

import base64
import json
from pathlib import Path
from typing import Any

from explorer import wire
from explorer.analysis import heat, words_at
from tests.synthetic import synthetic_trace

FILE = Path(__file__).parents[2] / "extensions/widgets/src/fixtures/attention.json"


def golden() -> dict[str, Any]:
    """A small trace as it is sent, and what Python reads out of it."""
    trace = synthetic_trace("a red castle, a blue narwhal", steps=3, size=(32, 48), grids=((4, 6), (2, 3)))
    meta, data = wire.attention(trace)
    steps = (None, 0, 2)
    pixels = ((0, 0), (20, 9), (47, 31), (30, 14))
    return {
        "meta": meta,
        "data": base64.b64encode(data).decode(),
        "ranked": [
            {
                "x": x,
                "y": y,
                "step": step,
                "words": [[one.index, round(one.share, 6)] for one in words_at(trace, x, y, step=step)],
            }
            for x, y in pixels
            for step in steps
        ],
        "heat": [
            {
                "word": word,
                "step": step,
                "values": [round(float(share), 6) for share in heat(trace, word, step=step).values.flat],
            }
            for word in (2, 5)
            for step in steps
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), indent=1) + "\n")
