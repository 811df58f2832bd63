"""Sums of words."""

import numpy as np
import pytest

from explorer.embeddings.arithmetic import combined, parse, ranked
from explorer.errors import InvalidSetting


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("teddy bear - brown + blue", [(1, "teddy bear"), (-1, "brown"), (1, "blue")]),
        ("teddy bear − brown", [(1, "teddy bear"), (-1, "brown")]),
        ("- snow + castle", [(-1, "snow"), (1, "castle")]),
        ("-snow + castle", [(-1, "snow"), (1, "castle")]),
        ("castle + 0.5 * snow", [(1, "castle"), (0.5, "snow")]),
        ("2*castle - 0.25 × snow", [(2, "castle"), (-0.25, "snow")]),
        ("t-shirt + rock+roll", [(1, "t-shirt"), (1, "rock+roll")]),
        ("  castle  ", [(1, "castle")]),
        ("2 narwhals", [(1, "2 narwhals")]),
    ],
)
def test_expressions(text: str, terms: list[tuple[float, str]]) -> None:
    assert parse(text) == terms


@pytest.mark.parametrize("text", ["", "   ", "castle -", "castle + + snow", "-"])
def test_expressions_with_a_gap(text: str) -> None:
    with pytest.raises(InvalidSetting, match="is no sum of words"):
        parse(text)


def test_a_sum_is_ranked_without_its_own_words() -> None:
    vectors = np.eye(3, dtype=np.float32)
    total = combined([(1, vectors[0]), (-0.5, vectors[1])])
    assert np.linalg.norm(total) == pytest.approx(1)
    found = ranked("x - 0.5 * y", total, ["X", "y", "z"], vectors, ["x"])
    assert found.labels == ("z", "y")
    assert found.rows.tolist() == [2, 1]
    assert found[1] == ("y", pytest.approx(-0.447, abs=1e-3))
    assert repr(found) == "<x - 0.5 * y is nearest to z 0.00, y -0.45>"


def test_words_that_cancel_out() -> None:
    with pytest.raises(InvalidSetting, match="cancel each other out"):
        combined([(1, np.ones(3)), (-1, np.ones(3))])
