"""Settings against each other: which cells, what each holds, and what is kept when it is stopped."""

from typing import Any

import numpy as np
import pytest

import explorer
from explorer.errors import InvalidSetting
from explorer.runs import Stopped
from tests.pipelines import stable_diffusion

pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # diffusers' UniPC


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


def test_words_against_seeds(ex: Any) -> None:
    grid = ex.grid(
        rows={"animal": ["bear", "castle"]}, columns={"seed": [1, 2, 3]}, prompt="a {animal} in snow", steps=2
    )
    assert grid.complete
    assert grid[1, 2].settings.prompt == "a castle in snow"
    assert [grid[0, i].settings.seed for i in range(3)] == [1, 2, 3]
    np.testing.assert_allclose(grid[1, 2].latents, ex.record("a castle in snow", seed=3, steps=2).latents, atol=2e-2)
    assert grid[1, 2].settings.edit == {"kind": "grid", "cell": {"animal": "castle", "seed": "3"}}
    assert grid.sheet(gap=2).shape == (2 * 66 - 2, 3 * 66 - 2, 3)
    assert grid.picture().size == (3 * 68 - 4, 2 * 68 - 4)
    assert repr(grid) == "<Grid of 2 rows (animal) and 3 columns (seed)>"


def test_settings_that_can_not_run_together(ex: Any) -> None:
    grid = ex.grid(
        rows={"guidance": [1.0, 4.0], "steps": [1, 2]},
        columns={"sampler": ["DDIM", "UniPC"], "width": [64, 72]},
        prompt="a bear",
    )
    assert [(t.settings.guidance, t.steps) for t in grid.cells.values()] == [(1, 1), (1, 1), (4, 2), (4, 2)]
    assert grid[0, 1].settings.scheduler == "UniPCMultistepScheduler"
    assert grid[0, 1].image.shape == (64, 72, 3)
    assert len({t.settings.seed for t in grid.cells.values()}) == 1
    assert grid.sheet().shape == (132, 148, 3)
    assert type(ex.pipe.scheduler).__name__ == "DDIMScheduler"


def test_prompts_and_options_of_the_pipeline(ex: Any) -> None:
    grid = ex.grid(rows={"prompt": ["a bear", "a castle"]}, columns={"eta": [0.0, 1.0]}, seed=1, steps=2)
    assert grid[1, 1].settings.prompt == "a castle"
    assert grid[1, 1].settings.options == {"eta": 1.0}
    assert not np.array_equal(grid[0, 0].image, grid[0, 1].image)


def test_stopping_keeps_the_cells_that_are_done(ex: Any) -> None:
    done: list[Any] = []

    def stop(place: Any, trace: Any) -> None:
        done.append(place)
        if len(done) == 2:
            raise Stopped

    more = {"prompt": "a bear", "steps": 1, "batch": 1, "on_cell": stop}
    grid = ex.grid(rows={"seed": [1, 2]}, columns={"guidance": [2.0, 3.0]}, **more)
    assert sorted(grid.cells) == sorted(done)
    assert not grid.complete
    assert "2 of them run" in repr(grid)
    missing = next(p for p in ((0, 0), (0, 1), (1, 0), (1, 1)) if p not in grid.cells)
    with pytest.raises(
        InvalidSetting, match=r"There is no cell .*: the grid has 2 rows and 2 columns, and 2 of its cells"
    ):
        grid[missing]
    assert (grid.sheet() == 128).any()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no rows": ({"rows": {}}, r"rows is \{\}, expected settings and their values, such as"),
    "no list": ({"rows": {"seed": 3}}, "rows gives 'seed' as 3, expected a list of at least one value"),
    "a text": ({"columns": {"prompt": "a"}}, "columns gives 'prompt' as 'a', expected a list"),
    "unequal": ({"rows": {"seed": [1, 2], "steps": [1]}}, "The settings of rows have different numbers of values"),
    "twice": (
        {"rows": {"steps": [1]}, "columns": {"steps": [2]}},
        "'steps' is set by rows and by columns: leave it in",
    ),
    "no hole": ({"rows": {"animal": ["cat"]}}, r"'animal' is no setting, and the prompt has no \{animal\}"),
    "no prompt": ({"prompt": None}, "prompt is None, expected a text"),
    "bad value": ({"rows": {"steps": [0]}}, "steps is 0, expected a whole number from 1 to 1000"),
    "bad sampler": ({"rows": {"sampler": ["x"]}}, "There is no sampler 'x' for this model: choose one of"),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_one_sentence(ex: Any, options: dict[str, Any], message: str) -> None:
    whole = {"rows": {"seed": [1]}, "columns": {"guidance": [2.0]}, "prompt": "a bear", "steps": 1} | options
    if "steps" in whole["rows"]:
        whole.pop("steps")
    with pytest.raises(InvalidSetting, match=message):
        ex.grid(**whole)
