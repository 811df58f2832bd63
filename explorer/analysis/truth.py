"""Heat maps against true masks, where the truth is known (the drawn world)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .heat import resize


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well heat maps cover true masks."""

    iou: float
    """Mean intersection over union at `threshold`."""
    threshold: float
    """Of the map's own maximum; the one that serves all pairs best."""
    pointing: float
    """Share of maps whose hottest pixel lies in the mask (pointing game, Zhang et al. 2016)."""
    chance: float
    """Mean IoU of a map that is hot everywhere."""
    count: int


def agreement(pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, threshold: float | None = None) -> Agreement:
    """Compare heat maps with masks.

    pairs: (heat (y, x), mask (Y, X) bool); each map is brought to its mask's size and divided by its maximum.
    threshold: fixed, or None for the best single one of 0.05, 0.10 ... 0.95.
    """
    thresholds = np.arange(0.05, 1.0, 0.05) if threshold is None else np.array([threshold])
    ious, hits, chance = [], [], []
    for heat, mask in pairs:
        scaled = resize(np.asarray(heat, np.float32), *mask.shape)
        scaled = scaled / max(float(scaled.max()), 1e-12)
        over = scaled[None] >= thresholds[:, None, None]
        ious.append((over & mask).sum((1, 2)) / np.maximum((over | mask).sum((1, 2)), 1))
        hits.append(bool(mask[np.unravel_index(int(scaled.argmax()), mask.shape)]))
        chance.append(float(mask.mean()))
    if not ious:
        return Agreement(float("nan"), float("nan"), float("nan"), float("nan"), 0)
    means = np.mean(ious, axis=0)
    best = int(means.argmax())
    return Agreement(
        float(means[best]), float(thresholds[best]), float(np.mean(hits)), float(np.mean(chance)), len(ious)
    )
