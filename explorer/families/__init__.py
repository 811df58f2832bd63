"""What capture has to know of a model family. One file per family; each one in this folder is found by itself."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from ..errors import UnsupportedPipeline
from .base import Encoding, Family, Place, Reader, Sides

__all__ = ["Encoding", "Family", "Place", "Reader", "Sides", "families", "family_named", "family_of"]


@cache
def families() -> tuple[Family, ...]:
    """One instance of every family in this folder."""
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    names = [name for name in found if name != "base" and not name.startswith("_")]
    modules = [importlib.import_module(f".{name}", __name__) for name in names]
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Family) and kind.__module__ == module.__name__
    }
    return tuple(kind() for kind in sorted(kinds, key=lambda kind: kind.name))


def family_of(pipe: Any) -> Family:
    """The family of a pipeline. Raises UnsupportedPipeline, naming the supported ones, if there is none."""
    for family in families():
        if family.matches(pipe):
            family.check(pipe)
            return family
    raise _refusal(type(pipe).__name__)


def family_named(pipeline: str) -> Family:
    """The family of a pipeline class by its name, as `model_index.json` holds it: known before anything is loaded."""
    for family in families():
        if pipeline in family.pipelines:
            return family
    raise _refusal(pipeline)


def _refusal(name: str) -> UnsupportedPipeline:
    supported = ", ".join(name for family in families() for name in family.pipelines)
    return UnsupportedPipeline(
        f"{name} can't be watched, since its attention is not known here: use a pipeline of these kinds: {supported}."
    )
