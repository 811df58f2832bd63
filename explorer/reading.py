"""A picture that the model did not make, noised to chosen timesteps, denoised one step, and how the words were read."""

import dataclasses
import functools
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from .asked import LARGEST_SEED, text_of, whole
from .capture import Recording, as_before, quiet, watch
from .capture.predicted import UNSCALED, Level, is_flow, level_at, predicted_x0
from .errors import InvalidSetting
from .families import Encoding, families
from .trace import READ, Trace, masks_array

if TYPE_CHECKING:
    from .session import Explorer

_WORLD = "explorer.miniature.world"


def read(ex: "Explorer", image: Any, prompt: str | None, *, timesteps: Sequence[int], seed: int) -> Trace:
    """See `Explorer.read`."""
    image, prompt, masks = _drawn(image, prompt)
    text = text_of("prompt", prompt)
    _check(ex)
    scheduler = ex.pipe.scheduler
    flow = is_flow(scheduler)
    if not flow and getattr(scheduler, "alphas_cumprod", None) is None:
        raise InvalidSetting(f"A picture can't be noised with a {type(scheduler).__name__}: use a DDIM scheduler.")
    count = int(scheduler.config.get("num_train_timesteps", 1000))
    times = [whole("timesteps", t, 0, count if flow else count - 1) for t in timesteps]
    if not times:
        raise InvalidSetting("timesteps is empty: give at least one timestep, such as (600,).")
    generator = torch.Generator("cpu").manual_seed(whole("seed", seed, 0, LARGEST_SEED))
    picture = _picture(ex, image)
    levels = [Level(1 - t / count, t / count, flow=True) if flow else level_at(scheduler, t) for t in times]
    with ex._alone(), torch.no_grad():
        encoding = ex.family.encoding(ex.pipe, text)
        begin = time.perf_counter()
        clean = ex.family.latents(ex.pipe, picture)
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        noisy = [at.alpha * clean + at.sigma * noise for at in levels]
        how = _by_denoiser if ex.family.reads == "denoiser" else _by_run
        recording = how(ex, encoding, noise, noisy, times, levels)
        seconds = time.perf_counter() - begin
    trace = ex._trace(
        recording,
        encoding,
        np.asarray(picture),
        seed=seed,
        steps=len(times),
        guidance=1.0,
        seconds=seconds,
        edit={"kind": READ, "timesteps": times},
    )
    return trace if masks is None else dataclasses.replace(trace, masks=masks)


def _drawn(image: Any, prompt: str | None) -> tuple[Any, str | None, xr.DataArray | None]:
    """A drawing of the drawn world, or a scene that is yet to be drawn: its pixels, its caption and its masks."""
    if not type(image).__module__.startswith(_WORLD):
        return image, prompt, None
    from .miniature.world import Drawing, Scene, render

    drawing = render(image) if isinstance(image, Scene) else image
    if not isinstance(drawing, Drawing):
        return image, prompt, None
    text = drawing.caption if prompt is None else text_of("prompt", prompt)
    found = [
        (span, mask.pixels)
        for mask in drawing.masks
        for span in ([(mask.start, mask.end)] if text == drawing.caption else _spans(text, mask.word))
    ]
    if not found:
        return drawing.image, text, None
    return drawing.image, text, masks_array(np.stack([pixels for _, pixels in found]), [span for span, _ in found])


def _spans(text: str, words: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(rf"\b{re.escape(words)}\b", text, re.IGNORECASE)]


def _check(ex: "Explorer") -> None:
    kind = type(ex.pipe).__name__
    ex.family.check_options(ex.pipe, {})
    if ex.family.reads is None:
        known = ", ".join(family.name for family in families() if family.reads is not None)
        raise InvalidSetting(f"Reading a picture is not known for {kind}: use a pipeline of these families: {known}.")
    if ex.family.reads == "run":
        first = ex.family.pipelines[0]
        if "image" in ex._takes or "latents" not in ex._takes:
            raise InvalidSetting(f"{kind} starts from a picture of its own: use {first}.from_pipe(pipe) to read one.")
        if type(ex.pipe.scheduler).__name__ in UNSCALED:
            raise InvalidSetting(
                f"A picture can't be noised with a {type(ex.pipe.scheduler).__name__} here: use a DDIM scheduler."
            )


def _by_denoiser(
    ex: "Explorer",
    encoding: Encoding,
    noise: torch.Tensor,
    noisy: list[torch.Tensor],
    times: list[int],
    levels: list[Level],
) -> Recording:
    """The denoiser called by itself."""
    pipe, family = ex.pipe, ex.family
    with quiet(), watch(pipe, family, [encoding], guidance=False) as seen:
        outputs = family.denoise(pipe, encoding.tokens.prompt, noisy, times)
        for latents, output, timestep, at in zip(noisy, outputs, times, levels, strict=True):
            x0 = predicted_x0(pipe.scheduler, output, latents, at)
            seen.end_step(sample=noise, latents=latents, predicted=x0, timestep=float(timestep), at=at)
    return seen.recordings()[0]


def _by_run(
    ex: "Explorer",
    encoding: Encoding,
    noise: torch.Tensor,
    noisy: list[torch.Tensor],
    times: list[int],
    levels: list[Level],
) -> Recording:
    """The pipeline run on the first of `noisy`, with a scheduler whose steps hand it the next one."""
    pipe, family = ex.pipe, ex.family
    scheduler = pipe.scheduler
    samples = [family.packed(pipe, one) for one in noisy]
    set_timesteps, done = scheduler.set_timesteps, 0

    @functools.wraps(set_timesteps)  # pipelines look at its signature
    def ours(*args: Any, device: Any = None, **kwargs: Any) -> None:
        kind = torch.float32 if levels[0].flow else torch.int64
        scheduler.timesteps = torch.tensor(times, dtype=kind, device=device)
        scheduler.sigmas = torch.tensor([*(at.ratio for at in levels), 0.0])
        scheduler.num_inference_steps = len(times)

    def step(model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        nonlocal done
        done += 1
        scheduler._step_index = done  # as a step counts on, so that the level of its sample is found
        return _Handed(samples[min(done, len(samples) - 1)].to(sample))

    rows, columns = (size * int(pipe.vae_scale_factor) for size in noise.shape[-2:])
    with as_before(pipe), quiet():
        pipe.set_progress_bar_config(**(vars(pipe).get("_progress_bar_config") or {}) | {"disable": True})
        scheduler.set_timesteps, scheduler.step = ours, functools.wraps(scheduler.step)(step)
        with watch(pipe, family, [encoding]) as seen:
            pipe(
                prompt=[encoding.tokens.prompt],
                num_inference_steps=max(2, len(times)),  # PixArt takes a single one for a distilled model's
                latents=samples[0].clone(),
                height=rows,
                width=columns,
                output_type="latent",
                **family.unguided(pipe),
            )
    kept = [one[0].to(torch.float16).cpu().numpy() for one in noisy]
    start = noise[0].to(torch.float16).cpu().numpy()
    return dataclasses.replace(seen.recordings()[0], latents=np.stack(kept), noise=start)


class _Handed(tuple[torch.Tensor]):
    """What a scheduler's step returns, as a tuple or as an object."""

    __slots__ = ()

    def __new__(cls, sample: torch.Tensor) -> "_Handed":
        return super().__new__(cls, (sample,))

    @property
    def prev_sample(self) -> torch.Tensor:
        """The sample of the next step."""
        return self[0]


def _picture(ex: "Explorer", image: Any) -> Any:
    from PIL import Image

    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3:
        image = Image.fromarray(image)
    if not isinstance(image, Image.Image):
        raise InvalidSetting("image is neither a PIL picture nor a (y, x, 3) uint8 array: open it with PIL.Image.open.")
    ex._pixels("The picture's width", image.width)
    ex._pixels("The picture's height", image.height)
    return image.convert("RGB")
