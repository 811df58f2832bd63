"""One offline page with a view of runs, a path or a comparison: no kernel, no network, nothing from the outside."""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import wire
from ..atlas import Atlas
from ..errors import InvalidSetting
from ..files import place, write
from ..trace import Trace
from ..wire.atlas import atlas as atlas_of
from .bundle import STATIC, missing
from .preview import preview_html, settings_line

if TYPE_CHECKING:
    from jinja2 import Template

POLICY = (
    "default-src 'none'; script-src '{script}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)
"""The page's content policy: the one script, named by its hash, inline styles, pictures that are data; no network."""


class Shown(NamedTuple):
    """What a page shows: what the wire sends of it, and the line below its title."""

    meta: dict[str, Any]
    data: bytes
    line: str


def page_html(traces: Sequence[Trace], *, title: str = "") -> str:
    """The page of some runs as text.

    traces: at least one; with several, a strip of thumbnails goes from one to the next.
    Raises MissingBundle if the browser side was not built.
    """
    if not traces:
        raise InvalidSetting("There is no run to write: record one first.")
    shown = [Shown(*wire.trace(trace), settings_line(trace)) for trace in traces]
    return page_of(shown, title=title or traces[0].tokens.prompt, preview=preview_html(traces[0]))


def page_of(shown: Sequence[Shown], *, title: str, preview: str, stem: str = "page") -> str:
    """A page of what the wire sends. preview: HTML, until the panel is there.

    stem: of the bundle that shows it: "page" for runs and maps, or a view that is its own page (`page` in `root.ts`).
    Raises MissingBundle if the browser side was not built.
    """
    path = STATIC / f"{stem}.js"
    if not path.is_file():
        raise missing(stem)
    # Inside an element `script`, only its end tag can end it.
    script = path.read_text("utf-8").replace("</script", "<\\/script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs = [{"meta": one.meta, "settings": one.line} for one in shown]
    return _template().render(
        title=wire.clean(title, 120) or "Prompt Explorer",
        policy=POLICY.format(script=f"sha256-{digest}"),
        # JSON is text in this element, and "<" is the only character that could end it.
        runs=json.dumps(runs, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
        data=[base64.b64encode(one.data).decode() for one in shown],
        script=script,
        preview=preview,
    )


def write_page(path: str | Path, traces: Sequence[Trace], *, title: str = "") -> Path:
    """Write the page of some runs: see `write_html`."""
    return write_html(path, page_html(traces, title=title))


def write_atlas(path: str | Path, atlas: Atlas) -> Path:
    """Write the page of a map of embeddings: see `write_html`."""
    from .map_preview import map_html, title_of

    shown = Shown(*atlas_of(atlas), "")
    return write_html(path, page_of([shown], title=title_of(atlas), preview=map_html(atlas)))


def write_html(path: str | Path, page: str) -> Path:
    """Write a page to `path`, with the suffix `.html` where it has none; whole or not at all.

    Returns the path written. Raises TraceFileError if it can't be written there.
    """
    return write(place(path, ".html", ".htm"), page.encode("utf-8"), "The page")


@cache
def _template() -> "Template":
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text: Any = Path(__file__).with_suffix(".html").read_text("utf-8")
    return environment.from_string(text)
