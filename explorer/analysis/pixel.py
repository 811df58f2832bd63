"""The other way round: from a pixel to the words that drive it."""

from dataclasses import dataclass

from ..errors import InvalidSetting
from ..trace import Choice, Layers, Trace
from .heat import word_maps


@dataclass(frozen=True, slots=True)
class WordShare:
    """A word and its share of a pixel's attention."""

    word: str
    share: float
    """0 to 1."""
    index: int
    """In `tokens.words`."""


def words_at(trace: Trace, x: int, y: int, *, step: Choice = None, layer: Layers = None) -> list[WordShare]:
    """The words that drive the pixel (x, y), ranked by their share of its attention.

    x, y: pixel of the picture, counted from the upper left corner.
    step, layer: one, several, or None for all.
    Returns one WordShare per word that the model read, the largest share first. A word of several pieces counts with
    their mean, as in `heat`. The shares do not sum to 1: the start token and padding draw attention too.
    Raises InvalidSetting if the pixel lies outside the picture.
    """
    width, height = trace.image.sizes["x"], trace.image.sizes["y"]
    if not (0 <= x < width and 0 <= y < height):
        raise InvalidSetting(
            f"The pixel ({x}, {y}) lies outside the picture: x goes to {width - 1}, y to {height - 1}."
        )
    maps = word_maps(trace, step=step, layer=layer).mean("step")
    row, column = int(y * maps.sizes["y"] // height), int(x * maps.sizes["x"] // width)
    shares = maps.values[:, row, column]
    words = [
        WordShare(str(word), float(share), int(index))
        for word, share, index in zip(maps.coords["word"].values, shares, maps.coords["index"].values, strict=True)
    ]
    return sorted(words, key=lambda one: (-one.share, one.index))
