"""Views of several runs, by Python (`python -m tests.views.golden_paths` writes the file that vitest reads)."""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.analysis.colour import lab
from explorer.frames import Frame, Interpolation, Key
from explorer.wire.comparison import comparison
from explorer.wire.frames import frames
from tests.fake import synthetic_run

FILE = Path(__file__).parents[2] / "extensions/widgets/src/fixtures/paths.json"
COLOURS = ((0, 0, 0), (255, 255, 255), (255, 0, 0), (12, 200, 90), (3, 4, 5), (128, 128, 128))


def golden_paths() -> dict[str, Any]:
    """A small path and a small comparison as they are sent, and colours as L*a*b*."""
    small: dict[str, Any] = {"steps": 3, "size": (32, 48), "grids": ((4, 6), (2, 3))}
    keys = (Key("a red castle", 1, 4.0), Key("a blue castle", 1, 4.0))
    row = []
    for at in (0.0, 0.25, 0.75, 1.0):
        trace = synthetic_run(keys[round(at)].prompt, **small)
        # Brighter in the second half, so that the largest step is in the middle.
        picture = np.clip(trace.image.values.astype(int) + (30 if at > 0.5 else 0), 0, 255).astype(np.uint8)
        row.append(Frame((at,), dataclasses.replace(trace, image=trace.image.copy(data=picture))))
    path = Interpolation(keys, tuple(row), asked=4)
    runs = [
        synthetic_run("a red castle in snow", **small),
        synthetic_run("a blue castle in the snow", **small | {"steps": 5}),
    ]
    runs[1] = dataclasses.replace(runs[1], settings=dataclasses.replace(runs[1].settings, seed=9))
    found = {}
    for name, (meta, data) in {"path": frames(path), "comparison": comparison(runs, ["one", "two"])}.items():
        found[name] = {"meta": meta, "data": base64.b64encode(data).decode()}
    colours = np.array(COLOURS, np.uint8)
    return {
        **found,
        "colours": [{"rgb": list(c), "lab": v} for c, v in zip(COLOURS, lab(colours).tolist(), strict=True)],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden_paths(), indent=1) + "\n")
