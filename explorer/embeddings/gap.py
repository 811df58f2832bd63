"""The gap between words and pictures: a CLIP model puts them into two separate cones (Liang et al. 2022). No torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..atlas import PICTURE, TEXT
from ..errors import InvalidSetting

GAPS = ("as it is", "centred", "matched")
_SAMPLE = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """What is subtracted from the vectors of each modality before they are laid out.

    shifts: (2, d) float32, of texts and of pictures. said: what was done, for the map's note; empty with one modality.
    """

    kind: str
    shifts: np.ndarray
    said: str

    def closed(self, vectors: np.ndarray, modalities: np.ndarray | int) -> np.ndarray:
        """Vectors (n, d) without the gap; the same array where nothing is done."""
        if not self.shifts.any():
            return vectors
        shifts = self.shifts[modalities]
        moved: np.ndarray = vectors - shifts
        return moved


def gap(vectors: np.ndarray, modalities: np.ndarray, kind: str, pairs: Sequence[tuple[int, int]] = ()) -> Gap:
    """How the gap between texts and pictures is treated.

    vectors: (n, d), unit norm. kind: "as it is"; "centred": from each the mean of its modality is subtracted;
    "matched": from the pictures, the mean step from a text to its picture. pairs: rows of texts and their pictures.
    Raises InvalidSetting for another kind, and for "matched" without pairs.
    """
    if kind not in GAPS:
        raise InvalidSetting(f"gap is {kind!r}, expected one of {', '.join(map(repr, GAPS))}.")
    none = np.zeros((2, vectors.shape[1]), np.float32)
    rows = [np.flatnonzero(modalities == side) for side in (TEXT, PICTURE)]
    if not all(len(own) for own in rows):
        return Gap(kind, none, "")
    if kind == "as it is":
        texts, pictures = (vectors[own[:: max(1, len(own) // _SAMPLE)]].mean(0) for own in rows)
        said = (
            "words and pictures are left where the model has them (a word and a picture have a mean cosine of "
            f"{float(texts @ pictures):.2f}, two words {float(texts @ texts):.2f}, two pictures "
            f"{float(pictures @ pictures):.2f})"
        )
        return Gap(kind, none, said)
    shifts = none.copy()
    if kind == "centred":
        for side, own in enumerate(rows):
            shifts[side] = np.mean(vectors[own], axis=0, dtype=np.float64)
        return Gap(
            kind, shifts, "the mean of all words was subtracted from the words, that of all pictures from the pictures"
        )
    if not pairs:
        raise InvalidSetting(
            'gap="matched" needs pictures with their captions: give images={"a red castle": picture}, or runs.'
        )
    index = np.array(pairs)
    shifts[PICTURE] = (vectors[index[:, 1]] - vectors[index[:, 0]]).mean(0, dtype=np.float64)
    many = f"{len(pairs)} captions to their pictures" if len(pairs) > 1 else "one caption to its picture"
    return Gap(kind, shifts, f"the pictures were moved back by the mean step from {many}")
