"""Heat maps: where a word draws attention."""

import re
from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..errors import InvalidSetting, UnknownWord
from ..prompt import Tokens
from ..trace import Choice, Layers, Trace, shares


def heat(
    trace: Trace, word: str | int | Sequence[str | int], *, step: Choice = None, layer: Layers = None
) -> xr.DataArray:
    """Where `word` draws attention.

    Mean over heads, the chosen layers (bilinearly brought to the largest grid) and steps, as in DAAM (Tang et al. 2023,
    "What the DAAM", eq. 5-6). A word's map is the mean over its pieces (where several encoders read it, the sum of
    their means), a phrase's the mean over its words.

    word: a word or phrase of the prompt, its index in `tokens.words`, or several of these.
    step, layer: one, several, or None for all. Steps go by their number in the run, from 0; -1 is the last one kept.
        Where each head was kept, a module's name means all of its heads, and "name head 3" one of them.
    Returns a DataArray (y, x), 0 to 1: the share of each position's attention that goes to `word`.
    Raises UnknownWord, naming the prompt's words, if `word` is not one of them or was cut off.
    """
    found = [i for i in trace.tokens.find(word) if trace.tokens.positions(i)]
    return word_maps(trace, found, step=step, layer=layer).mean(("word", "step")).rename("heat")


def word_maps(
    trace: Trace, words: Sequence[int] | None = None, *, step: Choice = None, layer: Layers = None
) -> xr.DataArray:
    """Heat maps of several words, step by step.

    words: indices into `tokens.words`; None for all that were read.
    Returns a DataArray (word, step, y, x) float32, 0 to 1, on the largest chosen grid.
    """
    tokens = trace.tokens
    if words is None:
        words = [i for i in range(len(tokens.words)) if tokens.positions(i)]
    if any(not tokens.positions(i) for i in words):
        raise UnknownWord("A word that was cut off has no map: leave it out.")
    steps = _steps(trace, step)
    chosen = _layers(trace, layer)
    height, width = max(((m.sizes["y"], m.sizes["x"]) for m in chosen), key=lambda size: size[0] * size[1])
    # One matrix takes pieces to words for every layer, so that the large arrays are walked once.
    matrix = pooling(tokens, words)
    total = np.zeros((len(words), len(steps), height, width), np.float32)
    count = 0
    for maps in chosen:
        # Step by step: what fits into the processor's cache takes a fifth of the time.
        values = np.concatenate([shares(maps.isel(step=[i]), tokens).sum(axis=1) for i in steps])
        pooled = np.einsum("wt,styx->wsyx", matrix, values, optimize=True)
        total += resize(pooled, height, width)
        count += maps.sizes["layer"]
    return xr.DataArray(
        total / count,
        dims=("word", "step", "y", "x"),
        coords={
            "word": [tokens.words[i].text for i in words],
            "index": ("word", list(words)),
            "step": [trace.step_numbers[i] for i in steps],
        },
        name="heat",
    )


def pooling(tokens: Tokens, words: Sequence[int]) -> np.ndarray:
    """(word, token) float32: what takes the token axis of an attention array to words (`Tokens.shares`)."""
    matrix = np.zeros((len(words), 2 + tokens.read), np.float32)
    for row, word in enumerate(words):
        for piece, share in tokens.shares(word).items():
            matrix[row, 1 + piece] = share
    return matrix


def resize(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear resize of the last two axes by pixel centres, as PyTorch's `interpolate(align_corners=False)`."""
    rows, columns = _weights(maps.shape[-2], height), _weights(maps.shape[-1], width)
    return np.asarray(rows @ maps @ columns.T, np.float32)


def _weights(old: int, new: int) -> np.ndarray:
    """(new, old): each row holds the shares of the two nearest samples."""
    if old == new:
        return np.eye(new, dtype=np.float32)
    centres = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    lower = np.minimum(centres.astype(int), max(old - 2, 0))
    share = (centres - lower).astype(np.float32)
    weights = np.zeros((new, old), np.float32)
    weights[np.arange(new), lower] = 1 - share
    weights[np.arange(new), np.minimum(lower + 1, old - 1)] += share
    return weights


def _steps(trace: Trace, step: Choice) -> list[int]:
    """The places of these steps on the axis."""
    if step is None:
        return list(range(trace.steps))
    wanted = [step] if isinstance(step, int) else list(step)
    numbers = trace.step_numbers
    whole = numbers[-1] == trace.steps - 1
    for one in wanted:
        if one not in numbers and not -trace.steps <= one < 0:
            had = f"the run has {trace.steps} steps, 0 to {trace.steps - 1}"
            kept = f"the steps {', '.join(map(str, numbers))} were kept"
            raise InvalidSetting(f"There is no step {one}: {had if whole else kept}.")
    if not wanted:
        raise InvalidSetting("No step was chosen: name at least one, or None for all.")
    return [one + trace.steps if one < 0 else numbers.index(one) for one in wanted]


def module_of(layer: str) -> str:
    """The name of the module that a layer's maps are of: another than the layer's where that is one of its heads."""
    found = None if " to " in layer else re.fullmatch(r"(.+) head \d+", layer)
    return found[1] if found else layer


def _layers(trace: Trace, layer: Layers) -> list[xr.DataArray]:
    if layer is None:
        return list(trace.attention.values())
    asked = [layer] if isinstance(layer, str) else list(layer)
    # Where each head was kept, a module's own name means all of them.
    wanted = [own for one in asked for own in [name for name in trace.layers if module_of(name) == one] or [one]]
    unknown = [one for one in wanted if one not in trace.layers]
    if unknown or not wanted:
        raise InvalidSetting(
            f"There is no layer {', '.join(unknown) or 'named'}: the trace has {', '.join(trace.layers)}."
        )
    picked = (
        maps.sel(layer=[n for n in wanted if n in maps.coords["layer"].values]) for maps in trace.attention.values()
    )
    return [maps for maps in picked if maps.sizes["layer"]]
