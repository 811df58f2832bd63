"""The scorecard: a fixed set of prompts, drawn by the miniature and read by the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import world
from ..oracle import Oracle

Draw = Callable[[list[str], int], NDArray[np.uint8]]
"""Draws prompts, uint8 (prompts, 128, 128, 3); the first one's noise is the seed's, the next one's that of seed + 1."""


@dataclass(frozen=True)
class Task:
    """One prompt of the fixed set: what it belongs to, whether its pairs are held out, and what its scene is."""

    group: str
    held_out: bool
    prompt: str
    scene: world.Scene


GROUPS = {
    "one subject": 300,
    "one subject, held out": 100,
    "two subjects": 200,
    "two subjects, held out": 100,
    "place": 110,
    "place, held out": 40,
    "weather": 105,
    "style": 104,
    "style, held out": 40,
    "mood": 30,
    "size": 30,
    "count": 60,
    "relation": 100,
}
ASKED = {
    "one subject": ("subject", "colour", "both"),
    "two subjects": ("subject", "colour", "both"),
    "place": ("place", "both"),
    "weather": ("weather", "both"),
    "style": ("style", "both"),
    "mood": ("mood", "both"),
    "size": ("size", "both"),
    "count": ("count", "both"),
    "relation": ("relation", "both"),
}
BATCH = 20


def _pair(r: np.random.Generator, value: str | None, held: bool) -> world.Subject:
    """A subject and colour; `value` is the place or style that has to be (or not to be) held out from the subject."""
    while True:
        one = world.Subject(
            world.SUBJECTS[int(r.integers(len(world.SUBJECTS)))], world.COLOURS[int(r.integers(len(world.COLOURS)))]
        )
        if value is None and world.held_out(one.name, one.colour) == held:
            return one
        if value is not None and not world.held_out(one.name, one.colour) and world.held_out(one.name, value) == held:
            return one


def _with(scene: world.Scene, kind: str, name: str) -> world.Scene:
    change: dict[str, Any] = {kind: name}
    return replace(scene, **change)


def tasks(share: float = 1.0) -> list[Task]:
    """The fixed set, or the first `share` of each group. Every name of a kind is asked for equally often."""
    out = []
    for number, (title, count) in enumerate(GROUPS.items()):
        r = np.random.default_rng([8, number])
        group, held = title.removesuffix(", held out"), title.endswith("held out")
        for n in range(max(1, round(count * share))):
            scene = world.Scene((_pair(r, None, held if group == "one subject" else False),), seed=n)
            if group == "two subjects":
                first = _pair(r, None, held)
                second = _pair(r, None, False)
                while second.name == first.name or second.colour == first.colour:
                    second = _pair(r, None, False)
                scene = replace(scene, subjects=(first, second) if r.random() < 0.5 else (second, first))
            elif group in ("place", "style"):
                names = world.PLACES if group == "place" else world.STYLES
                value = names[n % len(names)]
                scene = _with(replace(scene, subjects=(_pair(r, value, held),)), group, value)
            elif group in ("weather", "mood"):
                names = world.WEATHERS if group == "weather" else world.MOODS
                scene = _with(replace(scene, place="countryside landscape"), group, names[n % len(names)])
            elif group in ("size", "count"):
                one = scene.subjects[0]
                one = replace(one, size=world.SIZES[n % 2]) if group == "size" else replace(one, count=2 + n % 2)
                scene = replace(scene, subjects=(one,))
            elif group == "relation":
                second = _pair(r, None, False)
                while second.name == scene.subjects[0].name:
                    second = _pair(r, None, False)
                scene = replace(scene, subjects=(scene.subjects[0], second), relation=world.RELATIONS[n % 4])
            out.append(Task(group, held, world.prompt(scene, place=group == "place"), scene))
    return out


def measure(draw: Draw, oracle: Oracle, share: float = 1.0) -> dict[str, Any]:
    """Draw the set and count what the oracle finds: shares by group and attribute, for seen and held-out pairs."""
    asked = tasks(share)
    verdicts: list[dict[str, bool]] = []
    for begin in range(0, len(asked), BATCH):
        part = asked[begin : begin + BATCH]
        pictures = draw([task.prompt for task in part], begin)
        verdicts += oracle.verdicts(pictures, [task.scene for task in part])
    out: dict[str, Any] = {"pictures": len(asked), "groups": {}}
    for title in GROUPS:
        group, held = title.removesuffix(", held out"), title.endswith("held out")
        rows = [v for task, v in zip(asked, verdicts, strict=True) if (task.group, task.held_out) == (group, held)]
        out["groups"][title] = {"pictures": len(rows)} | {
            name: round(float(np.mean([row[name] for row in rows])), 3) for name in ASKED[group]
        }
    return out


def table(found: dict[str, Any]) -> str:
    """The scorecard as a Markdown table."""
    lines = ["| asked for | pictures | right | subject and colour right |", "|---|---|---|---|"]
    for title, row in found["groups"].items():
        own = {k: v for k, v in row.items() if k not in ("pictures", "both")}
        said = ", ".join(f"{name} {value:.0%}" for name, value in own.items())
        lines.append(f"| {title} | {row['pictures']} | {said} | {row['both']:.0%} |")
    return "\n".join([*lines, "", f"{found['pictures']} pictures, read by the oracle."])
