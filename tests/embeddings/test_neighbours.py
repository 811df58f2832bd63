"""Neighbours, and what a map keeps of them, against the plain definitions and scikit-learn."""

import numpy as np
import pytest

from explorer.analysis import neighbours as module
from explorer.analysis.neighbours import kept, nearest_to, neighbours, neighbours_among, trustworthiness
from explorer.errors import InvalidSetting


def sphere(count: int, size: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [2, 7, 40, 3000])
def test_neighbours_are_those_of_a_full_sort(count: int) -> None:
    vectors = sphere(count, 16)
    rows = np.arange(0, count, max(1, count // 20))
    found, cosines = neighbours(vectors, 10, rows)
    for row, near, far in zip(rows, found, cosines, strict=True):
        similar = vectors @ vectors[row]
        similar[row] = -2
        expected = np.argsort(-similar, kind="stable")[: min(10, count - 1)]
        assert sorted(near) == sorted(expected)
        np.testing.assert_allclose(far, similar[expected], atol=1e-6)
        assert (np.diff(far) <= 0).all()


def test_a_thousand_items_on_one_spot_are_each_others_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CANDIDATES", 50)
    vectors = np.repeat(sphere(2, 8), 1000, axis=0)
    found, cosines = neighbours(vectors, 10, np.array([3, 1500]))
    assert found[0].tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert (found[1] >= 1000).all()
    np.testing.assert_allclose(cosines, 1, atol=1e-6)


def test_one_item_has_no_neighbours() -> None:
    found, cosines = neighbours(sphere(1, 4), 10)
    assert found.shape == cosines.shape == (1, 0)


def test_nearest_to_leaves_the_item_itself_out() -> None:
    vectors = sphere(30, 8)
    rows, cosines = nearest_to(vectors, vectors[4], 3, leave=4)
    assert 4 not in rows
    assert cosines[0] < 1
    assert nearest_to(vectors, vectors[4], 3)[0][0] == 4


def test_distances_among_almost_equal_points_do_not_cancel() -> None:
    base = sphere(1, 64)[0]
    vectors = base + np.linspace(0, 0.2, 200, dtype=np.float32)[:, None] * sphere(1, 64, 1)
    rows, far = neighbours_among(vectors[100:101], vectors, 3)
    assert rows[0, 0] == 100
    assert far[0, 0] == 0
    assert set(rows[0, 1:]) == {99, 101}


@pytest.mark.parametrize("seed", range(3))
def test_trustworthiness_is_that_of_scikit_learn(seed: int) -> None:
    manifold = pytest.importorskip("sklearn.manifold")  # of the extra `maps`, which the tests install
    vectors = sphere(150, 12, seed)
    for points in (vectors[:, :2], np.random.default_rng(9).standard_normal((150, 2)).astype(np.float32)):
        expected = manifold.trustworthiness(vectors, points, n_neighbors=10, metric="cosine")
        assert trustworthiness(vectors, points, 10) == pytest.approx(expected, abs=1e-6)


def test_a_perfect_map_keeps_all_neighbours_and_a_random_one_few() -> None:
    angle = np.linspace(0, 1, 60, dtype=np.float32)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    near, _ = neighbours(circle, 5)
    assert kept(near, circle).min() == 1
    assert trustworthiness(circle, circle, 5) == 1
    shuffled = np.random.default_rng(0).permutation(circle)
    assert kept(near, shuffled).mean() < 0.4
    np.testing.assert_array_equal(kept(near[7:9], shuffled, np.array([7, 8])), kept(near, shuffled)[7:9])


def test_few_items_have_no_trustworthiness() -> None:
    assert trustworthiness(sphere(3, 4), sphere(3, 2)) is None


def test_points_of_two_maps_are_refused() -> None:
    with pytest.raises(InvalidSetting, match="2 and 3 axes can't be compared"):
        module.distances(np.zeros((1, 2)), np.zeros((1, 3)))
