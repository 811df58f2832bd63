"""An Explorer without a model: a run is a synthetic trace, step by step. So the app can be tested without torch."""

import contextlib
import dataclasses
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from explorer.errors import InvalidSetting
from explorer.live import Live
from explorer.runs import Progress
from explorer.trace import Trace
from tests.synthetic import synthetic_trace


class Fake(Live):
    """`seconds` a step; a prompt with "boom" fails in its second step, one with "huge" runs out of memory."""

    def __init__(self, seconds: float = 0.02) -> None:
        super().__init__()
        self.seconds = seconds
        self.model, self.guidance, self.steps, self.pipe = "miniature", 4.0, 25, SimpleNamespace(vae=None)
        self.family = SimpleNamespace(size=lambda _: (128, 128), multiple=lambda _: 8)
        self.ran: list[str] = []
        """The prompts of runs that came to their end."""
        self.stepped = 0

    @property
    def samplers(self) -> list[str]:
        return ["DDIM", "Euler"]

    def generate(self, prompt: str, *, sampler: str | None = None, tell: Any = None, **settings: Any) -> Trace:
        steps = settings["steps"]
        if settings["width"] % 8:
            raise InvalidSetting("width is odd: try another.")
        whole = synthetic_run(prompt, steps=steps, seed=settings["seed"], guidance=settings["guidance"])
        assert whole.pictures is not None
        for step in range(1, steps + 1):
            time.sleep(self.seconds)
            self.stepped += 1
            if "boom" in prompt and step == 2:
                raise ValueError("boom <img src=x onerror=window.broken=1>")
            if "huge" in prompt:
                raise MemoryError
            if tell:
                tell(Progress(step, steps, None), None)
                tell(Progress(step, steps, None), whole.pictures.values[step - 1])
        self.ran.append(prompt)
        self._keep(whole)
        return whole

    def _alone(self) -> Any:
        return contextlib.nullcontext()

    def __repr__(self) -> str:
        return "<Explorer fake>"


def synthetic_run(prompt: str, *, steps: int = 12, seed: int = 0, guidance: float = 4.0, **options: Any) -> Trace:
    """A synthetic trace whose latents are its picture, coming out of noise: with step pictures and both predictions."""
    trace = synthetic_trace(prompt, steps=steps, seed=seed, **options)
    random = np.random.default_rng(seed)
    height, width = trace.noise.shape[-2:]
    picture = trace.image.values.astype(np.float32) / 127.5 - 1
    y, x = (np.arange(n) * picture.shape[i] // n for i, n in ((0, height), (1, width)))
    rgb = picture[np.ix_(y, x)].transpose(2, 0, 1)
    clean = np.concatenate([rgb, rgb.mean(axis=0, keepdims=True)])
    noise = random.standard_normal(clean.shape)
    ratio = trace.latents.coords["sigma"].values
    signal = 1 / np.sqrt(1 + ratio**2)
    spread = np.sqrt(1 - signal**2)
    predicted, unconditional, conditional, latents = [], [], [], []
    for step in range(steps):
        along = (step + 1) / steps
        blurred = _blur(clean, max(1, round((1 - along) * 6)))
        without = blurred.mean(axis=(1, 2), keepdims=True) * 0.7 + 0.3 * blurred
        push = (blurred - without) / guidance
        predicted.append(blurred)
        for into, x0 in ((unconditional, without), (conditional, without + push)):
            into.append((signal[step] * clean + spread[step] * noise - signal[step] * x0) / spread[step])
        after = min(step + 1, steps - 1)
        latents.append(signal[after] * clean + spread[after] * noise)
    pictures = np.stack([_upright(one[:3], trace.image.shape) for one in predicted])

    def labelled(values: list[np.ndarray]) -> xr.DataArray:
        return trace.predicted.copy(data=np.stack(values).astype(np.float16))

    return dataclasses.replace(
        trace,
        settings=dataclasses.replace(
            trace.settings, guidance=guidance, scheduler_config={"prediction_type": "epsilon"}
        ),
        latents=labelled(latents),
        predicted=labelled(predicted),
        conditional=labelled(conditional),
        unconditional=labelled(unconditional),
        noise=xr.DataArray((signal[0] * clean + spread[0] * noise).astype(np.float16), dims=("channel", "y", "x")),
        pictures=xr.DataArray(pictures, dims=("step", "y", "x", "channel")),
    )


def _blur(values: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times - 1):
        for axis in (1, 2):
            values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


def _upright(rgb: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    rows, columns = (np.arange(n) * rgb.shape[i + 1] // n for i, n in enumerate(shape[:2]))
    large = rgb.transpose(1, 2, 0)[np.ix_(rows, columns)]
    return ((large + 1) * 127.5).clip(0, 255).astype(np.uint8)
