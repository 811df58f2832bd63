"""Maps, arithmetic, matches and styles from an Explorer, on the miniature."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.embeddings import Space
from explorer.embeddings.words import Words, words_of
from explorer.errors import InvalidSetting, UnknownWord
from explorer.miniature import world
from explorer.session import Explorer
from explorer.trace import Trace


@pytest.fixture(scope="module")
def trace(miniature: Explorer) -> Trace:
    found = miniature.record("a red castle in the snow", seed=3, steps=4)
    assert isinstance(found, Trace)
    return found


@pytest.fixture
def ex(miniature: Explorer, space: Space) -> Iterator[Explorer]:
    """The miniature, with a space that is loaded once and keeps nothing on disk."""
    held = miniature.__dict__.setdefault("_spaces", {})
    held[("miniature", "None", "None")] = space
    yield miniature
    miniature._history.clear()


def test_spaces_are_loaded_once(ex: Explorer, space: Space) -> None:
    assert ex.space() is space is ex.space("miniature")
    assert explorer.Space is Space


def test_a_map_of_nothing_is_that_of_the_known_words(ex: Explorer) -> None:
    atlas = ex.project()
    assert {"subject", "colour", "style", "place", "weather"} <= set(atlas.kinds)
    assert atlas.kinds[atlas.find("castle")] == "subject"
    assert not atlas.thumbs
    assert atlas.source == "the miniature's CLIP"


def test_a_map_of_runs_has_their_words_prompts_and_pictures(ex: Explorer, trace: Trace) -> None:
    told: list[tuple[int, int]] = []
    atlas = ex.project(runs=[trace], gap="matched", on_progress=lambda done, of: told.append((done, of)))
    assert {"castle", "red", "snow", "a red castle in the snow"} == set(atlas.labels)
    row = atlas.kinds.index("picture")
    assert atlas.modalities[row] == 1
    assert max(atlas.thumbs[row].shape) == 64
    assert "one caption to its picture" in atlas.note
    np.testing.assert_allclose(atlas.vectors[row], ex.space().encode_pictures([trace])[0], atol=1e-6)
    assert told[-1] == (len(atlas), len(atlas))


def test_words_by_kind_and_pictures_by_caption(ex: Explorer, drawings: list[Image.Image]) -> None:
    atlas = ex.project(
        {"thing": ["castle", "boat"], "tone": "red"}, {"a red castle": drawings[0], "a boat": drawings[1:3]}
    )
    assert atlas.kinds[:3] == ["thing", "thing", "tone"]
    assert sum(kind == "picture" for kind in atlas.kinds) == 3
    placed = atlas.place("narwhal")
    np.testing.assert_allclose(placed.vector, ex.space().encode_text(["narwhal"])[0], atol=1e-6)
    best = int(np.argmax(atlas.vectors @ placed.vector))
    assert placed.neighbours[0] == best


def test_axes_of_ones_own(ex: Explorer) -> None:
    atlas = ex.project(["castle", "snow", "rain"], axes=[("snow", "rain"), (["red", "orange"], ["blue"])])
    assert atlas.method == "axes"
    assert atlas.axes == ("snow ↔ rain", "red, orange ↔ blue")
    np.testing.assert_allclose(atlas.points[1:, 0], [-1, 1], atol=1e-4)
    assert ex.project(["castle", "snow", "rain"], axes=("snow", "rain")).shape == (3, 2)
    with pytest.raises(InvalidSetting, match="is no axis: give two words"):
        ex.project(["castle"], axes=[("snow",)])


def test_an_interpolation_is_a_path(ex: Explorer) -> None:
    path = ex.interpolate("a red castle", "a blue castle", frames=3, steps=2, seed=1)
    atlas = ex.project(path=path)
    (way,) = atlas.paths
    assert way.kind == "interpolation"
    assert [atlas.labels[row] for row in way.rows] == ["frame 1", "frame 2", "frame 3"]
    shown = ex.space().encode_pictures([frame.trace for frame in path.frames])
    np.testing.assert_allclose(atlas.vectors[list(way.rows)], shown, atol=1e-6)
    assert {"a red castle", "a blue castle"} <= set(atlas.labels)


def test_the_steps_of_a_run_are_a_path(ex: Explorer, trace: Trace) -> None:
    decoded = ex.project(path=trace, gap="matched")  # its last step is the prompt's picture
    assert "one caption to its picture" in decoded.note
    (way,) = decoded.paths
    assert (way.kind, len(way.rows)) == ("steps", 4)
    kept = dataclasses.replace(trace, pictures=trace.image.expand_dims(step=4))
    held = ex.project(path=kept)
    assert held.modalities[list(held.paths[0].rows)].tolist() == [1] * 4
    np.testing.assert_allclose(np.ptp(held.vectors[list(held.paths[0].rows)], axis=0), 0, atol=1e-6)


def test_what_makes_no_map(ex: Explorer) -> None:
    for asked, told in (
        ({"words": []}, "nothing to put on the map"),
        ({"words": [""]}, "is no word"),
        ({"runs": "castle"}, "runs is str, expected traces"),
        ({"path": 3}, "path is int, expected interpolations and traces"),
        ({"images": [3]}, "int is no picture"),
        ({"words": ["castle"], "axes": []}, "expected 2, 3, or pairs"),
    ):
        with pytest.raises(InvalidSetting, match=told):
            ex.project(**asked)


def test_words_of_a_prompt() -> None:
    known = {"teddy bear": "subject", "bear": "subject", "red": "colour"}
    assert words_of("a Red teddy bear, in the SNOW!", known) == ["teddy bear", "red", "snow"]


def test_a_known_word_is_the_mean_over_captions_that_say_it(ex: Explorer) -> None:
    space, words = ex.space(), Words(ex, ex.space(), "captions")
    for kind, names in words.known.items():
        for name in names:
            told = words.told(name.upper())
            assert len(told) == 24 == len(set(told))
            # Its own words, or one that the world says in its place: "at night" is the place of "night".
            assert kind in ("style", "place", "weather", "mood") or all(name in text for text in told), (name, told)
    told = words.told("castle")
    mean = space.encode_text(told).mean(0)
    np.testing.assert_allclose(words.encode(["castle"])[0], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_array_equal(words.encode(["castle"], [True]), space.encode_text(["castle"]))
    np.testing.assert_array_equal(words.encode(["zeppelin"]), space.encode_text(["zeppelin"]))
    several = ex.project(["castle", "zeppelin"], template="captions")
    np.testing.assert_allclose(several.vectors[0], words.encode(["castle"])[0], atol=1e-6)
    np.testing.assert_allclose(several.place("castle").vector, several.vectors[0], atol=1e-6)
    assert "the mean over 24 captions" in several.note
    one = ex.project(["castle", "boat"], template="a photo of a {}")
    np.testing.assert_allclose(one.vectors[0], space.encode_text(["a photo of a castle"])[0], atol=1e-6)
    assert "each word is read in its template" in one.note
    with pytest.raises(InvalidSetting, match="expected braces for the word"):
        ex.project(["castle"], template="a photo")


def test_arithmetic_is_ranked_among_words_and_pictures(ex: Explorer, drawings: list[Image.Image]) -> None:
    found = ex.most_similar("a brown castle - brown + red")
    assert len(found) > 40
    assert (np.diff(found.cosines) <= 1e-7).all()
    assert not {"brown", "red", "a brown castle"} & set(found.labels)
    among = ex.most_similar([(1, drawings[0]), (-1, "red"), (1, "blue")], ["a red castle", drawings[1]])
    space = ex.space()
    total = space.encode_pictures(drawings[:1])[0] + [-1, 1] @ space.encode_text(["red", "blue"])
    total /= np.linalg.norm(total)
    np.testing.assert_allclose(
        sorted(among.cosines),
        sorted(
            [
                float(space.encode_text(["a red castle"])[0] @ total),
                float(space.encode_pictures([drawings[1]])[0] @ total),
            ]
        ),
        atol=1e-5,
    )
    with pytest.raises(InvalidSetting, match="All that could be ranked is in the sum itself"):
        ex.most_similar("red", ["red"])
    with pytest.raises(InvalidSetting, match="is no sum"):
        ex.most_similar([("red", 1)], ["blue"])


def test_match_takes_traces(ex: Explorer, trace: Trace) -> None:
    found = ex.match(["a red castle", "a blue cat"], trace)
    assert found.cosines.shape == (2, 1)


def test_styles_are_mean_steps(ex: Explorer) -> None:
    found = ex.style_directions(["castle", "cat", "a small boat"], [*world.STYLES[:2], "a drawing of {}", "in blue"])
    space = ex.space()
    plain = space.encode_text(["a castle", "a cat", "a small boat"])
    texts = space.encode_text(["a drawing of a castle", "a drawing of a cat", "a drawing of a small boat"])
    np.testing.assert_allclose(found.directions.values[2], (texts - plain).mean(0), atol=1e-6)
    steps = (texts - plain) / np.linalg.norm(texts - plain, axis=1, keepdims=True)
    pairs = [steps[i] @ steps[j] for i in range(3) for j in range(i)]
    assert found.constancy.values[2] == pytest.approx(np.mean(pairs), abs=1e-5)
    np.testing.assert_allclose(np.diag(found.cosines), 1, atol=1e-5)
    assert len(found.project()) == 15
    one = found.project(style="a drawing of {}")
    assert list(one.labels)[:2] == ["castle", "a drawing of a castle"]
    with pytest.raises(InvalidSetting, match="style is 'comics', expected one of"):
        found.project(style="comics")


def test_a_style_is_drawn_by_its_direction(ex: Explorer) -> None:
    settings = {"seed": 5, "steps": 2}
    plain = ex.record("a red boat", **settings)
    none = ex.styled("a red boat", world.STYLES[0], 0.0, subjects=["castle", "cat"], **settings)
    np.testing.assert_array_equal(none.image.values, plain.image.values)
    full = ex.styled("a red boat", world.STYLES[0], 1.0, subjects=["castle", "cat"], **settings)
    assert not np.array_equal(full.image.values, plain.image.values)
    np.testing.assert_array_equal(full.noise.values, plain.noise.values)
    assert full.settings.prompt == "a red boat"
    assert full.settings.edit["kind"] == "style"
    assert -1 <= full.settings.edit["constancy"] <= 1
    with pytest.raises(InvalidSetting, match="amount is 'much'"):
        ex.styled("a red boat", world.STYLES[0], "much")
    with pytest.raises(InvalidSetting, match="changes nothing that this model reads|does not hold the subject"):
        ex.styled("a red boat", "{}", 1.0, subjects=["castle", "cat"], **settings)


def test_the_text_encoder_is_a_space_of_what_the_denoiser_reads(ex: Explorer) -> None:
    space = ex.space("text encoder", cache=False)
    pipe = ex.pipe
    ids = pipe.tokenizer("castle", padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        told = pipe.text_encoder(ids, output_hidden_states=True)
    np.testing.assert_allclose(
        space.encode_text(["castle"], normalize=False)[0], told.last_hidden_state[0, 1].numpy(), atol=1e-5
    )
    states = space.through_layers("castle")
    np.testing.assert_allclose(states.vectors, np.stack([s[0, 1].numpy() for s in told.hidden_states]), atol=1e-5)
    near = space.in_context("castle", ["a red castle", "a red castle in the snow"]).cosines.values
    assert near[0, 1] == pytest.approx(1, abs=1e-4)
    atlas = ex.project(["castle", "boat", "red", "blue"], space=space)
    assert atlas.source == f"the text encoder of {ex.model}"
    assert len(space.tower.identity) == 64
    with pytest.raises(UnknownWord):
        space.through_layers("boat", "a castle")
    with pytest.raises(InvalidSetting, match="knows texts alone, and pictures were given"):
        space.encode_pictures([np.zeros((8, 8, 3), np.uint8)])
