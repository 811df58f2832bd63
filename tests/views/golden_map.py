"""What the browser must read out of a map, by Python (`python -m tests.views.golden_map` writes what vitest reads)."""

import base64
import json
from pathlib import Path
from typing import Any

from explorer.wire.atlas import atlas as atlas_of
from tests.maps import synthetic_atlas

FILE = Path(__file__).parents[2] / "extensions/widgets/src/fixtures/atlas.json"


def golden() -> dict[str, Any]:
    """A small map as it is sent, without its pictures, whose bytes differ from one Pillow to the next."""
    atlas = synthetic_atlas(width=16)
    meta, data = atlas_of(atlas)
    offset, _ = meta["blocks"]["sheet"]
    sheet = {name: meta["blocks"].pop(name) for name in ("sheet", "pictured", "sizes")}
    assert min(place for place, _ in sheet.values()) == offset
    meta["thumbs"] = None
    return {
        "meta": meta,
        "data": base64.b64encode(data[:offset]).decode(),
        "near": [
            [[int(row), round(float(cosine), 5)] for row, cosine in zip(rows, cosines, strict=True)]
            for rows, cosines in zip(atlas.neighbours, atlas.cosines, strict=True)
        ],
        "alike": [round(float(cosine), 5) for cosine in atlas.similarities(0)],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden()) + "\n")
