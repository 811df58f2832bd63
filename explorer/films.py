"""Recordings of trainings: those that ship, and files."""

from pathlib import Path

from .errors import TraceFileError
from .miniature.film import SUFFIX, Film, names, shipped


def open_film(which: str | Path) -> Film:
    """A recording of a training: `explorer.open_film("gan")`, or a file that `Film.save` wrote.

    which: the name of one that ships ("gan", "gan-collapsed", "memorised", "miniature", "upscaler"), or a path.
    Raises TraceFileError, naming those that ship, if there is no such file, or it is damaged or something else.
    """
    if isinstance(which, str) and which in names():
        return shipped(which)
    path = Path(which).expanduser()
    if not path.exists() and path.with_name(path.name + SUFFIX).exists():
        path = path.with_name(path.name + SUFFIX)
    if not path.is_file():
        known = ", ".join(names())
        hint = f"choose one of {known}, or a file that ends in {SUFFIX}" if known else f"films end in {SUFFIX}"
        raise TraceFileError(f"There is no film {str(which)!r}: {hint}.")
    try:
        return Film.open(path)
    except ValueError as error:
        raise TraceFileError(str(error)) from error
