"""The autoencoder: 128x128 pictures to 16x16x4 latents and back, as in Rombach et al. 2022 but without an adversary.

The loss is squared error, weighted towards the subjects so that small coloured things keep their hue, plus the
squared error of the differences between neighbouring pixels, which keeps outlines, plus a very small pull of the
latents towards a unit Gaussian.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from .. import UNSEEN, world
from . import sheets
from .data import Pictures, as_input, as_pictures, indices

SIZE: dict[str, Any] = {
    "block_out_channels": (16, 32, 64, 128),
    "layers_per_block": 1,
    "norm_num_groups": 8,
}
CUTS = 0.65
"""The share of the training that goes by cuts of pictures."""


def build(size: dict[str, Any] = SIZE) -> AutoencoderKL:
    """An untrained autoencoder with a factor of 8 between pixel and latent."""
    levels = len(size["block_out_channels"])
    model = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=4,
        sample_size=128,
        mid_block_add_attention=False,  # a 16x16 grid is within the convolutions' reach
        **size,
    )
    return model.to(memory_format=torch.channels_last)


def _slopes(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


class Autoencoder:
    """The stage of the training loop."""

    name = "autoencoder"

    def __init__(
        self, data: Pictures, *, size: dict[str, Any] = SIZE, batch: int = 8, device: str = "cpu", pull: float = 1e-4
    ) -> None:
        self.data, self.batch, self.device, self.pull = data, batch, device, pull
        self.network = build(size).to(device)

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Of one batch, mirrored half of the time. For most of the training each whole picture is replaced by four
        64x64 cuts, most of them around a subject: as many pixels, but more to learn from. The group norms see whole
        pictures at the end."""
        cut = done < CUTS
        chosen = indices(len(self.data), self.batch * (4 if cut else 1), step)
        x, weights = self.data.batch(chosen), self._weights(chosen)
        if cut:
            x, weights = self._cut(chosen, x, weights)
        if torch.rand(()) < 0.5:
            x, weights = x.flip(-1), weights.flip(-1)
        x, weights = x.to(self.device).contiguous(memory_format=torch.channels_last), weights.to(self.device)
        posterior = self.network.encode(x).latent_dist
        y = self.network.decode(posterior.sample()).sample.float()
        error = (weights * (y - x) ** 2).mean() / weights.mean()
        edges = torch.stack([((a - b) ** 2).mean() for a, b in zip(_slopes(y), _slopes(x), strict=True)]).sum()
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        divergence = 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()
        parts = {
            "error": float(error.detach()),
            "edges": float(edges.detach()),
            "divergence": float(divergence.detach()),
        }
        return error + edges + self.pull * divergence, parts

    def _weights(self, chosen: np.ndarray[Any, Any]) -> Tensor:
        """(batch, 1, 128, 128): 1, and 3 inside the subjects' boxes."""
        weights = torch.ones(len(chosen), 1, 128, 128)
        for row, index in enumerate(chosen):
            for top, bottom, left, right in self.data.lines[index]["boxes"]:
                weights[row, :, top:bottom, left:right] = 3.0
        return weights

    def _cut(self, chosen: np.ndarray[Any, Any], x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """A 64x64 cut of each picture; three in four have their middle in a subject's box."""
        cuts = []
        for index, where in zip(chosen, torch.rand(len(chosen), 4).tolist(), strict=True):
            boxes = self.data.lines[index]["boxes"] if where[0] < 0.75 else []
            top, bottom, left, right = boxes[int(where[1] * len(boxes))] if boxes else (0, 128, 0, 128)
            y, x0 = top + where[2] * (bottom - top) - 32, left + where[3] * (right - left) - 32
            cuts.append((min(max(int(y), 0), 64), min(max(int(x0), 0), 64)))

        def cut(whole: Tensor) -> Tensor:
            return torch.stack([p[:, y : y + 64, x0 : x0 + 64] for p, (y, x0) in zip(whole, cuts, strict=True)])

        return cut(x), cut(weights)

    @torch.no_grad()
    def sheet(self, network: Any, path: Path) -> None:
        """Unseen pictures above what comes back."""
        drawn = [world.draw(UNSEEN + i).image for i in range(16)]
        back = as_pictures(
            network.decode(network.encode(as_input(np.stack(drawn)).to(self.device)).latent_dist.mean).sample
        )
        sheets.save(path, [*drawn[:8], *back[:8], *drawn[8:], *back[8:]])


@torch.no_grad()
def measure(model: AutoencoderKL, count: int = 200) -> dict[str, Any]:
    """On unseen pictures: PSNR in dB (of the whole and of the subjects' pixels) and the subjects' colour error.

    The colour error is the distance, in 8-bit RGB, between a subject's mean colour before and after; by subject and
    in all.
    """
    drawings = [world.draw(UNSEEN + i) for i in range(count)]
    whole: list[float] = []
    inside: list[float] = []
    by_subject: dict[str, list[float]] = {}
    by_colour: dict[str, list[float]] = {}
    for begin in range(0, count, 20):
        part = drawings[begin : begin + 20]
        x = as_input(np.stack([d.image for d in part])).to(model.device)
        back = as_pictures(model.decode(model.encode(x).latent_dist.mean).sample)
        for drawing, picture in zip(part, back, strict=True):
            difference = picture.astype(np.float64) - drawing.image
            whole.append((difference**2).mean())
            masks = [m.pixels for m in drawing.masks if m.kind == "subject"]
            for subject, pixels in zip(_mentioned(drawing), masks, strict=True):
                if pixels.sum() < 20:
                    continue
                inside.append((difference[pixels] ** 2).mean())
                shift = float(np.linalg.norm(difference[pixels].mean(0)))
                by_subject.setdefault(subject.name, []).append(shift)
                by_colour.setdefault(subject.colour, []).append(shift)

    def decibels(errors: list[float]) -> float:
        return round(float(10 * np.log10(255**2 / np.mean(errors))), 2)

    def means(groups: dict[str, list[float]]) -> dict[str, float]:
        return {name: round(float(np.mean(values)), 1) for name, values in sorted(groups.items())}

    everything = [v for values in by_subject.values() for v in values]
    return {
        "pictures": count,
        "psnr": decibels(whole),
        "psnr_subjects": decibels(inside),
        "colour_error": round(float(np.mean(everything)), 1),
        "colour_error_by_subject": means(by_subject),
        "colour_error_by_colour": means(by_colour),
    }


def _mentioned(drawing: world.Drawing) -> list[world.Subject]:
    """The subjects in the order of the caption's words."""
    words = [w for w in world.caption(drawing.scene).words if w.kind == "subject"]
    return [drawing.scene.subjects[w.index] for w in words]


@torch.no_grad()
def statistics(model: AutoencoderKL, data: Pictures, count: int = 1000) -> dict[str, Any]:
    """The latents' spread over `count` pictures: what `scaling_factor` divides out; means near 0 need no shift."""
    parts = []
    for begin in range(0, min(count, len(data)), 50):
        x = data.batch(np.arange(begin, min(begin + 50, count, len(data))))
        parts.append(model.encode(x.to(model.device)).latent_dist.sample().float().cpu())
    latents = torch.cat(parts)
    return {
        "std": float(latents.std()),
        "means": [round(v, 4) for v in latents.mean((0, 2, 3)).tolist()],
        "stds": [round(v, 4) for v in latents.std((0, 2, 3)).tolist()],
    }
