"""How the picture comes about: what each step started from, what it took for noise, how much it changed."""

import numpy as np
import xarray as xr

from ..trace import READ, Trace
from .heat import word_maps

SETTLED = 0.9
"""The correlation with its last map from which on a word counts as settled."""
FLAT = 0.01
"""Below this share of its mean, a map's standard deviation is rounding and no structure."""

# Their sample is x0 + sigma * noise, not brought to unit variance (Karras et al. 2022).
_UNSCALED = frozenset(
    """EulerDiscreteScheduler EulerAncestralDiscreteScheduler HeunDiscreteScheduler KDPM2DiscreteScheduler
    KDPM2AncestralDiscreteScheduler LMSDiscreteScheduler DPMSolverSDEScheduler EDMEulerScheduler""".split()
)


def levels(trace: Trace) -> xr.DataArray:
    """How a step's sample is mixed: sample = signal * x0 + noise * eps.

    Returns a DataArray (step, part) float64, the parts `signal` and `noise`; from the trace's sigma (noise per signal)
    by the scheduler's convention: unit variance (Ho et al. 2020), unscaled (Karras et al. 2022) or flow matching.
    """
    sigma = trace.latents.coords["sigma"].values.astype(np.float64)
    settings = trace.settings
    if settings.scheduler.startswith("FlowMatch") or settings.scheduler_config.get("use_flow_sigmas"):
        signal, noise = 1 - sigma, sigma
    elif settings.scheduler in _UNSCALED:
        signal, noise = np.ones_like(sigma), sigma
    else:
        signal = 1 / np.sqrt(1 + np.nan_to_num(sigma, posinf=np.inf) ** 2)  # 0 where a step starts from pure noise
        noise = np.sqrt(1 - signal**2)
    return xr.DataArray(
        np.stack([signal, noise], axis=1), dims=("step", "part"), coords={"part": ["signal", "noise"]}, name="levels"
    )


def noisy(trace: Trace) -> xr.DataArray:
    """What each step started from: the first noise, then the latents that the step before left.

    Of a picture that was given (`Explorer.read`), what it was noised to.
    Returns a DataArray (step, channel, y, x) float32; NaN where the step before was not kept.
    """
    if trace.settings.edit.get("kind") == READ:
        return trace.latents.astype(np.float32).rename("noisy")
    before = np.concatenate([trace.noise.values[None], trace.latents.values[:-1]]).astype(np.float32)
    before[~follows(trace)] = np.nan
    return trace.latents.copy(data=before).rename("noisy")


def follows(trace: Trace) -> np.ndarray:
    """(step) bool: whether what came before each step was kept too, the run's first noise or the step before."""
    found: np.ndarray = np.diff(trace.step_numbers, prepend=-1) == 1
    return found


def noise_prediction(trace: Trace) -> xr.DataArray:
    """The noise that each step saw in its sample, as its predicted x0 implies: eps = (sample - signal * x0) / noise.

    Returns a DataArray (step, channel, y, x) float32, about unit variance; 0 where a step's sample held no noise, NaN
    where the step before was not kept.
    """
    at = levels(trace)
    signal = at.sel(part="signal").values[:, None, None, None]
    noise = at.sel(part="noise").values[:, None, None, None]
    rest = noisy(trace).values - signal * trace.predicted.values.astype(np.float32)
    eps = np.divide(rest, noise, out=np.zeros_like(rest, dtype=np.float64), where=noise > 1e-6)
    return trace.predicted.copy(data=eps.astype(np.float32)).rename("noise_prediction")


def change(trace: Trace) -> xr.DataArray:
    """How much each step changed the predicted x0, relative to the last one's own size.

    Root mean square of the difference from the step before, over that of the last predicted x0 about its mean.
    Returns a DataArray (step) float64, at least 0; NaN where the step before was not kept, and for the first step.
    """
    x0 = trace.predicted.values.astype(np.float64)
    size = x0[-1].std(axis=(1, 2)).mean()
    moved = np.sqrt(((x0[1:] - x0[:-1]) ** 2).mean(axis=(1, 2, 3)))
    values = np.concatenate([[np.nan], moved / max(size, 1e-12)])
    values[~follows(trace)] = np.nan
    return xr.DataArray(values, dims=("step",), coords={"step": trace.step_numbers}, name="change")


def settled(trace: Trace, *, within: float = SETTLED) -> xr.DataArray:
    """The step from which on each word's map stays as it is at the end.

    within: the correlation with the last step's map that it must keep from there on.
    Returns a DataArray (word) int64 of steps that were kept, counted from 0, with the coordinate `index` (in
    `tokens.words`).
    A map without any structure counts as settled from the first step.
    """
    return settled_maps(word_maps(trace), within=within)


def settled_maps(maps: xr.DataArray, *, within: float = SETTLED) -> xr.DataArray:
    """As `settled`, from maps (word, step, y, x)."""
    values = maps.values.reshape(*maps.shape[:2], maps.shape[2] * maps.shape[3]).astype(np.float64)
    means = np.nan_to_num(values).mean(axis=-1, keepdims=True)
    values = np.nan_to_num(values) - means
    norms = np.sqrt((values**2).sum(axis=-1))
    flat = np.sqrt((values[:, -1] ** 2).mean(axis=-1)) < FLAT * means[:, -1, 0]
    last = values[:, -1:]
    products = norms * norms[:, -1:]
    alike = np.divide((values * last).sum(axis=-1), products, out=np.ones_like(norms), where=products > 1e-12)
    low = (alike < within) & ~flat[:, None]
    # One after the last step that was still unlike; 0 where there was none.
    steps = np.where(low.any(axis=1), low.shape[1] - np.argmax(low[:, ::-1], axis=1), 0)
    return xr.DataArray(
        maps.coords["step"].values[steps].astype(np.int64),
        dims=("word",),
        coords={"word": maps.coords["word"], "index": maps.coords["index"]},
        name="settled",
    )
