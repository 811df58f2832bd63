"""Latents as rough pictures without the autoencoder: a small linear decoder, fitted to the trace itself."""

from dataclasses import dataclass

import numpy as np

from ..trace import Trace

REACH = 1
"""Neighbours that a cell's colour is read from, on each side."""
_RIDGE = 0.05  # of the features' mean power: 256 cells are few for 36 features


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A linear map from the latents around a cell to its `factor` x `factor` pixels.

    weights: (3 * 3 * channel + 1, factor * factor * 3) float32, rows in the order (dy, dx, channel) and then the
        constant, columns in the order (y, x, RGB); it gives colours from 0 to 255.
    """

    weights: np.ndarray
    factor: int

    def draw(self, latents: np.ndarray) -> np.ndarray:
        """Pictures (step, y, x, RGB) uint8 of latents (step, channel, y, x)."""
        steps, _, height, width = latents.shape
        flat = _features(latents.astype(np.float32)) @ self.weights
        cells = flat.reshape(steps, height, width, self.factor, self.factor, 3)
        rows = cells.transpose(0, 1, 3, 2, 4, 5).reshape(steps, height * self.factor, width * self.factor, 3)
        pixels: np.ndarray = np.rint(rows.clip(0, 255)).astype(np.uint8)
        return pixels


def fit(latents: np.ndarray, pictures: np.ndarray, factor: int = 4) -> Sketch:
    """The linear decoder that serves these pairs best, by ridge regression.

    latents: (step, channel, y, x), as the autoencoder reads them; pictures: (step, Y, X, RGB) uint8 of the same scenes.
    factor: pixels per cell and side in what it draws; the pictures are brought to that size.
    """
    features = _features(np.nan_to_num(latents.astype(np.float64)))
    _, _, height, width = latents.shape
    small = _area(pictures.astype(np.float64), height * factor, width * factor)
    cells = small.reshape(len(small), height, factor, width, factor, 3).transpose(0, 1, 3, 2, 4, 5)
    wanted = cells.reshape(-1, factor * factor * 3)
    inputs = features.reshape(-1, features.shape[-1])
    moments = inputs.T @ inputs
    ridge = np.eye(len(moments)) * (_RIDGE * np.trace(moments[:-1, :-1]) / max(len(moments) - 1, 1))
    ridge[-1, -1] = 0  # the constant is free
    weights = np.linalg.lstsq(moments + ridge, inputs.T @ wanted, rcond=None)[0]
    return Sketch(weights.astype(np.float32), factor)


def sketch(trace: Trace, factor: int = 4) -> Sketch:
    """Fitted to the trace's last latents and its picture, which are the same scene."""
    return fit(trace.latents.values[-1:], trace.image.values[None], factor)


def _features(latents: np.ndarray) -> np.ndarray:
    """(step, y, x, 3 * 3 * channel + 1): a cell's neighbourhood, the edge repeated, and 1."""
    steps, _, height, width = latents.shape
    padded = np.pad(latents, ((0, 0), (0, 0), (REACH, REACH), (REACH, REACH)), mode="edge")
    around = range(2 * REACH + 1)
    parts = [padded[:, :, dy : dy + height, dx : dx + width].transpose(0, 2, 3, 1) for dy in around for dx in around]
    return np.concatenate([*parts, np.ones((steps, height, width, 1), latents.dtype)], axis=-1)


def _area(pictures: np.ndarray, height: int, width: int) -> np.ndarray:
    """(step, height, width, channel): means over the pixels that fall into each new one."""
    for axis, size in ((1, height), (2, width)):
        old = pictures.shape[axis]
        edges = np.linspace(0, old, size + 1)
        sums = np.concatenate([np.zeros_like(pictures.take([0], axis)), pictures.cumsum(axis)], axis)
        lower = np.minimum(edges.astype(int), old - 1)
        part = (edges - lower).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
        at_edges = sums.take(lower, axis) + part * pictures.take(lower, axis)
        pictures = np.diff(at_edges, axis=axis) / (old / size)
    return pictures
