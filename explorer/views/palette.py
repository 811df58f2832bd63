"""The colours of heat: magma, safe for the colour-blind. Its twin is `extensions/widgets/src/colour.ts`."""

import numpy as np

# Ten stops of matplotlib's magma (CC0, https://bids.github.io/colormap/).
STOPS = (
    "000004", "180f3d", "440f76", "721f81", "9e2f7f", "cd4071", "f1605d", "fd9668", "feca8d", "fcfdbf",
)  # fmt: skip
# Of similarity on a map: cividis, which looks almost the same to the colour-blind (Nuñez et al. 2018).
CIVIDIS = (
    "00224e", "123570", "3b496c", "575d6d", "707173", "8a8678", "a59c74", "c3b369", "e1cc55", "fee838",
)  # fmt: skip
# Of words that are selected together (Okabe & Ito 2008, safe for the colour-blind), and of frequency bands.
WORDS = ("E69F00", "56B4E9", "009E73", "F0E442", "CC79A7", "D55E00", "0072B2")
BANDS = ("4A6FD0", "2A9D8F", "C9952A", "D9653B", "B5489A", "7A5CC9")
FAINTEST, STRONGEST = 0.22, 0.86
"""How much of the picture a cold and a hot place cover: cold ones darken it a little, so that hot ones stand out."""


def lay_over(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """A heat map (y, x), 0 to 1, over a picture (y, x, channel) uint8 of the same size."""
    stops = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in STOPS], np.float32)
    places = np.linspace(0, 1, len(stops))
    colours = np.stack([np.interp(heat, places, stops[:, channel]) for channel in range(3)], axis=-1)
    cover = (FAINTEST + (STRONGEST - FAINTEST) * heat)[..., None]
    return np.rint(picture * (1 - cover) + colours * cover).astype(np.uint8)
