"""How the oracle learns: from drawings of the world alone, every pair of subject and colour, place or style among
them, also those that are held out from the miniature's own training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from .. import UNSEEN, world
from ..oracle import BEARINGS, HEADS, Oracle
from . import data, team
from .files import save_json
from .unet import seen_loss

CONVERSE = {"left of": "right of", "right of": "left of", "above": "below", "behind": "in front of"}


class OracleStage:
    """The stage of the training loop, on several sets at once."""

    name = "oracle"

    def __init__(self, *sets: data.Pictures, width: int = 32, batch: int = 48, device: str = "cpu") -> None:
        self.sets, self.batch, self.device = sets, batch, device
        self.starts = np.cumsum([0, *(len(one) for one in sets)])
        self.network = Oracle(width).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropies of everything that can be read, on pictures moved by up to 4 pixels and blurred or dulled,
        half of them, so that what is learned does not hang on a drawing's sharpness: a pencil sketch has to be known
        even where its fine hatching is lost, as it is in any autoencoder of this size."""
        chosen = np.sort(data.indices(int(self.starts[-1]), self.batch, step, seed=5))
        lot = np.random.default_rng([6, step, team.rank()])
        parts_of = [
            (one, chosen[(chosen >= start) & (chosen < start + len(one))] - start)
            for one, start in zip(self.sets, self.starts, strict=False)
        ]
        x = torch.cat([one.batch(rows) for one, rows in parts_of])
        cells = torch.cat([torch.from_numpy(one.cells[rows]) for one, rows in parts_of]).float() / 255
        dy, dx = (4 * int(lot.integers(-1, 2)) for _ in range(2))
        x, cells = torch.roll(x, (dy, dx), (2, 3)), torch.roll(cells, (dy // 4, dx // 4), (2, 3))
        x = self._worn(x, lot)
        scenes = [one.scene(int(i)) for one, rows in parts_of for i in rows]
        both = [(s.subjects * 2)[:2] for s in scenes]
        names = torch.tensor([[world.SUBJECTS.index(s.name) for s in pair] for pair in both])
        colours = torch.tensor([[world.COLOURS.index(s.colour) for s in pair] for pair in both])
        x, cells, names, colours = (t.to(self.device) for t in (x, cells, names, colours))
        kinds, hues, heads = self.network(x.contiguous(memory_format=torch.channels_last))
        subject, colour = seen_loss(torch.cat([kinds, hues], 1), cells, names, colours)
        parts = {"subject": float(subject.detach()), "colour": float(colour.detach())}
        total = 3 * subject + colour
        for name, classes in HEADS.items():
            truth = torch.tensor([_index(classes, _whole(scene, name)) for scene in scenes], device=self.device)
            one = F.cross_entropy(heads[name], truth, ignore_index=-1) if bool((truth >= 0).any()) else 0.0 * total
            parts[name] = float(one.detach())
            total = total + 0.3 * one
        related = [n for n, scene in enumerate(scenes) if scene.relation]
        if related:
            found = kinds.detach().softmax(1)[:, 1:]
            rows = torch.tensor(related, device=self.device)
            first, second = (found[rows, names[rows, n]] for n in range(2))
            logits = self.network.bearings(torch.cat([first, second]), torch.cat([second, first]))
            said = [str(scenes[n].relation) for n in related]
            truth = torch.tensor([BEARINGS.index(r) for r in (*said, *(CONVERSE[r] for r in said))])
            relation = F.cross_entropy(logits, truth.to(self.device))
            parts["relation"] = float(relation.detach())
            total = total + 0.3 * relation
        return total, parts

    def _worn(self, x: Tensor, lot: np.random.Generator) -> Tensor:
        if lot.random() < 0.5:
            small = F.interpolate(x, scale_factor=float(lot.uniform(0.2, 0.6)), mode="bilinear", antialias=True)
            x = F.interpolate(small, (128, 128), mode="bilinear")
        gain = torch.from_numpy(lot.uniform(0.94, 1.06, (len(x), 3, 1, 1))).float()
        return x * gain + torch.randn_like(x) * float(lot.uniform(0, 0.04))

    def sheet(self, network: Any, path: Path) -> None:
        """The accuracies on unseen drawings instead of pictures."""
        print("oracle, unseen:", measure(network.eval(), 200), flush=True)


def _whole(scene: world.Scene, name: str) -> Any:
    """What the scene has of that kind; ... where it can't be told."""
    if name in ("count", "size"):
        return getattr(scene.subjects[0], name) if len(scene.subjects) == 1 else ...
    return getattr(scene, name)


def _index(classes: tuple[Any, ...], value: Any) -> int:
    return -1 if value is ... else classes.index(value)


@torch.no_grad()
def measure(
    oracle: Oracle, count: int = 2000, through: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
) -> dict[str, Any]:
    """Shares read rightly on unseen drawings, all pairs among them; `through`: what happens to the pictures first."""
    drawings = [world.draw(UNSEEN + i, "all") for i in range(count)]
    pictures = np.stack([d.image for d in drawings])
    verdicts = oracle.verdicts(through(pictures) if through else pictures, [d.scene for d in drawings])
    kinds = sorted({kind for verdict in verdicts for kind in verdict})
    return {"pictures": count} | {
        kind: round(float(np.mean([v[kind] for v in verdicts if kind in v])), 4) for kind in kinds
    }


def save(oracle: Oracle, folder: Path) -> None:
    """Write the oracle in float16, as `explorer.miniature.oracle.load` reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_json(folder / "config.json", {"width": oracle.width})
    weights = {k: v.half() if v.is_floating_point() else v for k, v in oracle.state_dict().items()}
    save_file({k: v.contiguous().clone() for k, v in weights.items()}, folder / "oracle.safetensors", {"format": "pt"})
