"""The oracle: reads from a picture what stands in it, where, in which colour, in which place, weather, style and mood.

It is trained on drawings of the world alone, never on generated pictures, and shares no weights with the miniature, so
its verdict on what the miniature draws is an outsider's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from . import FOLDER, world

BEARINGS = (*world.RELATIONS, "below", "in front of")
"""How one thing can stand to another; "left of" and "right of" are each other's converse."""
HEADS: dict[str, tuple[str | int | None, ...]] = {
    "place": world.PLACES,
    "weather": (None, *world.WEATHERS),
    "style": (None, *world.STYLES),
    "mood": (None, *world.MOODS),
    "size": (None, *world.SIZES),
    "count": (1, 2, 3),
}
"""What is read from the whole picture, and the classes of each."""


def _block(inner: int, outer: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _block(width, width), nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.inner(x))


@dataclass(frozen=True, eq=False)
class Reading:
    """What the oracle read from one picture.

    subjects: the share of the picture that each of the world's subjects covers, most first. colours: the colour that
    each subject would have here. whole: place, weather, style, mood, size and count. cells: float32 (subjects, 32, 32),
    how surely each subject is in each cell, 0 to 1, in the order of `world.SUBJECTS`.
    """

    subjects: dict[str, float]
    colours: dict[str, str]
    whole: dict[str, str | int | None]
    cells: NDArray[np.float32]


class Oracle(nn.Module):
    """A convolutional network with a dense head (which subject is in each cell of 4x4 pixels, in which colour), heads
    for the whole picture, and one that tells from two subjects' cells how the one stands to the other."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.width = w = width
        self.near = nn.Sequential(_block(3, w, 2), _block(w, 2 * w, 2), _Residual(2 * w))
        self.middle = nn.Sequential(_block(2 * w, 4 * w, 2), _Residual(4 * w), _Residual(4 * w))
        self.far = nn.Sequential(_block(4 * w, 6 * w, 2), _Residual(6 * w), _Residual(6 * w))
        self.up_far, self.up_middle = nn.Conv2d(6 * w, 4 * w, 1), nn.Conv2d(4 * w, 2 * w, 1)
        self.join = _block(2 * w, 2 * w)
        self.dense = nn.Conv2d(2 * w, 1 + len(world.SUBJECTS) + len(world.COLOURS), 1)
        self.heads = nn.ModuleDict({name: nn.Linear(12 * w, len(classes)) for name, classes in HEADS.items()})
        self.bearing = nn.Sequential(
            _block(2, w, 2),
            _block(w, w, 2),
            nn.Flatten(),
            nn.Linear(64 * w, 128),
            nn.ReLU(),
            nn.Linear(128, len(BEARINGS)),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Logits of pictures (batch, 3, 128, 128) from -1 to 1: of none and the subjects, and of the colours, by cell
        (batch, classes, 32, 32); and of each head of `HEADS` (batch, classes)."""
        near = self.near(x)
        middle = self.middle(near)
        far = self.far(middle)
        back = middle + F.interpolate(self.up_far(far), scale_factor=2.0)
        back = self.join(near + F.interpolate(self.up_middle(back), scale_factor=2.0))
        kinds, hues = self.dense(back).float().split([1 + len(world.SUBJECTS), len(world.COLOURS)], 1)
        pooled = torch.cat([far.mean((2, 3)), far.amax((2, 3))], 1)
        return kinds, hues, {name: head(pooled).float() for name, head in self.heads.items()}

    def bearings(self, first: Tensor, second: Tensor) -> Tensor:
        """Logits of `BEARINGS` for two subjects' cells, each (batch, 32, 32), 0 to 1."""
        found: Tensor = self.bearing(torch.stack([first, second], 1)).float()
        return found

    @torch.no_grad()
    def read(self, pictures: NDArray[np.uint8]) -> list[Reading]:
        """Read pictures, uint8 (n, 128, 128, 3)."""
        out = []
        device = next(self.parameters()).device
        for begin in range(0, len(pictures), 64):
            part = torch.from_numpy(np.array(pictures[begin : begin + 64])).permute(0, 3, 1, 2).float() / 127.5 - 1
            kinds, hues, heads = self(part.to(device).contiguous(memory_format=torch.channels_last))
            cells = kinds.softmax(1)[:, 1:].cpu()
            weights = cells / cells.sum((2, 3), keepdim=True).clamp(min=1e-6)
            colours = torch.einsum("nsyx,ncyx->nsc", weights, hues.log_softmax(1).cpu()).argmax(-1)
            whole = {name: logits.argmax(1).tolist() for name, logits in heads.items()}
            for n in range(len(part)):
                share = cells[n].mean((1, 2))
                order = share.argsort(descending=True).tolist()
                out.append(
                    Reading(
                        {world.SUBJECTS[s]: float(share[s]) for s in order},
                        {name: world.COLOURS[int(colours[n, s])] for s, name in enumerate(world.SUBJECTS)},
                        {name: HEADS[name][whole[name][n]] for name in HEADS},
                        cells[n].numpy(),
                    )
                )
        return out

    @torch.no_grad()
    def stands(self, reading: Reading, first: str, second: str) -> str:
        """How the one subject stands to the other, one of `BEARINGS`."""
        device = next(self.parameters()).device
        pair = [
            torch.from_numpy(reading.cells[world.SUBJECTS.index(name)])[None].to(device) for name in (first, second)
        ]
        return BEARINGS[int(self.bearings(*pair).argmax(1))]

    def verdicts(self, pictures: NDArray[np.uint8], scenes: Sequence[world.Scene]) -> list[dict[str, bool]]:
        """For each picture what of its scene the oracle finds in it.

        subject: exactly the asked kinds are the ones that cover most. colour: each asked kind has its colour. both:
        both. place; and, where the scene has one: weather, style, mood, size, count, relation.
        """
        found = []
        for scene, reading in zip(scenes, self.read(pictures), strict=True):
            asked = {s.name: s.colour for s in scene.subjects}
            verdict = {
                "subject": set(list(reading.subjects)[: len(asked)]) == set(asked),
                "colour": all(reading.colours[name] == colour for name, colour in asked.items()),
            }
            verdict["both"] = verdict["subject"] and verdict["colour"]
            verdict["place"] = reading.whole["place"] == scene.place
            for name in ("weather", "style", "mood"):
                if getattr(scene, name) is not None:
                    verdict[name] = reading.whole[name] == getattr(scene, name)
            if len(scene.subjects) == 1:
                verdict["count"] = reading.whole["count"] == scene.subjects[0].count
                if scene.subjects[0].size is not None:
                    verdict["size"] = reading.whole["size"] == scene.subjects[0].size
            elif scene.relation is not None:
                first, second = (s.name for s in scene.subjects)
                verdict["relation"] = self.stands(reading, first, second) == scene.relation
            found.append(verdict)
        return found


def load(folder: Path = FOLDER / "oracle") -> Oracle:
    """The oracle that ships with the miniature."""
    settings: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Oracle(settings["width"])
    weights = load_file(folder / "oracle.safetensors")
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
    return model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
