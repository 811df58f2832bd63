"""The predicted x0 of a step, and how noisy the step's sample was.

One formula by prediction type (Salimans & Ho 2022, appendix D), with x = alpha * x0 + sigma * noise:

    epsilon:       x0 = (x - sigma * output) / alpha
    v_prediction:  x0 = alpha * x - sigma * output
    sample:        x0 = output
    flow:          x0 = x - sigma * output            (alpha = 1 - sigma; Liu et al. 2022)
"""

from dataclasses import dataclass
from typing import Any

import torch

from ..errors import CaptureError

# These return (previous sample, predicted x0); TCD's second output, of the same shape, is something else.
_TELL_X0 = frozenset(
    """DDIMScheduler DDIMParallelScheduler DDPMScheduler DDPMParallelScheduler EulerDiscreteScheduler
    EulerAncestralDiscreteScheduler HeunDiscreteScheduler KDPM2DiscreteScheduler KDPM2AncestralDiscreteScheduler
    LMSDiscreteScheduler DPMSolverSDEScheduler EDMEulerScheduler LCMScheduler""".split()
)
# Their sample is x0 + sigma * noise, not brought to unit variance (Karras et al. 2022).
UNSCALED = frozenset(
    """EulerDiscreteScheduler EulerAncestralDiscreteScheduler HeunDiscreteScheduler KDPM2DiscreteScheduler
    KDPM2AncestralDiscreteScheduler LMSDiscreteScheduler DPMSolverSDEScheduler EDMEulerScheduler""".split()
)


@dataclass(frozen=True, slots=True)
class Level:
    """How noisy a sample is: scale * sample = alpha * x0 + sigma * noise."""

    alpha: float
    sigma: float
    scale: float = 1.0
    flow: bool = False

    @property
    def ratio(self) -> float:
        """Noise per signal, k-diffusion's sigma; for flow matching, the sigma of its own schedule."""
        if self.flow:
            return self.sigma
        return self.sigma / self.alpha if self.alpha else float("inf")


def level(scheduler: Any, timestep: Any) -> Level:
    """The level of the sample that `scheduler.step` was just given: to be asked right after that call.

    Raises CaptureError for a scheduler whose schedule is not known.
    """
    name = type(scheduler).__name__
    index = getattr(scheduler, "step_index", None)
    if index is not None and getattr(scheduler, "sigmas", None) is not None:
        sigmas, index = scheduler.sigmas, index - 1  # step() has counted on already
        if hasattr(scheduler, "sigmas_interpol") and scheduler.state_in_first_order:  # KDPM2 has just left its midpoint
            sigmas, index = scheduler.sigmas_interpol, index - ("Ancestral" in name)
        sigma = float(sigmas[index])
        if is_flow(scheduler):
            return Level(1 - sigma, sigma, flow=True)
        alpha = (sigma**2 + 1) ** -0.5
        if name in UNSCALED:
            return Level(alpha, sigma * alpha, scale=alpha)
        if hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
            return Level(alpha, sigma * alpha)
    if getattr(scheduler, "alphas_cumprod", None) is not None and not hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
        return level_at(scheduler, timestep)
    raise CaptureError(
        f"The predicted picture can't be told from a {name}: "
        "use a DDIM, DDPM, Euler, Heun, PNDM, DPM-Solver++, UniPC or LCM scheduler."
    )


def level_at(scheduler: Any, timestep: Any) -> Level:
    """The level at a training timestep (0: least noise), for variance-preserving schedules."""
    cumulative = float(scheduler.alphas_cumprod[int(timestep)])
    return Level(cumulative**0.5, (1 - cumulative) ** 0.5)


def predicted_x0(scheduler: Any, output: torch.Tensor, sample: torch.Tensor, at: Level) -> torch.Tensor:
    """x0 as `output`, the (guided) prediction for `sample` at the level `at`, implies it: float32, of its shape."""
    kind = scheduler.config.get("prediction_type", "flow_prediction" if is_flow(scheduler) else "epsilon")
    x = sample.float() * at.scale
    output = output.float()[:, : sample.shape[1]]  # a learned variance follows in the channels
    if kind == "epsilon":
        return (x - at.sigma * output) / at.alpha
    if kind == "v_prediction":
        return at.alpha * x - at.sigma * output
    if kind == "sample":
        return output
    if kind == "flow_prediction":
        return x - at.sigma * output
    raise CaptureError(
        f"The scheduler's prediction type {kind!r} is not known: use epsilon, v_prediction, sample or flow_prediction."
    )


def own_x0(scheduler: Any, result: Any) -> torch.Tensor | None:
    """The predicted x0 that `scheduler.step` itself returned (clipped as configured), where it does."""
    if type(scheduler).__name__ not in _TELL_X0 or len(result) < 2:
        return None
    found: torch.Tensor = result[1]
    return found


def is_flow(scheduler: Any) -> bool:
    """Whether its sample is (1 - sigma) * x0 + sigma * noise."""
    return type(scheduler).__name__.startswith("FlowMatch") or bool(scheduler.config.get("use_flow_sigmas", False))
