"""Maps of vectors: what they hold, how they treat the gap, how they say what cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest

from explorer.atlas import Atlas
from explorer.embeddings import mapping
from explorer.embeddings.gap import gap
from explorer.embeddings.mapping import map_of
from explorer.errors import InvalidSetting, UnknownWord

from .test_neighbours import sphere


def names(count: int) -> list[str]:
    return [f"item {i}" for i in range(count)]


def test_a_map_holds_true_cosines_whatever_is_done_to_the_gap() -> None:
    vectors, modalities = sphere(30, 8), np.arange(30) % 2
    plain = map_of(names(30), vectors, modalities=modalities)
    centred = map_of(names(30), vectors, modalities=modalities, gap="centred")
    np.testing.assert_array_equal(plain.vectors, centred.vectors)
    np.testing.assert_array_equal(plain.neighbours, centred.neighbours)
    assert plain.neighbours.shape == (30, 10)
    assert plain.neighbours.dtype == np.int32
    np.testing.assert_allclose(plain.cosines[3], np.sort(np.delete(vectors @ vectors[3], 3))[::-1][:10], atol=1e-6)
    assert not np.allclose(plain.points, centred.points)
    assert plain.kept.shape == (30,)
    assert 0 < plain.trustworthiness < 1
    assert plain.shape == (30, 2) == (len(plain), len(plain.axes))


def test_the_gap() -> None:
    texts, pictures = sphere(20, 8), sphere(20, 8, 1) + np.float32(0.5)
    pictures /= np.linalg.norm(pictures, axis=1, keepdims=True)
    vectors, modalities = np.concatenate([texts, pictures]), np.repeat([0, 1], 20)
    left = gap(vectors, modalities, "as it is")
    assert left.closed(vectors, modalities) is vectors
    assert "left where the model has them" in left.said
    middle = gap(vectors, modalities, "centred").closed(vectors, modalities)
    np.testing.assert_allclose(middle[:20].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(middle[20:].mean(0), 0, atol=1e-6)
    pairs = [(i, 20 + i) for i in range(6)]
    moved = gap(vectors, modalities, "matched", pairs)
    closed = moved.closed(vectors, modalities)
    np.testing.assert_array_equal(closed[:20], texts)
    np.testing.assert_allclose((closed[20:26] - closed[:6]).mean(0), 0, atol=1e-6)
    assert "6 captions to their pictures" in moved.said


def test_the_gap_needs_both_sides_and_pairs() -> None:
    vectors = sphere(6, 8)
    assert gap(vectors, np.zeros(6), "centred").said == ""
    with pytest.raises(InvalidSetting, match="needs pictures with their captions"):
        gap(vectors, np.arange(6) % 2, "matched")
    with pytest.raises(InvalidSetting, match="gap is 'closed', expected one of 'as it is', 'centred', 'matched'"):
        gap(vectors, np.zeros(6), "closed")


def test_new_words_are_placed_without_moving_the_others() -> None:
    vectors = sphere(12, 8)
    atlas = map_of(names(12), vectors, modalities=np.arange(12) % 2, gap="centred", encode=lambda text: vectors[4])
    before = atlas.points.copy()
    placed = atlas.place(" some word ")
    np.testing.assert_allclose(placed.point, atlas.points[4], atol=1e-6)
    assert placed.label == "some word"
    assert placed.neighbours[0] == 4
    assert placed.cosines[0] == pytest.approx(1)
    np.testing.assert_array_equal(atlas.points, before)
    with pytest.raises(InvalidSetting, match="nothing to put on the map"):
        atlas.place("  ")
    with pytest.raises(InvalidSetting, match="no model at hand"):
        map_of(names(12), vectors).place("word")


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_points_on_one_spot(count: int) -> None:
    atlas = map_of(names(count), np.repeat(sphere(1, 8), count, axis=0))
    assert not atlas.points.any()
    assert "one spot" in atlas.note
    assert (atlas.kept is None) == (count == 1)
    assert atlas.neighbours.shape == (count, min(10, count - 1))


def test_a_large_map_is_sampled_and_asked_for_neighbours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("ALL_NEIGHBOURS", 2000), ("ALL_KEPT", 1000), ("SAMPLE", 100)):
        monkeypatch.setattr(mapping, name, value)
    np.save(tmp_path / "vectors.npy", sphere(3000, 8))
    vectors = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    atlas = map_of(names(3000), vectors)
    assert isinstance(atlas.vectors, np.memmap)  # not copied
    assert atlas.neighbours.shape == (3000, 0)
    assert np.isfinite(atlas.kept).sum() == 100
    rows, cosines = atlas.nearest(7)
    expected = np.argsort(-np.delete(vectors @ vectors[7], 7), kind="stable")[:10]
    np.testing.assert_array_equal(rows, expected + (expected >= 7))
    assert cosines[0] < 1
    assert 0 < atlas.trustworthiness < 1


def test_a_map_that_keeps_little_says_so() -> None:
    assert "only the listed neighbours count" in map_of(names(300), sphere(300, 64)).note
    assert "only the listed" not in map_of(names(300), sphere(300, 2)).note


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (np.zeros((0, 4), np.float32), "at least one"),
        (np.ones((4,), np.float32), "items, dimensions"),
        (np.ones((4, 4), np.int64), "of int64 was given"),
        (np.array([[1, 0], [np.nan, 1]], np.float32), "Vector 1 is zero or holds what is no number"),
        (np.array([[1, 0], [0, 0]], np.float32), "Vector 1 is zero"),
    ],
)
def test_vectors_that_make_no_map(vectors: np.ndarray, told: str) -> None:
    with pytest.raises(InvalidSetting, match=told):
        map_of(names(len(vectors)), vectors)


def test_vectors_are_brought_to_length_1_and_left_alone_where_they_are() -> None:
    vectors = sphere(5, 4)
    assert map_of(names(5), vectors).vectors is vectors
    np.testing.assert_allclose(map_of(names(5), 3 * vectors.astype(np.float64)).vectors, vectors, atol=1e-6)
    with pytest.raises(InvalidSetting, match="4 labels for 5 vectors"):
        map_of(names(4), vectors)


def test_an_atlas_is_asked_by_label_and_by_number() -> None:
    atlas: Atlas = map_of(names(5), sphere(5, 4))
    assert atlas.find("item 3") == 3 == atlas.find(3)
    np.testing.assert_allclose(atlas.similarities("item 3"), atlas.vectors @ atlas.vectors[3])
    np.testing.assert_array_equal(atlas.nearest("item 3", 2)[0], atlas.neighbours[3, :2])
    with pytest.raises(UnknownWord, match="'castle' is not on this map"):
        atlas.find("castle")
    with pytest.raises(UnknownWord, match="numbered from 0 to 4"):
        atlas.nearest(5)
