"""Coarse to fine, measured: the predicted picture's power in bands of spatial frequency, step by step."""

from itertools import pairwise

import numpy as np
import xarray as xr

from ..trace import Trace


def spectra(trace: Trace) -> xr.Dataset:
    """Power and agreement per frequency band of the predicted x0.

    The bands are octaves of spatial frequency in cycles per picture (along its shorter side): 1 to 2, 2 to 4, and so on
    up to what the latent grid can hold; the mean (0 cycles) is left out. A pattern of one cycle per picture is its
    rough layout, one of eight is as fine as an eighth of it.

    Returns a Dataset with the coordinates `band`, `low` and `high` (cycles) and
        power (step, band): mean over channels of the band's summed squared amplitude, in squared units of the latents;
        agreement (step, band), -1 to 1: the correlation of the band with that of the last step, 1 where it is settled.
    """
    x0 = trace.predicted.values.astype(np.float64)
    height, width = x0.shape[-2:]
    amplitudes = np.fft.fft2(x0) / (height * width)
    radius = _cycles(height, width)
    edges = _octaves(min(height, width))
    power, agreement = [], []
    for low, high in edges:
        inside = amplitudes[..., (radius >= low) & (radius < high)]
        own = (np.abs(inside) ** 2).sum(axis=(1, 2))
        shared = (inside * inside[-1:].conj()).real.sum(axis=(1, 2))
        size = np.sqrt(own * own[-1])
        power.append(own / x0.shape[1])
        agreement.append(np.divide(shared, size, out=np.zeros_like(shared), where=size > 1e-20))
    return xr.Dataset(
        {
            "power": (("step", "band"), np.stack(power, axis=1)),
            "agreement": (("step", "band"), np.stack(agreement, axis=1)),
        },
        coords={
            "step": trace.step_numbers,
            "band": np.arange(len(edges)),
            "low": ("band", [low for low, _ in edges]),
            "high": ("band", [high for _, high in edges]),
        },
    )


def _cycles(height: int, width: int) -> np.ndarray:
    """(y, x): cycles per shorter side of each coefficient of `fft2`, rounded so that rings fall into one band."""
    short = min(height, width)
    y, x = np.fft.fftfreq(height) * short, np.fft.fftfreq(width) * short
    radius: np.ndarray = np.round(np.hypot(y[:, None], x[None, :]), 9)
    return radius


def _octaves(side: int) -> list[tuple[float, float]]:
    """From one cycle up; the last band takes the corners of the spectrum too."""
    lows = [2.0**n for n in range(max(1, int(np.log2(max(side // 2, 2)))))]
    return [*pairwise(lows), (lows[-1], float(side))]
