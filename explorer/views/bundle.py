"""The browser side of a view: `static/<stem>.js`, made from `extensions/widgets/src/<stem>.ts` by `make front`."""

import os
from pathlib import Path

from ..errors import MissingBundle

STATIC = Path(__file__).parent / "static"


def bundle(stem: str) -> str | Path:
    """The bundle of a view, or "" where it was not built.

    Its text, read once: a path makes anywidget keep every widget alive (https://github.com/manzt/anywidget/issues/929).
    With ANYWIDGET_HMR=1 the path all the same, for hot reload.
    """
    path = STATIC / f"{stem}.js"
    if not path.is_file():
        return ""
    return path if os.environ.get("ANYWIDGET_HMR") == "1" else path.read_text("utf-8")


def missing(stem: str) -> MissingBundle:
    """The error of a view that was not built."""
    return MissingBundle(
        f"The browser side of this view, {stem}.js, was not built: run `make front` in the repository."
    )
