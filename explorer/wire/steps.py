"""Latents, pictures and curves of the steps, for the browser."""

from typing import Any

import numpy as np

from ..analysis import change, noise_prediction, noisy, spectra, split
from ..analysis.sketch import fit
from ..trace import Trace
from .pack import Pack, jpeg, numbers, quantise_channels

MOST_FIELDS = 900_000  # bytes
MOST_PICTURES = 300_000
SKETCHED = 64  # cells per side up to which the sketch draws 4 x 4 pixels for each; 2 x 2 beyond


def fields_part(pack: Pack, trace: Trace) -> dict[str, Any] | None:
    """Every `stride`-th latent of both axes, picked and not averaged: the mean of noise is no noise.

    `absent` are the steps whose start was not kept: they have neither a noisy latent nor a noise prediction.
    """
    parts = split(trace)
    before = noisy(trace).values
    started = np.concatenate([before, trace.latents.values[-1:]]).astype(np.float32)
    fields = {"latents": started, "predicted": trace.predicted.values, "noise": noise_prediction(trace).values}
    if parts is not None:
        fields["push"] = parts.push.values
    height, width = started.shape[-2:]
    if started.ndim != 4 or min(height, width) < 1:
        return None
    stride = 1
    while sum(f.size for f in fields.values()) // stride**2 > MOST_FIELDS:
        stride *= 2
    limits = {}
    for name, values in fields.items():
        quantised, limits[name] = quantise_channels(values[..., ::stride, ::stride])
        pack.add(name, quantised.tobytes())
    small = started[..., ::stride, ::stride]
    factor = 4 if max(small.shape[-2:]) <= SKETCHED else 2
    if trace.pictures is not None:
        steps = np.unique(np.linspace(0, trace.steps - 1, 6).astype(int))
        drawn = fit(trace.predicted.values[steps][..., ::stride, ::stride], trace.pictures.values[steps], factor)
    else:
        drawn = fit(trace.predicted.values[-1:, ..., ::stride, ::stride], trace.image.values[None], factor)
    pack.add("sketch", drawn.weights.astype("<f4").tobytes())
    return {
        "channels": int(started.shape[1]),
        "height": int(small.shape[-2]),
        "width": int(small.shape[-1]),
        "stride": stride,
        "limits": limits,
        "factor": factor,
        "absent": np.flatnonzero(np.isnan(before).all(axis=(1, 2, 3))).tolist(),
    }


def pictures_part(pack: Pack, trace: Trace) -> dict[str, Any] | None:
    """One JPEG a step; small enough that all of them fit."""
    if trace.pictures is None:
        return None
    pixels = trace.pictures.values
    files = [jpeg(one) for one in pixels]
    skip = 1
    while sum(map(len, files)) > MOST_PICTURES and min(pixels.shape[1:3]) // skip > 32:
        skip *= 2
        files = [jpeg(one[::skip, ::skip]) for one in pixels]
    ends = np.cumsum([len(file) for file in files]).tolist()
    pack.add("pictures", b"".join(files))
    height, width = pixels[0, ::skip, ::skip].shape[:2]
    spans = [[end - len(file), len(file)] for file, end in zip(files, ends, strict=True)]
    return {"type": "image/jpeg", "height": height, "width": width, "spans": spans}


def curves_part(trace: Trace) -> dict[str, Any]:
    """Per step: how much it changed, and how far each band of frequencies is."""
    bands = spectra(trace)
    return {
        "change": numbers(change(trace).values),
        "bands": [[float(low), float(high)] for low, high in zip(bands.low.values, bands.high.values, strict=True)],
        "power": [numbers(row) for row in bands.power.values.T],
        "agreement": [numbers(row) for row in bands.agreement.values.T],
    }
