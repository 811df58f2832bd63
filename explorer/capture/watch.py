"""One run under watch: attention and steps together."""

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..errors import CaptureError
from ..families import Encoding, Family
from .attention import AttentionRecorder
from .predicted import Level, level, own_x0, predicted_x0

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Recording:
    """What was seen of one picture, as plain arrays.

    attention: per grid "HxW", the largest first: the layers' names and (step, layer, token, y, x) float16.
    latents, predicted: (step, channel, y, x) float16; noise: (channel, y, x) float16, what the first step was given.
    timesteps, sigmas: one per step; sigma is noise per signal.
    A step is one call of `scheduler.step`. Heun, KDPM2 and PNDM call it more often than the number of steps that was
    asked for, once for each time the model runs; where a model runs several times for one call, its maps are the mean.
    """

    attention: dict[str, tuple[tuple[str, ...], np.ndarray]]
    latents: np.ndarray
    predicted: np.ndarray
    noise: np.ndarray
    timesteps: tuple[float, ...]
    sigmas: tuple[float, ...]


class Watched:
    """Grows while the run goes on; `recordings` reads it afterwards."""

    def __init__(self, attention: AttentionRecorder, pictures: int, on_step: Callable[[], None] | None) -> None:
        self._attention = attention
        self._pictures = pictures
        self._on_step = on_step
        self._noise: torch.Tensor | None = None
        self._latents: list[torch.Tensor] = []
        self._predicted: list[torch.Tensor] = []
        self._timesteps: list[float] = []
        self._sigmas: list[float] = []

    def end_step(
        self, *, sample: torch.Tensor, latents: torch.Tensor, predicted: torch.Tensor, timestep: float, at: Level
    ) -> None:
        """Close a step: what it started from, where it arrived, the x0 it predicted, each (picture, channel, y, x)."""
        self._attention.end_step()
        if self._noise is None:
            self._noise = _keep(sample)
        self._latents.append(_keep(latents))
        self._predicted.append(_keep(predicted))
        self._timesteps.append(timestep)
        self._sigmas.append(at.ratio)
        if self._on_step is not None:
            self._on_step()

    def recordings(self) -> list[Recording]:
        """One for each picture: prompt by prompt, image by image."""
        if self._noise is None:
            raise CaptureError("The run ended before its first step: ask for at least one step.")
        latents, predicted = torch.stack(self._latents), torch.stack(self._predicted)
        return [
            Recording(
                attention=self._attention.attention(i),
                latents=latents[:, i].numpy().copy(),
                predicted=predicted[:, i].numpy().copy(),
                noise=self._noise[i].numpy().copy(),
                timesteps=tuple(self._timesteps),
                sigmas=tuple(self._sigmas),
            )
            for i in range(self._pictures)
        ]


@contextmanager
def watch(
    pipe: Any,
    family: Family,
    encodings: Sequence[Encoding],
    *,
    images: int = 1,
    guidance: bool = True,
    on_step: Callable[[], None] | None = None,
    every_position: bool = False,
) -> Iterator[Watched]:
    """Watch one run of `pipe` in this thread: `with watch(...) as seen: pipe(...)`, then `seen.recordings()`.

    encodings: of the prompts, in the order in which the pipeline gets them; images: pictures for each of them.
    guidance: whether the family is to tell the conditional rows; False where the denoiser is called by itself.
    on_step: called after each step; what it raises ends the run.
    every_position: keep all positions of the text, for tests.
    Raises CaptureError in the run if anything goes unseen. Whatever happens, all is as before afterwards.
    """
    tokens = [encoding.tokens for encoding in encodings for _ in range(images)]

    def rows_of(rows: int) -> slice:
        return family.conditional(pipe, rows, len(tokens)) if guidance else slice(0, rows)

    attention = AttentionRecorder(family.readers(pipe), family.grid, rows_of, tokens, every_position)
    seen = Watched(attention, len(tokens), on_step)
    with ExitStack() as undo:
        undo.enter_context(_eagerly(pipe, family))
        undo.enter_context(attention.hooked())
        undo.enter_context(_checked_ids(family.encoder(pipe), encodings))
        undo.enter_context(_steps_told(pipe.scheduler, seen))
        yield seen


@contextmanager
def _steps_told(scheduler: Any, seen: Watched) -> Iterator[None]:
    before = vars(scheduler).get("step", _MISSING)
    original = scheduler.step
    owner = threading.get_ident()

    @functools.wraps(original)  # pipelines look at its signature
    def step(model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        result = original(model_output, timestep, sample, *args, **kwargs)
        if threading.get_ident() == owner:
            at = level(scheduler, timestep)
            x0 = own_x0(scheduler, result)
            if x0 is None:
                x0 = predicted_x0(scheduler, model_output, sample, at)
            seen.end_step(sample=sample, latents=result[0], predicted=x0, timestep=float(timestep), at=at)
        return result

    scheduler.step = step
    try:
        yield
    finally:
        if before is _MISSING:
            del scheduler.step
        else:
            scheduler.step = before


@contextmanager
def _checked_ids(encoder: Any, encodings: Sequence[Encoding]) -> Iterator[None]:
    """Compare what the encoder is first fed with what was expected: maps would otherwise carry the wrong words."""
    owner = threading.get_ident()
    expected = [list(encoding.ids) for encoding in encodings]
    done = False

    def check(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        nonlocal done
        if done or threading.get_ident() != owner:
            return
        done = True
        fed = args[0] if args else kwargs["input_ids"]
        if fed.tolist() != expected:
            raise CaptureError(
                "The text encoder was fed other tokens than the tokenizer gives for the prompt, which hides its words: "
                "unload textual inversions (pipe.unload_textual_inversion()) or whatever else rewrites prompts."
            )

    handle = encoder.register_forward_pre_hook(check, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _eagerly(pipe: Any, family: Family) -> Iterator[None]:
    """Compiled modules run uncompiled: else each recording would compile anew, with hooks traced into the graph."""
    compiled = any(hasattr(part, "_orig_mod") for part in pipe.components.values())
    for part in (family.denoiser(pipe), family.encoder(pipe)):
        # Not hasattr: a module without the attribute takes a hundred times longer to say so.
        compiled = compiled or any("_orig_mod" in m._modules or m._compiled_call_impl for m in part.modules())
    if not compiled:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def _keep(values: torch.Tensor) -> torch.Tensor:
    return values.detach().to("cpu", torch.float16, copy=True)
