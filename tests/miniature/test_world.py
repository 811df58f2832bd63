"""The drawn world: deterministic pictures, honest captions, masks that cover what their words made."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from explorer.miniature.world import (
    COLOURS,
    PLACES,
    STYLES,
    SUBJECTS,
    VOCABULARY,
    WEATHERS,
    Drawing,
    Scene,
    Subject,
    caption,
    draw,
    render,
    sample,
    sheet,
)
from explorer.miniature.world.palette import BASES

SEEDS = range(8)


def _digest(drawing: Drawing) -> str:
    h = hashlib.sha256(drawing.image.tobytes() + drawing.caption.encode())
    for mask in drawing.masks:
        h.update(f"{mask.word} {mask.start} {mask.end} {mask.kind}".encode() + mask.pixels.tobytes())
    return h.hexdigest()


def _masks(scene: Scene, kind: str) -> list[np.ndarray]:
    """The masks of a kind, from the first seed near the scene's own whose caption says every subject and colour."""
    for seed in range(scene.seed, scene.seed + 60):
        one = Scene(scene.subjects, scene.place, scene.weather, scene.style, scene.relation, seed)
        found = [m.pixels for m in render(one).masks if m.kind == kind]
        if found:
            return found
    raise AssertionError(f"no caption of {scene} says its {kind}")


def test_the_same_seed_draws_the_same_bytes_in_another_process() -> None:
    here = [_digest(draw(seed)) for seed in SEEDS]
    assert here == [_digest(draw(seed)) for seed in SEEDS]
    code = (
        "from tests.miniature.test_world import SEEDS, _digest, draw\n"
        "print(*[_digest(draw(s)) for s in reversed(SEEDS)])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == here[::-1]


def test_a_drawing_has_the_promised_shapes() -> None:
    for seed in SEEDS:
        one = draw(seed)
        assert one.image.shape == (128, 128, 3)
        assert one.image.dtype == np.uint8
        assert one.scene == sample(seed)
        assert one.caption == caption(one.scene).text
        assert all(m.pixels.shape == (128, 128) and m.pixels.dtype == bool for m in one.masks)


def test_spans_are_the_words_of_the_caption_from_left_to_right() -> None:
    for seed in range(60):
        one = draw(seed)
        assert one.masks
        for mask in one.masks:
            assert one.caption[mask.start : mask.end] == mask.word
        starts = [m.start for m in one.masks]
        assert starts == sorted(set(starts))


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("place", ["sea", "space", "city"])
def test_a_subject_fills_a_fair_part_of_the_picture(name: str, place: str) -> None:
    for seed in range(3):
        (pixels,) = _masks(Scene((Subject(name, "blue"),), place, seed=100 * seed), "subject")
        assert 0.03 < pixels.mean() < 0.7


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("colour", COLOURS)
def test_colour_pixels_are_nearest_to_the_named_colour(name: str, colour: str) -> None:
    scene = Scene((Subject(name, colour),), seed=7)
    for seed in range(7, 80):
        drawing = render(Scene(scene.subjects, seed=seed))
        found = [m.pixels for m in drawing.masks if m.kind == "colour"]
        if found:
            break
    whole = _masks(scene, "subject")[0]
    assert 0.1 * whole.sum() < found[0].sum() <= 1.3 * whole.sum()
    mean = drawing.image[found[0]].mean(0)
    distances = {c: float(np.linalg.norm(mean - np.array(BASES[c]))) for c in COLOURS}
    assert min(distances, key=lambda c: distances[c]) == colour


@pytest.mark.parametrize("style", [None, *STYLES])
def test_the_colours_stay_apart_in_every_style(style: str | None) -> None:
    means = {}
    for colour in COLOURS:
        scene = Scene((Subject("teddy bear", colour),), "countryside landscape", None, style, seed=11)
        one = _with_colour(scene)
        means[colour] = one.image[next(m.pixels for m in one.masks if m.kind == "colour")].mean(0)
    for a in COLOURS:
        for b in COLOURS:
            assert a == b or np.linalg.norm(means[a] - means[b]) > 25, (a, b)


def _with_colour(scene: Scene) -> Drawing:
    for seed in range(scene.seed, scene.seed + 60):
        one = render(Scene(scene.subjects, scene.place, scene.weather, scene.style, scene.relation, seed))
        if any(m.kind == "colour" for m in one.masks):
            return one
    raise AssertionError("no caption named a colour")


@pytest.mark.parametrize("place", PLACES)
def test_a_place_lies_around_its_subject(place: str) -> None:
    scene = Scene((Subject("dog", "red"),), place, seed=3)
    assert 0.3 < _masks(scene, "place")[0].mean() < 0.97


@pytest.mark.parametrize("weather", WEATHERS)
def test_a_weather_changes_the_pixels_it_masks(weather: str) -> None:
    scene = Scene((Subject("castle", "red"),), "countryside landscape", weather, seed=3)
    pixels = _masks(scene, "weather")[0]
    assert pixels.mean() > 0.1
    fair = render(Scene(scene.subjects, scene.place, None, None, None, 3)).image.astype(float)
    assert np.abs(render(scene).image - fair)[pixels].mean() > 10


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_the_whole_picture_and_shows(style: str) -> None:
    scene = Scene((Subject("boat", "green"),), "sea", "sunny", style, seed=3)
    assert all(m.all() for m in _masks(scene, "style"))
    plain = render(Scene(scene.subjects, scene.place, scene.weather, None, None, 3)).image.astype(float)
    assert np.abs(render(scene).image - plain).mean() > 4


@pytest.mark.parametrize("relation", ["left of", "right of"])
def test_two_subjects_stand_on_their_sides_and_hardly_overlap(relation: str) -> None:
    for seed in range(12):
        scene = Scene((Subject("dog", "red"), Subject("narwhal", "red")), "sea", None, None, relation, seed)
        subjects = [m for m in render(scene).masks if m.kind == "subject"]
        dog, whale = sorted(subjects, key=lambda m: m.word != "dog")
        first, second = (float(np.nonzero(m.pixels)[1].mean()) for m in (dog, whale))
        assert (first < second) == (relation == "left of")
        assert not (dog.pixels & whale.pixels).any()


def test_the_vocabulary_is_what_captions_say_no_more_and_no_less() -> None:
    said = Counter(w for seed in range(12000) for w in re.findall(r"[a-z]+", caption(sample(seed)).text.lower()))
    assert set(said) == set(VOCABULARY)


def test_captions_run_from_a_word_to_a_sentence() -> None:
    lengths = Counter(len(caption(sample(seed)).text.split()) for seed in range(2000))
    assert min(lengths) == 1
    assert max(lengths) > 15
    text = " ".join(caption(sample(seed)).text for seed in range(2000))
    assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|  | ,|[⟨⟩\[\]{}]", text)


def test_sampling_is_even() -> None:
    scenes = [sample(seed) for seed in range(4000)]
    assert 0.6 < np.mean([len(s.subjects) == 1 for s in scenes]) < 0.7
    for values in (
        Counter(o.name for s in scenes for o in s.subjects),
        Counter(o.colour for s in scenes for o in s.subjects),
        Counter(s.place for s in scenes),
        Counter(s.weather for s in scenes if s.weather),
        Counter(s.style for s in scenes),
    ):
        assert min(values.values()) > 0.7 * max(values.values())


def test_unknown_names_are_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no subject called 'dragon'; it knows .*castle"):
        Subject("dragon", "red")
    with pytest.raises(ValueError, match=r"no colour called 'mauve'; it knows red, "):
        Subject("dog", "mauve")
    dog = Subject("dog", "red")
    with pytest.raises(ValueError, match=r"no place called 'moon'"):
        Scene((dog,), "moon")
    with pytest.raises(ValueError, match=r"no weather called 'hail'"):
        Scene((dog,), "city", "hail")
    with pytest.raises(ValueError, match=r"no style called 'cubism'"):
        Scene((dog,), "city", None, "cubism")


def test_scenes_that_do_not_go_together_are_refused() -> None:
    dog = Subject("dog", "red")
    with pytest.raises(ValueError, match=r"There is no weather at 'space'"):
        Scene((dog,), "space", "rainy")
    with pytest.raises(ValueError, match=r"Two subjects need different names; both are 'dog'"):
        Scene((dog, Subject("dog", "blue")), "city")
    with pytest.raises(ValueError, match=r"one subject or two, not 0"):
        Scene(())
    with pytest.raises(ValueError, match=r"'left of' needs two subjects"):
        Scene((dog,), "city", relation="left of")


def test_a_sheet_holds_drawings_and_scenes() -> None:
    assert sheet([draw(1), sample(2), sample(3)], columns=2, gap=4).size == (260, 260)
