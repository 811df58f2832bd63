"""Pipelines that enlarge a picture: watched as all others, diffusers' own and the miniature's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionLatentUpscalePipeline,
    StableDiffusionUpscalePipeline,
    UNet2DConditionModel,
)
from PIL import Image

import explorer
from explorer.errors import InvalidSetting, UnsupportedPipeline
from explorer.families import family_of
from explorer.miniature.recipe.upscaler import Doubler
from explorer.miniature.upscaler import Cells, UpscalePipeline
from tests.families.test_contract import pytestmark  # noqa: F401  (the same warnings)
from tests.pipelines import ready, text_encoder, tokenizer, vae

PROMPT = "a red castle"
SMALL = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8))
LARGER = SMALL.resize((128, 64))


def by_four() -> StableDiffusionUpscalePipeline:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=7,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=32,
        num_class_embeds=100,
        norm_num_groups=8,
    )
    schedule: dict[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.0001, "beta_end": 0.02}
    return ready(
        StableDiffusionUpscalePipeline(
            vae=vae(scaling_factor=0.08333),
            text_encoder=text_encoder(),
            tokenizer=tokenizer(),
            unet=unet,
            low_res_scheduler=DDPMScheduler(),
            scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False, **schedule),
        ),
        "unet",
        "attn2.to_q.weight",
        "attn2.to_k.weight",
    )


def by_two() -> StableDiffusionLatentUpscalePipeline:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        act_fn="gelu",
        attention_head_dim=8,
        norm_num_groups=None,
        block_out_channels=(32, 32, 64, 64),
        time_cond_proj_dim=160,
        conv_in_kernel=1,
        conv_out_kernel=1,
        cross_attention_dim=32,
        down_block_types=("KDownBlock2D", *("KCrossAttnDownBlock2D",) * 3),
        up_block_types=(*("KCrossAttnUpBlock2D",) * 3, "KUpBlock2D"),
        in_channels=8,
        mid_block_type=None,
        only_cross_attention=False,
        out_channels=5,
        resnet_time_scale_shift="scale_shift",
        time_embedding_type="fourier",
        timestep_post_act="gelu",
    )
    return ready(
        StableDiffusionLatentUpscalePipeline(
            vae=vae(),
            text_encoder=text_encoder(),
            tokenizer=tokenizer(),
            unet=unet,
            scheduler=EulerDiscreteScheduler(prediction_type="sample"),
        ),
        "unet",
        "attn2.to_q.weight",
        "attn2.to_k.weight",
    )


def ours() -> UpscalePipeline:
    torch.manual_seed(0)
    size: dict[str, Any] = {
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "attention_head_dim": (1, 2),
        "norm_num_groups": 4,
    }
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    network = Doubler(tokenizer(), size, text)
    torch.nn.init.normal_(network.unet.conv_out.weight, std=0.1)  # untrained, it adds nothing
    return ready(
        UpscalePipeline(
            vae=Cells(scaling_factor=10.0),
            text_encoder=network.text,
            tokenizer=tokenizer(),
            unet=network.unet,
            scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False),
        ),
        "unet",
        "attn2.to_q.weight",
        "attn2.to_k.weight",
    )


# Each with the picture that it is given, the size of the one it makes, and its largest grid that reads text.
CASES = [
    (by_four, SMALL, (512, 256), "16x32"),
    (by_two, LARGER, (256, 128), "8x16"),
    (ours, SMALL, (128, 64), "16x32"),
]


@pytest.mark.parametrize(("make", "small", "size", "grid"), CASES)
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_pictures_and_maps(
    make: Callable[[], Any], small: Image.Image, size: tuple[int, int], grid: str, guidance: float
) -> None:
    pipe = make()
    assert family_of(pipe).name == "stable-diffusion"
    expected = pipe(
        prompt=[PROMPT],
        negative_prompt=["blue sea"],
        image=small,
        num_inference_steps=3,
        guidance_scale=guidance,
        generator=[torch.Generator().manual_seed(7)],
    ).images[0]
    ex = explorer.wrap(pipe)
    trace = ex.record(PROMPT, "blue sea", image=small, seed=7, steps=3, guidance=guidance)
    assert np.array_equal(trace.image.values, np.asarray(expected))
    assert (trace.settings.width, trace.settings.height) == size
    assert next(iter(trace.attention)) == grid
    assert trace.steps == 3
    for maps in trace.attention.values():
        total = maps.values.astype(np.float32).sum(2)
        assert np.allclose(total, 1, atol=3e-3)
    heat = trace.heat("castle").values
    assert heat.std() > 1e-4  # not the same everywhere
    last = trace.predicted.values[-1].astype(np.float32), trace.latents.values[-1].astype(np.float32)
    assert np.allclose(*last, atol=0.02 * float(np.abs(last[1]).max()))  # a run ends in what it predicts


@pytest.mark.parametrize(("make", "small", "size", "grid"), CASES)
def test_the_estimate_knows_the_grid(
    make: Callable[[], Any], small: Image.Image, size: tuple[int, int], grid: str
) -> None:
    pipe = make()
    family = family_of(pipe)
    grids = {family.grid_for(pipe, reader, small.height, small.width) for reader in family.readers(pipe)}
    assert "{}x{}".format(*max(grids)) == grid


def test_what_an_upscaler_cannot_do_is_said() -> None:
    ex = explorer.wrap(by_two())
    with pytest.raises(InvalidSetting, match="makes one picture of each prompt: leave images out"):
        ex.record(PROMPT, image=SMALL, images=2, steps=1)
    with pytest.raises(UnsupportedPipeline, match="UpscalePipeline reads a small picture beside the noisy one"):
        explorer.wrap(ours()).read(SMALL, PROMPT)
