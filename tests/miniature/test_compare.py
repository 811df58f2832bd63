"""The comparison on equal terms: who draws the world itself is perfect, who has collapsed has no variety."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.miniature import world
from explorer.miniature.compare import compare, setback
from explorer.miniature.film import Film
from explorer.miniature.oracle import Oracle
from explorer.miniature.recipe.score import tasks

DRAWN = {task.prompt: task.scene for task in tasks(0.02)}
PROMPTS = ("a red castle", "a turquoise balloon")


class Clock:
    """In the place of `time`: a second is what an artist says it takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


CLOCK = Clock()


def artist(prompts: Sequence[str], seed: int) -> NDArray[np.uint8]:
    """Draws what the comparison itself takes for the truth, in two seconds."""
    CLOCK.now += 2
    out = []
    for n, prompt in enumerate(prompts):
        scene = DRAWN.get(prompt)
        if scene is None:
            colour, name = prompt.split()[1:]
            lot = world.sample(seed + n, "all")
            scene = world.Scene((world.Subject(name, colour),), lot.place, lot.weather, lot.style, seed=seed + n)
        out.append(world.render(scene).image)
    return np.stack(out)


def stuck(prompts: Sequence[str], seed: int) -> NDArray[np.uint8]:
    CLOCK.now += 0.5
    return np.stack([world.draw(3).image] * len(prompts))


class Judge(Oracle):
    """Sees at once whether it is the drawing."""

    def __init__(self) -> None:
        super().__init__(1)

    def verdicts(self, pictures: NDArray[np.uint8], scenes: Any) -> list[dict[str, bool]]:
        same = [np.array_equal(p, world.render(s).image) for p, s in zip(pictures, scenes, strict=True)]
        return [dict.fromkeys(("subject", "colour", "both"), bool(one)) for one in same]


def film(both: Sequence[float] | None) -> Film:
    count = len(both or (0, 0))
    return Film(
        name="x",
        about="",
        prompts=("a",),
        seen=np.arange(count),
        minutes=np.zeros(count, np.float32),
        pictures=np.zeros((count, 1, 8, 8, 3), np.uint8),
        curves={} if both is None else {"both": np.array(both, np.float32)},
    )


def test_the_better_one_has_the_better_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.miniature.compare.time", CLOCK)
    found = compare(
        {"artist": artist, "stuck": stuck},
        films={"stuck": film([0.0, 0.6, 0.1, 0.2])},
        share=0.02,
        prompts=PROMPTS,
        seeds=3,
        oracle=Judge(),
    )
    good, bad = found.marks["artist"], found.marks["stuck"]
    assert good.adherence == {"subject": 1.0, "colour": 1.0, "both": 1.0}
    assert bad.adherence["both"] == 0.0
    assert good.variety == pytest.approx(1)
    assert bad.variety == 0
    assert good.setback is None
    assert bad.setback == pytest.approx(0.5)
    assert (good.seconds, bad.seconds) == (2, 0.5)
    assert good.pictures.shape == (2, 3, 128, 128, 3)
    lines = str(found).splitlines()
    assert lines[0].split() == ["subject", "colour", "both", "variety", "seconds", "setback"]
    assert lines[1].split()[:5] == ["artist", "100%", "100%", "100%", "1.00"]
    assert lines[2].split()[-1] == "50%"
    assert lines[-1] == f"{found.judged} pictures each, judged by the oracle."


def test_setback_is_the_deepest_fall() -> None:
    assert setback(film([0.1, 0.5, 0.4, 0.7, 0.65])) == pytest.approx(0.1)
    assert setback(film([0.1, 0.2, 0.3])) == 0
    assert setback(film(None)) is None
    assert setback(film([np.nan, 0.4, 0.1])) == pytest.approx(0.3)
    diffusion = replace(film([0, 0, 0]), curves={"subject": np.array([0.2, 0.9, 0.7], np.float32)})
    assert setback(diffusion) == pytest.approx(0.2)


def test_variety_needs_a_prompt_that_it_can_draw() -> None:
    with pytest.raises(ValueError, match="one thing in its colour, such as 'a red castle', not on 'a dragon'"):
        compare({"artist": artist}, prompts=("a dragon",), oracle=Judge())
