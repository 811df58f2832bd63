"""What a word did: the picture with it against the picture without it, beside where the word drew attention."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..trace import Trace
from .colour import lab, shrunk
from .heat import heat


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """What each word of a prompt did to its picture.

    trace: the run with all words. without: by the word's index in `tokens.words`, the run that lacks it.
    maps: (word, y, x) float32, how much each pixel changed, CIE 1976 colour difference: 2 is just visible.
    size: (word), the mean of each map. agreement: (word), how well it goes with the word's attention, see `agreement`.
    """

    trace: Trace
    without: Mapping[int, Trace]
    maps: xr.DataArray
    size: xr.DataArray
    agreement: xr.DataArray

    def _ipython_display_(self) -> None:
        from ..views.effects import display_effects

        display_effects(self)

    def __repr__(self) -> str:
        each = zip(self.maps.coords["word"].values, self.size.values, self.agreement.values, strict=True)
        return f"<Effects {', '.join(f'{word} {size:.1f} ({fit:+.2f})' for word, size, fit in each)}>"


def effects(trace: Trace, without: Mapping[int, Trace]) -> Effects:
    """Compare a run with those that lack a word each."""
    words = sorted(without)
    maps = np.stack([difference(trace, without[word]).values for word in words]) if words else _none(trace)
    coords = {"word": [trace.tokens.words[word].text for word in words], "index": ("word", words)}
    fits = [agreement(trace, word, one) for word, one in zip(words, maps, strict=True)]
    return Effects(
        trace,
        dict(without),
        xr.DataArray(maps, dims=("word", "y", "x"), coords=coords, name="effect"),
        xr.DataArray(maps.mean(axis=(1, 2)), dims=("word",), coords=coords, name="size"),
        xr.DataArray(np.array(fits, np.float64), dims=("word",), coords=coords, name="agreement"),
    )


def difference(a: Trace, b: Trace) -> xr.DataArray:
    """How much each pixel differs between two runs, (y, x) float32: the CIE 1976 colour difference, about 0 to 150.

    A picture of another size is brought to the size of `a`.
    """
    one, two = (lab(trace.image.values) for trace in (a, b))
    if one.shape != two.shape:
        rows = np.arange(one.shape[0]) * two.shape[0] // one.shape[0]
        two = two[rows][:, np.arange(one.shape[1]) * two.shape[1] // one.shape[1]]
    return xr.DataArray(np.sqrt(((one - two) ** 2).sum(-1)), dims=("y", "x"), name="difference")


def agreement(trace: Trace, word: int, effect: np.ndarray) -> float:
    """Pearson's correlation of a word's effect (y, x) with its heat map, on the grid of the attention: -1 to 1.

    NaN where one of the two is the same everywhere, or the word was not read.
    """
    if not trace.tokens.positions(word) or not trace.attention:
        return float("nan")
    looked = heat(trace, word).values.astype(np.float64)
    did = shrunk(effect, *looked.shape).astype(np.float64)
    spreads = looked.std() * did.std()
    if spreads < 1e-12:
        return float("nan")
    return float(((looked - looked.mean()) * (did - did.mean())).mean() / spreads)


def _none(trace: Trace) -> np.ndarray:
    return np.zeros((0, trace.image.sizes["y"], trace.image.sizes["x"]), np.float32)
