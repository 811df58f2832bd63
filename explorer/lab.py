"""What the JupyterLab extension asks of a kernel: the app for a tab of its own, and the runs that the kernel holds."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InvalidSetting
from .live import Live
from .trace import Trace

if TYPE_CHECKING:
    from .session import Explorer
    from .views.app import App

KEEP: dict[str, dict[str, Any] | None] = {
    "everything": None,
    "8 bits": {"bits": 8},
    "words": {"words": True, "bits": 8},
}
"""What the extension's setting `keep` means, as `record` takes it."""
THUMB = 96  # pixels of a thumbnail's longer side
LISTED = 60  # runs, the newest first

_shown: "dict[str, App]" = {}
"""By model."""
_keep: dict[str, dict[str, Any] | None] = {}
"""What is kept, by model."""


def show(model: str = "miniature", keep: str = "everything") -> None:
    """Show the app of a model, always the same one in this kernel, so that a reloaded page finds its runs again.

    It is shown before the model is loaded, which happens in the background; the app tells what goes wrong there.

    model: as `explorer.load` takes it. keep: one of `KEEP`.
    Raises InvalidSetting for another `keep`.
    """
    from IPython.display import publish_display_data

    if keep not in KEEP:
        raise InvalidSetting(f"keep is {keep!r}, expected one of {', '.join(KEEP)}.")
    _keep[model] = KEEP[keep]
    if model not in _shown:
        from .views.app import App, Deferred

        _shown[model] = App(Deferred(model, lambda: _loaded(model)))
    app = _shown[model]
    if app.explorer is not None:
        app.explorer.keep = KEEP[keep]
    bundle: Any = app._repr_mimebundle_()
    publish_display_data(*bundle)


def _loaded(model: str) -> "Explorer":
    from .session import load

    explorer = load(model)
    explorer.keep = _keep[model]
    return explorer


class Runs:
    """The runs of this kernel as JSON, which a kernel's `user_expressions` hand to the side panel."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"application/json": {"runs": [_about(*one) for one in _held()][:LISTED]}, "text/plain": "runs"}


def save(key: str, folder: str = ".") -> str:
    """Write one of the runs to a trace file in `folder`, named after its prompt. Returns the file's name."""
    from .storage import SUFFIX

    for trace, _ in _held():
        if _key(trace) == key:
            words = "".join(c if c.isascii() and c.isalnum() else " " for c in trace.settings.prompt).split()
            stem = "-".join(words)[:48].strip("-").lower() or "run"
            path = Path(folder) / f"{stem}-{trace.settings.seed}"
            if not path.with_name(path.name + SUFFIX).exists():
                trace.save(path)
            return path.name + SUFFIX
    raise InvalidSetting("That run is no longer in the kernel: generate it again.")


def _held() -> Iterator[tuple[Trace, str]]:
    """The runs, the newest first, each with the code that shows it; "" for those of the app in its tab."""
    from IPython import get_ipython

    names = dict(getattr(get_ipython(), "user_ns", {}))
    seen: set[int] = set()
    found: list[tuple[Trace, str]] = []
    for name, value in names.items():
        if isinstance(value, Trace) and not name.startswith("_"):
            found.append((value, name))
    for name, value in names.items():
        if isinstance(value, Live) and (not name.startswith("_") or name[1:].isdigit()):
            found += [(trace, f"{name}.history[{i}]") for i, trace in enumerate(value.history)]
    for app in _shown.values():
        found += [(trace, "") for trace in app.runs]
    for trace, code in reversed(found):
        if id(trace) not in seen:
            seen.add(id(trace))
            yield trace, code


def _key(trace: Trace) -> str:
    return f"{trace.settings.seed}-{id(trace)}"


def _about(trace: Trace, code: str) -> dict[str, Any]:
    from PIL import Image

    from . import wire

    picture = trace.picture().convert("RGB")
    picture.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=80)
    return {
        "key": _key(trace),
        "code": code,
        "prompt": wire.clean(trace.settings.prompt, 200),
        "seed": str(trace.settings.seed),
        "picture": base64.b64encode(data.getvalue()).decode(),
    }
