"""Tiny seeded Stable Diffusion pipelines, built from configurations: nothing is downloaded."""

from functools import cache
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

# Models this small lose by threads, badly so beside other processes.
torch.set_num_threads(1)

_WORDS = "a red blue castle teddy bear in the snow on sea photograph of".split()


@cache
def tokenizer_parts() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of a byte-level BPE: any Unicode, a few whole words, the rest byte by byte."""
    alphabet = sorted(ByteLevel.alphabet())
    vocabulary = [*alphabet, *(character + "</w>" for character in alphabet)]
    merges: list[tuple[str, str]] = []
    for word in _WORDS:
        symbols = [*word[:-1], word[-1] + "</w>"]
        while len(symbols) > 1:
            pair = (symbols[0], symbols[1])
            if pair not in merges:
                merges.append(pair)
                vocabulary.append("".join(pair))
            symbols[:2] = ["".join(pair)]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    return {text: i for i, text in enumerate(dict.fromkeys(vocabulary))}, merges


def tokenizer() -> CLIPTokenizer:
    vocabulary, merges = tokenizer_parts()
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def text_encoder(kind: Any = CLIPTextModel) -> Any:
    vocabulary, _ = tokenizer_parts()
    return kind(
        CLIPTextConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=77,
            bos_token_id=vocabulary["<|startoftext|>"],
            eos_token_id=vocabulary["<|endoftext|>"],
            pad_token_id=vocabulary["<|endoftext|>"],
            projection_dim=32,
        )
    )


def vae(latent_channels: int = 4, **more: Any) -> AutoencoderKL:
    """An autoencoder that reduces by 8."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=latent_channels,
        norm_num_groups=4,
        sample_size=64,
        **more,
    )


def ready(pipe: Any, denoiser: str, *sharper: str, factor: float = 6) -> Any:
    """Fresh weights hardly tell words apart: larger ones, where a name ends so, make the attention uneven."""
    for name, parameter in getattr(pipe, denoiser).named_parameters():
        if name.endswith(sharper):
            parameter.data *= factor
    pipe.set_progress_bar_config(disable=True)
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
    return pipe


def stable_diffusion(seed: int = 0, scheduler: Any = None, **unet: Any) -> StableDiffusionPipeline:
    """A pipeline with attention on two levels, latents reduced by 8, and pictures of 64 x 64 pixels."""
    torch.manual_seed(seed)
    settings = {
        "sample_size": 8,
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 32,
        "attention_head_dim": (2, 4),
        "norm_num_groups": 8,
    }
    pipe = StableDiffusionPipeline(
        vae=vae(),
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        unet=UNet2DConditionModel(**settings | unet),
        scheduler=scheduler or DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return ready(pipe, "unet", "attn2.to_q.weight", "attn2.to_k.weight")
