"""Enlarging by rule, and how near one picture comes to another. No torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RULES = ("nearest", "bicubic", "lanczos")
"""The ways to enlarge a picture that know nothing of what is in it."""


def enlarged(picture: NDArray[np.uint8], rule: str, times: int = 4) -> NDArray[np.uint8]:
    """A picture (y, x, 3) uint8, so many times as wide and high, by one of `RULES`."""
    size = (picture.shape[1] * times, picture.shape[0] * times)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling[rule.upper()]))


def guesses(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where pictures from several seeds disagree: (seed, y, x, 3) uint8 to (y, x) float32.

    The standard deviation over the seeds, in levels of 255, as the root mean square over the colours.
    """
    return np.asarray(np.sqrt(pictures.astype(np.float32).var(axis=0).mean(axis=-1)), np.float32)


def error(picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How far each pixel is off, (y, x) in levels of 255: the root mean square over the colours."""
    return np.asarray(np.sqrt(((picture.astype(np.float32) - truth) ** 2).mean(-1)), np.float32)


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Pearson's, over the pixels of two maps; 0 where one of them is flat."""
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def psnr(picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB: 3 more is half the squared error; infinite for the same picture."""
    squared = float(np.mean((picture.astype(np.float64) - truth) ** 2))
    return float(10 * np.log10(255**2 / squared)) if squared else float("inf")


def ssim(picture: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """The structural similarity of two pictures' lightness (Wang et al. 2004, with their window and constants).

    1 is the same picture; a soft edge where a sharp one should be costs more than a wrong shade does.
    """
    a, b = (np.asarray(Image.fromarray(one).convert("L"), np.float64) for one in (picture, truth))
    bell = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    bell /= bell.sum()

    def mean(x: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = sum(w * x[i : len(x) - 10 + i] for i, w in enumerate(bell))
        return np.asarray(sum(w * rows[:, i : x.shape[1] - 10 + i] for i, w in enumerate(bell)))

    ma, mb = mean(a), mean(b)
    va, vb, both = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return float(found.mean())
