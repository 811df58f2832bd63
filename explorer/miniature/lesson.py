"""A model that learns while a class watches: a small U-Net and its text tower, a corner of the world, two minutes.

The whole of a training is in `lesson`: draw pictures, noise them, guess v, step. It is the recipe of `recipe/unet.py`
without what makes that one faster or resumable.
"""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from . import FOLDER, world
from .recipe import sheets, unet
from .recipe.data import as_input
from .recipe.loop import follow

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
WORDS = 12
"""Tokens that this small text tower reads: enough for "a blue teddy bear"."""


@dataclass(frozen=True, eq=False)
class Moment:
    """How far a lesson has come.

    seen: pictures learned from. seconds: since the training began. loss: mean squared error of v since the last moment.
    pictures: uint8 (prompts, 128, 128, 3), what the model draws for `prompts` now, from the same noise every time.
    """

    seen: int
    seconds: float
    loss: float
    prompts: tuple[str, ...]
    pictures: NDArray[np.uint8]

    def __str__(self) -> str:
        return f"{self.seen} pictures seen in {self.seconds:.0f} s, error {self.loss:.3f}"

    def _repr_png_(self) -> bytes:
        held = io.BytesIO()
        sheets.sheet(list(self.pictures), [*self.prompts]).save(held, "PNG")
        return held.getvalue()


def lesson(
    subjects: Sequence[str] = ("balloon", "house", "star"),
    colours: Sequence[str] = ("red", "yellow", "blue"),
    *,
    seconds: float = 120,
    every: float = 10,
    drawings: int = 360,
    batch: int = 32,
    seed: int = 0,
    tell: Callable[[int, float, float], None] | None = None,
) -> Iterator[Moment]:
    """Train a small model from nothing on these subjects in these colours, and tell how it is getting on.

    seconds: how long; every: seconds between two moments, the first of which comes before anything is learned.
    drawings: pictures in the training set. tell: called after each step with the pictures seen, the seconds and the
    step's error; what it raises ends the lesson. Stop it as any loop, with `break` or by interrupting the kernel.
    Raises ValueError, naming what is known, for a subject or colour that is not of the world.
    """
    torch.manual_seed(seed)
    lot = np.random.default_rng(seed)
    tokenizer = CLIPTokenizer.from_pretrained(str(FOLDER / "tokenizer"), model_max_length=WORDS)
    vae: Any = AutoencoderKL.from_pretrained(FOLDER / "vae", torch_dtype=torch.float32, low_cpu_mem_usage=False)
    vae.eval().requires_grad_(False)
    pairs = [world.Subject(s, c) for s, c in itertools.product(subjects, colours)]
    prompts = tuple(_said(one) for one in pairs[:: max(1, len(pairs) // 9)][:9])

    # The training set: drawings with their captions, the drawings as latents.
    scenes = [world.Scene((pairs[n % len(pairs)],), seed=seed + n) for n in range(drawings)]
    tokens = tokenizer(
        [_said(scene.subjects[0]) for scene in scenes], padding="max_length", truncation=True, return_tensors="pt"
    ).input_ids
    latents = torch.cat(
        [
            vae.encode(as_input(np.stack([world.render(scene).image for scene in part]))).latent_dist.mean
            for part in (scenes[begin : begin + 20] for begin in range(0, drawings, 20))
        ]
    )
    latents = latents * vae.config.scaling_factor

    model = unet.Painter(tokenizer, SIZE, TEXT, latent=latents.shape[1])
    average = unet.Painter(tokenizer, SIZE, TEXT, latent=latents.shape[1]).requires_grad_(False)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, betas=(0.9, 0.99))
    kept = unet.scheduler().alphas_cumprod
    began, shown, seen, errors = time.monotonic(), -every, 0, [float("nan")]
    while (now := time.monotonic() - began) < seconds:
        if now - shown >= every:
            pictures = unet.generate(average.unet, vae, average.text, tokenizer, prompts, steps=12, guidance=2.0)
            yield Moment(seen, now, float(np.mean(errors)), prompts, pictures)
            shown, errors = now, []
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (seen + batch) / 2000) * (1 - 0.9 * now / seconds)
        rows = torch.from_numpy(lot.integers(0, drawings, batch))
        t = torch.from_numpy(lot.integers(0, len(kept), batch))
        signal = kept[t].view(-1, 1, 1, 1)
        clean, noise = latents[rows], torch.randn(batch, *latents.shape[1:])
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        v = signal.sqrt() * noise - (1 - signal).sqrt() * clean
        said = tokens[rows].clone()
        said[: batch // 10] = tokenizer([""], padding="max_length", return_tensors="pt").input_ids  # for guidance
        error = ((model(noisy, t, said)[0] - v) ** 2).mean()
        error.backward()
        optimizer.step()
        optimizer.zero_grad()
        seen += batch
        follow(average, model, min(0.99, (1 + seen / batch) / (10 + seen / batch)))
        errors.append(float(error.detach()))
        if tell is not None:
            tell(seen, time.monotonic() - began, errors[-1])
    pictures = unet.generate(average.unet, vae, average.text, tokenizer, prompts, steps=12, guidance=2.0)
    yield Moment(seen, time.monotonic() - began, float(np.mean(errors)), prompts, pictures)


def _said(one: world.Subject) -> str:
    return world.prompt(world.Scene((one,)), place=False)
