"""Projections: PCA against the singular value decomposition, axes of one's own, t-SNE and UMAP, new points."""

import sys

import numpy as np
import pytest

from explorer.embeddings import projection
from explorer.embeddings.projection import along, pca, project
from explorer.errors import InvalidSetting

from .test_neighbours import sphere


def groups(each: int = 20, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Four groups of vectors that lie far from each other, and which each is of."""
    r = np.random.default_rng(4)
    vectors = np.repeat(np.eye(size, dtype=np.float32)[:4], each, axis=0) + 0.1 * r.standard_normal(
        (4 * each, size)
    ).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.repeat(np.arange(4), each)


def gathered(points: np.ndarray, which: np.ndarray) -> float:
    """The share of items whose nearest other item is of the same group."""
    far = np.square(points[:, None] - points[None]).sum(2)
    np.fill_diagonal(far, np.inf)
    return float((which[far.argmin(1)] == which).mean())


@pytest.mark.parametrize(("count", "size"), [(500, 32), (12, 64)])
def test_pca_is_the_singular_value_decomposition(count: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "_BLOCK", 64)  # several blocks
    vectors = sphere(count, size) * np.linspace(2, 0.1, size, dtype=np.float32)
    found = pca(vectors, 3)
    away = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    left, strengths, _ = np.linalg.svd(away, full_matrices=False)
    expected = left[:, :3] * strengths[:3]
    expected *= np.sign((expected * found.points).sum(0))
    np.testing.assert_allclose(found.points, expected, atol=2e-5)
    np.testing.assert_allclose(found.explained, strengths[:3] ** 2 / (strengths**2).sum(), atol=1e-5)
    assert found.names[0] == f"PC 1 ({100 * found.explained[0]:.0f} %)"


def test_new_vectors_are_placed_where_they_would_have_been() -> None:
    vectors = sphere(50, 8)
    found = pca(vectors, 2)
    np.testing.assert_allclose(found.place(vectors[:5]), found.points[:5], atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_items_on_one_spot(count: int) -> None:
    found = pca(np.repeat(sphere(1, 8), count, axis=0), 2)
    assert not found.points.any()
    assert found.explained == (0.0, 0.0)
    assert "one spot" in found.said


def test_two_items_lie_on_one_line() -> None:
    found = pca(sphere(2, 8), 3)
    assert np.ptp(found.points[:, 0]) > 0
    assert not found.points[:, 1:].any()
    assert found.explained[0] == pytest.approx(1)


def test_axes_run_from_one_end_to_the_other() -> None:
    vectors = sphere(40, 8)
    ends = [(vectors[:3], vectors[3:6]), (vectors[6:7], vectors[7:8])]
    found = along(vectors, ends, ["a ↔ b", "c ↔ d"])
    assert found.points[:3, 0].mean() == pytest.approx(-1, abs=1e-5)
    assert found.points[3:6, 0].mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(found.points[6:8, 1], [-1, 1], atol=1e-5)
    assert found.names == ("a ↔ b", "c ↔ d")
    assert found.explained is None


def test_one_axis_has_the_other_differences_beside_it() -> None:
    vectors = sphere(40, 8)
    found = along(vectors, [(vectors[:1], vectors[1:2])], ["a ↔ b"])
    direction = vectors[1] - vectors[0]
    rest = vectors - np.outer(vectors @ direction, direction) / (direction @ direction)
    np.testing.assert_allclose(np.abs(found.points[:, 1]), np.abs(pca(rest, 2).points[:, 0]), atol=1e-5)
    np.testing.assert_allclose(found.place(vectors[:4]), found.points[:4], atol=1e-6)


def test_an_axis_needs_two_ends() -> None:
    vectors = sphere(4, 8)
    with pytest.raises(InvalidSetting, match="Both ends of the axis 'x' are the same"):
        along(vectors, [(vectors[:1], vectors[:1])], ["x"])


@pytest.mark.slow
@pytest.mark.timeout(1200)  # UMAP compiles itself first
@pytest.mark.parametrize("method", ["t-SNE", "UMAP"])
def test_layouts_keep_groups_together_and_place_new_points_in_them(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, which = groups()
    first = project(vectors, method, 2, seed=3)
    np.testing.assert_array_equal(first.points, project(vectors, method, 2, seed=3).points)
    assert gathered(first.points, which) == 1
    again = first.place(vectors[:10])
    np.testing.assert_allclose(again, first.points[:10], atol=1e-4)
    monkeypatch.setitem(projection.SAMPLE, method, 40)
    sampled = project(vectors, method, 3, seed=3)
    assert sampled.points.shape == (80, 3)
    assert gathered(sampled.points, which) >= 0.9
    assert "40 of the 80 items were laid out" in sampled.said


@pytest.mark.parametrize("method", ["t-SNE", "UMAP"])
def test_layouts_refuse_items_on_one_spot(method: str) -> None:
    with pytest.raises(InvalidSetting, match=f"{method} needs at least 5 different items, and there are 1"):
        project(np.repeat(sphere(1, 8), 30, axis=0), method)


@pytest.mark.parametrize(("method", "module"), [("t-SNE", "sklearn.manifold"), ("UMAP", "umap")])
def test_a_missing_extra_is_named(method: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InvalidSetting, match=r"needs the extra maps: pip install 'prompt-explorer\[maps\]'"):
        project(sphere(20, 8), method)


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="method is 'MDS', expected one of 'PCA', 't-SNE', 'UMAP'"):
        project(sphere(4, 8), "MDS")
    with pytest.raises(InvalidSetting, match="axes is 4, expected 2 or 3"):
        project(sphere(4, 8), "PCA", 4)
