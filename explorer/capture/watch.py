"""One run under watch: attention and steps together."""

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..errors import CaptureError
from ..families import Encoding, Family, Sides
from ..prompt import Tokens
from .attention import AttentionRecorder
from .keep import ALL, Keep
from .maps import arrived, to_cpu
from .predicted import Level, level, own_x0, predicted_x0

_MISSING = object()


@dataclass(frozen=True, slots=True)
class Recording:
    """What was seen of one picture, as plain arrays.

    attention: per grid "HxW", the largest first: the layers' names and (step, layer, token, y, x) float16; with 8 bits
        uint8 and what 255 stands for, (step, layer, token) float32. negative: the same of the negative prompt.
    within: per grid, the layers whose self-attention was asked for, and (step, layer, y, x, key_y, key_x) likewise.
    latents, predicted: (step, channel, y, x) float16; noise: (channel, y, x) float16, what the first step was given.
    conditional, unconditional: (step, channel, y, x) float16, what the denoiser returned with the prompt and without.
    timesteps, sigmas: one per step; sigma is noise per signal. steps: which of the run's these are, counted from 0.
    A step is one call of `scheduler.step`. Heun, KDPM2 and PNDM call it more often than the number of steps that was
    asked for, once for each time the model runs; where a model runs several times for one call, its maps are the mean.
    """

    attention: dict[str, tuple[Any, ...]]
    negative: dict[str, tuple[Any, ...]]
    latents: np.ndarray
    predicted: np.ndarray
    noise: np.ndarray
    conditional: np.ndarray | None
    unconditional: np.ndarray | None
    timesteps: tuple[float, ...]
    sigmas: tuple[float, ...]
    steps: tuple[int, ...]
    within: dict[str, tuple[Any, ...]] = field(default_factory=dict)


class Watched:
    """Grows while the run goes on; `recordings` reads it afterwards."""

    def __init__(
        self,
        attention: AttentionRecorder,
        pictures: int,
        on_step: Callable[[], None] | None,
        unpack: Callable[[torch.Tensor], torch.Tensor] = lambda latents: latents,
        keep: Keep = ALL,
    ) -> None:
        self._attention = attention
        self._pictures = pictures
        self._on_step = on_step
        self._unpack = unpack
        self._keep = keep
        self._noise: torch.Tensor | None = None
        self._latents: list[torch.Tensor] = []
        self._predicted: list[torch.Tensor] = []
        self._outputs: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
        self._output: dict[int, torch.Tensor] = {}
        self._timesteps: list[float] = []
        self._sigmas: list[float] = []
        self._steps: list[int] = []
        self.step = 0
        """How many have ended."""
        self.calls = 0
        """Of the denoiser, in this step."""

    def told(self, output: torch.Tensor, sides: Sides) -> None:
        """What the denoiser returned in one of its calls."""
        for i, own in enumerate((sides.prompt, sides.negative)):
            if own is not None and self._keep.step(self.step):
                self._output[i] = output[own]
        self.calls += 1

    def end_step(
        self, *, sample: torch.Tensor, latents: torch.Tensor, predicted: torch.Tensor, timestep: float, at: Level
    ) -> None:
        """Close a step: what it started from, where it arrived, the x0 it predicted, each (picture, channel, y, x)."""
        if len(sample) != self._pictures:
            raise CaptureError(
                f"The scheduler was given {len(sample)} pictures, expected {self._pictures}: "
                "run the pipeline with the prompts and images that were announced."
            )
        self._attention.end_step()
        if self._noise is None:
            self._noise = self._kept(sample)
        if self._keep.step(self.step):
            self._latents.append(self._kept(latents))
            self._predicted.append(self._kept(predicted))
            for i, output in self._output.items():
                self._outputs[i].append(self._kept(output, like=sample))
            self._timesteps.append(timestep)
            self._sigmas.append(at.ratio)
            self._steps.append(self.step)
        self._output = {}
        self.step += 1
        self.calls = 0
        if self._on_step is not None:
            self._on_step()

    def _kept(self, values: torch.Tensor, like: torch.Tensor | None = None) -> torch.Tensor:
        if like is not None and values.shape != like.shape:
            values = values[:, : like.shape[1]]  # a learned variance follows in the channels
        values = self._unpack(values.detach())
        return to_cpu(values.to(torch.float16, copy=True))

    def latest(self) -> np.ndarray | None:
        """The predicted x0 of the first picture in the step that has just ended, (channel, y, x), if it is kept."""
        if not self._steps or self._steps[-1] != self.step - 1:
            return None
        arrived()
        found: np.ndarray = self._predicted[-1][0].numpy()
        return found

    def recordings(self) -> list[Recording]:
        """One for each picture: prompt by prompt, image by image."""
        if self._noise is None:
            raise CaptureError("The run ended before its first step: ask for at least one step.")
        if not self._latents:
            raise CaptureError(f"None of the steps to be kept was run: the run had {self.step}, counted from 0.")
        arrived()
        latents, predicted = torch.stack(self._latents), torch.stack(self._predicted)
        outputs = [torch.stack(one) if len(one) == len(self._latents) else None for one in self._outputs]
        negative = self._attention.negative
        return [
            Recording(
                attention=self._attention.prompt.maps.of(i),
                negative={} if negative is None else negative.maps.of(i),
                latents=latents[:, i].numpy().copy(),
                predicted=predicted[:, i].numpy().copy(),
                noise=self._noise[i].numpy().copy(),
                conditional=None if outputs[0] is None else outputs[0][:, i].numpy().copy(),
                unconditional=None if outputs[1] is None else outputs[1][:, i].numpy().copy(),
                timesteps=tuple(self._timesteps),
                sigmas=tuple(self._sigmas),
                steps=tuple(self._steps),
                within={} if self._attention.within is None else self._attention.within.of(i),
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
    negative: Sequence[Encoding] | None = None,
    keep: Keep = ALL,
    embeds: bool = False,
) -> Iterator[Watched]:
    """Watch one run of `pipe` in this thread: `with watch(...) as seen: pipe(...)`, then `seen.recordings()`.

    encodings: of the prompts, in the order in which the pipeline gets them; images: pictures for each of them.
    guidance: whether the family is to tell the conditional rows; False where the denoiser is called by itself.
    on_step: called after each step; what it raises ends the run.
    every_position: keep all positions of the text, for tests.
    negative: of the negative prompts, one for each prompt, if their maps are wanted too. keep: what is kept.
    embeds: whether the prompts are given as embeddings, so that the encoders read the negative ones at most.
    Raises CaptureError in the run if anything goes unseen. Whatever happens, all is as before afterwards.
    """
    pictures = len(encodings) * images

    def tokens(of: Sequence[Encoding]) -> list[Tokens]:
        return [encoding.tokens for encoding in of for _ in range(images)]

    told: dict[tuple[int, int, int], Sides] = {}

    def sides_of(rows: int) -> Sides:
        if not guidance:
            return Sides(slice(0, rows))
        now = (seen.step, seen.calls, rows)  # it is asked for by every layer, and changes with the call only
        if now not in told:
            told.clear()
            told[now] = family.sides(pipe, rows, pictures, seen.calls)
        return told[now]

    denoiser = family.denoiser(pipe)
    attention = AttentionRecorder(
        family.readers(pipe),
        family.grid,
        sides_of,
        family.places,
        tokens(encodings),
        every_position,
        None if negative is None else tokens(negative),
        keep,
        family.lookers(pipe) if keep.self_layers else (),
    )

    def unpack(latents: torch.Tensor) -> torch.Tensor:
        grid = attention.grid(denoiser)
        return latents if grid is None else family.unpacked(pipe, latents, grid)

    seen = Watched(attention, pictures, on_step, unpack, keep)
    with ExitStack() as undo:
        undo.enter_context(_eagerly(pipe, family))
        undo.enter_context(attention.hooked())
        for i, encoder in enumerate(family.encoders(pipe)):
            expected = [[*([one.ids, *one.others][i])] for one in encodings]
            unwanted = None if negative is None else [[*([one.ids, *one.others][i])] for one in negative]
            undo.enter_context(_checked_ids(encoder, None if embeds else expected, unwanted))
        undo.enter_context(_outputs_told(pipe, family, seen, sides_of))
        undo.enter_context(_steps_told(pipe.scheduler, seen))
        yield seen


@contextmanager
def _outputs_told(pipe: Any, family: Family, seen: Watched, sides_of: Callable[[int], Sides]) -> Iterator[None]:
    owner = threading.get_ident()

    def told(module: Any, args: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == owner:
            values = output[0] if isinstance(output, tuple) else output.sample
            values = torch.stack(values) if isinstance(values, list) else values
            seen.told(family.output(pipe, values), sides_of(len(values)))

    handle = family.denoiser(pipe).register_forward_hook(told)
    try:
        yield
    finally:
        handle.remove()


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
def _checked_ids(encoder: Any, expected: list[list[int]] | None, negative: list[list[int]] | None) -> Iterator[None]:
    """Compare what an encoder is fed with what was expected: maps would otherwise carry the wrong words.

    The first call is that of the prompts, unless they come as embeddings (None); then, if any, that of the negative
    ones.
    """
    order = [negative] if expected is None else [expected, negative]
    owner = threading.get_ident()
    calls = 0

    def check(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        nonlocal calls
        if threading.get_ident() != owner:
            return
        calls += 1
        wanted = order[calls - 1] if calls <= len(order) else None
        fed = (args[0] if args else kwargs["input_ids"]).tolist()
        if (
            expected is not None and calls == 1 and len(fed) == 2 * len(expected)
        ):  # both at once, the negative ones first
            wanted = [*(negative or fed[: len(expected)]), *expected]
        if wanted is not None and fed != wanted:
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
    for part in (family.denoiser(pipe), *family.encoders(pipe)):
        # Not hasattr: a module without the attribute takes a hundred times longer to say so.
        compiled = compiled or any("_orig_mod" in m._modules or m._compiled_call_impl for m in part.modules())
    if not compiled:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
