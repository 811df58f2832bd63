"""A tiny seeded pipeline of each family, built from configurations: nothing is downloaded."""

from typing import Any

import torch
from diffusers import (
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModelWithProjection, T5Config, T5EncoderModel, T5Tokenizer

from tests.pipelines import ready, text_encoder, tokenizer, vae

WORDS = "a red blue castle teddy bear in the snow on sea photograph of".split()
SHARP = ("to_q.weight", "to_k.weight", "add_q_proj.weight", "add_k_proj.weight")


def t5_tokenizer() -> T5Tokenizer:
    """Whole words where it knows them, else letters."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,.!?-'0123456789"
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -20.0), ("▁", -3.0)]
    vocabulary += [(f"▁{word}", -2.0) for word in WORDS] + [(letter, -6.0) for letter in letters]
    return T5Tokenizer(vocab=vocabulary, extra_ids=0)


def t5(width: int = 32) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=100, d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4, pad_token_id=0)
    )


def sdxl(seed: int = 0) -> StableDiffusionXLPipeline:
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=6 * 8 + 32,
        cross_attention_dim=64,
        norm_num_groups=8,
    )
    second = tokenizer()
    second.pad_token = "!"
    pipe = StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=text_encoder(),
        text_encoder_2=text_encoder(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        tokenizer_2=second,
        unet=unet,
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
    )
    return ready(pipe, "unet", "attn2.to_q.weight", "attn2.to_k.weight", factor=12)


def sd3(
    seed: int = 0, channels: int = 4, dual: tuple[int, ...] = (0,), norm: str | None = "rms_norm", **more: Any
) -> StableDiffusion3Pipeline:
    """The first block has an attention over the image alone besides, as in SD 3.5 medium."""
    torch.manual_seed(seed)
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=channels,
        out_channels=channels,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=64,
        caption_projection_dim=32,
        pooled_projection_dim=64,
        pos_embed_max_size=32,
        dual_attention_layers=dual,
        qk_norm=norm,
    )
    second = tokenizer()
    second.pad_token = "!"
    pipe = StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae(channels, shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=text_encoder(CLIPTextModelWithProjection),
        tokenizer=tokenizer(),
        text_encoder_2=text_encoder(CLIPTextModelWithProjection),
        tokenizer_2=second,
        text_encoder_3=more.get("text_encoder_3", t5(64)),
        tokenizer_3=t5_tokenizer(),
    )
    return ready(
        pipe, "transformer", "norm_q.weight", "norm_k.weight", "norm_added_q.weight", "norm_added_k.weight", factor=1.6
    )


def flux(seed: int = 0, guidance: bool = True) -> FluxPipeline:
    """dev, or with `guidance` false schnell, which takes none."""
    torch.manual_seed(seed)
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
        guidance_embeds=guidance,
    )
    pipe = FluxPipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=vae(shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=text_encoder(),
        tokenizer=tokenizer(),
        text_encoder_2=t5(),
        tokenizer_2=t5_tokenizer(),
    )
    pipe.default_sample_size = 8  # else pictures of 1024 pixels
    return ready(
        pipe, "transformer", "norm_q.weight", "norm_k.weight", "norm_added_q.weight", "norm_added_k.weight", factor=1.6
    )
