"""A map of embeddings for the browser. The twin is `extensions/widgets/src/wire/atlas.ts`."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ..atlas import THUMB, Atlas
from ..errors import InvalidSetting
from .pack import Pack, clean

VERSION = 1
LISTED = 20_000  # labels up to which they go as a list; one long text beyond, cut up when it is looked at
LONGEST = 200  # characters of a label
MOST_VECTORS = 2_000_000  # bytes
MOST_KINDS = 60  # as many as can be told apart by colour and shape, and more
SHEET = 4096  # pixels of the sheet's side, at most: what every browser can hold
SMALLEST = 24


def atlas(atlas: Atlas) -> tuple[dict[str, Any], bytes]:
    """What the map view needs: (meta, buffer), of which `meta["blocks"][name]` says where a block lies.

    points: float32 (item, axis). neighbours, cosines: int32 and int16 (item, neighbour), 32767 standing for 1. kinds,
    modalities: uint8 by item. kept: uint8 by item, 250 standing for 1 and 255 for unknown. vectors: int8 (item,
    channel), each scaled to its largest channel, only where they take at most `MOST_VECTORS` bytes. sheet: thumbnails
    side by side as one WebP; pictured: int32, the item of each; sizes: uint8 (picture, 2), width and height in a cell.

    Raises InvalidSetting if a point is no number.
    """
    count, axes = atlas.shape
    if not np.isfinite(atlas.points).all():
        wrong = int(np.flatnonzero(~np.isfinite(atlas.points).all(axis=1))[0])
        raise InvalidSetting(
            f"The map has no place for {clean(str(atlas.labels[wrong]), 60)!r}, whose point is not a number: "
            "leave it out, or make the map anew."
        )
    pack = Pack()
    names, numbers = _kinds(atlas)
    pack.add("points", atlas.points.astype("<f4").tobytes())
    pack.add("kinds", numbers.tobytes())
    pack.add("modalities", np.asarray(atlas.modalities, np.uint8).tobytes())
    pack.add("neighbours", np.asarray(atlas.neighbours, "<i4").tobytes())
    pack.add("cosines", np.rint(np.clip(atlas.cosines, -1, 1) * 32767).astype("<i2").tobytes())
    if atlas.kept is not None:
        kept = np.where(np.isfinite(atlas.kept), np.rint(np.clip(np.nan_to_num(atlas.kept), 0, 1) * 250), 255)
        pack.add("kept", kept.astype(np.uint8).tobytes())
    width = atlas.vectors.shape[1]
    sent = count * width <= MOST_VECTORS
    if sent:
        pack.add("vectors", in_bytes(atlas.vectors).tobytes())
    labels = [clean(str(label), LONGEST) for label in atlas.labels]
    if count > LISTED:
        texts = [label.encode() for label in labels]
        pack.add("labels", b"".join(texts))
        pack.add("ends", np.cumsum([len(text) for text in texts]).astype("<u4").tobytes())
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "atlas",
        "count": count,
        "dimensions": axes,
        "labels": labels if count <= LISTED else None,
        "kinds": names,
        "near": int(atlas.neighbours.shape[1]),
        "kept": atlas.kept is not None,
        "width": width if sent else None,
        "thumbs": thumbs_part(pack, atlas.thumbs),
        "paths": [
            {"name": clean(path.name, LONGEST), "kind": path.kind, "rows": [int(row) for row in path.rows]}
            for path in atlas.paths
            if path.rows
        ],
        "method": clean(atlas.method, 40),
        "gap": clean(atlas.gap, 40),
        "note": clean(atlas.note, 1000),
        "source": clean(atlas.source, 120),
        "axes": [clean(axis, LONGEST) for axis in atlas.axes],
        "explained": None if atlas.explained is None else [float(share) for share in atlas.explained],
        "trustworthiness": None if atlas.trustworthiness is None else float(atlas.trustworthiness),
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def in_bytes(vectors: np.ndarray) -> np.ndarray:
    """Vectors (item, channel) in 8 bits with a sign, each by its own largest channel; cosines change by about 0.01."""
    tops = np.maximum(np.abs(vectors).max(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
    scaled: np.ndarray = np.rint(vectors / tops * 127).astype(np.int8)
    return scaled


def _kinds(atlas: Atlas) -> tuple[list[str], np.ndarray]:
    """The kinds in the order in which they come, and each item's; from `MOST_KINDS` on they are all "other"."""
    places: dict[str, int] = {}
    for kind in atlas.kinds:
        places.setdefault(kind, len(places))
    names = [clean(str(kind), 40) for kind in places][:MOST_KINDS]
    if len(places) > MOST_KINDS:
        names[-1] = "other"
    numbers = np.fromiter((min(places[kind], MOST_KINDS - 1) for kind in atlas.kinds), np.uint8, len(atlas.kinds))
    return names, numbers


def thumbs_part(pack: Pack, thumbs: Mapping[int, np.ndarray]) -> dict[str, Any] | None:
    """One sheet of all thumbnails: smaller where there are many, and evenly picked where there are too many."""
    rows = sorted(thumbs)
    if not rows:
        return None
    cell = THUMB
    while (SHEET // cell) ** 2 < len(rows) and cell > SMALLEST:
        cell -= 8
    columns = min(SHEET // cell, len(rows))
    if len(rows) > (SHEET // cell) ** 2:
        rows = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, (SHEET // cell) ** 2).astype(int))]
    sheet = Image.new("RGB", (columns * cell, -(-len(rows) // columns) * cell))
    sizes = []
    for place, row in enumerate(rows):
        picture = Image.fromarray(np.ascontiguousarray(thumbs[row]))
        picture.thumbnail((cell, cell), Image.Resampling.LANCZOS)
        sheet.paste(picture, (place % columns * cell, place // columns * cell))
        sizes.append(picture.size)
    file = io.BytesIO()
    sheet.save(file, "WEBP", quality=82, method=2)
    pack.add("sheet", file.getvalue())
    pack.add("pictured", np.array(rows, "<i4").tobytes())
    pack.add("sizes", np.array(sizes, np.uint8).tobytes())
    return {"type": "image/webp", "cell": cell, "columns": columns, "count": len(rows)}
