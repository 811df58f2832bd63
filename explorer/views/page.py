"""One offline page with the views of some runs: no kernel, no network, nothing from the outside."""

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import wire
from ..errors import InvalidSetting, TraceFileError
from ..trace import Trace
from .bundle import STATIC, missing
from .preview import preview_html, settings_line

if TYPE_CHECKING:
    from jinja2 import Template

POLICY = (
    "default-src 'none'; script-src '{script}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""The page's content policy: the one script, named by its hash, inline styles, pictures that are data; no network."""


def page_html(traces: Sequence[Trace], *, title: str = "") -> str:
    """The page as text.

    traces: at least one; with several, a strip of thumbnails goes from one to the next.
    Raises MissingBundle if the browser side was not built.
    """
    if not traces:
        raise InvalidSetting("There is no run to write: record one first.")
    path = STATIC / "page.js"
    if not path.is_file():
        raise missing("page")
    # Inside an element `script`, only its end tag can end it.
    script = path.read_text("utf-8").replace("</script", "<\\/script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs, data = [], []
    for trace in traces:
        meta, buffer = wire.trace(trace)
        runs.append({"meta": meta, "settings": settings_line(trace)})
        data.append(base64.b64encode(buffer).decode())
    return _template().render(
        title=wire.clean(title or traces[0].tokens.prompt, 120) or "Prompt Explorer",
        policy=POLICY.format(script=f"sha256-{digest}"),
        # JSON is text in this element, and "<" is the only character that could end it.
        runs=json.dumps(runs, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
        data=data,
        script=script,
        preview=preview_html(traces[0]),
    )


def write_page(path: str | Path, traces: Sequence[Trace], *, title: str = "") -> Path:
    """Write the page to `path`, with the suffix `.html` where it has none; whole or not at all.

    Returns the path written. Raises TraceFileError if it can't be written there.
    """
    target = Path(path).expanduser()
    if target.suffix.lower() not in {".html", ".htm"}:
        target = target.with_name(target.name + ".html")
    text = page_html(traces, title=title).encode("utf-8")
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TraceFileError(
            f"The page could not be written to {target}: {error.strerror or error}. Choose another place."
        ) from error
    return target


@cache
def _template() -> "Template":
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text: Any = Path(__file__).with_suffix(".html").read_text("utf-8")
    return environment.from_string(text)
