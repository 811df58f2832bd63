"""The training set: pictures of the drawn world in one memory-mapped array, and a line about each.

Picture i is `world.draw(first + i, pairs)`, so its scene is `world.sample(first + i, pairs)` and need not be stored.
"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import world
from . import team
from .files import load_json, save_json

CHUNK = 500


GRID = 32
"""Rows and columns of the cells in which the set remembers where the subjects are."""


def cells(drawing: world.Drawing) -> NDArray[np.uint8]:
    """How much of each cell each of the scene's subjects covers, (2, 32, 32), 255 for all of it."""
    out = np.zeros((2, GRID, GRID), np.uint8)
    for number, pixels in enumerate(drawing.figures):
        out[number] = np.rint(255 * pixels.reshape(GRID, 128 // GRID, GRID, 128 // GRID).mean((1, 3)))
    return out


def _render_chunk(job: tuple[Path, int, int, int, world.Pairs]) -> int:
    folder, chunk, first, count, pairs = job
    pictures = np.load(folder / "pictures.npy", mmap_mode="r+")
    covers = np.load(folder / "cells.npy", mmap_mode="r+")
    lines = []
    for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, count)):
        drawing = world.draw(first + i, pairs)
        pictures[i], covers[i] = drawing.image, cells(drawing)
        lines.append(json.dumps({"seed": first + i, "caption": drawing.caption}))
    pictures.flush()
    covers.flush()
    partial = folder / f"lines-{chunk:05d}.partial"
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(folder / f"lines-{chunk:05d}.jsonl")
    return chunk


def render(folder: Path, count: int, *, first: int = 0, pairs: world.Pairs = "seen", workers: int = 2) -> None:
    """Draw `count` pictures into `folder`, unless they are there; chunks that an earlier sitting finished are kept."""
    if (folder / "set.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in (("pictures", (128, 128, 3)), ("cells", (2, GRID, GRID))):
        if not (folder / f"{name}.npy").exists():
            np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.uint8, shape=(count, *shape)).flush()
    chunks = range(-(-count // CHUNK))
    jobs = [(folder, c, first, count, pairs) for c in chunks if not (folder / f"lines-{c:05d}.jsonl").exists()]
    if workers < 2:
        for job in jobs:
            _render_chunk(job)
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for n, _ in enumerate(pool.imap_unordered(_render_chunk, jobs)):
                if n % 10 == 0:
                    print(f"drawn {n + 1} of {len(jobs)} chunks", flush=True)
    lines = "".join((folder / f"lines-{c:05d}.jsonl").read_text(encoding="utf-8") for c in chunks)
    (folder / "lines.jsonl").write_text(lines, encoding="utf-8")
    save_json(folder / "set.json", {"first": first, "count": count, "pairs": pairs})


@dataclass(frozen=True)
class Pictures:
    """A rendered set."""

    folder: Path

    @cached_property
    def settings(self) -> dict[str, Any]:
        """`first` seed, `count` of pictures, and which `pairs` they may have."""
        found: dict[str, Any] = load_json(self.folder / "set.json")
        return found

    def __len__(self) -> int:
        return int(self.settings["count"])

    @cached_property
    def pictures(self) -> NDArray[np.uint8]:
        """All pictures, (count, 128, 128, 3), read from the disk as needed."""
        found: NDArray[np.uint8] = np.load(self.folder / "pictures.npy", mmap_mode="r")
        return found

    @cached_property
    def cells(self) -> NDArray[np.uint8]:
        """What `cells` says of each picture, (count, 2, 32, 32)."""
        found: NDArray[np.uint8] = np.load(self.folder / "cells.npy", mmap_mode="r")
        return found

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        """A dictionary for each picture: seed, caption."""
        with (self.folder / "lines.jsonl").open(encoding="utf-8") as text:
            return [json.loads(line) for line in text]

    def scene(self, index: int) -> world.Scene:
        """What picture `index` shows."""
        return world.sample(self.settings["first"] + index, self.settings["pairs"])

    def batch(self, indices: NDArray[np.int64]) -> Tensor:
        """Pictures as float32 (batch, 3, 128, 128) from -1 to 1, channels last."""
        return as_input(self.pictures[np.sort(indices)][np.argsort(np.argsort(indices))])


def as_input(pictures: NDArray[np.uint8]) -> Tensor:
    """uint8 (batch, height, width, 3) as float32 (batch, 3, height, width) from -1 to 1, channels last in memory."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def as_pictures(output: Tensor) -> NDArray[np.uint8]:
    """The way back of `as_input`, clipped."""
    scaled = (output.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return scaled.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def indices(count: int, batch: int, step: int, seed: int = 0) -> NDArray[np.int64]:
    """Which of `count` items step `step` sees: epochs without repetition, each in its own order; a team's slice."""
    at = np.arange(step * batch, (step + 1) * batch)
    out = np.empty(batch, np.int64)
    for epoch in np.unique(at // count):
        here = at // count == epoch
        out[here] = np.random.default_rng([seed, int(epoch)]).permutation(count)[at[here] % count]
    return out[team.rank() :: team.size()]


PAIRED = 0.5
"""Share of a batch that is taken from the pictures of two subjects alone: which of two is what, and in which colour, is
what takes longest to learn."""
UNSAID = 0.5
"""Share of the captions of two subjects side by side that leave out which is on the left: "a cat and a dog"."""


class Choice:
    """Which pictures each step sees, and what is said of them."""

    def __init__(self, data: Pictures, seed: int) -> None:
        self.seed = seed
        self.scenes = [data.scene(i) for i in range(len(data))]
        self.pairs = np.array([i for i, scene in enumerate(self.scenes) if len(scene.subjects) == 2], np.int64)

    def batch(
        self, step: int, size: int, lot: np.random.Generator
    ) -> tuple[NDArray[np.int64], list[world.Scene], list[str]]:
        """A team's slice of the step's pictures, in their order, with their scenes and with captions in other words."""
        paired = round(PAIRED * size) if len(self.pairs) else 0
        two = self.pairs[indices(len(self.pairs), paired, step, self.seed + 3)]
        chosen = np.sort(np.concatenate([indices(len(self.scenes), size - paired, step, self.seed), two]))
        scenes = [self.scenes[i] for i in chosen]
        return chosen, scenes, [told(scene, lot) for scene in scenes]


def told(scene: world.Scene, lot: np.random.Generator) -> str:
    """A caption of the scene in other words, which may leave the sides of its two subjects unsaid."""
    if scene.relation in ("left of", "right of") and lot.random() < UNSAID:
        scene = replace(scene, relation=None)
    return world.caption(replace(scene, seed=int(lot.integers(1 << 40)))).text
