"""What-ifs and paths in every family: what changes nothing changes no bit, and ends are the runs of their prompts."""

from typing import Any

import numpy as np
import pytest

import explorer
from explorer.errors import InvalidSetting
from tests.families.test_contract import CASES, pipeline

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
PROMPT = "a red castle in the snow"
RAGGED = ("lumina2", "qwen-image", "z-image")  # their texts are as long as their prompts


def same(a: Any, b: Any) -> bool:
    maps = all(np.array_equal(a.attention[grid], b.attention[grid]) for grid in a.attention)
    return np.array_equal(a.image, b.image) and np.array_equal(a.latents, b.latents) and maps


@pytest.mark.parametrize("name", CASES)
def test_changes_and_paths(name: str) -> None:
    ex: Any = explorer.wrap(pipeline(name))
    run = {**CASES[name].guided, "seed": 4, "steps": 2}
    trace = ex.record(PROMPT, **run)
    assert same(ex.swap(trace, "red", "red"), trace)
    blue = ex.record(PROMPT.replace("red", "blue"), **run)
    way = ex.interpolate(trace, blue, frames=3)
    assert same(ex.swap(trace, "red", "blue"), blue)
    assert same(way.traces[0], trace)
    assert same(way.traces[2], blue)
    assert not np.array_equal(way.traces[1].predicted, trace.predicted)
    if name in RAGGED:
        with pytest.raises(
            InvalidSetting, match="make texts of different lengths with this model, which can't be mixed"
        ):
            ex.schedule(trace, {"red": (1, None)})
    else:
        never = ex.schedule(trace, {"red": (2, None)})
        assert np.array_equal(never.latents, ex.record(PROMPT.replace("red ", ""), **run).latents)
