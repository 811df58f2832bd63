"""All views of one run, in tabs that share one selection."""

from .. import wire
from .bundle import bundle
from .run import RunView


class TraceView(RunView):
    """Explore one run: attention, steps, guidance and words in tabs, all linked."""

    _stem = "trace"
    _parts = wire.PARTS
    _esm = bundle(_stem)
