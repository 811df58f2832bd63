"""The autoencoder: 128x128 pictures to 16x16x8 latents and back, as in Rombach et al. 2022 but without an adversary.

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
from numpy.typing import NDArray
from torch import Tensor

from .. import UNSEEN, world
from . import sheets
from .data import Pictures, as_input, as_pictures, indices

SIZE: dict[str, Any] = {
    "block_out_channels": (32, 32, 64, 128),
    "latent_channels": 8,
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
            x, weights = self._cut(x, weights)
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
        """(batch, 1, 128, 128): 1, and 3 where a subject is."""
        covered = torch.from_numpy(self.data.cells[np.sort(chosen)][np.argsort(np.argsort(chosen))]).amax(1, True) > 0
        return 1 + 2 * covered.float().repeat_interleave(4, 2).repeat_interleave(4, 3)

    def _cut(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """A 64x64 cut of each picture; three in four have their middle in a subject."""
        cuts = []
        for weight, where in zip(weights[:, 0, 2::4, 2::4] > 1, torch.rand(len(x), 3).tolist(), strict=True):
            spots = weight.nonzero()
            if where[0] < 0.75 and len(spots):
                middle = (4 * spots[int(where[1] * len(spots))]).tolist()
            else:
                middle = [int(128 * where[1]), int(128 * where[2])]
            cuts.append([min(max(at - 32, 0), 64) for at in middle])

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


class Decoder(Autoencoder):
    """The stage that goes on with the decoder alone, so that what a U-Net learned of the latents stays true."""

    name = "decoder"

    def __init__(self, data: Pictures, model: AutoencoderKL, *, batch: int = 8, device: str = "cpu") -> None:
        self.data, self.batch, self.device, self.pull = data, batch, device, 0.0
        self.network = model.requires_grad_(True).to(device, memory_format=torch.channels_last)
        for part in (model.encoder, model.quant_conv):
            part.requires_grad_(False)


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
            for subject, pixels in zip(drawing.scene.subjects, drawing.figures, strict=True):
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


@torch.no_grad()
def there_and_back(model: AutoencoderKL, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures, uint8 (n, 128, 128, 3), encoded and decoded."""
    parts = [
        as_pictures(model.decode(model.encode(as_input(part).to(model.device)).latent_dist.mean).sample)
        for part in np.array_split(pictures, -(-len(pictures) // 20))
    ]
    return np.concatenate(parts)


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
