"""The denoiser: a `UNet2DConditionModel` on 16x16x8 latents, conditioned on a text tower by cross-attention at every
size. Both are trained together, as in the first latent diffusion models (Rombach et al. 2022): so small a text tower
learns which colour belongs to which thing from drawing far sooner than from CLIP's matching.

It predicts v (Salimans and Ho 2022) on the cosine schedule (Nichol and Dhariwal 2021), which suits a grid this small
better than Stable Diffusion's, since few neighbours repeat what a latent says. The schedule ends in pure noise, so
that overall brightness can follow the prompt (Lin et al. 2023, arXiv 2305.08891).

While it learns, a linear layer on its last features has to say which subject stands in which cell, and in which colour.
It is the idea of representation alignment (Yu et al. 2024, arXiv 2410.06940), with the drawn world's own masks in the
place of another model's features, and is thrown away afterwards. No loss ever touches an attention map.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from .. import world
from . import sheets, team
from .data import Choice, Pictures, as_pictures
from .files import save_json

SIZE: dict[str, Any] = {
    "block_out_channels": (64, 160, 288),
    "layers_per_block": 1,
    "attention_head_dim": (2, 5, 9),  # diffusers' name for the number of heads: 32 channels each
    "norm_num_groups": 8,
}
TEXT: dict[str, Any] = {
    "hidden_size": 192,
    "intermediate_size": 768,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
}
LATENT = 8
"""Channels of a latent."""
EMPTY = 0.1
"""Share of the training captions replaced by the empty prompt, for classifier-free guidance (Ho and Salimans 2022)."""
SUBJECTS = 2.0
"""How much more an error counts where a subject is than where none is."""
SIGHT = 0.1
"""Weight of the sight of subjects and colours in the loss."""
GUIDANCE = 3.0
"""What the miniature is usually run with; `explorer.load` reads it from the record. Of 2 to 9, two things with their
colours come out best here."""
PROMPTS = (
    "a photograph of a blue teddy bear in rainy weather",
    "a red castle on a plain background",
    "a watercolour painting of a yellow narwhal",
    "a green car in the city at night",
    "a pencil sketch of a purple cat",
    "an orange boat at sea, illustration",
    "pink sunglasses in space",
    "a white dog in the forest",
    "a red apple left of a blue house",
    "a blue apple left of a red house",
    "a yellow star above a green fish",
    "an oil painting of a brown tree on a snowy day",
    "a black umbrella in the desert at sunset",
    "three turquoise butterflies on a farm",
    "a purple lamp beside a yellow balloon",
    "a stained glass window of a green bird in the desert",
    "a comic of a grey robot on the beach",
    "pixel art of a tiny red rocket in space",
    "a scary black castle in a storm",
    "two cute pink rabbits in the living room",
    "a blue horse behind a yellow windmill",
    "a huge orange mushroom underwater",
    "a woman in the fog",
    "a dreamy purple guitar",
)


def build_text(tokenizer: CLIPTokenizer, size: dict[str, Any] = TEXT) -> CLIPTextModel:
    """An untrained text tower for the tokenizer's ids."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=tokenizer.model_max_length,
        hidden_act="quick_gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **size,
    )
    return CLIPTextModel(config)


def build(width: int, size: dict[str, Any] = SIZE, latent: int = LATENT) -> UNet2DConditionModel:
    """An untrained U-Net for text embeddings of `width` channels and latents of `latent`."""
    crossed = len(size["block_out_channels"]) - 1
    model = UNet2DConditionModel(
        sample_size=16,
        in_channels=latent,
        out_channels=latent,
        down_block_types=("CrossAttnDownBlock2D",) * crossed + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * crossed,
        cross_attention_dim=width,
        **size,
    )
    return model.to(memory_format=torch.channels_last)


class PlainAttention:
    """Attention spelled out, as a diffusers processor: on a CPU in bfloat16 a third faster than the fused kernel."""

    def __call__(
        self, attn: Any, hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, **_: Any
    ) -> Tensor:
        """(batch, pixels, channels) to the same; keys come from (batch, 77, width) or from the pixels themselves."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            layer(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for layer, x in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        )
        weights = torch.softmax((q * attn.scale) @ k.transpose(-1, -2), -1).to(v.dtype)
        found: Tensor = attn.to_out[0]((weights @ v).transpose(1, 2).flatten(2))
        return found


def scheduler() -> DDIMScheduler:
    """The scheduler that ships: deterministic DDIM (Song et al. 2021) from pure noise down."""
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # not used with trailing steps; pipelines warn at anything else
    )


def embed(text: CLIPTextModel, tokenizer: CLIPTokenizer, prompts: Sequence[str]) -> Tensor:
    """What the pipeline feeds its U-Net: the last hidden states of all 77 positions, (prompts, 77, width)."""
    tokens = tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids
    found: Tensor = text(tokens.to(text.device)).last_hidden_state
    return found


@torch.no_grad()
def cache(folder: Path, data: Pictures, vae: AutoencoderKL) -> None:
    """Encode every picture once, each process of the team its share: `latents.npy`, float16 (count, 8, 16, 16), the
    means of the latents' distributions."""
    if (folder / "cache.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    count, device = len(data), vae.device
    if team.rank() == 0:
        np.lib.format.open_memmap(folder / "latents.npy", "w+", np.float16, (count, LATENT, 16, 16)).flush()
    team.agree()
    latents = np.load(folder / "latents.npy", mmap_mode="r+")
    vae = vae.to(memory_format=torch.channels_last)
    for begin in range(100 * team.rank(), count, 100 * team.size()):
        rows = np.arange(begin, min(begin + 100, count))
        x = data.batch(rows).to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            latents[rows] = vae.encode(x).latent_dist.mean.float().cpu().numpy()
    latents.flush()
    team.agree()
    if team.rank() == 0:
        save_json(folder / "cache.json", {"count": count})


class Painter(nn.Module):
    """What is trained together: `unet`, `text`, and `sight`, the layer that goes when training is over."""

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        size: dict[str, Any] = SIZE,
        text: dict[str, Any] = TEXT,
        latent: int = LATENT,
    ) -> None:
        super().__init__()
        self.text = build_text(tokenizer, text)
        self.unet = build(self.text.config.hidden_size, size, latent)
        self.sight = nn.Conv2d(size["block_out_channels"][0], 1 + len(world.SUBJECTS) + len(world.COLOURS), 1)

    def forward(self, noisy: Tensor, t: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """v, of the latents' shape, and the logits of what is seen in each cell, (batch, classes, 16, 16)."""
        features: list[Tensor] = []
        handle = self.unet.up_blocks[-1].register_forward_hook(lambda module, args, out: features.append(out))
        try:
            v = self.unet(noisy, t, self.text(tokens).last_hidden_state).sample
        finally:
            handle.remove()
        return v, self.sight(features[0])


def seen_loss(logits: Tensor, cells: Tensor, names: Tensor, colours: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropies of the subject (or none) of each cell, and of its colour where there is a subject.

    logits: (batch, 1 + subjects + colours, y, x). cells: (batch, 2, y, x), the share of each cell that each of the two
    subjects covers. names, colours: (batch, 2), which subjects and colours those are; anything where cells are 0.
    """
    kinds, hues = logits.float().split([1 + len(world.SUBJECTS), len(world.COLOURS)], 1)
    kinds, hues = kinds.log_softmax(1), hues.log_softmax(1)

    def of(table: Tensor, which: Tensor) -> Tensor:
        return table.gather(1, which[:, :, None, None].expand(-1, -1, *table.shape[2:]))

    none = (1 - cells.sum(1)).clamp(0)
    subject = -((cells * of(kinds, names + 1)).sum(1) + none * kinds[:, 0]).mean()
    colour = -(cells * of(hues, colours)).sum() / cells.sum().clamp(1)
    return subject, colour


class Denoiser:
    """The stage of the training loop, on the set and on what `cache` left in `folder`."""

    name = "unet"

    def __init__(
        self,
        data: Pictures,
        folder: Path,
        vae: AutoencoderKL,
        tokenizer: CLIPTokenizer,
        *,
        size: dict[str, Any] = SIZE,
        text: dict[str, Any] = TEXT,
        batch: int = 64,
        device: str = "cpu",
    ) -> None:
        self.data, self.vae, self.tokenizer, self.batch, self.device = data, vae, tokenizer, batch, device
        self.latents = np.load(folder / "latents.npy", mmap_mode="r")
        self.choice = Choice(data, seed=3)
        self.kept: Tensor = scheduler().alphas_cumprod
        self.network = Painter(tokenizer, size, text).to(device)
        if device == "cpu":
            self.network.unet.set_attn_processor(PlainAttention())
            self.network.text.set_attn_implementation("eager")  # the same holds for the text tower

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Squared error of v at timesteps spread evenly over the schedule, which makes it less of a lottery, weighted
        towards the subjects; and how well they are seen."""
        lot = np.random.default_rng([4, step, team.rank()])
        chosen, scenes, captions = self.choice.batch(step, self.batch, lot)
        batch = len(chosen)
        captions = [caption if lot.random() >= EMPTY else "" for caption in captions]
        tokens = self.tokenizer(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        both = [(scene.subjects * 2)[:2] for scene in scenes]
        names = torch.tensor([[world.SUBJECTS.index(s.name) for s in pair] for pair in both])
        colours = torch.tensor([[world.COLOURS.index(s.colour) for s in pair] for pair in both])
        cells = F.avg_pool2d(torch.from_numpy(self.data.cells[chosen]).float() / 255, 2)

        clean = torch.from_numpy(self.latents[chosen].astype(np.float32)) * self.vae.config.scaling_factor
        at = (torch.randperm(batch) + torch.rand(batch)) / batch
        t = (at * len(self.kept)).long().clamp(max=len(self.kept) - 1)
        signal = self.kept[t].view(-1, 1, 1, 1)
        noise = torch.randn_like(clean)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        v = signal.sqrt() * noise - (1 - signal).sqrt() * clean
        noisy, t, tokens, v, cells, names, colours = (
            x.to(self.device) for x in (noisy, t, tokens, v, cells, names, colours)
        )
        guess, sight = self.network(noisy.contiguous(memory_format=torch.channels_last), t, tokens)
        weights = 1 + SUBJECTS * cells.sum(1, keepdim=True).clamp(0, 1)
        error = weights / weights.mean() * (guess.float() - v) ** 2
        subject, colour = seen_loss(sight, cells, names, colours)
        by_noise = error.mean((1, 2, 3)).detach().cpu()[at.argsort()]
        thirds = [float(p.mean()) for p in by_noise.tensor_split(3)]
        parts = {"little_noise": thirds[0], "half_noise": thirds[1], "much_noise": thirds[2]}
        parts |= {"sight_subject": float(subject.detach()), "sight_colour": float(colour.detach())}
        return error.mean() + SIGHT * (subject + colour), parts

    def sheet(self, network: Any, path: Path) -> None:
        """The prompts, 25 steps, the usual guidance."""
        pictures = generate(network.unet, self.vae, network.text, self.tokenizer, PROMPTS)
        sheets.save(path, list(pictures), PROMPTS)


@torch.no_grad()
def generate(
    network: UNet2DConditionModel,
    vae: AutoencoderKL,
    text: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    prompts: Sequence[str],
    *,
    steps: int = 25,
    guidance: float = GUIDANCE,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Pictures for prompts, uint8 (prompts, 128, 128, 3), all in one batch, as the pipeline draws them."""
    device = network.device
    context = embed(text, tokenizer, [""] * len(prompts) + list(prompts)).float().to(device)
    plan = scheduler()
    plan.set_timesteps(steps)
    start = [
        torch.randn(1, network.config.in_channels, 16, 16, generator=torch.Generator().manual_seed(seed + i))
        for i in range(len(prompts))
    ]
    x = torch.cat(start).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        for t in plan.timesteps:
            without, with_prompt = network(torch.cat([x, x]), t.to(device), context).sample.float().chunk(2)
            x = plan.step(without + guidance * (with_prompt - without), t, x).prev_sample
    return as_pictures(vae.decode(x / vae.config.scaling_factor).sample)
