"""Steps that were left out: the others keep their numbers, and nothing is made of two that do not follow each other."""

from typing import Any

import numpy as np
import pytest

import explorer
from explorer import figures, wire
from explorer.analysis import change, noise_prediction, noisy, settled, spectra, split, word_maps
from explorer.errors import InvalidSetting
from explorer.trace import Trace
from explorer.views import TraceView
from explorer.views.preview import preview_html
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"
KEPT = [1, 2, 5]
RUN: dict[str, Any] = {"seed": 3, "steps": 6, "guidance": 5.0}


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def whole(ex: Any) -> Trace:
    return ex.record(PROMPT, "blue", **RUN)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def some(ex: Any) -> Trace:
    return ex.record(PROMPT, "blue", keep={"steps": KEPT, "self_layers": "mid_block"}, **RUN)  # type: ignore[no-any-return]


def test_steps_keep_their_numbers_on_every_axis(some: Trace, tmp_path: Any) -> None:
    for trace in (some, explorer.open(some.save(tmp_path / "some"))):
        assert trace.step_numbers == KEPT
        assert trace.steps == 3
        arrays = [trace.latents, trace.predicted, trace.conditional, trace.unconditional]
        arrays += [*trace.attention.values(), *trace.negative.values(), *trace.self_attention.values()]
        assert all(one is not None and one.coords["step"].values.tolist() == KEPT for one in arrays)


def test_what_needs_the_step_before_is_known_only_where_that_was_kept(some: Trace, whole: Trace) -> None:
    assert np.isnan(noisy(some).values[[0, 2]]).all()
    assert np.isnan(noise_prediction(some).values[[0, 2]]).all()
    np.testing.assert_array_equal(noisy(some).values[1], noisy(whole).values[2])
    np.testing.assert_array_equal(noise_prediction(some).values[1], noise_prediction(whole).values[2])
    found, expected = change(some), change(whole)
    assert np.isnan(found.values[[0, 2]]).all()
    assert found.sel(step=2) == pytest.approx(float(expected.sel(step=2)))


def test_a_first_step_that_was_kept_began_with_the_noise(ex: Any) -> None:
    first = ex.record(PROMPT, keep={"steps": [0, 3]}, **RUN)
    np.testing.assert_array_equal(noisy(first).values[0], first.noise.values.astype(np.float32))
    assert np.isnan(noisy(first).values[1]).all()


def test_a_step_is_asked_for_by_its_number(some: Trace, whole: Trace) -> None:
    np.testing.assert_array_equal(some.heat("castle", step=5).values, whole.heat("castle", step=5).values)
    np.testing.assert_array_equal(some.heat("castle", step=-1).values, whole.heat("castle", step=5).values)
    expected = whole.heat("castle", step=KEPT).values
    np.testing.assert_allclose(some.heat("castle").values, expected, atol=1e-6)
    assert some.words_at(3, 3, step=2) == whole.words_at(3, 3, step=2)
    with pytest.raises(InvalidSetting, match=r"^There is no step 3: the steps 1, 2, 5 were kept\.$"):
        some.heat("castle", step=3)
    assert word_maps(some).coords["step"].values.tolist() == KEPT
    assert spectra(some).coords["step"].values.tolist() == KEPT
    assert set(settled(some).values.tolist()) <= set(KEPT)
    parts = split(some)
    assert parts is not None
    assert parts.push.coords["step"].values.tolist() == KEPT


def test_the_browser_is_told_the_numbers_and_what_is_absent(some: Trace, whole: Trace) -> None:
    meta, _ = wire.trace(some)
    assert (meta["steps"], meta["numbers"], meta["fields"]["absent"]) == (3, KEPT, [0, 2])
    assert meta["curves"]["change"][0] is meta["curves"]["change"][2] is None
    meta, _ = wire.trace(whole)
    assert (meta["numbers"], meta["fields"]["absent"]) == ([0, 1, 2, 3, 4, 5], [])
    assert "steps 2, 3, 6 only" in preview_html(some)


def test_a_view_takes_a_step_by_its_number(some: Trace) -> None:
    view = TraceView(some)
    view.step = 5
    view.step = (1, 5)
    with pytest.raises(InvalidSetting, match=r"^There is no step 0: choose 1, 2, 5, or None for all\.$"):
        view.step = 0
    view.close()


def test_figures_stand_at_the_numbers(some: Trace) -> None:
    assert list(figures.bands(some).data[0].x) == [2, 3, 6]
    assert tuple(figures.settling(some).layout.xaxis.range) == (0, 6)


def test_live_pictures_are_those_of_the_kept_steps(ex: Any) -> None:
    made = ex.generate(PROMPT, keep={"steps": KEPT}, **RUN)
    assert made.pictures is not None
    assert made.pictures.sizes["step"] == 3
    again = ex.generate(PROMPT, **RUN)
    np.testing.assert_array_equal(made.pictures.values, again.pictures.values[KEPT])


def test_a_file_without_gaps_stays_readable_by_the_first_edition(whole: Trace, some: Trace, tmp_path: Any) -> None:
    for trace, version in ((whole, b'"version":"1"'), (some, b'"version":"3"')):
        assert version in trace.save(tmp_path / "trace").read_bytes()[:300_000]
