"""The fast set, by progressive distillation (Salimans and Ho 2022, arXiv 2202.00512; with guidance, Meng et al. 2022,
arXiv 2210.03142): each of the student's four steps learns to land where the teacher lands after several small ones.

The teacher is the finished U-Net with the usual guidance; the student the same U-Net with low-rank matrices added, the
only thing that is trained. Both follow deterministic DDIM, so a step of either is plain arithmetic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize
from transformers import CLIPTokenizer

from ..fast import STEPS, LowRank, widths
from . import sheets, team
from .data import Choice, Pictures, as_pictures
from .unet import GUIDANCE, LATENT, PROMPTS, Painter, PlainAttention, embed, scheduler

RANK = 24
SHARE = 0.375
"""How many of the trained numbers ship, so that all weights together stay below 60 MB."""
SMALL = 4
"""How many of the teacher's steps make one of the student's."""


def adapt(unet: nn.Module, rank: int = RANK) -> nn.ModuleDict:
    """Add low-rank matrices to every linear and convolutional layer that is large enough to gain by it; all else is
    frozen. Returns them by layer, dots written as slashes."""
    unet.requires_grad_(False)
    found = nn.ModuleDict()
    for name, module in list(unet.named_modules()):
        size = widths(module)
        if size and min(size) > 2 * rank:
            low = LowRank(*size, rank)
            parametrize.register_parametrization(module, "weight", low)
            found[name.replace(".", "/")] = low
    return found


@torch.no_grad()
def shrunk(adapters: dict[str, LowRank], share: float = SHARE) -> dict[str, LowRank]:
    """The same matrices with lower ranks: of all singular directions of all layers those that change the weights most
    for the numbers that they take, up to `share` of the numbers; each layer keeps at least one."""
    parts: dict[str, tuple[Tensor, Tensor, Tensor]] = {}
    worth: list[tuple[float, str]] = []
    for name, one in adapters.items():
        left, inner = torch.linalg.qr(one.b.double())
        right, outer = torch.linalg.qr(one.a.double().T)
        u, sizes, v = torch.linalg.svd(inner @ outer.T)
        parts[name] = left @ u, sizes, v @ right.T
        each = len(one.b) + one.a.shape[1]
        worth += [(float(size**2) / each, name) for size in sizes[1:]]
    ranks = dict.fromkeys(parts, 1)
    numbers = {name: len(one.b) + one.a.shape[1] for name, one in adapters.items()}
    room = share * sum(one.a.numel() + one.b.numel() for one in adapters.values()) - sum(numbers.values())
    for _, name in sorted(worth, reverse=True):
        if numbers[name] <= room:
            room -= numbers[name]
            ranks[name] += 1
    found: dict[str, LowRank] = {}
    for name, (left, sizes, right) in parts.items():
        rank = ranks[name]
        found[name] = LowRank(len(left), right.shape[1], rank)
        root = sizes[:rank].sqrt()
        found[name].b.copy_(left[:, :rank] * root)
        found[name].a.copy_(root[:, None] * right[:rank])
    return found


class Student(nn.Module):
    """`unet` with `adapters`; only these are trained, averaged and saved."""

    def __init__(self, unet: Any, rank: int = RANK) -> None:
        super().__init__()
        self.unet = unet
        self.adapters = adapt(unet, rank)


class Distillation:
    """The stage of the training loop."""

    name = "fast"

    def __init__(
        self,
        data: Pictures,
        folder: Path,
        vae: AutoencoderKL,
        painter: Painter,
        student: Any,
        tokenizer: CLIPTokenizer,
        *,
        rank: int = RANK,
        batch: int = 32,
        device: str = "cpu",
    ) -> None:
        self.data, self.vae, self.tokenizer, self.batch, self.device = data, vae, tokenizer, batch, device
        self.teacher, self.text = painter.unet.to(device), painter.text.to(device)
        self.choice = Choice(data, seed=7)
        self.latents = np.load(folder / "latents.npy", mmap_mode="r")
        self.network = Student(student, rank).to(device)
        if device == "cpu":
            self.teacher.set_attn_processor(PlainAttention())
            self.network.unet.set_attn_processor(PlainAttention())
        kept = scheduler().alphas_cumprod
        plan = scheduler()
        plan.set_timesteps(STEPS * SMALL)
        self.times = torch.cat([plan.timesteps, torch.tensor([-1])])
        kept = torch.cat([kept, torch.ones(1)])  # index -1: no noise
        self.signal, self.noise = kept[self.times].sqrt(), (1 - kept[self.times]).sqrt()

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Squared error of the v that would bring the student's one step to where the teacher's small steps end."""
        lot = np.random.default_rng([8, step, team.rank()])
        chosen, _, captions = self.choice.batch(step, self.batch, lot)
        batch = len(chosen)
        context = embed(self.text, self.tokenizer, captions)
        empty = embed(self.text, self.tokenizer, [""]).expand(batch, -1, -1)
        clean = torch.from_numpy(self.latents[chosen].astype(np.float32)).to(self.device)
        clean = clean * self.vae.config.scaling_factor
        start = SMALL * int(lot.integers(STEPS))  # one of the student's steps for the whole batch
        first = self.signal[start] * clean + self.noise[start] * torch.randn_like(clean)
        with torch.no_grad():
            x = first
            for n in range(start, start + SMALL):
                x = self._step(x, self._guided(x, n, context, empty), n, n + 1)
        target = self._aim(first, x, start, start + SMALL)
        t = self.times[start].expand(batch).to(self.device)
        v = self.network.unet(first.contiguous(memory_format=torch.channels_last), t, context).sample.float()
        error = ((v - target) ** 2).mean()
        return error, {f"step_{start // SMALL}": float(error.detach()) * STEPS}

    def _guided(self, x: Tensor, n: int, context: Tensor, empty: Tensor) -> Tensor:
        rows = torch.cat([x, x]).contiguous(memory_format=torch.channels_last)
        t = self.times[n].expand(len(rows)).to(self.device)
        without, with_prompt = self.teacher(rows, t, torch.cat([empty, context])).sample.float().chunk(2)
        guided: Tensor = without + GUIDANCE * (with_prompt - without)
        return guided

    def _step(self, x: Tensor, v: Tensor, now: int, then: int) -> Tensor:
        """DDIM from one time to another."""
        clean = self.signal[now] * x - self.noise[now] * v
        noise = self.noise[now] * x + self.signal[now] * v
        return self.signal[then] * clean + self.noise[then] * noise

    def _aim(self, x: Tensor, there: Tensor, now: int, then: int) -> Tensor:
        """The v that brings `x` to `there` in one DDIM step."""
        a, s, b, r = self.signal[now], self.noise[now], self.signal[then], self.noise[then]
        # there = b (a x - s v) + r (s x + a v)
        return (there - (b * a + r * s) * x) / (r * a - b * s)

    def sheet(self, network: Any, path: Path) -> None:
        """The prompts in four steps."""
        pictures = draw(network.unet, self.vae, self.text, self.tokenizer, list(PROMPTS))
        sheets.save(path, list(pictures), PROMPTS)


@torch.no_grad()
def draw(
    unet: Any, vae: AutoencoderKL, text: Any, tokenizer: CLIPTokenizer, prompts: list[str], seed: int = 0
) -> NDArray[np.uint8]:
    """Pictures for prompts, uint8 (prompts, 128, 128, 3), in four steps without guidance."""
    device = vae.device
    context = embed(text, tokenizer, prompts).float().to(device)
    plan = scheduler()
    plan.set_timesteps(STEPS)
    start = [
        torch.randn(1, LATENT, 16, 16, generator=torch.Generator().manual_seed(seed + i)) for i in range(len(prompts))
    ]
    x = torch.cat(start).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        for t in plan.timesteps:
            x = plan.step(unet(x, t.to(device), context).sample.float(), t, x).prev_sample
    return as_pictures(vae.decode(x / vae.config.scaling_factor).sample)
