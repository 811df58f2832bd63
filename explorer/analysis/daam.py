"""Heat maps as DAAM defines them (Tang et al. 2023, "What the DAAM"), so that its published ones can be reproduced."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..trace import Trace, shares
from .heat import pooling


def daam(trace: Trace, word: str | int | Sequence[str | int], *, normalise: bool = False) -> xr.DataArray:
    """Where `word` draws attention, by DAAM's own recipe (eq. 4-6 of the paper and its package, version 0.2).

    Each layer's maps are summed over the steps, brought to the latents' grid bicubically, negative values set to 0,
    and their mean over the layers taken; a word's map is the mean over its tokens, a phrase's over its words.
    It sets negative values to 0 head by head, and weighs layers by their number of heads: to reproduce that as well,
    record with keep={"heads": True}.

    word: as in `heat`. normalise: divide by the sum over all of the prompt's tokens, as the package can.
    Returns a DataArray (y, x) float32 on the latents' grid, at least 0: a sum over steps, so no share.
    Raises UnknownWord, naming the prompt's words, if `word` is not one of them or was cut off.
    """
    tokens = trace.tokens
    found = [i for i in tokens.find(word) if tokens.positions(i)]
    height, width = trace.latents.sizes["y"], trace.latents.sizes["x"]
    total = np.zeros((tokens.read, height, width), np.float32)
    count = 0
    for maps in trace.attention.values():
        summed = shares(maps, tokens).sum(axis=0)[:, 1:-1]  # (layer, piece, y, x)
        total += bicubic(summed, height, width).clip(min=0).sum(axis=0)
        count += maps.sizes["layer"]
    total /= count
    if normalise:
        total /= total.sum(axis=0) + 1e-6
    weights = pooling(tokens, found)[:, 1:-1].mean(axis=0)
    heat = np.einsum("t,tyx->yx", weights, total)
    return xr.DataArray(heat.astype(np.float32), dims=("y", "x"), name="daam")


def bicubic(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bicubic resize of the last two axes, as PyTorch's `interpolate(mode="bicubic", align_corners=False)`."""
    rows, columns = _weights(maps.shape[-2], height), _weights(maps.shape[-1], width)
    return np.asarray(rows @ maps @ columns.T, np.float32)


def _weights(old: int, new: int) -> np.ndarray:
    """(new, old): each row holds the shares of the four nearest samples (Keys 1981, with a = -0.75)."""
    a = -0.75
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    first = np.floor(centres).astype(int)
    weights = np.zeros((new, old))
    for offset in (-1, 0, 1, 2):
        distance = np.abs(centres - (first + offset))
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
        share = np.where(distance <= 1, near, far)
        np.add.at(weights, (np.arange(new), np.clip(first + offset, 0, old - 1)), share)
    return weights.astype(np.float32)
