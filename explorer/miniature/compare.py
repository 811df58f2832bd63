"""GAN and diffusion on equal terms: the same prompts, the same judge, the same machine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..quiet import no_bars
from . import FOLDER, world
from .film import Film
from .oracle import Oracle
from .oracle import load as load_oracle
from .recipe.gan import variety
from .recipe.score import Draw, Task, tasks


@dataclass(frozen=True, eq=False)
class Marks:
    """How one image generator did.

    adherence: by subject, colour and both, the share of pictures in which the oracle finds what was asked for.
    variety: how far apart pictures of one prompt from several noises are, over how far apart drawings of its scene are:
    1 for the drawn world's own variety, 0 for one and the same picture. seconds: for one picture, drawn alone, the
    median. setback: how much of its adherence it lost again while it was trained, at worst, 0 to 1, or None where its
    training was not filmed. pictures: uint8 (prompt, seed, 128, 128, 3), those that variety is measured on.
    """

    adherence: dict[str, float]
    variety: float
    seconds: float
    setback: float | None
    pictures: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Image generators side by side: `marks` by name, the `prompts` of their pictures, and how many were judged."""

    marks: dict[str, Marks]
    prompts: tuple[str, ...]
    judged: int

    def __str__(self) -> str:
        head = f"{'':<12}{'subject':>9}{'colour':>8}{'both':>6}{'variety':>9}{'seconds':>9}{'setback':>9}"
        rows = [head]
        for name, m in self.marks.items():
            shares = "".join(f"{m.adherence[k]:>{n}.0%}" for k, n in (("subject", 9), ("colour", 8), ("both", 6)))
            lost = "–" if m.setback is None else f"{m.setback:.0%}"
            rows.append(f"{name:<12}{shares}{m.variety:>9.2f}{m.seconds:>9.3f}{lost:>9}")
        return "\n".join([*rows, f"{self.judged} pictures each, judged by the oracle."])


def compare(
    makers: Mapping[str, Draw],
    *,
    films: Mapping[str, Film] | None = None,
    share: float = 0.2,
    prompts: Sequence[str] = ("a red castle", "a turquoise balloon", "a yellow narwhal", "a blue teddy bear"),
    seeds: int = 6,
    oracle: Oracle | None = None,
) -> Comparison:
    """Let each of `makers` draw the same prompts, and measure what comes of it.

    makers: functions of (prompts, seed) to uint8 pictures (prompts, 128, 128, 3), the first from the seed's noise, the
    next from that of seed + 1: `Gan.load().draw`, `diffusion()`. films: their trainings, by the same names. share: how
    much of the scorecard's prompts for one subject and for two is drawn. prompts, seeds: what variety is measured on;
    a prompt names one thing and its colour. oracle: another judge than the one that ships.
    """
    judge = oracle or load_oracle()
    asked = [task for task in tasks(share) if task.group in ("one subject", "two subjects")]
    scenes = [_scene(prompt) for prompt in prompts]
    apart = [variety(np.stack([world.render(_seeded(s, n)).image for n in range(seeds)])) for s in scenes]
    marks = {}
    for name, draw in makers.items():
        adherence = _adherence(draw, judge, asked)
        pictures = np.stack([draw([prompt] * seeds, 0) for prompt in prompts])
        spread = [variety(row) / true for row, true in zip(pictures, apart, strict=True)]
        film = (films or {}).get(name)
        marks[name] = Marks(
            adherence, float(np.mean(spread)), _seconds(draw, prompts[0]), setback(film) if film else None, pictures
        )
    return Comparison(marks, tuple(prompts), len(asked))


def setback(film: Film) -> float | None:
    """The most that a training lost of its adherence (the curve "both", or else "subject") from one checkpoint to any
    later one, 0 to 1; None if neither was filmed. Half of it or more is what people call a collapse."""
    curve = film.curves.get("both", film.curves.get("subject"))
    if curve is None:
        return None
    values = curve[np.isfinite(curve)]
    return float((np.maximum.accumulate(values) - values).max()) if len(values) else None


def diffusion(folder: Path = FOLDER, *, steps: int = 25, guidance: float | None = None) -> Draw:
    """The miniature as one of `makers`. guidance: None for its own."""
    import torch
    from diffusers import StableDiffusionPipeline

    from .recipe.data import as_pictures
    from .recipe.unet import GUIDANCE

    with no_bars():
        pipe: Any = StableDiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    strength = GUIDANCE if guidance is None else guidance

    def draw(prompts: Sequence[str], seed: int) -> NDArray[np.uint8]:
        noises = [torch.Generator().manual_seed(seed + n) for n in range(len(prompts))]
        found = pipe(
            list(prompts), num_inference_steps=steps, guidance_scale=strength, generator=noises, output_type="pt"
        ).images
        return as_pictures(found * 2 - 1)

    return draw


def _adherence(draw: Draw, judge: Oracle, asked: Sequence[Task]) -> dict[str, float]:
    verdicts: list[dict[str, bool]] = []
    for begin in range(0, len(asked), 16):
        part = asked[begin : begin + 16]
        verdicts += judge.verdicts(draw([t.prompt for t in part], 5000 + begin), [t.scene for t in part])
    return {name: float(np.mean([v[name] for v in verdicts])) for name in ("subject", "colour", "both")}


def _seconds(draw: Draw, prompt: str, times: int = 5) -> float:
    draw([prompt], 0)
    taken = []
    for seed in range(times):
        began = time.perf_counter()
        draw([prompt], seed)
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))


def _scene(prompt: str) -> world.Scene:
    """The scene of a prompt that names one thing and its colour."""
    for name in world.SUBJECTS:
        for colour in world.COLOURS:
            scene = world.Scene((world.Subject(name, colour),))
            if world.prompt(scene, place=False) == prompt:
                return scene
    raise ValueError(f"Variety is measured on one thing in its colour, such as 'a red castle', not on {prompt!r}.")


def _seeded(scene: world.Scene, seed: int) -> world.Scene:
    """The same thing drawn with all that its prompt leaves open: another place, weather and style each time."""
    lot = world.sample(seed, "all")
    return world.Scene(scene.subjects, lot.place, lot.weather, lot.style, seed=seed)
