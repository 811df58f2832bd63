"""From latents to pictures, with a pipeline's own autoencoder; and the samplers that it can run with."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import InvalidSetting

LARGEST = 256  # pixels of a decoded picture's longer side: for looking at, step by step
# What they are called by those who use them. Others of diffusers' schedulers work too, by their class name.
SAMPLERS = {
    "DDIM": "DDIMScheduler",
    "DPM++ 2M": "DPMSolverMultistepScheduler",
    "UniPC": "UniPCMultistepScheduler",
    "Euler": "EulerDiscreteScheduler",
    "Euler a": "EulerAncestralDiscreteScheduler",
    "Heun": "HeunDiscreteScheduler",
    "LMS": "LMSDiscreteScheduler",
    "PNDM": "PNDMScheduler",
    "DDPM": "DDPMScheduler",
    "Flow Euler": "FlowMatchEulerDiscreteScheduler",
    "Flow Heun": "FlowMatchHeunDiscreteScheduler",
}


def decode(pipe: Any, latents: np.ndarray, *, largest: int = LARGEST) -> np.ndarray | None:
    """Pictures of latents as the denoiser knows them.

    latents: (picture, channel, y, x). largest: pixels of the longer side; larger pictures are reduced.
    Returns (picture, y, x, RGB) uint8, or None where the autoencoder takes something else than such latents.
    """
    import torch
    from torch.nn import functional

    vae = getattr(pipe, "vae", None)
    if vae is None or not hasattr(vae, "decode"):
        return None
    config = vae.config
    with torch.no_grad():
        z = torch.from_numpy(np.ascontiguousarray(latents)).to(pipe._execution_device, torch.float32)
        mean, spread = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        scale = float(getattr(config, "scaling_factor", None) or 1.0)
        if mean is not None and spread is not None and len(mean) == z.shape[1]:
            each = (1, -1, 1, 1)
            z = z * torch.tensor(spread).view(each).to(z) / scale + torch.tensor(mean).view(each).to(z)
        else:
            z = z / scale + float(getattr(config, "shift_factor", None) or 0.0)
        try:
            pixels = vae.decode(z.to(vae.dtype), return_dict=False)[0].float()
        except (RuntimeError, ValueError, TypeError, IndexError):
            return None
        if pixels.ndim != 4 or pixels.shape[1] != 3:
            return None
        longest = max(pixels.shape[-2:])
        if longest > largest:
            size = [max(1, round(side * largest / longest)) for side in pixels.shape[-2:]]
            pixels = functional.interpolate(pixels, size=size, mode="area")
        found: np.ndarray = (
            (pixels / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        )
    return found


def samplers(pipe: Any) -> list[str]:
    """The names of `SAMPLERS` that the pipeline's own scheduler can be exchanged for, its own first."""
    own = type(pipe.scheduler).__name__
    known = {kind.__name__ for kind in getattr(pipe.scheduler, "compatibles", [])} | {own}
    names = [name for name, kind in SAMPLERS.items() if kind in known]
    mine = [name for name in names if SAMPLERS[name] == own] or [own]
    return [*mine, *(name for name in names if name not in mine)]


@contextlib.contextmanager
def sampled(pipe: Any, name: str | None) -> Iterator[None]:
    """Run with another sampler, made from the configuration of the pipeline's own; None or its own name is no change.

    Raises InvalidSetting, naming those that can be used.
    """
    usual = samplers(pipe)
    if name is None or name in {usual[0], type(pipe.scheduler).__name__}:
        yield
        return
    if name not in usual:
        raise InvalidSetting(f"There is no sampler {name[:40]!r} for this model: choose one of {', '.join(usual)}.")
    import diffusers

    own = pipe.scheduler
    pipe.scheduler = getattr(diffusers, SAMPLERS[name]).from_config(own.config)
    try:
        yield
    finally:
        pipe.scheduler = own
