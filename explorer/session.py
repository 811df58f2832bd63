"""Explorer: holds a pipeline and records what it does with a prompt."""

import html
import inspect
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._embedding_ways import EmbeddingWays
from ._ways import Ways
from .asked import LARGEST_SEED, guidance_of, prompts_of, text_of, wanted, whole
from .errors import InvalidSetting
from .families import Encoding, family_of
from .live import Live
from .loading import MINIATURE
from .runs import Progress
from .trace import Trace, plain_options

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from .capture import Change, Estimate, Keep, Recording
    from .miniature.world import Drawing, Scene
    from .rendering import Request

__all__ = ["Explorer", "load", "wrap"]

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


class Explorer(Ways, EmbeddingWays, Live):
    """A pipeline that is watched while it runs; made by `load` or `wrap`.

    guidance, steps, keep: what is used where none is asked for. vocabulary: every word that the model was taught, in
    lower case, for a model of a closed language such as the miniature; None for all others.
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
        self.steps = 25
        self.vocabulary = vocabulary
        self.keep: Keep | Mapping[str, Any] | None = None
        super().__init__()
        self._one_run = threading.RLock()

    def record(
        self,
        prompt: str | Sequence[str],
        negative_prompt: str = "",
        *,
        seed: int | None = None,
        steps: int | None = None,
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
        steps: of the scheduler; None is the model's usual. Those of second order (Heun, PNDM) run the model more often,
            and each run is recorded.
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
        prompts = prompts_of(prompt)
        count = whole("images", images, least=1)
        if count > 1 and "num_images_per_prompt" not in self._takes:
            raise InvalidSetting(f"{type(self.pipe).__name__} makes one picture of each prompt: leave images out.")
        steps = self._steps(steps)
        scale = self.guidance if guidance is None else guidance_of(guidance)
        usual = self._usual(options)
        tall = usual[0] if height is None else self._pixels("height", height)
        wide = usual[1] if width is None else self._pixels("width", width)
        first = secrets.randbelow(2**32 - count) if seed is None else whole("seed", seed, 0, LARGEST_SEED - count + 1)
        negative = text_of("negative_prompt", negative_prompt)
        if negative and "negative_prompt" not in self._takes:
            raise InvalidSetting(f"{type(self.pipe).__name__} knows no negative prompt: leave it out.")
        kept = wanted(self.keep if keep is None else keep)
        most = None if budget is None else whole("budget", budget, least=1)
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
        steps: int | None = None,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        **options: Any,
    ) -> "Request":
        """The run that `record` would make of the same arguments, checked but not run."""
        from .rendering import Request

        usual = self._usual(options)
        negative = text_of("negative_prompt", negative_prompt)
        if negative and "negative_prompt" not in self._takes:
            raise InvalidSetting(f"{type(self.pipe).__name__} knows no negative prompt: leave it out.")
        return Request(
            prompt=text_of("prompt", prompt),
            negative_prompt=negative,
            seed=secrets.randbelow(2**32) if seed is None else whole("seed", seed, 0, LARGEST_SEED),
            steps=self._steps(steps),
            guidance=self.guidance if guidance is None else guidance_of(guidance),
            width=usual[1] if width is None else self._pixels("width", width),
            height=usual[0] if height is None else self._pixels("height", height),
            options=self._arguments(options),
        )

    def estimate(
        self,
        prompt: str | Sequence[str],
        negative_prompt: str = "",
        *,
        steps: int | None = None,
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

        prompts, kept = prompts_of(prompt), wanted(keep)
        count, steps = whole("images", images, least=1), self._steps(steps)
        most = None if budget is None else whole("budget", budget, least=1)
        scale = self.guidance if guidance is None else guidance_of(guidance)
        usual = self.family.size(self.pipe)
        tall = usual[0] if height is None else self._pixels("height", height)
        wide = usual[1] if width is None else self._pixels("width", width)
        encodings = self.family.encodings(self.pipe, prompts)
        negative = bool(text_of("negative_prompt", negative_prompt))
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
        image: "Image | np.ndarray | Drawing | Scene",
        prompt: str | None = None,
        *,
        timesteps: Sequence[int] = (800, 600, 400, 200),
        seed: int = 0,
    ) -> Trace:
        """How the model reads a picture that it did not make: noised, and denoised in one step, at several timesteps.

        image: a PIL picture, or (y, x, channel) uint8; sides are multiples of 8 pixels. A drawing of the drawn world or
            a scene of it brings its caption as the prompt and its true masks, which the views outline.
        prompt: read without guidance; only a drawing or a scene can do without.
        timesteps: training timesteps, from 0 (hardly noised); they become the trace's step axis, in this order. With
            flow matching, sigma is a timestep's share of 1000 (of the scheduler's `num_train_timesteps`).
        seed: of the noise, the same at each timestep.

        Returns a Trace: `latents` are the noised ones, `predicted` what one step makes of them, `noise` what was added.
        Raises InvalidSetting before anything runs; also for families that are not known to read pictures (FLUX.2).
        """
        from .reading import read

        return read(self, image, prompt, timesteps=timesteps, seed=seed)

    def _alone(self) -> Any:
        """Held while the pipeline runs or is changed for a run."""
        return self._one_run

    @property
    def _takes(self) -> frozenset[str]:
        """The names of what the pipeline's call takes."""
        return frozenset(inspect.signature(type(self.pipe).__call__).parameters)

    def _usual(self, options: Mapping[str, Any]) -> tuple[int, int]:
        """Height and width where none are asked for: those of the picture that the run starts from, or the model's."""
        picture = options.get("image")
        size = picture.shape[1::-1] if isinstance(picture, np.ndarray) else getattr(picture, "size", None)
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
        self.family.check_options(self.pipe, options)
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
        from .recording import run

        return run(self, prompts, encodings, negative, seeds, count, arguments, keep, tell, changes)

    def _trace(
        self,
        recording: "Recording",
        encoding: Encoding,
        picture: np.ndarray,
        negative: Encoding | None = None,
        **settings: Any,
    ) -> Trace:
        from .recording import trace_of

        return trace_of(self, recording, encoding, picture, negative, **settings)

    def _steps(self, steps: int | None) -> int:
        if steps is None:
            return self.steps
        return whole("steps", steps, least=1, most=int(self.pipe.scheduler.config.get("num_train_timesteps", 1000)))

    def _pixels(self, name: str, value: Any) -> int:
        multiple = self.family.multiple(self.pipe)
        pixels = whole(name, value, least=multiple)
        if pixels % multiple:
            nearest = multiple * max(1, round(pixels / multiple))
            raise InvalidSetting(f"{name} is {pixels}, expected a multiple of {multiple} pixels: try {nearest}.")
        return pixels

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

    name: "miniature", "miniature-fast" (which draws in four steps, for pictures while you type), a folder, owner/model.
    device: None is a GPU where there is one, else the CPU. dtype: None is float16 on a GPU, else float32; the miniature
        always runs in float32 unless told otherwise.
    revision: of a hub checkpoint, a branch, tag or commit.
    allow_pickle: also read weights that are stored as pickles, which can run any code: only for files that you trust.

    Raises CheckpointError if there is no such model, no network, or only pickled weights; UnsupportedPipeline if its
    family can't be watched, before its weights are fetched; InvalidSetting for a device or dtype that is not there.
    """
    from .loading import fetch

    pipe, commit, noted = fetch(name, device=device, dtype=dtype, revision=revision, allow_pickle=allow_pickle)
    explorer = Explorer(pipe, model=str(name), revision=commit, guidance=noted.guidance, vocabulary=noted.vocabulary)
    explorer.steps = noted.steps
    return explorer


def _short_dtype(explorer: Explorer) -> str:
    return str(explorer.family.denoiser(explorer.pipe).dtype).removeprefix("torch.")
