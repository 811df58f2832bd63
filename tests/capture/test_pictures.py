"""Recording changes no pixel: latents and pictures are those of the bare pipeline, to the bit."""

from typing import Any

import diffusers
import numpy as np
import pytest
import torch

import explorer
from explorer.capture import watch
from explorer.families import family_of
from tests.pipelines import stable_diffusion

# diffusers 0.42 with numpy 2: its schedulers turn tensors into arrays in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

PROMPT = "a red castle in the snow"


@pytest.fixture(scope="module")
def pipe() -> Any:
    return stable_diffusion()


def bare(
    pipe: Any, prompts: list[str], *, seed: int, images: int = 1, output: str = "pil", **options: Any
) -> np.ndarray:
    seeds = [seed + i for _ in prompts for i in range(images)]
    made = pipe(
        prompts,
        negative_prompt=[options.pop("negative", "")] * len(prompts),
        generator=[torch.Generator("cpu").manual_seed(s) for s in seeds],
        num_images_per_prompt=images,
        output_type=output,
        **options,
    ).images
    return np.stack([np.asarray(one) for one in made])


CASES: dict[str, dict[str, Any]] = {
    "guidance on": {"guidance": 5.0},
    "guidance off": {"guidance": 1.0},
    "negative prompt": {"guidance": 5.0, "negative": "blue sea"},
    "two images": {"guidance": 5.0, "images": 2},
    "batch": {"guidance": 5.0, "prompts": [PROMPT, "a blue teddy bear"]},
    "batch of two images without guidance": {"guidance": 0.0, "images": 2, "prompts": [PROMPT, "bear on the sea"]},
    "wide": {"guidance": 5.0, "width": 128, "height": 64},
    "odd at the lower level": {"guidance": 5.0, "width": 104, "height": 72},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_pictures_are_those_of_the_bare_run(pipe: Any, case: dict[str, Any]) -> None:
    case = dict(case)
    prompts, guidance, negative = case.pop("prompts", [PROMPT]), case.pop("guidance"), case.pop("negative", "")
    found = explorer.wrap(pipe).record(prompts, negative, seed=11, steps=3, guidance=guidance, **case)
    expected = bare(pipe, prompts, seed=11, negative=negative, num_inference_steps=3, guidance_scale=guidance, **case)
    assert len(found) == len(expected) == len(prompts) * case.get("images", 1)
    for trace, picture in zip(found, expected, strict=True):
        assert np.array_equal(trace.image.values, picture)
    assert [t.settings.prompt for t in found] == [p for p in prompts for _ in range(case.get("images", 1))]
    assert len({t.image.values.tobytes() for t in found}) == len(found)


@pytest.mark.parametrize("way", ["eager", "sliced", "fused projections"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_every_processor_of_diffusers(way: str, guidance: float) -> None:
    from diffusers.models.attention_processor import AttnProcessor

    pipe, usual = stable_diffusion(), explorer.wrap(stable_diffusion())
    if way == "eager":
        pipe.unet.set_attn_processor(AttnProcessor())
    elif way == "sliced":
        pipe.enable_attention_slicing(1)
    else:
        pipe.fuse_qkv_projections(vae=False)
    options = {"seed": 5, "steps": 2, "guidance": guidance}
    trace = explorer.wrap(pipe).record(PROMPT, **options)
    expected = bare(pipe, [PROMPT], seed=5, num_inference_steps=2, guidance_scale=guidance)
    assert np.array_equal(trace.image.values, expected[0])
    for grid, maps in usual.record(PROMPT, **options).attention.items():
        np.testing.assert_allclose(trace.attention[grid].values, maps.values, atol=1e-3)


SCHEDULERS = [
    "DDIMScheduler",
    "DDPMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "UniPCMultistepScheduler",
    "LCMScheduler",
]


@pytest.mark.parametrize("name", SCHEDULERS)
def test_latents_are_those_of_the_bare_run(pipe: Any, name: str) -> None:
    usual = pipe.scheduler
    pipe.scheduler = getattr(diffusers, name).from_config(usual.config)
    try:
        trace = explorer.wrap(pipe).record(PROMPT, seed=2, steps=4, guidance=3.0)
        expected = bare(pipe, [PROMPT], seed=2, num_inference_steps=4, guidance_scale=3.0, output="latent")
    finally:
        pipe.scheduler = usual
    assert np.array_equal(trace.latents.values[-1], expected[0].astype(np.float16))
    assert trace.steps == {"HeunDiscreteScheduler": 7, "PNDMScheduler": 13}.get(name, 4)
    assert trace.latents.timestep.values[0] > trace.latents.timestep.values[-1]
    assert all(maps.sizes["step"] == trace.steps for maps in trace.attention.values())
    assert np.isfinite(trace.predicted.values).all()


def test_noise_is_what_the_run_started_from(pipe: Any) -> None:
    trace = explorer.wrap(pipe).record(PROMPT, seed=9, steps=2)
    noise = torch.randn((1, 4, 8, 8), generator=torch.Generator("cpu").manual_seed(9))
    assert np.array_equal(trace.noise.values, noise[0].to(torch.float16).numpy())


def test_each_picture_can_be_repeated_alone(pipe: Any) -> None:
    ex = explorer.wrap(pipe)
    several = ex.record([PROMPT, "a blue bear"], seed=20, steps=2, images=2)
    assert [t.settings.seed for t in several] == [20, 21, 20, 21]
    alone = ex.record(several[3].settings.prompt, seed=several[3].settings.seed, steps=2)
    assert np.array_equal(alone.noise.values, several[3].noise.values)
    assert np.abs(alone.image.values.astype(int) - several[3].image.values.astype(int)).max() <= 1
    # The maps belong to their own picture and prompt.
    assert alone.tokens == several[3].tokens
    for grid, maps in alone.attention.items():
        np.testing.assert_allclose(maps.values, several[3].attention[grid].values, atol=1e-3)


def test_half_precision() -> None:
    pipe = stable_diffusion().to(torch.bfloat16)
    trace = explorer.wrap(pipe).record(PROMPT, seed=1, steps=2)
    assert np.array_equal(trace.image.values, bare(pipe, [PROMPT], seed=1, num_inference_steps=2)[0])
    assert trace.settings.dtype == "bfloat16"
    for maps in trace.attention.values():
        np.testing.assert_allclose(maps.values.astype(np.float32).sum(2), 1, atol=2e-3)


def test_a_compiled_unet_runs_eagerly() -> None:
    torch._dynamo.reset()
    pipe = stable_diffusion()
    expected = explorer.wrap(pipe).record(PROMPT, seed=1, steps=2)
    pipe.unet = torch.compile(pipe.unet, backend="eager")
    trace = explorer.wrap(pipe).record(PROMPT, seed=1, steps=2)
    assert np.array_equal(trace.image.values, expected.image.values)
    assert trace.layers == expected.layers
    pipe.unet = pipe.unet._orig_mod
    pipe.unet.compile(backend="eager")
    assert np.array_equal(explorer.wrap(pipe).record(PROMPT, seed=1, steps=2).image.values, expected.image.values)


def test_watch_may_be_used_by_itself(pipe: Any) -> None:
    family = family_of(pipe)
    with watch(pipe, family, [family.encoding(pipe, PROMPT)], images=2) as seen:
        pipe(PROMPT, num_inference_steps=2, num_images_per_prompt=2)
    assert len(seen.recordings()) == 2
