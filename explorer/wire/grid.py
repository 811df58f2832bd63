"""A grid of runs for the browser: its pictures, and what its rows and columns set. The twin is `wire/grid.ts`."""

from collections.abc import Mapping
from typing import Any

from ..sheets import Grid
from .pack import Pack, clean
from .pictures import webp

VERSION = 1
LONGEST = 60  # characters of a header
SIDES = ((36, 256), (100, 160), (400, 96))
"""Pixels of a picture's longer side in a grid of at most so many cells; 64 in a larger one."""


def grid(sheet: Grid) -> tuple[dict[str, Any], bytes]:
    """What the grid view needs.

    Returns (meta, buffer): `meta["cells"]` names the row, the column and the place of each cell's WebP in the block
    `pictures`; the runs themselves stay in Python until one is opened.
    """
    count = len(sheet.rows) * len(sheet.columns)
    side = next((side for most, side in SIDES if count <= most), 64)
    pack, cells, files, offset = Pack(), [], [], 0
    for (row, column), trace in sheet.cells.items():
        file = webp(trace.image.values, side)
        prompt = clean(trace.tokens.prompt, 200)
        cells.append({"row": row, "column": column, "prompt": prompt, "span": [offset, len(file)]})
        files.append(file)
        offset += len(file)
    pack.add("pictures", b"".join(files))
    first = next(iter(sheet.cells.values()), None)
    height, width = (64, 64) if first is None else first.image.shape[:2]
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "grid",
        "rows": [header(row) for row in sheet.rows],
        "columns": [header(column) for column in sheet.columns],
        "picture": {"type": "image/webp", "width": width, "height": height},
        "cells": cells,
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def header(sets: Mapping[str, Any]) -> str:
    """What a row or a column sets, as text: "seed 3", and words by themselves."""
    parts = (
        f"{name.replace('_', ' ')} {value}" if not isinstance(value, str) or name == "sampler" else value
        for name, value in sets.items()
    )
    return clean(", ".join(parts), LONGEST)
