"""The words view: the prompt as the text encoder reads it."""

from .bundle import bundle
from .run import RunView


class WordsView(RunView):
    """See a prompt as it is read: pieces, words that were cut off, each word's part in the picture."""

    _stem = "words"
    _parts = ("attention",)
    _esm = bundle(_stem)
