"""What each word did: its effect beside its attention, and a prompt that grows."""

from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.analysis.colour import lab, shrunk
from explorer.analysis.effects import agreement, difference, effects
from explorer.errors import InvalidSetting, UnknownWord
from tests.pipelines import stable_diffusion

PROMPT = "a red castle, in the snow"
RUN = {"seed": 7, "steps": 2, "guidance": 4.0}


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def trace(ex: Any) -> Any:
    return ex.record(PROMPT, **RUN)


def test_colours_are_those_of_the_standard() -> None:
    known = {(255, 255, 255): (100, 0, 0), (0, 0, 0): (0, 0, 0), (255, 0, 0): (53.24, 80.09, 67.20)}
    known |= {(0, 0, 255): (32.30, 79.19, -107.86), (119, 119, 119): (50.03, 0, 0)}
    for rgb, expected in known.items():
        np.testing.assert_allclose(lab(np.array(rgb, np.uint8)), expected, atol=0.05)


def test_shrinking_keeps_the_mean() -> None:
    values = np.random.default_rng(0).random((13, 7, 3)).astype(np.float32)
    np.testing.assert_allclose(shrunk(values, 5, 4).mean((0, 1)), values.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(shrunk(values[:12, :6], 6, 3)[0, 0], values[:2, :2].mean((0, 1)), rtol=1e-5)


def test_every_word_in_turn(ex: Any, trace: Any) -> None:
    told: list[int] = []
    found = ex.effects(trace, on_word=lambda word, made: told.append(word))
    assert list(found.maps.coords["word"].values) == ["a", "red", "castle", "in", "the", "snow"]
    assert told == list(found.maps.coords["index"].values) == [0, 1, 2, 4, 5, 6]
    assert found.maps.shape == (6, 64, 64)
    assert found.without[1].settings.prompt == "a castle, in the snow"
    assert found.without[1].settings.edit["words"] == ["red"]
    np.testing.assert_allclose(found.without[1].latents, ex.without(trace, "red").latents, atol=2e-2)
    assert (np.abs(found.agreement) <= 1).all()
    assert (found.size > 0).all()
    assert "red" in repr(found)


def test_some_words(ex: Any, trace: Any) -> None:
    assert list(ex.effects(trace, ["snow", "red castle"]).without) == [1, 2, 6]
    with pytest.raises(UnknownWord, match="does not hold 'bear'"):
        ex.effects(trace, ["bear"])


def test_agreement_is_a_correlation(trace: Any) -> None:
    looked = trace.heat("castle").values
    big = np.kron(looked, np.ones((8, 8)))
    assert agreement(trace, 2, big) == pytest.approx(1, abs=1e-5)
    assert agreement(trace, 2, -big) == pytest.approx(-1, abs=1e-5)
    assert np.isnan(agreement(trace, 2, np.ones((64, 64))))
    assert float(difference(trace, trace).max()) == 0
    assert effects(trace, {}).maps.shape == (0, 64, 64)


def test_batches_that_do_not_fit_are_split(ex: Any, trace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ex.effects(trace)
    sizes: list[int] = []

    def small(module: Any, args: Any, kwargs: Any) -> None:
        sizes.append(len(args[0]))
        if len(args[0]) > 4:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    handle = ex.pipe.unet.register_forward_pre_hook(small, with_kwargs=True)
    try:
        split = ex.effects(trace)
    finally:
        handle.remove()
    assert max(sizes) == 12  # six words, each with and without guidance
    assert list(split.without) == list(whole.without)
    np.testing.assert_allclose(split.maps, whole.maps, atol=3)


def test_what_does_not_fit_alone_fails(ex: Any, trace: Any) -> None:
    def never(module: Any, args: Any, kwargs: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    handle = ex.pipe.unet.register_forward_pre_hook(never, with_kwargs=True)
    try:
        with pytest.raises(torch.cuda.OutOfMemoryError):
            ex.effects(trace)
    finally:
        handle.remove()


def test_stopping_keeps_the_words_that_are_done(ex: Any, trace: Any) -> None:
    def stop(word: int, made: Any) -> None:
        if word == 2:
            raise KeyboardInterrupt

    assert list(ex.effects(trace, batch=1, on_word=stop).without) == [0, 1, 2]


def test_a_prompt_grows(ex: Any) -> None:
    grown = ex.grow("a red castle", **RUN)
    assert [one.settings.prompt for one in grown] == ["a", "a red", "a red castle"]
    assert all(np.array_equal(one.noise, grown[0].noise) for one in grown)
    assert grown[1].settings.edit == {"kind": "grow", "of": "a red castle", "step": 1, "steps": 3}
    given = ex.grow(["a bear", "a bear in snow"], **RUN)
    assert [one.settings.prompt for one in given] == ["a bear", "a bear in snow"]
    for nothing in ("", [], "..."):
        with pytest.raises(InvalidSetting, match="expected a text of at least one word, or several texts"):
            ex.grow(nothing, **RUN)
