"""Arithmetic with words: "teddy bear - brown + blue", and what it is nearest to. No torch."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidSetting

Term = tuple[float, Any]
_SIGN = re.compile(r"(?:^|(?<=\s))([+\-−–])(?=\s|$)|^([+\-−–])")
_FACTOR = re.compile(r"^(\d+(?:\.\d+)?)\s*[*×]\s*(.+)$")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ranking:
    """Items in the order of their cosine with a vector, the nearest first.

    labels, cosines, rows: of each item its name, its cosine, and its number among what was ranked.
    vector: (d,) float32, unit norm.
    """

    asked: str
    labels: tuple[str, ...]
    cosines: np.ndarray
    rows: np.ndarray
    vector: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> tuple[str, float]:
        """The label and the cosine at a place, 0 is the nearest."""
        return self.labels[place], float(self.cosines[place])

    def __repr__(self) -> str:
        shown = ", ".join(f"{label} {cosine:.2f}" for label, cosine in [self[i] for i in range(min(10, len(self)))])
        return f"<{self.asked} is nearest to {shown}{' …' if len(self) > 10 else ''}>"


def parse(expression: str) -> list[tuple[float, str]]:
    """The terms of "teddy bear - brown + 0.5 * blue": factors and texts.

    Signs stand between blanks, so that "t-shirt" is a word. Raises InvalidSetting where a sign has nothing behind it.
    """
    parts = _SIGN.split(expression.strip())
    # split() gives text, then for each sign its two groups and the text behind it.
    terms: list[tuple[float, str]] = []
    texts = [parts[0], *parts[3::3]]
    signs = ["+", *(a or b for a, b in zip(parts[1::3], parts[2::3], strict=True))]
    for number, (sign, text) in enumerate(zip(signs, texts, strict=True)):
        text = text.strip()
        if not text and number == 0 and len(texts) > 1:
            continue  # it begins with a sign
        match = _FACTOR.match(text)
        factor, words = (float(match[1]), match[2].strip()) if match else (1.0, text)
        if not words:
            raise InvalidSetting(
                f"{expression!r:.60} is no sum of words: write it such as 'teddy bear - brown + blue'."
            )
        terms.append((factor if sign == "+" else -factor, words))
    return terms


def combined(terms: Sequence[tuple[float, np.ndarray]]) -> np.ndarray:
    """The sum of factors and unit vectors (d,), brought to length 1. Raises InvalidSetting where nothing is left."""
    total = np.sum([factor * vector.astype(np.float64) for factor, vector in terms], axis=0)
    length = math.sqrt(float(total @ total))
    if length < 1e-6:
        raise InvalidSetting(
            "The words cancel each other out, so that nothing is left to look for: change one of them."
        )
    found: np.ndarray = (total / length).astype(np.float32)
    return found


def ranked(asked: str, vector: np.ndarray, labels: Sequence[str], vectors: np.ndarray, leave: Sequence[str]) -> Ranking:
    """Items by their cosine with a vector; leave: labels that are not ranked, as those that were asked with."""
    hidden = {text.casefold() for text in leave}
    rows = np.array([i for i, label in enumerate(labels) if label.casefold() not in hidden], np.int64)
    cosines = vectors[rows] @ vector
    order = np.argsort(-cosines, kind="stable")
    return Ranking(asked, tuple(labels[i] for i in rows[order]), cosines[order], rows[order].astype(np.int32), vector)
