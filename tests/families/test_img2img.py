"""Image to image and inpainting of the families that have them: as with text alone."""

import functools
import importlib
import inspect
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.errors import InvalidSetting
from explorer.families import families, family_of
from tests.families import tiny
from tests.families.test_contract import CASES, PROMPT, pytestmark  # noqa: F401  (the same warnings)

PIPELINES = {
    "StableDiffusionImg2ImgPipeline": "stable-diffusion",
    "StableDiffusionInpaintPipeline": "stable-diffusion",
    "StableDiffusionXLImg2ImgPipeline": "sdxl",
    "StableDiffusionXLInpaintPipeline": "sdxl",
    "StableDiffusion3Img2ImgPipeline": "stable-diffusion-3",
    "StableDiffusion3InpaintPipeline": "stable-diffusion-3",
    "FluxImg2ImgPipeline": "flux",
    "FluxInpaintPipeline": "flux",
    "ChromaImg2ImgPipeline": "chroma",
    "KolorsImg2ImgPipeline": "kolors",
    "QwenImageImg2ImgPipeline": "qwen-image",
    "QwenImageInpaintPipeline": "qwen-image",
    "ZImageImg2ImgPipeline": "z-image",
}
SIZE = (96, 64)


@functools.cache
def pipeline(name: str) -> Any:
    pipe = tiny.sd3(channels=16) if name == "StableDiffusion3InpaintPipeline" else CASES[PIPELINES[name]].make()
    # Where SentencePiece is missing, diffusers puts a stand-in in the place of Kolors, whose tokenizer needs it.
    kolors = "diffusers.pipelines.kolors.pipeline_kolors_img2img"
    kind = getattr(importlib.import_module(kolors) if "Kolors" in name else diffusers, name)
    missing = {"image_encoder": None, "feature_extractor": None}
    parts = {n: part for n, part in pipe.components.items() if part is not None} | missing
    wanted = inspect.signature(kind.__init__).parameters
    checker = {"safety_checker": None, "requires_safety_checker": False}
    made = kind(**{n: part for n, part in (parts | checker).items() if n in wanted})
    for attribute in ("default_sample_size", "prompt_template_encode_start_idx"):
        if hasattr(pipe, attribute):
            setattr(made, attribute, getattr(pipe, attribute))
    made.set_progress_bar_config(disable=True)
    return made


def options_of(name: str) -> dict[str, Any]:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8))
    mask = Image.new("L", SIZE)
    mask.paste(255, (16, 16, 64, 48))
    return {"image": picture, "strength": 0.7} | ({"mask_image": mask} if "Inpaint" in name else {})


@pytest.mark.parametrize("name", PIPELINES)
def test_pictures_and_maps(name: str) -> None:
    pipe, options, case = pipeline(name), options_of(name), CASES[PIPELINES[name]]
    family = family_of(pipe)
    assert family.name == PIPELINES[name]
    takes = inspect.signature(type(pipe).__call__).parameters
    size = {key: value for key, value in (("width", SIZE[0]), ("height", SIZE[1])) if key in takes}
    given = dict(case.guided)
    arguments = family.arguments(pipe, negative=["blue sea"], guidance=given.pop("guidance"))
    expected = pipe(
        prompt=[PROMPT],
        num_inference_steps=4,
        generator=[torch.Generator().manual_seed(7)],
        **arguments,
        **given,
        **options,
        **size,
    ).images[0]
    trace = explorer.wrap(pipe).record(
        PROMPT, "blue sea", seed=7, steps=4, **case.guided, **options
    )  # of the picture's size
    assert np.array_equal(trace.image.values, np.asarray(expected))
    assert 1 <= trace.steps < 4  # strength leaves out the first
    (grid,) = list(trace.attention)[:1]
    assert grid == f"{SIZE[1] // case.patch}x{SIZE[0] // case.patch}"
    for maps in (*trace.attention.values(), *trace.negative.values()):
        total = maps.values.astype(np.float32).sum(2)
        assert total.min() > 0
        assert total.max() < 1.003
    assert trace.negative
    assert trace.latents.shape[2:] == (SIZE[1] // 8, SIZE[0] // 8)
    assert "strength" in str(trace.settings.to_dict())


def test_every_pipeline_that_is_listed_is_run_somewhere() -> None:
    run = {type(case.make()).__name__ for case in CASES.values()} | set(PIPELINES)
    listed = {name for family in families() for name in family.pipelines}
    here = {"FluxControlNetPipeline", "StableDiffusionControlNetPipeline", "StableDiffusionXLControlNetPipeline"}
    larger = {"StableDiffusionUpscalePipeline", "StableDiffusionLatentUpscalePipeline"}
    # Those that enlarge are run in test_upscale.py.
    assert listed - run == here | larger


@pytest.mark.parametrize("name", ["StableDiffusionControlNetPipeline", "StableDiffusionXLControlNetPipeline"])
def test_a_controlnet_beside_a_unet(name: str) -> None:
    case = CASES["sdxl" if "XL" in name else "stable-diffusion"]
    alone, kind = case.make(), getattr(diffusers, name)
    torch.manual_seed(1)
    controlnet = diffusers.ControlNetModel.from_unet(alone.unet, conditioning_embedding_out_channels=(8, 8, 8, 8))
    for parameter in controlnet.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    parts = {n: part for n, part in alone.components.items() if part is not None}
    checker = (
        {} if "XL" in name else {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    )
    pipe = kind(**parts, controlnet=controlnet, **checker)
    pipe.set_progress_bar_config(disable=True)
    options = {"image": Image.new("RGB", (64, 64), "red")}
    run = {"num_inference_steps": 2, "guidance_scale": 4.0, "generator": [torch.Generator().manual_seed(7)]}
    expected = pipe(prompt=[PROMPT], width=64, height=64, **run, **options).images[0]
    trace = explorer.wrap(pipe).record(PROMPT, seed=7, steps=2, guidance=4.0, **options)
    assert np.array_equal(trace.image.values, np.asarray(expected))
    without = explorer.wrap(alone).record(PROMPT, seed=7, steps=2, guidance=4.0)
    assert trace.layers == without.layers
    assert not np.array_equal(trace.image.values, without.image.values)


def test_an_option_that_the_pipeline_does_not_take() -> None:
    ex = explorer.wrap(pipeline("FluxImg2ImgPipeline"))
    with pytest.raises(InvalidSetting, match="There is no option 'strenght': FluxImg2ImgPipeline does not take it"):
        ex.record(PROMPT, strenght=0.5)
    with pytest.raises(InvalidSetting, match="The option 'generator' is set by `record` itself: pass seed"):
        ex.record(PROMPT, generator=None)


def test_a_controlnet_beside_flux() -> None:
    """Its own attention calls the same function, and is not watched."""
    from diffusers import FluxControlNetModel, FluxControlNetPipeline

    flux = CASES["flux"].make()
    torch.manual_seed(1)
    config = {k: flux.transformer.config[k] for k in ("patch_size", "in_channels", "attention_head_dim")}
    config |= {k: flux.transformer.config[k] for k in ("num_attention_heads", "joint_attention_dim")}
    config |= {k: flux.transformer.config[k] for k in ("pooled_projection_dim", "axes_dims_rope", "guidance_embeds")}
    controlnet = FluxControlNetModel(**config, num_layers=1, num_single_layers=1)
    for parameter in controlnet.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    pipe = FluxControlNetPipeline(**{k: v for k, v in flux.components.items() if v}, controlnet=controlnet)
    pipe.default_sample_size = 8
    pipe.set_progress_bar_config(disable=True)
    options = {"control_image": Image.new("RGB", (64, 64), "red"), "width": 64, "height": 64}
    expected = pipe(
        [PROMPT],
        num_inference_steps=2,
        guidance_scale=3.5,
        generator=[torch.Generator().manual_seed(7)],
        **options,
    ).images[0]
    trace = explorer.wrap(pipe).record(PROMPT, seed=7, steps=2, **options)
    assert np.array_equal(trace.image.values, np.asarray(expected))
    assert len(trace.layers) == 2
    alone = explorer.wrap(flux).record(PROMPT, seed=7, steps=2, width=64, height=64)
    assert not np.array_equal(trace.image.values, alone.image.values)
