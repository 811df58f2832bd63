"""What is loaded or wrapped around a pipeline's modules: LoRA, IP-Adapter, CPU offload. To the bit, and exact."""

from typing import Any

import numpy as np
import pytest
import torch
from accelerate import cpu_offload, cpu_offload_with_hook
from peft import LoraConfig

import explorer
from explorer.errors import CaptureError, InvalidSetting
from explorer.families import family_of
from tests.families.test_contract import attention_of, softmax
from tests.families.tiny import flux, sdxl
from tests.pipelines import stable_diffusion

# Euler's schedule, in diffusers 0.42 with numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

PROMPT = "a red castle in the snow"
STEPS = 2
MAKES = {"stable-diffusion": stable_diffusion, "sdxl": sdxl}


def bare(pipe: Any, guidance: float = 5.0, **options: Any) -> np.ndarray:
    given = family_of(pipe).arguments(pipe, negative=[""], guidance=guidance)
    generator = [torch.Generator().manual_seed(5)]
    made = pipe(prompt=[PROMPT], num_inference_steps=STEPS, generator=generator, **given, **options)
    return np.asarray(made.images[0])


def checked(pipe: Any, guidance: float = 5.0, **options: Any) -> Any:
    """A recording whose picture is that of the bare run, and whose maps are a plain full softmax over the text."""
    trace = explorer.wrap(pipe).record(PROMPT, seed=5, steps=STEPS, guidance=guidance, **options)
    with attention_of(pipe, trace.layers) as seen:
        expected = bare(pipe, guidance, **options)
    np.testing.assert_array_equal(trace.image.values, expected)
    for maps in trace.attention.values():
        positions = maps.sizes["y"] * maps.sizes["x"]
        for layer in maps.layer.values:
            # Of each run of a module the first call is that of the text.
            runs = len(seen[str(layer)]) // STEPS
            for step in range(STEPS):
                full = softmax(seen[str(layer)][step * runs], -1)
                own = [piece.position for piece in trace.tokens.pieces]
                first = 0 if full.shape[0] == positions else trace.tokens.limit
                found = maps.sel(layer=layer).isel(step=step).values[1:-1].astype(np.float64)
                wanted = full[first:, own].T.reshape(found.shape)
                np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=1e-5)
    return trace


@pytest.mark.parametrize("make", [*MAKES.values(), flux], ids=[*MAKES, "flux"])
def test_lora(make: Any) -> None:
    pipe = make()
    guidance = 3.5 if make is flux else 5.0
    usual = explorer.wrap(pipe).record(PROMPT, seed=5, steps=STEPS, guidance=guidance)
    torch.manual_seed(2)
    names = ["to_q", "to_k", "to_v", "to_out.0"]
    denoiser = family_of(pipe).denoiser(pipe)
    denoiser.add_adapter(LoraConfig(r=2, lora_alpha=8, init_lora_weights=False, target_modules=names))
    size = {"width": usual.settings.width, "height": usual.settings.height}
    trace = checked(pipe, guidance, **size)
    assert trace.layers == usual.layers
    assert abs(trace.heat("castle") - usual.heat("castle")).max() > 1e-4
    denoiser.disable_adapters()
    again = explorer.wrap(pipe).record(PROMPT, seed=5, steps=STEPS, guidance=guidance)
    np.testing.assert_array_equal(again.image.values, usual.image.values)


def adapted(make: Any, adapters: int = 1) -> tuple[Any, dict[str, Any]]:
    """A pipeline with IP-Adapters of seeded weights, and the option that gives them their pictures."""
    pipe = make()
    torch.manual_seed(7)
    unet, width, tokens = pipe.unet, 8, 4
    states = []
    for _ in range(adapters):
        projections: dict[str, torch.Tensor] = {}
        number = 1
        for name in unet.attn_processors:
            module = unet.get_submodule(name.removesuffix(".processor"))
            if module.is_cross_attention:
                inner, cross = module.to_q.out_features, unet.config.cross_attention_dim
                for part in ("to_k_ip", "to_v_ip"):
                    projections[f"{number}.{part}.weight"] = torch.randn(inner, cross)
                number += 2
        cross = unet.config.cross_attention_dim
        image = {
            "proj.weight": torch.randn(cross * tokens, width),
            "proj.bias": torch.randn(cross * tokens),
            "norm.weight": torch.ones(cross),
            "norm.bias": torch.zeros(cross),
        }
        states.append({"image_proj": image, "ip_adapter": projections})
    unet._load_ip_adapter_weights(states)
    given = [torch.randn(2, 1, width) for _ in range(adapters)]
    return pipe, {"ip_adapter_image_embeds": given}


@pytest.mark.parametrize("adapters", [1, 2])
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_ip_adapter(make: Any, adapters: int) -> None:
    """The picture has a softmax of its own: the maps are those of the text."""
    usual = explorer.wrap(make()).record(PROMPT, seed=5, steps=STEPS, guidance=5.0, width=64, height=64)
    pipe, given = adapted(make, adapters=adapters)
    trace = checked(pipe, width=64, height=64, **given)
    assert trace.layers == usual.layers
    assert not np.array_equal(trace.image.values, usual.image.values)


def test_an_ip_adapter_without_its_picture_is_refused_before_anything_runs() -> None:
    pipe, _ = adapted(stable_diffusion)
    ex = explorer.wrap(pipe)
    for call in (lambda: ex.record(PROMPT), lambda: ex.read(np.zeros((64, 64, 3), np.uint8), PROMPT)):
        with pytest.raises(InvalidSetting, match=r"^This pipeline has an IP-Adapter, which reads a picture besides"):
            call()


def test_attention_is_edited_beside_an_ip_adapter() -> None:
    pipe, given = adapted(stable_diffusion)
    ex = explorer.wrap(pipe)
    trace = ex.record(PROMPT, seed=5, steps=STEPS, guidance=5.0, **given)
    same = ex.reweight(trace, {"castle": 1.0}, way="attention", **given)
    np.testing.assert_array_equal(same.image.values, trace.image.values)
    more = ex.reweight(trace, {"castle": 4.0}, way="attention", **given)
    assert not np.array_equal(more.image.values, trace.image.values)


def test_an_ip_adapter_in_joint_attention_is_refused() -> None:
    pipe = flux()
    for module in pipe.transformer.modules():
        if hasattr(module, "processor"):
            module.processor.to_k_ip = None
    with pytest.raises(CaptureError, match=r"reads a picture besides, in joint attention.*unload_ip_adapter\(\) first"):
        explorer.wrap(pipe).record(PROMPT, seed=5, steps=1)


@pytest.mark.parametrize("make", [stable_diffusion, sdxl, flux])
@pytest.mark.parametrize("way", ["model", "sequential"])
def test_cpu_offload(make: Any, way: str) -> None:
    """accelerate's hooks as `enable_model_cpu_offload` and `enable_sequential_cpu_offload` set them, on the CPU."""
    pipe = make()
    expected = explorer.wrap(pipe).record(PROMPT, seed=5, steps=STEPS)
    parts = [name for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)]
    hook = None
    for name in parts:
        if way == "model":
            _, hook = cpu_offload_with_hook(getattr(pipe, name), "cpu", prev_module_hook=hook)
        else:
            cpu_offload(getattr(pipe, name), "cpu", offload_buffers=bool(list(getattr(pipe, name).buffers())))
    ex = explorer.wrap(pipe)
    trace = ex.record(PROMPT, seed=5, steps=STEPS)
    np.testing.assert_array_equal(trace.image.values, expected.image.values)
    assert trace.layers == expected.layers
    for grid, maps in expected.attention.items():
        np.testing.assert_array_equal(trace.attention[grid].values, maps.values)
    assert trace.settings.device == "cpu"
    assert ex.estimate(PROMPT, steps=STEPS).seconds > 0
    picture = np.zeros((64, 64, 3), np.uint8)
    assert ex.read(picture, PROMPT, timesteps=(500,)).steps == 1
    assert ex.generate(PROMPT, seed=5, steps=STEPS).pictures is not None


@pytest.mark.parametrize("negative", ["", "blue sea"])
def test_weighted_prompts_without_weighted_negative_ones(negative: str) -> None:
    """Then the text encoder reads the negative prompt alone, and first."""
    pipe = stable_diffusion()
    embeds, _ = pipe.encode_prompt(PROMPT, "cpu", 1, False)
    embeds = embeds.clone()
    embeds[:, 3] *= 1.5
    trace = explorer.wrap(pipe).record(PROMPT, negative, seed=5, steps=STEPS, guidance=4.0, prompt_embeds=embeds)
    made = pipe(
        prompt_embeds=embeds,
        negative_prompt=[negative],
        num_inference_steps=STEPS,
        guidance_scale=4.0,
        generator=[torch.Generator().manual_seed(5)],
    )
    np.testing.assert_array_equal(trace.image.values, np.asarray(made.images[0]))
    assert trace.words == PROMPT.split()
    assert bool(trace.negative) == bool(negative)


def test_a_negative_prompt_that_is_rewritten_is_told_beside_weighted_prompts() -> None:
    pipe = stable_diffusion()
    embeds, _ = pipe.encode_prompt(PROMPT, "cpu", 1, False)
    pipe.text_encoder.register_forward_pre_hook(
        lambda _, args, kwargs: ((args[0].roll(1, 1), *args[1:]), kwargs), with_kwargs=True
    )
    with pytest.raises(CaptureError, match="fed other tokens"):
        explorer.wrap(pipe).record(PROMPT, "blue", seed=5, steps=1, guidance=4.0, prompt_embeds=embeds)
