"""Recording together with what people use: each works, to the bit, or is refused in one sentence."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

import explorer
from explorer.errors import CaptureError, UnsupportedPipeline
from tests.families.tiny import flux, sd3, sdxl
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"
RUN = {"seed": 5, "steps": 2}


def bare(pipe: Any, **options: Any) -> np.ndarray:
    made = pipe(num_inference_steps=2, generator=[torch.Generator().manual_seed(5)], **options)
    return np.asarray(made.images[0])


def assert_same_maps(found: Any, expected: Any) -> None:
    assert found.layers == expected.layers
    for grid, maps in expected.attention.items():
        np.testing.assert_allclose(found.attention[grid].values, maps.values, atol=1e-3)


@pytest.fixture
def own_kernel() -> Any:
    """A backend that computes attention by itself, as flash, sage, xformers and flex do."""
    calls = []

    def kernel(query: Any, key: Any, value: Any, attn_mask: Any = None, scale: Any = None, **kwargs: Any) -> Any:
        calls.append(1)
        q, k, v = (x.transpose(1, 2) for x in (query, key, value))
        scale = q.shape[-1] ** -0.5 if scale is None else scale
        return ((q @ k.mT * scale).softmax(-1) @ v).transpose(1, 2)

    registry, name = _AttentionBackendRegistry, AttentionBackendName.XFORMERS
    before = registry._backends.get(name), registry._supported_arg_names.get(name)
    registry._backends[name] = kernel
    registry._supported_arg_names[name] = {"query", "key", "value", "attn_mask", "scale"}
    yield name, calls, kernel
    assert registry._backends[name] is kernel
    registry._backends[name], registry._supported_arg_names[name] = before


def test_another_attention_backend(own_kernel: Any) -> None:
    name, calls, _ = own_kernel
    pipe = flux()
    expected = explorer.wrap(pipe).record(PROMPT, **RUN)
    for module in pipe.transformer.modules():
        if hasattr(getattr(module, "processor", None), "_attention_backend"):
            module.processor._attention_backend = name
    trace = explorer.wrap(pipe).record(PROMPT, **RUN)
    assert len(calls) == 4
    assert np.array_equal(trace.image.values, bare(pipe, prompt=[PROMPT], guidance_scale=3.5))
    assert_same_maps(trace, expected)


@pytest.mark.parametrize("name", ["_native_math", "native"])
def test_the_native_backends(name: str) -> None:
    pipe = flux()
    expected = explorer.wrap(pipe).record(PROMPT, **RUN)
    pipe.transformer.set_attention_backend(name)
    try:
        trace = explorer.wrap(pipe).record(PROMPT, **RUN)
        assert np.array_equal(trace.image.values, bare(pipe, prompt=[PROMPT], guidance_scale=3.5))
    finally:
        pipe.transformer.reset_attention_backend()
        _AttentionBackendRegistry.set_active_backend(AttentionBackendName.NATIVE)
    assert_same_maps(trace, expected)


@pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")
@pytest.mark.parametrize("make", [flux, sd3, sdxl])
def test_fused_projections(make: Any) -> None:
    # As SD 3.0 is: fused, diffusers leaves out the norms of 3.5, and fails at its second attention.
    pipe = make(dual=(), norm=None) if make is sd3 else make()
    expected = explorer.wrap(pipe).record(PROMPT, **RUN)
    (pipe.fuse_qkv_projections(vae=False) if make is sdxl else pipe.transformer.fuse_qkv_projections())
    trace = explorer.wrap(pipe).record(PROMPT, **RUN)
    given = {"guidance_scale": {flux: 3.5, sd3: 7.0, sdxl: 5.0}[make], "width": 64, "height": 64}
    given |= {"negative_prompt": [""]} if make is sd3 else {}
    assert np.array_equal(trace.image.values, bare(pipe, prompt=[PROMPT], **given))
    assert_same_maps(trace, expected)


def test_compiled_blocks_of_a_transformer() -> None:
    torch._dynamo.reset()
    pipe = flux()
    expected = explorer.wrap(pipe).record(PROMPT, **RUN)
    pipe.transformer.compile_repeated_blocks(backend="eager")
    trace = explorer.wrap(pipe).record(PROMPT, **RUN)
    assert np.array_equal(trace.image.values, expected.image.values)
    assert_same_maps(trace, expected)


def test_weighted_prompts() -> None:
    pipe = stable_diffusion()
    embeds, negative = pipe.encode_prompt(PROMPT, "cpu", 1, True)
    embeds = embeds.clone()
    embeds[:, 3] *= 1.5
    given = {"prompt_embeds": embeds, "negative_prompt_embeds": negative}
    expected = bare(pipe, guidance_scale=5.0, **given)
    trace = explorer.wrap(pipe).record(PROMPT, guidance=5.0, **RUN, **given)
    assert np.array_equal(trace.image.values, expected)
    assert trace.words == PROMPT.split()
    usual = explorer.wrap(pipe).record(PROMPT, guidance=5.0, **RUN)
    change = abs(trace.heat("castle", step=0) - usual.heat("castle", step=0))
    assert change.max() > 1e-3


def test_half_precision_of_joint_attention() -> None:
    pipe = flux().to(torch.bfloat16)
    trace = explorer.wrap(pipe).record(PROMPT, **RUN)
    assert np.array_equal(trace.image.values, bare(pipe, prompt=[PROMPT], guidance_scale=3.5))
    exact = explorer.wrap(flux()).record(PROMPT, seed=5, steps=1)
    for grid, maps in exact.attention.items():
        found, wanted = (x.values[0, :, 1:-1].astype(np.float32).ravel() for x in (trace.attention[grid], maps))
        assert np.corrcoef(found, wanted)[0, 1] > 0.99


def test_a_reference_picture_among_the_keys_is_refused() -> None:
    pipe = flux()
    ids = pipe.prepare_latents

    def with_reference(*args: Any, **kwargs: Any) -> Any:
        latents, positions = ids(*args, **kwargs)
        return torch.cat([latents, latents], 1), torch.cat([positions, positions])

    pipe.prepare_latents = with_reference
    with pytest.raises(CaptureError, match="544 queries and 544 keys, expected 4x4 queries and 512 keys of text"):
        explorer.wrap(pipe).record(PROMPT, **RUN)


def test_text_that_is_turned_into_something_else_is_refused() -> None:
    for pipe in (stable_diffusion(), sdxl()):
        pipe.unet.register_to_config(encoder_hid_dim_type="text_image_proj")
        with pytest.raises(UnsupportedPipeline, match=r"turns its text into something else .*: use a checkpoint of"):
            explorer.wrap(pipe)
