"""A given picture, noised and read: what the denoiser is given, and that the maps are those of a plain full softmax."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.errors import InvalidSetting
from explorer.families import families, family_of
from tests.families import tiny, tiny_language
from tests.families.test_contract import (
    CASES,
    PROMPT,
    attention_of,
    denoiser,
    pipeline,
    pytestmark,  # noqa: F401
    softmax,
    text_part,
)

TIMES = (900, 300)
NOT_KNOWN = ("flux2", "flux2 dev")
NAMES = [name for name in CASES if name not in NOT_KNOWN]
# What the denoiser is told for the timestep 300.
TOLD = {"lumina2": 0.7, "z-image": 0.7} | dict.fromkeys(("aura-flow", "chroma", "flux", "prx", "qwen-image"), 0.3)


def picture() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (64, 96, 3))
    return Image.fromarray(values.astype(np.uint8))


def given_to(pipe: Any, name: str, **options: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The trace, and the arguments that the denoiser was called with."""
    calls: list[tuple[Any, Any]] = []
    handle = denoiser(pipe).register_forward_pre_hook(lambda _, a, k: calls.append((a, dict(k))), with_kwargs=True)
    try:
        return explorer.wrap(pipe).read(picture(), PROMPT, timesteps=TIMES, seed=3, **options), calls
    finally:
        handle.remove()


def latents_of(args: Any, kwargs: Any) -> torch.Tensor:
    found = args[0] if args else next(kwargs[k] for k in ("hidden_states", "sample", "x") if k in kwargs)
    found = torch.stack(found)[:, :, 0] if isinstance(found, list) else found
    if found.ndim == 3:  # packed two by two
        parts = found.reshape(1, 4, 6, -1, 2, 2)
        found = parts.permute(0, 3, 1, 4, 2, 5).reshape(1, -1, 8, 12)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_read(name: str) -> None:
    pipe, case = pipeline(name), CASES[name]
    trace, calls = given_to(pipe, name)
    assert len(calls) == len(TIMES) == trace.steps
    assert trace.latents.timestep.values.tolist() == list(TIMES)
    assert np.array_equal(trace.image.values, np.asarray(picture()))
    with torch.no_grad():
        clean = family_of(pipe).latents(pipe, picture())
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3))
    flow = type(pipe.scheduler).__name__.startswith("FlowMatch")
    for i, (t, (args, kwargs)) in enumerate(zip(TIMES, calls, strict=True)):
        level = float(pipe.scheduler.alphas_cumprod[t]) if not flow else 0.0
        signal, sigma = (1 - t / 1000, t / 1000) if flow else (level**0.5, (1 - level) ** 0.5)
        expected = signal * clean + sigma * noise
        torch.testing.assert_close(latents_of(args, kwargs), expected, atol=1e-5, rtol=1e-5)
        np.testing.assert_allclose(trace.latents.values[i], expected[0].numpy(), atol=2e-3, rtol=2e-3)
        np.testing.assert_allclose(trace.latents.sigma.values[i], sigma if flow else sigma / signal, rtol=1e-5)
        when = next((kwargs[k] for k in ("timestep", "t") if k in kwargs), args[1] if len(args) > 1 else None)
        told = float(torch.as_tensor(when).flatten()[0])
        assert told == pytest.approx(TOLD[name] if t == 300 and name in TOLD else told if name in TOLD else t)
    np.testing.assert_allclose(trace.noise.values, noise[0].numpy(), atol=2e-3)
    with attention_of(pipe, trace.layers) as seen, torch.no_grad():
        for args, kwargs in calls:
            denoiser(pipe)(*args, **kwargs)
    rows = [piece.position for piece in trace.tokens.pieces[: trace.tokens.read]]
    for maps in trace.attention.values():
        for layer in maps.layer.values:
            for step in range(len(TIMES)):
                full = softmax(seen[str(layer)][step], 0)
                text = text_part(case, full, maps.sizes["y"] * maps.sizes["x"], trace.tokens.limit)
                found = maps.sel(layer=layer).isel(step=step).values[1:-1].astype(np.float64)
                np.testing.assert_allclose(found, text[:, rows].T.reshape(found.shape), rtol=2e-3, atol=1e-5)


FLOW = [
    name
    for name in NAMES
    if name not in ("hunyuan-dit", "kolors", "pixart", "pixart sigma", "sdxl", "stable-diffusion")
]


@pytest.mark.parametrize("name", FLOW)
def test_a_little_noise_is_taken_away(name: str) -> None:
    """At the first timesteps the predicted x0 is nearly the picture's own latents, whatever the model says."""
    pipe = pipeline(name)
    trace = explorer.wrap(pipe).read(picture(), PROMPT, timesteps=(1,), seed=3)
    with torch.no_grad():
        clean = family_of(pipe).latents(pipe, picture())[0].numpy()
    assert np.corrcoef(trace.predicted.values[0].astype(np.float64).ravel(), clean.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("name", ["flux", "hunyuan-dit"])
def test_nothing_is_left_behind(name: str) -> None:
    pipe = pipeline(name)
    before = dict(vars(pipe.scheduler))
    explorer.wrap(pipe).read(picture(), PROMPT, timesteps=(500,))
    assert set(vars(pipe.scheduler)) == set(before)
    assert "step" not in vars(pipe.scheduler)


def test_what_is_not_known_is_refused() -> None:
    assert {family.name for family in families() if family.reads is None} == {name.split(" ")[0] for name in NOT_KNOWN}
    with pytest.raises(
        InvalidSetting, match="Reading a picture is not known for Flux2KleinPipeline: use a pipeline of"
    ):
        explorer.wrap(tiny_language.flux2()).read(picture(), PROMPT)
    from diffusers import EulerDiscreteScheduler, FluxImg2ImgPipeline

    other = FluxImg2ImgPipeline.from_pipe(tiny.flux())
    with pytest.raises(InvalidSetting, match=r"starts from a picture of its own: use FluxPipeline.from_pipe\(pipe\)"):
        explorer.wrap(other).read(picture(), PROMPT)
    pixart = tiny_language.pixart()
    pixart.scheduler = EulerDiscreteScheduler()
    with pytest.raises(InvalidSetting, match="can't be noised with a EulerDiscreteScheduler here: use a DDIM"):
        explorer.wrap(pixart).read(picture(), PROMPT)
    with pytest.raises(InvalidSetting, match="timesteps is 1001, expected a whole number from 0 to 1000"):
        explorer.wrap(tiny.flux()).read(picture(), PROMPT, timesteps=(1001,))


def test_a_solver_with_sigmas_of_its_own() -> None:
    from diffusers import DPMSolverMultistepScheduler

    pipe = tiny_language.pixart()
    ddim = explorer.wrap(pipe).read(picture(), PROMPT, timesteps=TIMES)
    config = {**pipe.scheduler.config, "algorithm_type": "dpmsolver++"}
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(config)
    dpm = explorer.wrap(pipe).read(picture(), PROMPT, timesteps=TIMES)
    np.testing.assert_allclose(dpm.predicted.values, ddim.predicted.values, atol=1e-2, rtol=1e-2)
    for grid, maps in ddim.attention.items():
        np.testing.assert_allclose(dpm.attention[grid].values, maps.values, atol=1e-3)
