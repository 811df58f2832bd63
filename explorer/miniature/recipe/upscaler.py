"""The upscaler's training: drawings at 128, 256 and 512 pixels; each is the answer to the one before."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTokenizer

from .. import UNSEEN, world
from ..likeness import RULES, correlation, enlarged, error, guesses, psnr, ssim
from ..upscaler import CELL, STEPS, Cells, UpscalePipeline, Upscaler, smooth
from . import sheets, team
from . import tokenizer as bpe
from .data import as_input, indices
from .files import load_json, save_json
from .unet import EMPTY, build_text, scheduler

FIRST = 70_000_000
"""Seed of the set's first drawing: apart from those of the pictures, and not among the unseen."""
GRAINS = (1, 2, 4)
SIZE: dict[str, Any] = {
    "block_out_channels": (48, 64, 96),
    "layers_per_block": 1,
    "attention_head_dim": (2, 2, 4),
    "norm_num_groups": 8,
}
TEXT: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
CUT = 128
"""Side of the enlarged cuts that it learns from, in pixels."""
CUTS = 0.7
"""The share of the training that goes by such cuts. Then they are twice as wide and high, and a quarter as many, since
the group norms see whole pictures when it is used."""
SPREAD = 0.07
"""The usual size of what is added, on a scale from -1 to 1: what is diffused is divided by it."""


def _render_row(job: tuple[Path, int]) -> int:
    folder, row = job
    scene = world.sample(FIRST + row)
    for grain in GRAINS:
        pictures = np.load(folder / f"pictures-{grain}.npy", mmap_mode="r+")
        pictures[row] = world.render(scene, grain=grain).image
        pictures.flush()
    return row


def render(folder: Path, count: int, *, workers: int = 2) -> None:
    """Draw `count` scenes at every grain into `folder`; those that an earlier sitting drew are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    done = _done(folder)
    if len(done) < count:
        for grain in GRAINS:
            side = 128 * grain
            _grown(folder / f"pictures-{grain}.npy", (count, side, side, 3))
        done = np.concatenate([done, np.zeros(count - len(done), bool)])
    jobs = [(folder, int(row)) for row in np.flatnonzero(~done)]
    if not jobs:
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for n, row in enumerate(pool.imap_unordered(_render_row, jobs, chunksize=4), 1):
            done[row] = True
            if n % 50 == 0 or n == len(jobs):
                save_json(folder / "done.json", np.flatnonzero(done).tolist())
                print(f"drawn {int(done.sum())} of {count} scenes", flush=True)
    save_json(folder / "set.json", {"first": FIRST, "count": count})


def _done(folder: Path) -> NDArray[np.bool_]:
    if not (folder / "pictures-1.npy").exists():
        return np.zeros(0, bool)
    found = np.zeros(len(np.load(folder / "pictures-1.npy", mmap_mode="r")), bool)
    if (folder / "done.json").exists():
        found[load_json(folder / "done.json")] = True
    return found


def _grown(path: Path, shape: tuple[int, ...]) -> None:
    """An array of this shape at `path`, with the rows that were there."""
    partial = path.with_name(path.name + ".partial")
    fresh = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    if path.exists():
        old = np.load(path, mmap_mode="r")
        fresh[: len(old)] = old
    fresh.flush()
    partial.replace(path)


@dataclass(frozen=True)
class Drawings:
    """A rendered set."""

    folder: Path

    def __len__(self) -> int:
        return int(load_json(self.folder / "set.json")["count"])

    @cached_property
    def pictures(self) -> dict[int, NDArray[np.uint8]]:
        """By grain, (count, y, x, 3), read from the disk as needed."""
        return {grain: np.load(self.folder / f"pictures-{grain}.npy", mmap_mode="r") for grain in GRAINS}


def schedule() -> DDIMScheduler:
    """The miniature's, but the network predicts what is to be added, not v: mostly that is nothing, which a network as
    narrow as this can say, while it could not repeat the noise."""
    found: DDIMScheduler = DDIMScheduler.from_config(scheduler().config, prediction_type="sample")
    return found


class Doubler(nn.Module):
    """What is trained: `unet` and `text`."""

    def __init__(self, tokenizer: CLIPTokenizer, size: dict[str, Any] = SIZE, text: dict[str, Any] = TEXT) -> None:
        super().__init__()
        self.text = build_text(tokenizer, text)
        levels = len(size["block_out_channels"])
        # The prompt is read where the grid is coarsest. Only there, and only text: self-attention would hang on the
        # picture's size, and the same weights serve two of them.
        self.unet = UNet2DConditionModel(
            sample_size=None,
            in_channels=3 * CELL**2 + 3,
            out_channels=3 * CELL**2,
            down_block_types=("DownBlock2D",) * (levels - 1) + ("CrossAttnDownBlock2D",),
            mid_block_type="UNetMidBlock2D",
            up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * (levels - 1),
            only_cross_attention=True,
            cross_attention_dim=self.text.config.hidden_size,
            **size,
        ).to(memory_format=torch.channels_last)
        # It begins by adding nothing, which is the bicubic enlargement.
        nn.init.zeros_(self.unet.conv_out.weight)
        nn.init.zeros_(self.unet.conv_out.bias)

    def forward(self, noisy: Tensor, t: Tensor, small: Tensor, tokens: Tensor) -> Tensor:
        """What is to be added, of the shape of the noisy cells (batch, 12, y, x); small: the pictures, (batch, 3, y,
        x)."""
        told = self.text(tokens).last_hidden_state
        found: Tensor = self.unet(torch.cat([noisy, small], 1), t, encoder_hidden_states=told).sample
        return found


class UpscalerStage:
    """The stage of the training loop."""

    name = "upscaler"

    def __init__(
        self,
        data: Drawings,
        tokenizer: CLIPTokenizer,
        *,
        size: dict[str, Any] = SIZE,
        text: dict[str, Any] = TEXT,
        batch: int = 16,
        device: str = "cpu",
    ) -> None:
        self.data, self.tokenizer, self.batch, self.device = data, tokenizer, batch, device
        self.kept: Tensor = schedule().alphas_cumprod
        self.network = Doubler(tokenizer, size, text).to(device)

    def cuts(self, step: int, side: int = CUT) -> tuple[Tensor, Tensor, list[str]]:
        """Cuts of step `step`: small (batch, 3, side / 2, side / 2), what they are to become (batch, 3, side, side),
        and captions; of twice the side a quarter as many.

        In the second doubling the model is given what it made itself, which is not quite the drawing; so there the
        small cuts are mixed with an enlargement of the drawing that is half as large, and all get a little noise
        (conditioning augmentation, Ho et al. 2021).
        """
        lot = np.random.default_rng([7, step, team.rank()])
        small, large, captions = [], [], []
        for row in indices(len(self.data), max(team.size(), self.batch * CUT**2 // side**2), step, seed=9):
            grain = int(lot.choice([1, 2], p=[0.4, 0.6]))
            pictures = self.data.pictures
            half = side // 2
            y, x = (int(v) * 4 for v in lot.integers(0, (128 * grain - half) // 4 + 1, 2))
            low = pictures[grain][row, y : y + half, x : x + half].astype(np.float32)
            if grain > 1 and lot.random() < 0.7:
                coarse = enlarged(np.asarray(pictures[grain // 2][row]), "bicubic", 2)[y : y + half, x : x + half]
                low += (coarse - low) * np.float32(lot.uniform(0, 0.45))
            low += lot.normal(0, lot.uniform(0, 2.0), low.shape).astype(np.float32)
            high = pictures[2 * grain][row, 2 * y : 2 * y + side, 2 * x : 2 * x + side]
            if lot.random() < 0.5:
                low, high = low[:, ::-1], high[:, ::-1]
            small.append(np.clip(low, 0, 255))
            large.append(high)
            scene = world.sample(FIRST + int(row))
            said = world.caption(scene).text
            captions.append(said if lot.random() >= EMPTY else "")
        given = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2) / 127.5 - 1
        return given, as_input(np.stack(large)), captions

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Squared error of what is to be added, at timesteps of which three in four are in the noisier half: a picture
        is made in two steps, and both are there."""
        small, large, captions = self.cuts(step, CUT if done < CUTS else 2 * CUT)
        tokens = self.tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        batch = len(small)
        clean = F.pixel_unshuffle(large - smooth(small), CELL) / SPREAD
        at = ((torch.randperm(batch) + torch.rand(batch)) / batch) ** 0.5
        t = (at * len(self.kept)).long().clamp(max=len(self.kept) - 1)
        signal = self.kept[t].view(-1, 1, 1, 1)
        noise = torch.randn_like(clean)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        noisy, t, small, tokens, clean = (x.to(self.device) for x in (noisy, t, small, tokens, clean))
        guess = self.network(noisy.contiguous(memory_format=torch.channels_last), t, small, tokens)
        off, all_of_it = ((guess.float() - clean) ** 2).mean(), (clean**2).mean()
        return off, {"share_left": float(off.detach() / all_of_it)}  # 1 is the bicubic enlargement

    def sheet(self, network: Any, path: Path) -> None:
        """Three unseen drawings: bicubic, upscaled, and as they are."""
        made = upscaler(network, self.tokenizer)
        rows: list[NDArray[np.uint8]] = []
        for seed in range(UNSEEN, UNSEEN + 3):
            scene = world.sample(seed)
            small = world.render(scene).image
            rows += [enlarged(small, "bicubic"), made.upscale(small, world.caption(scene).text)]
            rows.append(world.render(scene, grain=4).image)
        sheets.save(path, rows, columns=3)


def upscaler(network: Doubler, tokenizer: CLIPTokenizer) -> Upscaler:
    """The trained networks as the upscaler that people use."""
    pipe = UpscalePipeline(
        vae=Cells(scaling_factor=1 / SPREAD),
        text_encoder=network.text,
        tokenizer=tokenizer,
        unet=network.unet,
        scheduler=schedule(),
    )
    pipe.set_progress_bar_config(disable=True)
    return Upscaler(pipe)


def save(network: Doubler, tokenizer: CLIPTokenizer, folder: Path, record: dict[str, Any] | None = None) -> None:
    """Write what `Upscaler.load` reads: float16 safetensors and their configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    network.unet.half().save_pretrained(folder / "unet")
    network.text.half().save_pretrained(folder / "text_encoder")
    config = folder / "text_encoder" / "config.json"
    save_json(config, load_json(config) | {"dtype": "float32"})
    schedule().save_pretrained(folder / "scheduler")
    bpe.save(tokenizer, folder / "tokenizer")
    save_json(folder / "upscaler.json", {"scaling_factor": 1 / SPREAD, "record": record or {}})
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)  # safetensors makes its files private; an installed package is for everybody


def measure(model: Upscaler, count: int = 16, seeds: int = 4, steps: int = STEPS) -> dict[str, Any]:
    """How near enlargements of unseen drawings come to the drawings themselves, at 512 pixels.

    Per method the mean over drawings of the peak signal-to-noise ratio (dB) and of 1 - SSIM (Wang et al. 2004; 0 is the
    same picture); for the upscaler besides the correlation, over pixels, of its guesses with its error.
    """
    scores: dict[str, dict[str, list[float]]] = {}
    related = []
    for n in range(count):
        scene = world.sample(UNSEEN + 500 + n)
        small, truth = world.render(scene).image, world.render(scene, grain=4).image
        made = model.several(small, world.caption(scene).text, range(seeds), steps=steps)
        pictures = {name: enlarged(small, name) for name in RULES} | {"upscaler": made[0]}
        for name, picture in pictures.items():
            own = scores.setdefault(name, {"psnr": [], "unlike": []})
            own["psnr"].append(psnr(picture, truth))
            own["unlike"].append(1 - ssim(picture, truth))
        related.append(correlation(guesses(made), error(made[0], truth)))
    found: dict[str, Any] = {"drawings": count, "seeds": seeds, "steps": steps}
    for name, own in scores.items():
        found[name] = {"psnr": round(float(np.mean(own["psnr"])), 2), "unlike": round(float(np.mean(own["unlike"])), 4)}
    found["guesses_with_error"] = round(float(np.mean(related)), 3)
    return found
