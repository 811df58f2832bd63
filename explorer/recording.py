"""One run of a pipeline under watch, and the trace that is made of what was seen."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from tqdm.auto import tqdm

from .capture import Change, Keep, Recording, as_before, quiet, watch
from .families import Encoding
from .prompt import Tokens
from .runs import Progress
from .trace import Settings, Trace, attention_array, plain_config, self_array, step_array

if TYPE_CHECKING:
    from .session import Explorer


def run(
    ex: "Explorer",
    prompts: list[str],
    encodings: list[Encoding],
    negative: list[Encoding] | None,
    seeds: list[int],
    count: int,
    arguments: dict[str, Any],
    keep: Keep,
    tell: Callable[[Progress], None] | None,
    changes: Sequence[Change] = (),
) -> tuple[list[Recording], list[np.ndarray]]:
    """Run the pipeline once: what was seen of each picture, and the pictures, (y, x, channel) uint8.

    count: pictures for each prompt; seeds: of each picture. changes: of what the denoiser is told, or of the attention.
    """
    pipe = ex.pipe
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
                pipe,
                ex.family,
                encodings,
                images=count,
                on_step=on_step,
                negative=negative,
                keep=keep,
                embeds="prompt_embeds" in arguments,
            ) as seen,
            contextlib.ExitStack() as undo,
        ):
            for change in changes:
                undo.enter_context(change.hooked())
            # Some pipelines write into the list. Embeddings stand for the prompt, which then only names the words.
            asked: dict[str, Any] = {} if "prompt_embeds" in arguments else {"prompt": list(prompts)}
            if "num_images_per_prompt" in ex._takes:  # some upscalers make one of each
                asked["num_images_per_prompt"] = count
            made = pipe(
                **asked,
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                **arguments,
            ).images
    return seen.recordings(), [np.asarray(picture) for picture in made]


def trace_of(
    ex: "Explorer",
    recording: Recording,
    encoding: Encoding,
    picture: np.ndarray,
    negative: Encoding | None = None,
    **settings: Any,
) -> Trace:
    """Label what was seen of one picture; settings: what `Settings` holds of the run besides the pipeline."""
    pipe, tokens = ex.pipe, encoding.tokens.known_by(ex.vocabulary)
    unwanted = None if negative is None else negative.tokens.known_by(ex.vocabulary)
    times: dict[str, Any] = {"timesteps": recording.timesteps, "sigmas": recording.sigmas, "steps": recording.steps}
    steps = recording.steps

    def labelled(maps: dict[str, tuple[Any, ...]], of: Tokens) -> dict[str, xr.DataArray]:
        return {
            grid: attention_array(values, layers=layers, tokens=of, tops=tops[0] if tops else None, steps=steps)
            for grid, (layers, values, *tops) in maps.items()
        }

    return Trace(
        settings=Settings(
            prompt=tokens.prompt,
            width=picture.shape[1],
            height=picture.shape[0],
            model=ex.model,
            revision=ex.revision,
            family=ex.family.name,
            scheduler=type(pipe.scheduler).__name__,
            scheduler_config=plain_config(pipe.scheduler.config),
            dtype=str(ex.family.denoiser(pipe).dtype).removeprefix("torch."),
            device=str(ex.family.device(pipe)),
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
            grid: self_array(values, layers=layers, tops=tops[0] if tops else None, steps=steps)
            for grid, (layers, values, *tops) in recording.within.items()
        },
    )


@cache
def _versions() -> Mapping[str, str]:
    found = {}
    for name in ("prompt-explorer", "torch", "diffusers", "transformers"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
