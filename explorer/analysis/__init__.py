"""Pure functions from traces to small labelled results. No torch."""

from .heat import heat, word_maps
from .pixel import WordShare, words_at
from .truth import Agreement, agreement

__all__ = ["Agreement", "WordShare", "agreement", "heat", "word_maps", "words_at"]
