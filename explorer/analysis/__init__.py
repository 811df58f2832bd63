"""Pure functions from traces to small labelled results. No torch."""

from .daam import daam
from .guidance import Split, split
from .heat import heat, word_maps
from .pixel import WordShare, words_at
from .spectra import spectra
from .steps import change, noise_prediction, noisy, settled
from .truth import Agreement, agreement

__all__ = [
    "Agreement",
    "Split",
    "WordShare",
    "agreement",
    "change",
    "daam",
    "heat",
    "noise_prediction",
    "noisy",
    "settled",
    "spectra",
    "split",
    "word_maps",
    "words_at",
]
