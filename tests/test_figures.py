import numpy as np
import pytest

from explorer import figures
from explorer.analysis import change, spectra, words_at
from explorer.views.palette import STOPS
from tests.fake import synthetic_run


@pytest.fixture(scope="module")
def trace():
    return synthetic_run("a blue narwhal and a red castle", steps=4)


def test_heat_lies_over_the_picture_in_the_views_colours(trace) -> None:
    figure = figures.heat_map(trace, "narwhal", step=3)
    picture, heat = figure.data
    assert np.array_equal(np.asarray(picture.z), trace.image.values)
    expected = trace.heat("narwhal", step=3)
    assert np.asarray(heat.z).shape == (128, 128)
    assert np.asarray(heat.z).max() == pytest.approx(float(expected.max()), abs=0.01)
    assert [colour for _, colour in heat.colorscale] == [f"#{stop}" for stop in STOPS]


def test_rankings_and_curves_are_the_results(trace) -> None:
    bars = figures.ranking(trace, 60, 40, most=3).data[0]
    assert list(bars.x) == pytest.approx([one.share for one in words_at(trace, 60, 40)[:3]])
    assert list(figures.steps(trace).data[0].y)[1:] == pytest.approx(list(change(trace).values)[1:])
    found = spectra(trace)
    for power, values in ((False, found.agreement), (True, found.power)):
        lines = figures.bands(trace, power=power).data
        assert len(lines) == found.sizes["band"]
        np.testing.assert_allclose(np.asarray(lines[0].y), values.values[:, 0])
    lines = figures.words_over_steps(trace, ["narwhal", "castle"]).data
    assert [line.name for line in lines] == ["narwhal (2)", "castle (6)"]
    assert len(figures.settling(trace).data[0].x) == 7


def test_a_word_is_no_markup() -> None:
    trace = synthetic_run("<b>castle</b> " + "w" * 200, steps=2)
    names = figures.settling(trace).data[0].y
    assert not any("<" in name for name in names)
    assert max(len(name) for name in names) < 80
