import numpy as np
import pytest

from explorer.analysis import agreement, heat, word_maps, words_at
from explorer.analysis.heat import resize
from explorer.errors import InvalidSetting, UnknownWord
from tests.synthetic import synthetic_trace


def test_resize_is_torchs_bilinear() -> None:
    torch = pytest.importorskip("torch")
    maps = np.random.default_rng(0).random((2, 5, 7), dtype=np.float32)
    for size in ((16, 11), (5, 7), (10, 14)):
        expected = torch.nn.functional.interpolate(torch.from_numpy(maps)[None], size=size, mode="bilinear")[0].numpy()
        np.testing.assert_allclose(resize(maps, *size), expected, atol=1e-6)
    assert resize(np.ones((1, 1, 1), np.float32), 4, 4).shape == (1, 4, 4)


def test_heat_is_the_mean_over_pieces_layers_and_steps() -> None:
    trace = synthetic_trace(steps=3)
    pieces = [i + 1 for i in trace.tokens.words[2].pieces]
    assert len(pieces) == 2
    by_grid = []
    for maps in trace.attention.values():
        values = maps.values.astype(np.float64)[:, :, pieces].mean(axis=(0, 1, 2))
        by_grid.append(resize(values.astype(np.float32), 16, 16))
    result = heat(trace, "narwhal")
    assert result.dims == ("y", "x")
    np.testing.assert_allclose(result.values, np.mean(by_grid, axis=0), atol=1e-5)


def test_one_step_and_one_layer() -> None:
    trace = synthetic_trace(steps=3)
    layer = trace.layers[-1]
    result = heat(trace, "castle", step=2, layer=layer)
    maps = trace.attention["8x8"].sel(layer=layer).isel(step=2)
    piece = 1 + trace.tokens.words[6].pieces[0]
    assert result.shape == (8, 8)
    np.testing.assert_allclose(result.values, maps.values[piece].astype(np.float32), atol=1e-6)
    np.testing.assert_allclose(heat(trace, "castle", step=-1).values, heat(trace, "castle", step=[2]).values)


def test_a_phrase_is_the_mean_over_its_words() -> None:
    trace = synthetic_trace()
    words = [heat(trace, word).values for word in ("red", "castle")]
    np.testing.assert_allclose(heat(trace, "red castle").values, np.mean(words, axis=0), atol=1e-6)


def test_bad_choices_say_what_there_is() -> None:
    trace = synthetic_trace(steps=3)
    with pytest.raises(InvalidSetting, match=r"There is no step 3: the run has 3 steps, 0 to 2\."):
        trace.heat("castle", step=3)
    with pytest.raises(InvalidSetting, match=r"There is no layer nose: the trace has blocks\.16\.0\.attn2, "):
        trace.heat("castle", layer="nose")
    with pytest.raises(UnknownWord, match=r"does not hold 'dog'\. Its words are: a, blue, narwhal, and, red, castle\."):
        trace.heat("dog")
    with pytest.raises(
        InvalidSetting, match=r"The pixel \(128, 0\) lies outside the picture: x goes to 127, y to 127\."
    ):
        trace.words_at(128, 0)


@pytest.mark.parametrize("size", [(128, 128), (64, 192)])
def test_words_at_agrees_with_heat_and_finds_the_hottest(size: tuple[int, int]) -> None:
    grids = ((size[0] // 8, size[1] // 8), (size[0] // 16, size[1] // 16))
    trace = synthetic_trace("sun castle dog", grids=grids, size=size)
    maps = word_maps(trace).mean("step")
    for index in range(3):
        row, column = np.unravel_index(int(maps.values[index].argmax()), maps.values[index].shape)
        ranked = words_at(trace, int(column) * 8 + 3, int(row) * 8 + 5)
        assert ranked[0].index == index
        assert [one.share for one in ranked] == sorted((one.share for one in ranked), reverse=True)
        assert ranked[0].share == pytest.approx(float(heat(trace, index).values[row, column]), abs=1e-6)


def test_agreement_of_perfect_empty_and_flat_maps() -> None:
    mask = np.zeros((32, 32), bool)
    mask[8:16, 8:24] = True
    perfect = agreement([(mask.astype(np.float32), mask)])
    assert (perfect.iou, perfect.pointing) == (1.0, 1.0)
    flat = agreement([(np.ones((4, 4), np.float32), mask)])
    assert flat.iou == pytest.approx(flat.chance) == pytest.approx(mask.mean())
    opposite = agreement([((~mask).astype(np.float32), mask)])
    assert (opposite.iou, opposite.pointing) == (0.0, 0.0)
    assert agreement([]).count == 0
