"""The training pictures, searched by their captions and by what they show."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from explorer.miniature import world
from explorer.miniature.library import Library


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(1500)


def test_pictures_are_those_of_the_training(library: Library) -> None:
    item = library[7]
    assert (item.seed, item.caption) == (7, world.draw(7).caption)
    assert np.array_equal(item.picture(), world.draw(7).image)
    assert item.thumb(32).shape == (32, 32, 3)
    assert Library(3, first=50)[1].seed == 51
    with pytest.raises(IndexError, match="pictures 0 to 1499, not 1500"):
        library[1500]


def test_a_search_finds_all_that_fit_and_nothing_else(library: Library) -> None:
    found = library.search("castle", most=None)
    expected = [i for i in range(1500) if "castle" in world.caption(world.sample(i)).text.lower().split()]
    assert set(expected) <= {item.seed for item in found}
    assert all("castle" in item.caption.lower() for item in found)
    assert (found.searched, found.more) == (1500, False)
    few = library.search("castle", most=3)
    assert [item.seed for item in few] == [item.seed for item in found][:3]
    assert few.more
    assert few.searched < 1500
    assert len(library.search("castle", within=10, most=None)) <= 10


def test_words_phrases_and_names_must_all_fit(library: Library) -> None:
    both = library.search("red castle", most=None)
    phrase = library.search('"red castle"', most=None)
    assert {item.seed for item in phrase} < {item.seed for item in both}
    assert all("red castle" in item.caption.lower() for item in phrase)
    assert not len(library.search("cast"))  # whole words
    own = library.search(subject="dog", colour="blue", most=None)
    assert len(own)
    for item in own:
        assert ("dog", "blue") in [(one.name, one.colour) for one in item.scene.subjects]
    scenes = [item.scene for item in library]
    style = library.search(style="comic", place="sea", most=None)
    assert len(style) == sum((s.style, s.place) == ("comic", "sea") for s in scenes) > 0
    pair = library.search(subject=("cat", "tree"), most=None)
    assert len(pair) == sum({"cat", "tree"} == {one.name for one in s.subjects} for s in scenes)
    assert len(library.search(colour="pink", weather="rainy", mood="cute", most=None)) == sum(
        (s.weather, s.mood) == ("rainy", "cute") and "pink" in [one.colour for one in s.subjects] for s in scenes
    )


def test_a_pair_that_is_held_out_is_not_there_and_this_is_said(library: Library) -> None:
    subject, colour = next((s, c) for s in world.SUBJECTS for c in world.COLOURS if world.held_out(s, c))
    found = library.search(subject=subject, colour=colour, most=None)
    assert not len(found)
    assert f"No training picture pairs {subject} with {colour}" in repr(found)
    assert not library.search(subject=subject, most=1).note
    assert found._repr_png_() is None
    names, table = library.together("colour", within=1500)
    never = np.array([[world.held_out(s, name) for name in names] for s in world.SUBJECTS])
    assert table[never].sum() == 0
    assert table.sum() == sum(len(item.scene.subjects) for item in library)


def test_a_shelf_shows_itself(library: Library) -> None:
    shelf = library.search("at night", most=5)
    assert shelf.thumbs(24).shape == (5, 24, 24, 3)
    assert shelf.sheet(columns=5).size == (5 * 132 - 4, 128)
    assert (shelf._repr_png_() or b"").startswith(b"\x89PNG")
    assert repr(shelf).startswith("<Shelf: 5 or more of ")
    assert [item.seed for item in shelf] == [shelf[i].seed for i in range(5)]


def test_words_are_counted(library: Library) -> None:
    counts = library.words(300)
    expected: Counter[str] = Counter()
    for seed in range(300):
        expected.update({w.strip(",").lower() for w in world.caption(world.sample(seed)).text.split()})
    assert counts["red"] == expected["red"] > 0
    assert counts.most_common(1)[0][1] <= 300


def test_what_is_not_of_the_world_is_refused(library: Library) -> None:
    with pytest.raises(ValueError, match=r"no style called 'cubism'; it knows watercolour painting"):
        library.search(style="cubism")
    with pytest.raises(ValueError, match=r"no subject called 'dragon'"):
        library.search(subject=("dog", "dragon"))
    with pytest.raises(ValueError, match="kind is 'mood', expected colour, place or style"):
        library.together("mood")
    with pytest.raises(ValueError, match="at least one picture and seeds from 0 on, not 0 from 0"):
        Library(0)


def test_the_seed_alone_tells_the_scene(library: Library) -> None:
    one = library[11].scene
    assert one == world.sample(11) != replace(one, seed=12)


def test_searching_needs_no_torch() -> None:
    code = (
        "import sys; from explorer.miniature.library import Library; Library(50).search('red');"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
