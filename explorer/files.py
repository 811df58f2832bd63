"""Files that appear whole or not at all, under whatever name a person gives them."""

import os
import tempfile
from pathlib import Path

from .errors import TraceFileError

_LONGEST = 200  # characters of a path in a sentence


def place(path: str | Path, *suffixes: str) -> Path:
    """The path of a file to be written, with the first of `suffixes` where it has none of them.

    Raises TraceFileError for a home folder that is not there.
    """
    target = home(path)
    if not target.name.lower().endswith(suffixes):
        target = target.with_name(target.name + suffixes[0]) if target.name else target / suffixes[0]
    return target


def home(path: str | Path) -> Path:
    """`path`, with "~" as the home folder. Raises TraceFileError if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise TraceFileError(f"There is no home folder for {shown(path)}: write the path in full.") from error


def write(target: Path, data: bytes, what: str) -> Path:
    """Write `data` beside its place and move it there. what: "The trace", for the error.

    Returns `target`. Raises TraceFileError if the folder is missing or can't be written, or the name can't be one.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".prompt-explorer-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o666 & ~_umask())  # mkstemp makes it private; this is an ordinary file
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:  # a null byte or a lone surrogate in a name is a ValueError
        raise TraceFileError(
            f"{what} could not be written to {shown(target)}: {reason(error)}. Choose another place."
        ) from error
    return target


def shown(path: str | Path) -> str:
    """A path in a sentence: no line breaks, nothing that can't be encoded, not too long."""
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(path))
    return text if len(text) <= _LONGEST else "…" + text[1 - _LONGEST :]


def reason(error: OSError | ValueError) -> str:
    """Why a file can't be read or written, in a few words."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "the name holds a character that no file name can hold"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
