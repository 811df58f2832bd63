"""The fast set: what turns the miniature's U-Net into one that draws in four steps, as a small file beside it.

Each weight W of the U-Net becomes W + B A, with A and B of low rank (Hu et al. 2021, LoRA); they are added in once, as
the pipeline is loaded. Guidance is distilled into them too, so a step costs one row of the U-Net instead of two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from . import FOLDER

STEPS = 4
"""How many steps the fast set draws in; more or fewer are not what it was trained for."""


def widths(module: nn.Module) -> tuple[int, int] | None:
    """Rows and columns of a layer's weight as a matrix, or None if the layer has no matrix."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        return module.weight.shape[0], module.weight[0].numel()
    return None


class LowRank(nn.Module):
    """W + B A, as a parametrization of a layer's weight; at first B is 0."""

    def __init__(self, rows: int, columns: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
        self.b = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with the product added, in the weight's own shape."""
        return weight + (self.b @ self.a).view_as(weight).to(weight.dtype)


def save(adapters: dict[str, LowRank], folder: Path) -> None:
    """Write the matrices in float16, by the names of the layers that they belong to."""
    folder.mkdir(parents=True, exist_ok=True)
    weights: dict[str, Tensor] = {}
    for name, one in adapters.items():
        weights |= {f"{name}.a": one.a.detach().half().contiguous(), f"{name}.b": one.b.detach().half().contiguous()}
    save_file(weights, folder / "adapter.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"steps": STEPS}) + "\n", encoding="utf-8")


@torch.no_grad()
def apply(unet: Any, folder: Path = FOLDER / "fast") -> None:
    """Add the fast set to a U-Net's weights, for good."""
    matrices = load_file(folder / "adapter.safetensors")
    for name in {key.rsplit(".", 1)[0] for key in matrices}:
        weight = unet.get_submodule(name).weight
        weight += (matrices[f"{name}.b"].float() @ matrices[f"{name}.a"].float()).view_as(weight).to(weight)
