"""The attention view: which words look where, and which words drive a point."""

from .bundle import bundle
from .run import RunView


class AttentionView(RunView):
    """Explore a trace's attention: word to places, point to words, step by step, layer by layer."""

    _stem = "attention"
    _parts = ("attention", "layers")
    _esm = bundle(_stem)
