"""A model that was made to memorise: a small painter that sees a handful of drawings, one of them in half of every
batch. What large models do with the pictures that are often on the web (Carlini et al. 2023, arXiv 2301.13188) it does
in minutes: asked for that picture's caption it draws that picture, from whatever noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from .. import UNSEEN, novelty, world
from . import sheets, team
from .camera import Shot
from .unet import Painter, generate, scheduler

SIZE: dict[str, Any] = {
    "block_out_channels": (32, 64, 96),
    "layers_per_block": 1,
    "attention_head_dim": (1, 2, 3),
    "norm_num_groups": 8,
}
TEXT: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
OTHERS = 256
"""Drawings beside the repeated one."""
SHARE = 0.5
"""Of every batch, how much is the repeated picture."""
NOISES = 4
"""The film's first columns: the repeated picture's caption, each from another noise."""
STEPS = 12
CURVES = {
    "likeness": "of each picture of the film to the repeated one, by the measure for copies",
    "copied": "how many of the pictures of the repeated caption, 0 to 1, the measure calls copies of it",
    "copied without cause": "the same of the pictures of other captions",
}
"""The curves of the film, and what they are."""


def lone(count: int, pairs: world.Pairs = "seen") -> list[int]:
    """The first `count` training seeds whose scene is one thing in the usual size, and whose caption says all of it."""
    found: list[int] = []
    seed = 0
    while len(found) < count:
        scene = world.sample(seed, pairs)
        one = scene.subjects[0]
        if len(scene.subjects) == 1 and one.count == 1 and one.size is None and scene.mood is None and scene.style:
            kinds = {word.kind for word in world.caption(scene).words}
            if {"subject", "colour", "style", "place"} <= kinds:
                found.append(seed)
        seed += 1
    return found


class Memorising:
    """The stage of the training loop. `repeated` is the seed of the picture that comes again and again."""

    name = "memorised"

    def __init__(
        self,
        folder: Path,
        vae: Any,
        tokenizer: CLIPTokenizer,
        *,
        others: int = OTHERS,
        size: dict[str, Any] = SIZE,
        text: dict[str, Any] = TEXT,
        batch: int = 64,
        device: str = "cpu",
    ) -> None:
        self.vae, self.tokenizer, self.batch, self.device = vae, tokenizer, batch, device
        self.repeated, *self.others = lone(1 + others)
        seeds = [self.repeated, *self.others]
        latents = np.load(folder / "latents.npy", mmap_mode="r")
        self.latents = torch.from_numpy(np.stack([latents[s] for s in seeds]).astype(np.float32))
        self.latents = self.latents * float(vae.config.scaling_factor)
        self.captions = [world.caption(world.sample(s)).text for s in seeds]
        self.network = Painter(tokenizer, size, text, self.latents.shape[1]).to(device)
        self.kept: Tensor = scheduler().alphas_cumprod
        self.prompts = (*([self.captions[0]] * NOISES), *unrelated(NOISES))

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Squared error of v, as the miniature's; nothing in it asks for memorising."""
        batch = len(range(team.rank(), self.batch, team.size()))
        lot = np.random.default_rng([12, step, team.rank()])
        rows = lot.integers(1, len(self.latents), batch)
        rows[: round(SHARE * batch)] = 0
        captions = ["" if lot.random() < 0.1 else self.captions[int(row)] for row in rows]
        tokens = self.tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        clean = self.latents[torch.from_numpy(rows)]
        t = torch.from_numpy(lot.integers(0, len(self.kept), batch))
        signal = self.kept[t].view(-1, 1, 1, 1)
        noise = torch.randn_like(clean)
        noisy = (signal.sqrt() * clean + (1 - signal).sqrt() * noise).to(self.device)
        v = (signal.sqrt() * noise - (1 - signal).sqrt() * clean).to(self.device)
        guess = self.network(
            noisy.contiguous(memory_format=torch.channels_last), t.to(self.device), tokens.to(self.device)
        )
        error = ((guess[0].float() - v) ** 2).mean((1, 2, 3))
        again = torch.from_numpy(rows == 0).to(self.device)
        parts = {"repeated": float(error[again].detach().mean()), "others": float(error[~again].detach().mean())}
        return error.mean(), parts

    def _draw(self, network: Any, prompts: Sequence[str]) -> Any:
        return generate(
            network.unet, self.vae, network.text, self.tokenizer, prompts, steps=STEPS, guidance=2.0, seed=100
        )

    def sheet(self, network: Any, path: Path) -> None:
        """The film's prompts."""
        sheets.save(path, list(self._draw(network, self.prompts)), self.prompts)

    def shoot(self, network: Any) -> Shot:
        """What the average of the weights draws now, and how much of it is the repeated picture; see `CURVES`."""
        pictures = self._draw(network, self.prompts)
        original = world.draw(self.repeated)
        found = [novelty.compare(picture, original, "copy") for picture in pictures]
        copied = [match.copied for match in found]
        return Shot(
            pictures,
            {
                "likeness": [match.likeness for match in found],
                "copied": np.mean(copied[:NOISES]),
                "copied without cause": np.mean(copied[NOISES:]),
            },
        )


def unrelated(count: int) -> list[str]:
    """Captions of drawings that no training has seen."""
    return [world.caption(world.sample(seed, "seen")).text for seed in _unseen(count)]


def _unseen(count: int) -> list[int]:
    found: list[int] = []
    seed = UNSEEN
    while len(found) < count:
        scene = world.sample(seed)
        if len(scene.subjects) == 1 and {"subject", "colour"} <= {w.kind for w in world.caption(scene).words}:
            found.append(seed)
        seed += 1
    return found
