"""A drawing that is read brings its caption and its true masks."""

from typing import Any

import numpy as np
import pytest

import explorer
from explorer import wire
from explorer.analysis import noise_prediction, noisy
from explorer.analysis.steps import levels
from explorer.errors import InvalidSetting
from explorer.miniature import world
from explorer.views import AttentionView
from tests.pipelines import stable_diffusion


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def drawing() -> world.Drawing:
    subjects = (world.Subject("dog", "orange"), world.Subject("house", "blue"))
    return world.render(world.Scene(subjects, place="beach", relation="left of", seed=682))


def test_a_drawing_is_read_with_its_caption_and_masks(ex: Any, drawing: world.Drawing, tmp_path: Any) -> None:
    seen = ex.read(drawing, timesteps=(600,))
    for trace in (seen, explorer.open(seen.save(tmp_path / "drawing"))):
        assert trace.settings.prompt == drawing.caption
        np.testing.assert_array_equal(trace.image.values, drawing.image)
        assert trace.masks.values.shape == (len(drawing.masks), 128, 128)
        for mask, own in zip(drawing.masks, trace.masks, strict=True):
            np.testing.assert_array_equal(own.values, mask.pixels)
            assert (int(own.start), int(own.end)) == (mask.start, mask.end)
    bare = ex.read(drawing.image, drawing.caption, timesteps=(600,))
    assert bare.masks is None
    np.testing.assert_array_equal(bare.heat("dog").values, seen.heat("dog").values)


def test_a_scene_is_drawn_first(ex: Any, drawing: world.Drawing) -> None:
    seen = ex.read(drawing.scene, timesteps=(600,))
    np.testing.assert_array_equal(seen.image.values, drawing.image)
    assert seen.masks is not None


def test_the_views_outline_them_without_being_told(ex: Any, drawing: world.Drawing) -> None:
    seen = ex.read(drawing, timesteps=(600,))
    meta, _ = wire.trace(seen)
    by_words = {tuple(one["words"]): one for one in meta["masks"]}
    for mask in drawing.masks:
        words = [i for i, word in enumerate(seen.tokens.words) if mask.start <= word.start < mask.end]
        assert tuple(words) in by_words
        assert " ".join(seen.words[i] for i in words) == mask.word
    assert AttentionView(seen)._meta["masks"] == meta["masks"]
    assert AttentionView(seen, masks={})._meta["masks"] == []


def test_another_prompt_keeps_the_masks_of_the_words_that_it_says_too(ex: Any, drawing: world.Drawing) -> None:
    seen = ex.read(drawing, "a dog, a cat and a dog", timesteps=(600,))
    spans = list(zip(seen.masks.start.values.tolist(), seen.masks.end.values.tolist(), strict=True))
    assert spans == [(2, 5), (19, 22)]
    assert ex.read(drawing, "a cat", timesteps=(600,)).masks is None


def test_what_a_step_started_from_is_what_the_picture_was_noised_to(ex: Any, drawing: world.Drawing) -> None:
    seen = ex.read(drawing, timesteps=(800, 300))
    np.testing.assert_array_equal(noisy(seen).values, seen.latents.values.astype(np.float32))
    at = levels(seen).values[:, :, None, None, None]
    x0, latents = seen.predicted.values.astype(np.float32), seen.latents.values.astype(np.float32)
    np.testing.assert_allclose(noise_prediction(seen).values, (latents - at[:, 0] * x0) / at[:, 1], atol=1e-3)


def test_only_a_drawing_can_do_without_a_prompt(ex: Any, drawing: world.Drawing) -> None:
    with pytest.raises(InvalidSetting, match=r"^prompt is None, expected a text"):
        ex.read(drawing.image)


def test_a_picture_that_was_given_can_not_be_made_again_with_a_change(ex: Any, drawing: world.Drawing) -> None:
    seen = ex.read(drawing, timesteps=(600,))
    with pytest.raises(InvalidSetting, match=r"^This trace is of a picture that was given, not made: record a prompt"):
        ex.without(seen, "dog")
