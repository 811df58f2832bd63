"""Rough first, details later: a prompt exchanged from a step on, and what of its picture is left."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

import explorer
from explorer.analysis.settling import ASPECTS, Settling, settling
from explorer.errors import InvalidSetting
from explorer.miniature.world import Scene, Subject, render
from explorer.runs import Stopped
from tests.families.tiny import sd3
from tests.pipelines import stable_diffusion
from tests.synthetic import synthetic_trace as made_up


@pytest.fixture(scope="module")
def ex() -> explorer.Explorer:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def trace(ex: explorer.Explorer) -> explorer.Trace:
    return ex.record("a red castle", seed=3, steps=6)


def test_the_ends_are_the_runs_of_the_two_prompts(ex: explorer.Explorer, trace: explorer.Trace) -> None:
    found = ex.settling(trace, "blue snow", at=[2, 4], batch=1)
    assert (found.prompt, found.to, found.steps, found.switched) == ("a red castle", "blue snow", 6, (0, 2, 4, 6))
    other = ex.record("blue snow", seed=3, steps=6)
    assert np.array_equal(found.pictures[-1], trace.image.values)
    assert np.array_equal(found.pictures[0], other.image.values)
    timed = ex.schedule(trace, {"red": (0, 2)})  # another way to change what is read from a step on
    swapped = ex.settling(trace, "a castle", at=[2], batch=1)
    assert np.array_equal(swapped.pictures[1], timed.image.values)
    assert found.kept.dims == ("switch", "aspect")
    assert found.complete
    for aspect in ASPECTS:
        column = found.kept.sel(aspect=aspect).values
        if not np.isnan(column).any():
            assert column[0] == 0
            assert column[-1] == 1
    assert "power" in found.power


def test_batches_make_the_same_pictures(ex: explorer.Explorer, trace: explorer.Trace) -> None:
    one, many = (ex.settling(trace, "blue snow", batch=size) for size in (1, 16))
    assert one.switched == many.switched
    assert one.switched[0] == 0
    assert one.switched[-1] == 6
    assert np.abs(one.pictures.astype(int) - many.pictures).max() <= 2


def test_joint_attention_is_fed_too() -> None:
    ex = explorer.wrap(sd3())
    trace = ex.record("a red castle", seed=3, steps=3)
    found = ex.settling(trace, "blue snow", at=[1], batch=1)
    assert np.array_equal(found.pictures[-1], trace.image.values)
    assert not np.array_equal(found.pictures[1], found.pictures[0])


def test_stopped_on_the_way_it_keeps_what_is_done(ex: explorer.Explorer, trace: explorer.Trace) -> None:
    steps: list[Any] = []

    def tell(progress: Any) -> None:
        steps.append(progress)
        if len(steps) == 3 * 6:
            raise Stopped

    found = ex.settling(trace, "blue snow", at=[1, 2, 3], batch=1, tell=tell)
    assert found.switched == (0, 6)
    with pytest.raises(Stopped):
        ex.settling(trace, "blue snow", at=[1], batch=1, tell=lambda progress: (_ for _ in ()).throw(Stopped()))


def test_what_cannot_be_exchanged_is_said(ex: explorer.Explorer, trace: explorer.Trace) -> None:
    with pytest.raises(InvalidSetting, match="to is the trace's own prompt"):
        ex.settling(trace, "a red castle")
    with pytest.raises(InvalidSetting, match="at is 7, expected a whole number from 0 to 6"):
        ex.settling(trace, "snow", at=[7])
    with pytest.raises(InvalidSetting, match="weights or times of its own"):
        ex.settling(ex.weighted("a (red:1.4) castle", seed=3, steps=2), "snow")


# --- the measure: pictures whose truth is known -----------------------------------------------------------------------

RED = render(Scene((Subject("castle", "red"),), "farm", seed=4)).image
BLUE = render(Scene((Subject("castle", "blue"),), "farm", seed=4)).image
DOG = render(Scene((Subject("dog", "red", size="huge"),), "city", "night", seed=9)).image
SOFT = np.asarray(Image.fromarray(RED).filter(ImageFilter.GaussianBlur(5)))


def measured(*pictures: np.ndarray) -> Settling:
    count = len(pictures)
    return settling(made_up(), "another", count - 1, range(count), np.stack(pictures))


def test_each_aspect_is_told_from_the_others() -> None:
    found = measured(DOG, SOFT, RED)
    kept = {aspect: float(found.kept.sel(aspect=aspect, switch=1)) for aspect in ASPECTS}
    assert kept["layout"] > 0.8
    assert kept["colour"] > 0.8
    assert kept["detail"] < kept["layout"] - 0.1
    recoloured = measured(DOG, BLUE, RED)
    again = {aspect: float(recoloured.kept.sel(aspect=aspect, switch=1)) for aspect in ASPECTS}
    assert again["layout"] > again["colour"] + 0.1


def test_settled_is_the_step_from_which_on_it_stays() -> None:
    found = measured(DOG, RED, DOG, SOFT, RED)
    assert found.settled("layout") == 3
    assert found.settled("layout", 0.0) == 0
    assert found.settled("detail", 0.9) == 4
    assert found.order()[-1] == "detail"
    assert str(found).startswith("Settled: layout after step 3 of 4")
    assert found.sheet().shape == (128, 5 * 132 - 4, 3)
    assert found._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(KeyError):
        found.settled("mood")


def test_what_is_the_same_in_both_is_never_settled() -> None:
    found = measured(RED, RED, RED)
    assert found.settled("layout") is None
    assert "layout is the same in both" in str(found)


@pytest.mark.slow
def test_the_miniature_draws_roughly_first() -> None:
    ex = explorer.load()
    trace = ex.record("a red castle on a plain background", seed=5, steps=10)
    found = ex.settling(trace, "a blue boat at sea", at=[1, 2, 3, 5, 7])
    assert np.array_equal(found.pictures[-1].shape, trace.image.shape)
    layout, detail = found.settled("layout"), found.settled("detail")
    assert layout is not None
    assert detail is not None
    assert layout <= detail
    assert layout < 10
