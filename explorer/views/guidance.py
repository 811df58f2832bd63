"""The guidance view: what the prompt adds to what the model would have made without it."""

from .bundle import bundle
from .run import RunView


class GuidanceView(RunView):
    """Take a trace's guidance apart: with the prompt, without it, and the guidance that would have been."""

    _stem = "guidance"
    _parts = ("attention", "fields")
    _esm = bundle(_stem)
