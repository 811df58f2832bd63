"""Explorer: holds a pipeline and records what it does with a prompt."""

import contextlib
import html
import inspect
import math
import numbers
import operator
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ._ways import Ways
from .errors import InvalidSetting
from .families import Encoding, family_of
from .live import Live
from .loading import MINIATURE
from .prompt import Tokens
from .runs import Progress
from .trace import Settings, Trace, attention_array, plain_config, plain_options, self_array, step_array

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from .capture import Change, Estimate, Keep, Recording
    from .rendering import Request

__all__ = ["Explorer", "load", "wrap"]

_LARGEST_SEED = 2**63 - 1
_USUAL_BUDGET = 80_000_000
# What `record` says to the pipeline itself, and how a person says it.
_OURS = {
    "num_inference_steps": "pass steps",
    "guidance_scale": "pass guidance",
    "num_images_per_prompt": "pass images",
    "generator": "pass seed",
    "output_type": "a trace holds pictures and latents",
    "return_dict": "a trace is returned",
}


class Explorer(Ways, Live):
    """A pipeline that is watched while it runs; made by `load` or `wrap`.

    guidance: what is used where none is asked for. vocabulary: every word that the model was taught, in lower case, for
    a model of a closed language such as the miniature; None for all others.
    """

    def __init__(
        self,
        pipe: Any,
        *,
        model: str = "",
        revision: str | None = None,
        guidance: float | None = None,
        vocabulary: frozenset[str] | None = None,
    ) -> None:
        self.pipe = pipe
        self.family = family_of(pipe)
        self.model = model or str(getattr(pipe.config, "_name_or_path", "") or type(pipe).__name__)
        self.revision = revision
        self.guidance = self.family.guidance if guidance is None else guidance
        self.vocabulary = vocabulary
        super().__init__()
        self._one_run = threading.RLock()

    def record(
        self,
        prompt: str | Sequence[str],
        negative_prompt: str = "",
        *,
        seed: int | None = None,
        steps: int = 25,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        images: int = 1,
        keep: "Keep | Mapping[str, Any] | None" = None,
        budget: int | None = None,
        on_step: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> Trace | list[Trace]:
        """Run the pipeline once and record it; the picture is the one that the pipeline makes unwatched, to the bit.

        prompt: one, or several to be run as a batch; an empty one is allowed, and what is too long is cut and marked.
        seed: picture i of a prompt starts from noise that is drawn on the CPU with `seed + i`, whatever the prompt,
            so that any of them can be made again alone; None draws a fresh one. Each trace's settings hold its own.
        steps: of the scheduler. Those of second order (Heun, PNDM) run the model more often, and each run is recorded.
        guidance: classifier-free guidance; 1 or less is none; None is the model's usual.
        width, height: in pixels, multiples of 8; None is the model's usual, or the size of `image` where one is given.
        images: for each prompt.
        keep: what of the attention is kept, such as {"words": True, "layers": ["up_blocks"], "bits": 8}, and what else,
            such as {"self_layers": ["mid_block"]}: see `Keep`.
        budget: bytes that a trace may take; what would be more is kept in 8 bits, and then as the mean of layers that
            follow one another (`settings.kept` says so). None is 80 MB, or more where even the coarsest takes that.
        on_step: called after each step with how far the run is; what it raises ends the run.
        options: whatever else the pipeline itself takes, such as `image` and `strength` for image to image. With
            `prompt_embeds` (prompt weighting) the prompt only names the words: nothing can tell whether it is theirs.

        Returns one Trace for one prompt and one image, else a list, prompt by prompt.
        Raises InvalidSetting before anything runs; CaptureError where maps would be incomplete.
        """
        prompts = _prompts(prompt)
        count = _integer("images", images, least=1)
        steps = _integer("steps", steps, least=1, most=int(self.pipe.scheduler.config.get("num_train_timesteps", 1000)))
        scale = self.guidance if guidance is None else _guidance(guidance)
        usual = self._usual(options)
        tall = usual[0] if height is None else self._pixels("height", height)
        wide = usual[1] if width is None else self._pixels("width", width)
        first = (
            secrets.randbelow(2**32 - count) if seed is None else _integer("seed", seed, 0, _LARGEST_SEED - count + 1)
        )
        negative = _text("negative_prompt", negative_prompt)
        if negative and "negative_prompt" not in self._takes:
            raise InvalidSetting(f"{type(self.pipe).__name__} knows no negative prompt: leave it out.")
        kept = _kept(keep)
        most = None if budget is None else _integer("budget", budget, least=1)
        arguments = self._arguments(options) | {"num_inference_steps": steps}
        arguments |= {name: value for name, value in (("width", wide), ("height", tall)) if name in self._takes}

        with self._one_run:
            encodings = self.family.encodings(self.pipe, prompts)
            # Refused here rather than in the middle of the run.
            unwanted = self.family.encodings(self.pipe, [negative] * len(prompts), negative=True)
            seeds = [first + i for _ in prompts for i in range(count)]
            guided = self.family.arguments(self.pipe, negative=[negative] * len(prompts), guidance=scale)
            if "negative_prompt_embeds" in arguments:
                guided.pop("negative_prompt", None)
            kept, *_ = self._fitted(encodings, kept, most, steps, tall, wide, bool(negative), scale > 1)
            begin = time.perf_counter()
            recordings, pictures = self._run(
                prompts, encodings, unwanted if negative else None, seeds, count, guided | arguments, kept, on_step
            )
            seconds = time.perf_counter() - begin
        traces = [
            self._trace(
                recording,
                encodings[i // count],
                picture,
                unwanted[i // count],
                negative_prompt=negative,
                seed=seeds[i],
                steps=steps,
                guidance=scale,
                seconds=seconds,
                kept=kept.words_for(),
                options=plain_options(options),
            )
            for i, (recording, picture) in enumerate(zip(recordings, pictures, strict=True))
        ]
        return traces[0] if isinstance(prompt, str) and count == 1 else traces

    def _asked(
        self,
        prompt: str,
        negative_prompt: str = "",
        *,
        seed: int | None = None,
        steps: int = 25,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        **options: Any,
    ) -> "Request":
        """The run that `record` would make of the same arguments, checked but not run."""
        from .rendering import Request

        usual = self.family.size(self.pipe)
        most = int(self.pipe.scheduler.config.get("num_train_timesteps", 1000))
        negative = _text("negative_prompt", negative_prompt)
        if negative and "negative_prompt" not in self._takes:
            raise InvalidSetting(f"{type(self.pipe).__name__} knows no negative prompt: leave it out.")
        return Request(
            prompt=_text("prompt", prompt),
            negative_prompt=negative,
            seed=secrets.randbelow(2**32) if seed is None else _integer("seed", seed, 0, _LARGEST_SEED),
            steps=_integer("steps", steps, least=1, most=most),
            guidance=self.guidance if guidance is None else _guidance(guidance),
            width=usual[1] if width is None else self._pixels("width", width),
            height=usual[0] if height is None else self._pixels("height", height),
            options=self._arguments(options),
        )

    def estimate(
        self,
        prompt: str | Sequence[str],
        negative_prompt: str = "",
        *,
        steps: int = 25,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        images: int = 1,
        keep: "Keep | Mapping[str, Any] | None" = None,
        budget: int | None = None,
    ) -> "Estimate":
        """What `record` with the same arguments will keep and how much longer the run will take; runs no model.

        Returns an Estimate: bytes of one trace, seconds, and what a budget makes coarser.
        Raises InvalidSetting as `record` does.
        """
        from .capture import Estimate, seconds

        prompts, kept = _prompts(prompt), _kept(keep)
        count, steps = _integer("images", images, least=1), _integer("steps", steps, least=1)
        most = None if budget is None else _integer("budget", budget, least=1)
        scale = self.guidance if guidance is None else _guidance(guidance)
        usual = self.family.size(self.pipe)
        tall = usual[0] if height is None else self._pixels("height", height)
        wide = usual[1] if width is None else self._pixels("width", width)
        encodings = self.family.encodings(self.pipe, prompts)
        negative = bool(_text("negative_prompt", negative_prompt))
        kept, maps, other = self._fitted(encodings, kept, most, steps, tall, wide, negative, scale > 1)
        took = seconds(self.pipe, self.family, encodings, kept, steps=steps, height=tall, width=wide, images=count)
        return Estimate(kept, maps, other, took * (1 + negative))

    def _fitted(
        self,
        encodings: Sequence[Encoding],
        keep: "Keep",
        budget: int | None,
        steps: int,
        height: int,
        width: int,
        negative: bool,
        guided: bool,
    ) -> "tuple[Keep, int, int]":
        from .capture import fitted

        return fitted(
            self.pipe,
            self.family,
            encodings,
            keep,
            steps=steps,
            height=height,
            width=width,
            negative=negative,
            guided=guided,
            budget=_USUAL_BUDGET if budget is None else budget,
            strict=budget is not None,
        )

    def read(
        self,
        image: "Image | np.ndarray",
        prompt: str,
        *,
        timesteps: Sequence[int] = (800, 600, 400, 200),
        seed: int = 0,
    ) -> Trace:
        """How the model reads a picture that it did not make: noised, and denoised in one step, at several timesteps.

        image: a PIL picture, or (y, x, channel) uint8; sides are multiples of 8 pixels. prompt: read without guidance.
        timesteps: training timesteps, from 0 (hardly noised); they become the trace's step axis, in this order.
        seed: of the noise, the same at each timestep.

        Returns a Trace: `latents` are the noised ones, `predicted` what one step makes of them, `noise` what was added.
        Raises InvalidSetting before anything runs.
        """
        import torch

        from .capture import quiet, watch
        from .capture.predicted import level_at, predicted_x0

        text = _text("prompt", prompt)
        scheduler = self.pipe.scheduler
        if getattr(scheduler, "alphas_cumprod", None) is None:
            raise InvalidSetting(f"A picture can't be noised with a {type(scheduler).__name__}: use a DDIM scheduler.")
        most = len(scheduler.alphas_cumprod) - 1
        times = [_integer("timesteps", t, 0, most) for t in timesteps]
        if not times:
            raise InvalidSetting("timesteps is empty: give at least one timestep, such as (600,).")
        generator = torch.Generator("cpu").manual_seed(_integer("seed", seed, 0, _LARGEST_SEED))
        picture = self._picture(image)
        with self._one_run, torch.no_grad():
            encoding = self.family.encoding(self.pipe, text)
            begin = time.perf_counter()
            clean = self.family.latents(self.pipe, picture)
            noise = torch.randn(clean.shape, generator=generator).to(clean)
            levels = [level_at(scheduler, t) for t in times]
            noisy = [at.alpha * clean + at.sigma * noise for at in levels]
            with quiet(), watch(self.pipe, self.family, [encoding], guidance=False) as seen:
                outputs = self.family.denoise(self.pipe, text, noisy, times)
                for latents, output, timestep, at in zip(noisy, outputs, times, levels, strict=True):
                    x0 = predicted_x0(scheduler, output, latents, at)
                    seen.end_step(sample=noise, latents=latents, predicted=x0, timestep=float(timestep), at=at)
            seconds = time.perf_counter() - begin
        return self._trace(
            seen.recordings()[0],
            encoding,
            np.asarray(picture),
            seed=seed,
            steps=len(times),
            guidance=1.0,
            seconds=seconds,
        )

    def _alone(self) -> Any:
        """Held while the pipeline runs or is changed for a run."""
        return self._one_run

    @property
    def _takes(self) -> frozenset[str]:
        """The names of what the pipeline's call takes."""
        return frozenset(inspect.signature(type(self.pipe).__call__).parameters)

    def _usual(self, options: Mapping[str, Any]) -> tuple[int, int]:
        """Height and width where none are asked for: those of the picture that the run starts from, or the model's."""
        size = getattr(options.get("image"), "size", None)
        if not isinstance(size, tuple) or len(size) != 2:
            return self.family.size(self.pipe)
        multiple = self.family.multiple(self.pipe)
        return max(multiple, size[1] // multiple * multiple), max(multiple, size[0] // multiple * multiple)

    def _arguments(self, options: Mapping[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(options) - self._takes)
        if unknown:
            raise InvalidSetting(
                f"There is no option {unknown[0]!r}: {type(self.pipe).__name__} does not take it, so leave it out."
            )
        ours = sorted(set(options) & set(_OURS))
        if ours:
            raise InvalidSetting(f"The option {ours[0]!r} is set by `record` itself: {_OURS[ours[0]]}.")
        return dict(options)

    def _run(
        self,
        prompts: list[str],
        encodings: list[Encoding],
        negative: list[Encoding] | None,
        seeds: list[int],
        count: int,
        arguments: dict[str, Any],
        keep: "Keep",
        tell: Callable[[Progress], None] | None,
        changes: "Sequence[Change]" = (),
    ) -> "tuple[list[Recording], list[np.ndarray]]":
        import torch
        from tqdm.auto import tqdm

        from .capture import as_before, quiet, watch

        pipe = self.pipe
        total = arguments["num_inference_steps"]
        hidden: dict[str, Any] = {} if tell is None else {"disable": True}  # else as TQDM_DISABLE says
        with (
            as_before(pipe),
            quiet(),
            tqdm(total=total, leave=False, desc="Recording", **hidden) as bar,
        ):
            pipe.set_progress_bar_config(**(vars(pipe).get("_progress_bar_config") or {}) | {"disable": True})

            done = 0

            def on_step() -> None:
                nonlocal done
                done += 1
                bar.total = len(pipe.scheduler.timesteps)
                bar.update()
                for change in changes:
                    change.step(done, bar.total)
                if tell is not None:
                    tell(Progress(done, bar.total, seen.latest()))

            with (
                watch(
                    pipe, self.family, encodings, images=count, on_step=on_step, negative=negative, keep=keep
                ) as seen,
                contextlib.ExitStack() as undo,
            ):
                for change in changes:
                    undo.enter_context(change.hooked())
                # Some pipelines write into the list. Embeddings stand for the prompt, which then only names the words.
                asked = {} if "prompt_embeds" in arguments else {"prompt": list(prompts)}
                made = pipe(
                    **asked,
                    num_images_per_prompt=count,
                    generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                    **arguments,
                ).images
        return seen.recordings(), [np.asarray(picture) for picture in made]

    def _trace(
        self,
        recording: "Recording",
        encoding: Encoding,
        picture: np.ndarray,
        negative: Encoding | None = None,
        **settings: Any,
    ) -> Trace:
        pipe, tokens = self.pipe, encoding.tokens.known_by(self.vocabulary)
        unwanted = None if negative is None else negative.tokens.known_by(self.vocabulary)
        times = {"timesteps": recording.timesteps, "sigmas": recording.sigmas}

        def labelled(maps: dict[str, tuple[Any, ...]], of: Tokens) -> dict[str, xr.DataArray]:
            return {
                grid: attention_array(values, layers=layers, tokens=of, tops=tops[0] if tops else None)
                for grid, (layers, values, *tops) in maps.items()
            }

        return Trace(
            settings=Settings(
                prompt=tokens.prompt,
                width=picture.shape[1],
                height=picture.shape[0],
                model=self.model,
                revision=self.revision,
                family=self.family.name,
                scheduler=type(pipe.scheduler).__name__,
                scheduler_config=plain_config(pipe.scheduler.config),
                dtype=str(self.family.denoiser(pipe).dtype).removeprefix("torch."),
                device=str(pipe.device),
                versions=dict(_versions()),  # reading them takes as long as a step, so they are kept
                **settings,
            ),
            tokens=tokens,
            attention=labelled(recording.attention, tokens),
            latents=step_array(recording.latents, **times),
            predicted=step_array(recording.predicted, **times),
            noise=xr.DataArray(recording.noise, dims=("channel", "y", "x")),
            image=xr.DataArray(picture, dims=("y", "x", "channel")),
            conditional=None if recording.conditional is None else step_array(recording.conditional, **times),
            unconditional=None if recording.unconditional is None else step_array(recording.unconditional, **times),
            negative={} if unwanted is None else labelled(recording.negative, unwanted),
            negative_tokens=unwanted if recording.negative else None,
            self_attention={
                grid: self_array(values, layers=layers, tops=tops[0] if tops else None)
                for grid, (layers, values, *tops) in recording.within.items()
            },
        )

    def _pixels(self, name: str, value: Any) -> int:
        multiple = self.family.multiple(self.pipe)
        pixels = _integer(name, value, least=multiple)
        if pixels % multiple:
            nearest = multiple * max(1, round(pixels / multiple))
            raise InvalidSetting(f"{name} is {pixels}, expected a multiple of {multiple} pixels: try {nearest}.")
        return pixels

    def _picture(self, image: Any) -> Any:
        from PIL import Image

        if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3:
            image = Image.fromarray(image)
        if not isinstance(image, Image.Image):
            raise InvalidSetting(
                "image is neither a PIL picture nor a (y, x, 3) uint8 array: open it with PIL.Image.open."
            )
        self._pixels("The picture's width", image.width)
        self._pixels("The picture's height", image.height)
        return image.convert("RGB")

    def __repr__(self) -> str:
        return f"<Explorer {self.model} ({self.family.name}, {self.pipe.device}, {_short_dtype(self)})>"

    def _repr_html_(self) -> str:
        name, family, device = (html.escape(str(part)) for part in (self.model, self.family.name, self.pipe.device))
        return (
            f"<p><b>{name}</b> is loaded ({family}, {device}, {html.escape(_short_dtype(self))}). "
            "Next, type for example:</p>"
            "<pre>trace = ex.record(&quot;a red castle in the snow&quot;, seed=7)\ntrace</pre>"
        )


def wrap(pipe: Any) -> Explorer:
    """Explore a diffusers pipeline that you have built yourself; it stays yours and stays as it is.

    Raises UnsupportedPipeline, naming the supported ones, if it is of a family that can't be watched.
    """
    return Explorer(pipe)


def load(
    name: str | Path = MINIATURE,
    *,
    device: "str | torch.device | None" = None,
    dtype: "str | torch.dtype | None" = None,
    revision: str | None = None,
    allow_pickle: bool = False,
) -> Explorer:
    """Load a pipeline: the miniature that this package ships, a folder, or a checkpoint of the Hugging Face hub.

    device: None is a GPU where there is one, else the CPU. dtype: None is float16 on a GPU, else float32; the miniature
        always runs in float32 unless told otherwise.
    revision: of a hub checkpoint, a branch, tag or commit.
    allow_pickle: also read weights that are stored as pickles, which can run any code: only for files that you trust.

    Raises CheckpointError if there is no such model, no network, or only pickled weights; UnsupportedPipeline if its
    family can't be watched, before its weights are fetched; InvalidSetting for a device or dtype that is not there.
    """
    from .loading import fetch

    pipe, commit, noted = fetch(name, device=device, dtype=dtype, revision=revision, allow_pickle=allow_pickle)
    return Explorer(pipe, model=str(name), revision=commit, guidance=noted.guidance, vocabulary=noted.vocabulary)


def _prompts(prompt: Any) -> list[str]:
    if isinstance(prompt, str):
        return [_text("prompt", prompt)]
    if not isinstance(prompt, Sequence) or isinstance(prompt, bytes) or not prompt:
        raise InvalidSetting(f"prompt is {_shown(prompt)}, expected a text, or a list of at least one.")
    return [_text("prompt", one) for one in prompt]


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidSetting(f"{name} is {_shown(value)}, expected a text: put it in quotes.")
    return value


def _integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InvalidSetting(f"{name} is {_shown(value)}, expected a whole number {limits}.")
    return number


def _kept(keep: Any) -> "Keep":
    from .capture import Keep

    if isinstance(keep, Keep):
        return keep
    if keep is not None and not isinstance(keep, Mapping):
        raise InvalidSetting(f"keep is {_shown(keep)}, expected names and values, such as {{'words': True}}.")
    return Keep.of(dict(keep or {}))


def _guidance(value: Any) -> float:
    number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    if not 0 <= number < math.inf:
        raise InvalidSetting(f"guidance is {_shown(value)}, expected a number of at least 0, such as 7.5; 1 is none.")
    return number


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"


@cache
def _versions() -> Mapping[str, str]:
    found = {}
    for name in ("prompt-explorer", "torch", "diffusers", "transformers"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _short_dtype(explorer: Explorer) -> str:
    return str(explorer.family.denoiser(explorer.pipe).dtype).removeprefix("torch.")
