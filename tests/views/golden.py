"""What the browser must read out, by Python (`python -m tests.views.golden` writes the file that vitest reads)."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer import wire
from explorer.analysis import heat, split, words_at
from explorer.analysis.heat import resize
from explorer.analysis.sketch import fit
from explorer.trace import Trace
from tests.fake import synthetic_run

FILE = Path(__file__).parents[2] / "extensions/widgets/src/fixtures/run.json"


def golden() -> dict[str, Any]:
    """A small run as it is sent, and what Python reads out of it."""
    trace = synthetic_run("a red castle, a blue narwhal", steps=3, size=(32, 48), grids=((4, 6), (2, 3)))
    meta, data = wire.trace(trace, masks={"castle": np.eye(32, 48) > 0})
    steps: tuple[Any, ...] = (None, 0, 2)
    pixels = ((0, 0), (20, 9), (47, 31), (30, 14))
    layer = trace.layers[0]
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
                "layer": of,
                # On the large grid, as the browser shows it.
                "values": [
                    round(float(share), 6)
                    for share in resize(heat(trace, word, step=chosen, layer=layers).values, 4, 6).flat
                ],
            }
            for word in (2, 5)
            for step, chosen, of, layers in (
                *((step, step, None, None) for step in steps),
                ([1, 2], (1, 2), None, None),
                (1, 1, layer, layer),
                (None, None, "2x3", [name for name in trace.layers if name.startswith("blocks.2.")]),
            )
        ],
        "guided": _guided(trace),
    }


def _guided(trace: Trace) -> list[dict[str, Any]]:
    """What another guidance would have made of the last step, as pictures (RGB, y, x)."""
    parts = split(trace)
    assert parts is not None
    assert trace.pictures is not None
    sketch = fit(trace.predicted.values, trace.pictures.values, 4)
    found = []
    for guidance in (0.0, 1.0, 6.5):
        picture = sketch.draw(parts.at(guidance).values[-1:])[0]
        found.append({"guidance": guidance, "step": trace.steps - 1, "picture": picture[::4, ::4].ravel().tolist()})
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(), indent=1) + "\n")
