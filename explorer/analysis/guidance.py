"""Classifier-free guidance taken apart: what the prompt alone would have made, and what it added."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..trace import Trace
from .steps import levels


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The predicted x0 with and without the prompt, each (step, channel, y, x) float32.

    Guidance g leads to unconditional + g * push (Ho & Salimans 2022, eq. 6, which is linear in x0 too), so
    `at(g)` tells what any other guidance would have made of the same sample.
    """

    conditional: xr.DataArray
    unconditional: xr.DataArray

    @property
    def push(self) -> xr.DataArray:
        """What the prompt adds for each unit of guidance."""
        return (self.conditional - self.unconditional).rename("push")

    def at(self, guidance: float) -> xr.DataArray:
        """The predicted x0 for another guidance, of the same samples: the steps after would have gone elsewhere."""
        return (self.unconditional + guidance * self.push).rename("predicted")


def split(trace: Trace) -> Split | None:
    """Conditional and unconditional predictions as x0, or None where a run was made without guidance or kept neither.

    They come from the difference of the model's two outputs, by the scheduler's prediction type (Salimans & Ho 2022,
    appendix D), around the predicted x0 that the run went on with.
    """
    conditional, unconditional = _outputs(trace)
    guidance = trace.settings.guidance
    if conditional is None or unconditional is None or guidance <= 1:
        return None
    at = levels(trace)
    signal, noise = (at.sel(part=part).values[:, None, None, None] for part in ("signal", "noise"))
    kind = _prediction_type(trace)
    if kind == "epsilon":
        factor = -np.divide(noise, signal, out=np.zeros_like(noise), where=signal > 1e-6)
    elif kind == "sample":
        factor = np.ones_like(noise)
    else:  # v prediction and flow matching
        factor = -noise
    push = factor * (conditional.values.astype(np.float64) - unconditional.values.astype(np.float64))
    x0 = trace.predicted.values.astype(np.float64)
    without = x0 - guidance * push
    return Split(
        trace.predicted.copy(data=(without + push).astype(np.float32)).rename("conditional"),
        trace.predicted.copy(data=without.astype(np.float32)).rename("unconditional"),
    )


def _outputs(trace: Trace) -> tuple[xr.DataArray | None, xr.DataArray | None]:
    """The model's two outputs of each step, (step, channel, y, x), where the trace keeps them."""
    return getattr(trace, "conditional", None), getattr(trace, "unconditional", None)


def _prediction_type(trace: Trace) -> str:
    settings = trace.settings
    flow = settings.scheduler.startswith("FlowMatch") or bool(settings.scheduler_config.get("use_flow_sigmas"))
    return str(settings.scheduler_config.get("prediction_type", "flow_prediction" if flow else "epsilon"))
