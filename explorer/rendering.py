"""Runs that differ a little from one another: what each is, and how they are run, batch by batch."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from .capture import Feed, Keep, Noise, told
from .conditioning import Conditioning, slerp
from .errors import ExplorerError, InvalidSetting
from .families import Encoding, Family
from .runs import Progress
from .trace import NOT_KEPT, READ, Settings, Trace, plain_config, plain_options

if TYPE_CHECKING:
    from .capture import Change

LARGEST_BATCH = 16
CELLS = 8 * 64 * 64
"""Of latents that run as one batch at most; more is tried in parts from the start."""

Tell = Callable[[Progress], None]
Phases = tuple[tuple[int, Mapping[str, torch.Tensor]], ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Request:
    """One run that is wanted.

    prompt: what the pipeline is called with, whose words the maps have. encoding: where they stand, if not as usual.
    phases: what the denoiser is told instead, (first step, values). noise: another seed, and how far the way there.
    alone: run by itself, so that it is the run of `record`, to the bit; a batch rounds differently.
    edit: for `Settings.edit`.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    guidance: float = 1.0
    steps: int = 25
    width: int = 0
    height: int = 0
    scheduler: str = ""
    scheduler_config: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    encoding: Encoding | None = None
    phases: Phases = ()
    noise: tuple[int, float] | None = None
    alone: bool = False
    edit: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, **more: Any) -> "Request":
        """The run that these settings tell of."""
        names = (
            "prompt negative_prompt seed guidance steps width height scheduler scheduler_config options edit".split()
        )
        return cls(**{name: getattr(settings, name) for name in names} | more)

    def goes_with(self, other: "Request") -> bool:
        """Whether both can run as one batch."""
        names = "guidance steps width height scheduler scheduler_config options".split()
        alike = all(getattr(self, n) == getattr(other, n) for n in names)
        # Pipelines that read zeros where there is no negative prompt do so for a whole batch or not at all.
        return (
            alike and not self.alone and not other.alone and bool(self.negative_prompt) == bool(other.negative_prompt)
        )


class Runner(Protocol):
    """What an `Explorer` lends: its pipeline, and how one run of it is recorded."""

    pipe: Any
    family: Family
    model: str

    @property
    def _takes(self) -> frozenset[str]: ...

    def _alone(self) -> Any: ...

    def _fitted(self, *args: Any, **kwargs: Any) -> Any: ...

    def _run(self, *args: Any, **kwargs: Any) -> Any: ...

    def _trace(self, *args: Any, **kwargs: Any) -> Trace: ...


class Renderer:
    """Runs requests with an `Explorer`: what-ifs, paths and grids are built on it."""

    def __init__(self, ex: Runner) -> None:
        self.ex = ex
        self.pipe, self.family = ex.pipe, ex.family

    def render(
        self, requests: Sequence[Request], *, keep: Keep, tell: Tell | None = None, batch: int | None = None
    ) -> Iterator[tuple[int, Trace]]:
        """Run requests and hand over each one's number and trace as soon as its batch has run.

        Neighbours that can run together do, at most `batch` of them; None is as many as will probably fit. A batch that
        does not fit into memory, or that the pipeline can't run as one, is split. tell: called after each step of each
        batch.
        """
        first = 0
        while first < len(requests):
            most = batch or _fitting(requests[first], self.pipe)
            last = first + 1
            while last < len(requests) and last - first < most and requests[first].goes_with(requests[last]):
                last += 1
            yield from zip(range(first, last), self._split(requests[first:last], keep, tell), strict=True)
            first = last

    def _split(self, requests: Sequence[Request], keep: Keep, tell: Tell | None) -> list[Trace]:
        try:
            return self.perform(requests, keep=keep, tell=tell)
        except (RuntimeError, MemoryError, ValueError) as error:
            # Some don't fit, some pipelines run no batches (PRX); what is wrong otherwise fails alone too.
            if len(requests) == 1 or isinstance(error, ExplorerError):
                raise
        # Outside of `except`, where the error would hold on to what the failed batch has taken.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        half = (len(requests) + 1) // 2
        return self._split(requests[:half], keep, tell) + self._split(requests[half:], keep, tell)

    def perform(
        self,
        requests: Sequence[Request],
        *,
        keep: Keep,
        tell: Tell | None = None,
        changes: "Sequence[Change]" = (),
    ) -> list[Trace]:
        """Run requests as one batch. changes: more that is done to the run."""
        pipe, family, one = self.pipe, self.family, requests[0]
        prompts = [request.prompt for request in requests]
        negative = [request.negative_prompt for request in requests]
        with self.ex._alone(), scheduled(pipe, one.scheduler, one.scheduler_config):
            own = family.encodings(pipe, prompts)
            encodings = [
                usual if request.encoding is None else request.encoding
                for usual, request in zip(own, requests, strict=True)
            ]
            unwanted = family.encodings(pipe, negative, negative=True)
            feed = Feed(pipe, family, [request.phases for request in requests], one.steps)
            noise = Noise(pipe, [request.noise for request in requests], slerp)
            sizes = (one.steps, one.height, one.width)
            keep, *_ = self.ex._fitted(encodings, keep, None, *sizes, any(negative), one.guidance > 1)
            begin = time.perf_counter()
            recordings, pictures = self.ex._run(
                prompts,
                encodings,
                unwanted if any(negative) else None,
                [request.seed for request in requests],
                1,
                self.arguments_of(one, negative),
                keep,
                tell,
                [feed, noise, *changes],
            )
            seconds = time.perf_counter() - begin
            return [
                self.ex._trace(
                    recording,
                    encodings[i],
                    pictures[i],
                    unwanted[i],
                    negative_prompt=negative[i],
                    seed=request.seed,
                    steps=request.steps,
                    guidance=request.guidance,
                    seconds=seconds,
                    kept=keep.words_for(),
                    options=plain_options(request.options),
                    edit=request.edit,
                )
                for i, (request, recording) in enumerate(zip(requests, recordings, strict=True))
            ]

    def conditioning(self, request: Request, prompt: str | None = None) -> Conditioning:
        """What the denoiser is told of a prompt in the run that `request` tells of; None is the request's own.

        Raises CaptureError if the text encoder was fed other tokens than the prompt's.
        """
        text = request.prompt if prompt is None else prompt
        pipe, family = self.pipe, self.family
        with self.ex._alone(), scheduled(pipe, request.scheduler, request.scheduler_config):
            encoding = family.encodings(pipe, [text])[0]

            def run() -> None:
                pipe.set_progress_bar_config(**(vars(pipe).get("_progress_bar_config") or {}) | {"disable": True})
                pipe(
                    prompt=[text],
                    num_images_per_prompt=1,
                    generator=[torch.Generator("cpu").manual_seed(request.seed)],
                    **self.arguments_of(request, [request.negative_prompt]),
                )

            return Conditioning(encoding, told(pipe, family, encoding, run))

    def arguments_of(self, request: Request, negative: list[str]) -> dict[str, Any]:
        """What the pipeline is called with, but for the prompts and their noise."""
        guided = self.family.arguments(self.pipe, negative=negative, guidance=request.guidance)
        sizes = {"width": request.width, "height": request.height}
        sizes = {name: value for name, value in sizes.items() if name in self.ex._takes and value}
        return {**guided, **request.options, **sizes, "num_inference_steps": request.steps}

    def repeated(self, trace: Trace, **options: Any) -> Request:
        """The run of a trace, to be run again with a change. options: of the pipeline, over those of the trace.

        Raises InvalidSetting for the trace of another model, and for that of a picture that was read.
        """
        settings = trace.settings
        if settings.edit.get("kind") == READ:
            raise InvalidSetting(
                "This trace is of a picture that was given, not made: record a prompt and change that."
            )
        if (settings.model, settings.family) != (self.ex.model, self.family.name):
            raise InvalidSetting(
                f"This trace was made by {settings.model or 'another model'}, and this explorer holds {self.ex.model}: "
                "load that model, or record the prompt with this one."
            )
        every = {**settings.options, **options}
        lost = [name for name, value in every.items() if isinstance(value, Mapping) and NOT_KEPT in value]
        if lost:
            raise InvalidSetting(
                f"This trace was made with {lost[0]}, which it can't hold: pass the same again, {lost[0]}=..., or None."
            )
        return Request.of(settings, options={name: value for name, value in every.items() if value is not None})


@contextlib.contextmanager
def scheduled(pipe: Any, name: str, config: Mapping[str, Any]) -> Iterator[None]:
    """Run with the scheduler that a trace was made with; the pipeline's own, where it is that one.

    Raises InvalidSetting if this diffusers has no scheduler of that name.
    """
    import diffusers

    own = pipe.scheduler
    if not name or (type(own).__name__ == name and plain_config(own.config) == dict(config)):
        yield
        return
    kind = getattr(diffusers, name, None)
    if kind is None:
        raise InvalidSetting(
            f"This trace was made with the scheduler {name}, which this version of diffusers lacks: record it again."
        )
    pipe.scheduler = kind.from_config(dict(config))
    try:
        yield
    finally:
        pipe.scheduler = own


def check_start(trace: Trace, again: Trace) -> None:
    """Raise InvalidSetting where a run again did not start from the same noise."""
    times = sorted((one.latents.coords["timestep"].values for one in (trace, again)), key=len)
    unlike = trace.noise.shape != again.noise.shape or not np.isin(times[0], times[1]).all()
    if unlike or not bool((abs(trace.noise - again.noise) < 1e-2).all()):
        raise InvalidSetting(
            "This trace did not start from its seed's noise alone, as one of `read` or of image to image: "
            "pass the same options again, or record the prompt with `record`."
        )


def _fitting(request: Request, pipe: Any) -> int:
    cells = max(1, (request.width // 8) * (request.height // 8))
    return max(1, min(LARGEST_BATCH, CELLS // cells))
