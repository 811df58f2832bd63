"""The predicted x0 of every scheduler, on a model that knows the answer."""

from typing import Any

import diffusers
import pytest
import torch

from explorer.capture.predicted import Level, level, level_at, own_x0, predicted_x0
from explorer.errors import CaptureError

# diffusers 0.42 with numpy 2: its schedulers turn tensors into arrays in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

SCHEDULERS = {
    "DDIMScheduler": {"clip_sample": False},
    "DDPMScheduler": {"clip_sample": False},
    "EulerDiscreteScheduler": {},
    "EulerAncestralDiscreteScheduler": {},
    "HeunDiscreteScheduler": {},
    "KDPM2DiscreteScheduler": {},
    "KDPM2AncestralDiscreteScheduler": {},
    "PNDMScheduler": {},
    "DPMSolverMultistepScheduler": {},
    "DPMSolverSinglestepScheduler": {},
    "DEISMultistepScheduler": {},
    "UniPCMultistepScheduler": {},
    "LCMScheduler": {},
}
NO_SAMPLE = {
    "PNDMScheduler",
    "EulerAncestralDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "KDPM2AncestralDiscreteScheduler",
}
X0 = torch.linspace(-1.5, 1.5, 64).reshape(1, 4, 4, 4)


def cumulative(timestep: Any) -> float:
    """The noise schedule by itself: the closed form of scaled_linear betas (DDIM's alphas, Song et al. 2021)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alphas = (1 - betas).cumprod(0)
    t = float(timestep)
    low, high = int(t), min(int(t) + 1, 999)
    ratio = ((1 - alphas) / alphas).sqrt().log()
    sigma = (
        ratio[low] + (t - low) * (ratio[high] - ratio[low])
    ).exp()  # schedulers interpolate sigmas in the logarithm
    return float(1 / (1 + sigma**2))


def truth(kind: str, model_input: torch.Tensor, timestep: Any) -> torch.Tensor:
    """What a model that knows x0 answers to `model_input` = sqrt(a) x0 + sqrt(1 - a) noise."""
    a = cumulative(timestep)
    noise = (model_input - a**0.5 * X0) / (1 - a) ** 0.5
    return {"epsilon": noise, "v_prediction": a**0.5 * noise - (1 - a) ** 0.5 * X0, "sample": X0}[kind]


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_x0_is_found(name: str, kind: str) -> None:
    if kind == "sample" and name in NO_SAMPLE:
        pytest.skip("the scheduler has no such form")
    scheduler: Any = getattr(diffusers, name)(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=kind, **SCHEDULERS[name]
    )
    scheduler.set_timesteps(6)
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(X0.shape, generator=generator) * float(scheduler.init_noise_sigma)
    sigmas = []
    for i, timestep in enumerate(scheduler.timesteps):
        scaled = scheduler.scale_model_input(sample, timestep) if hasattr(scheduler, "scale_model_input") else sample
        output = truth(kind, scaled.double(), timestep).float()
        options = {"generator": generator} if "Ancestral" in name or name == "DDPMScheduler" else {}
        result = scheduler.step(output, timestep, sample, **options, return_dict=False)
        at = level(scheduler, timestep)
        a = cumulative(timestep)
        ratio = ((1 - a) / a) ** 0.5
        assert at.ratio == pytest.approx(ratio, rel=2e-2), (i, timestep)  # timesteps are rounded to whole ones
        tolerance = {"atol": 5e-3 * max(1.0, ratio), "rtol": 0.0}
        torch.testing.assert_close(predicted_x0(scheduler, output, sample, at), X0, **tolerance)
        own = own_x0(scheduler, result)
        if own is not None:
            torch.testing.assert_close(own.float(), X0, **tolerance)
            if name != "LCMScheduler":  # its boundary condition moves it by less than a thousandth
                torch.testing.assert_close(
                    own.float(), predicted_x0(scheduler, output, sample, at), atol=1e-4, rtol=1e-4
                )
        sample = result[0]
        sigmas.append(at.ratio)
    assert sigmas == sorted(sigmas, reverse=True) or name.startswith(("PNDM", "KDPM2"))
    assert torch.isfinite(sample).all()


def test_flow_matching() -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(4)
    noise = torch.randn(X0.shape, generator=torch.Generator().manual_seed(0))
    sample = noise.clone()
    for timestep in scheduler.timesteps:
        result = scheduler.step(noise - X0, timestep, sample, return_dict=False)
        at = level(scheduler, timestep)
        assert at.flow
        assert at.ratio == pytest.approx(float(timestep) / 1000)
        torch.testing.assert_close(predicted_x0(scheduler, noise - X0, sample, at), X0, atol=1e-5, rtol=0)
        assert own_x0(scheduler, result) is None
        sample = result[0]


def test_the_schedulers_own_clipping_is_kept() -> None:
    scheduler = diffusers.DDIMScheduler(clip_sample=True)
    scheduler.set_timesteps(2)
    result = scheduler.step(torch.zeros(X0.shape), scheduler.timesteps[0], 9 * torch.ones(X0.shape), return_dict=False)
    own = own_x0(scheduler, result)
    assert own is not None
    assert own.max() == 1


def test_tcds_second_output_is_not_taken_for_x0() -> None:
    scheduler = diffusers.TCDScheduler()
    assert own_x0(scheduler, (X0, X0 + 1)) is None


def test_a_learned_variance_is_left_out() -> None:
    scheduler = diffusers.DDPMScheduler()
    output = torch.cat([torch.zeros(X0.shape), torch.ones(X0.shape)], 1)
    torch.testing.assert_close(predicted_x0(scheduler, output, X0, Level(1.0, 0.5)), X0)


def test_levels_at_the_ends() -> None:
    scheduler = diffusers.DDIMScheduler(rescale_betas_zero_snr=True)
    assert level_at(scheduler, 999).ratio == float("inf")
    assert level_at(scheduler, 0).ratio < 0.02


def test_unknown_schedulers_and_types_are_refused() -> None:
    with pytest.raises(CaptureError, match="can't be told from a CMStochasticIterativeScheduler: use a DDIM"):
        level(diffusers.CMStochasticIterativeScheduler(), 1)
    scheduler = diffusers.DDIMScheduler(prediction_type="velocity")
    with pytest.raises(CaptureError, match="prediction type 'velocity' is not known: use epsilon"):
        predicted_x0(scheduler, X0, X0, Level(1.0, 0.5))
