"""One exception tree. Each message is one sentence: what was wrong, what was expected, what to do next."""

__all__ = [
    "CaptureError",
    "CheckpointError",
    "ExplorerError",
    "InvalidSetting",
    "MissingBundle",
    "TraceFileError",
    "UnknownWord",
    "UnsupportedPipeline",
]


class ExplorerError(Exception):
    """Whatever this package raises on purpose."""


class InvalidSetting(ExplorerError, ValueError):
    """A value of a run or a query that can't be used: a size, a number of steps, a step that was not recorded."""


class UnknownWord(ExplorerError, LookupError):
    """A word that the prompt does not hold."""


class TraceFileError(ExplorerError, OSError):
    """A trace file that is missing, truncated, damaged, foreign or of a newer version."""


class CheckpointError(ExplorerError, OSError):
    """A model that can't be loaded: not found, no network, or weights in pickle form."""


class UnsupportedPipeline(ExplorerError, TypeError):
    """A pipeline of a family that can't be watched."""


class CaptureError(ExplorerError, RuntimeError):
    """A run that was not captured as a whole; maps are never missing in silence."""


class MissingBundle(ExplorerError, RuntimeError):
    """The browser side of a view is not there: the front-end was not built."""
