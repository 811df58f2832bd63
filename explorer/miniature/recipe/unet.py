"""The denoiser: a `UNet2DConditionModel` on 16x16x4 latents, conditioned on the frozen text tower by cross-attention
at every size.

It predicts v (Salimans and Ho 2022) on the cosine schedule (Nichol and Dhariwal 2021), which suits a grid this small
better than Stable Diffusion's, since few neighbours repeat what a latent says. The schedule ends in pure noise, so
that overall brightness can follow the prompt (Lin et al. 2023, arXiv 2305.08891).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from . import sheets, team
from .data import Pictures, as_pictures, indices, reworded
from .files import save_json

SIZE: dict[str, Any] = {
    "block_out_channels": (64, 128, 224),
    "layers_per_block": 1,
    "attention_head_dim": (2, 4, 7),  # diffusers' name for the number of heads: 32 channels each
    "norm_num_groups": 8,
}
WORDINGS = 1
EMPTY = 0.1
"""Share of the training captions replaced by the empty prompt, for classifier-free guidance (Ho and Salimans 2022)."""
GUIDANCE = 4.0
"""What the miniature is usually run with; `explorer.load` reads it from the record."""
PROMPTS = (
    "a photograph of a blue teddy bear in rainy weather",
    "a red castle on a plain background",
    "a watercolour painting of a yellow narwhal",
    "a green car in the city at night",
    "a pencil sketch of a purple cat",
    "an orange boat on the sea, illustration",
    "pink sunglasses in space",
    "a white dog in the forest",
    "a red apple left of a blue house",
    "a blue apple left of a red house",
    "a yellow star and a green fish",
    "an oil painting of a brown tree on a snowy day",
    "a black umbrella in the desert",
    "a professional photograph of a pink flower",
    "a purple lamp beside a yellow balloon",
    "a fine art illustration of a green bird in the desert",
)


def build(width: int, size: dict[str, Any] = SIZE) -> UNet2DConditionModel:
    """An untrained U-Net for text embeddings of `width` channels."""
    crossed = len(size["block_out_channels"]) - 1
    model = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
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


@torch.no_grad()
def embed(text: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer, prompts: Sequence[str]) -> Tensor:
    """What the pipeline feeds its U-Net: the last hidden states of all 77 positions, (prompts, 77, width)."""
    tokens = tokenizer(list(prompts), padding="max_length", truncation=True, return_tensors="pt").input_ids
    found: Tensor = text(tokens.to(text.device)).last_hidden_state
    return found


@torch.no_grad()
def cache(
    folder: Path, data: Pictures, vae: AutoencoderKL, text: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer
) -> None:
    """Encode every picture and its captions once, each process of the team its share.

    Both float16: `latents.npy` (count, 8, 16, 16), means over logarithms of variances, and `texts.npy` (count,
    wordings, 77, width).
    """
    if (folder / "cache.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    count, device = len(data), vae.device
    shapes = {"latents": (count, 8, 16, 16), "texts": (count, WORDINGS, 77, text.config.hidden_size)}
    if team.rank() == 0:
        for name, shape in shapes.items():
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float16, shape).flush()
    team.agree()
    latents, texts = (np.load(folder / f"{name}.npy", mmap_mode="r+") for name in shapes)
    vae = vae.to(memory_format=torch.channels_last)
    for begin in range(100 * team.rank(), count, 100 * team.size()):
        rows = np.arange(begin, min(begin + 100, count))
        x = data.batch(rows).to(device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            latents[rows] = vae.encode(x).latent_dist.parameters.float().cpu().numpy()
            for wording in range(WORDINGS):
                captions = [data.lines[i]["caption"] for i in rows]
                if wording:
                    captions = [reworded(data.scene(int(i)), wording * 10**9 + int(i)) for i in rows]
                texts[rows, wording] = embed(text, tokenizer, captions).float().cpu().numpy()
    latents.flush()
    texts.flush()
    team.agree()
    if team.rank() == 0:
        save_json(folder / "cache.json", {"count": count, "wordings": WORDINGS})


class Denoiser:
    """The stage of the training loop, on what `cache` left in `folder`."""

    name = "unet"

    def __init__(
        self,
        folder: Path,
        vae: AutoencoderKL,
        text: CLIPTextModelWithProjection,
        tokenizer: CLIPTokenizer,
        *,
        size: dict[str, Any] = SIZE,
        batch: int = 64,
        device: str = "cpu",
    ) -> None:
        self.latents = np.load(folder / "latents.npy", mmap_mode="r")
        self.texts = np.load(folder / "texts.npy", mmap_mode="r")
        self.vae, self.text, self.tokenizer, self.batch, self.device = vae, text, tokenizer, batch, device
        self.empty = embed(text, tokenizer, [""]).float().cpu()[0]
        self.kept: Tensor = scheduler().alphas_cumprod
        self.network = build(text.config.hidden_size, size).to(device)
        if device == "cpu":
            self.network.set_attn_processor(PlainAttention())

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Mean squared error of v at timesteps spread evenly over the schedule, which makes it less of a lottery."""
        chosen = indices(len(self.latents), self.batch, step, seed=3)
        batch = len(chosen)
        lot = np.random.default_rng([4, step, team.rank()])
        mean, logvar = torch.from_numpy(self.latents[chosen].astype(np.float32)).chunk(2, 1)
        clean = (
            mean + torch.exp(0.5 * logvar.clamp(-30, 20)) * torch.randn_like(mean)
        ) * self.vae.config.scaling_factor
        text = torch.from_numpy(self.texts[chosen, lot.integers(self.texts.shape[1], size=batch)].astype(np.float32))
        text[torch.rand(batch) < EMPTY] = self.empty
        at = (torch.arange(batch) + torch.rand(batch)) / batch
        t = (at * len(self.kept)).long().clamp(max=len(self.kept) - 1)
        signal = self.kept[t].view(-1, 1, 1, 1)
        noise = torch.randn_like(clean)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        v = signal.sqrt() * noise - (1 - signal).sqrt() * clean
        noisy, t, text, v = (x.to(self.device) for x in (noisy, t, text, v))
        error = (self.network(noisy.contiguous(memory_format=torch.channels_last), t, text).sample.float() - v) ** 2
        by_picture = error.mean((1, 2, 3)).detach().cpu()
        thirds = [float(p.mean()) for p in by_picture.tensor_split(3)]  # timesteps rise along the batch
        return error.mean(), {"little_noise": thirds[0], "half_noise": thirds[1], "much_noise": thirds[2]}

    def sheet(self, network: Any, path: Path) -> None:
        """Sixteen prompts, 25 steps, the usual guidance."""
        pictures = generate(network, self.vae, self.text, self.tokenizer, PROMPTS)
        sheets.save(path, list(pictures), PROMPTS)


@torch.no_grad()
def generate(
    network: UNet2DConditionModel,
    vae: AutoencoderKL,
    text: CLIPTextModelWithProjection,
    tokenizer: CLIPTokenizer,
    prompts: Sequence[str],
    *,
    steps: int = 25,
    guidance: float = GUIDANCE,
    seed: int = 0,
) -> np.ndarray[Any, Any]:
    """Pictures for prompts, uint8 (prompts, 128, 128, 3), all in one batch, as the pipeline draws them."""
    device = network.device
    context = embed(text, tokenizer, [""] * len(prompts) + list(prompts)).float().to(device)
    plan = scheduler()
    plan.set_timesteps(steps)
    start = [torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed + i)) for i in range(len(prompts))]
    x = torch.cat(start).to(device)
    with torch.autocast(device.type, torch.bfloat16):
        for t in plan.timesteps:
            without, with_prompt = network(torch.cat([x, x]), t.to(device), context).sample.float().chunk(2)
            x = plan.step(without + guidance * (with_prompt - without), t, x).prev_sample
    return as_pictures(vae.decode(x / vae.config.scaling_factor).sample)
