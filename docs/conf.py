"""Sphinx: the documentation as a website. `make docs` builds it; the tests build it with every warning an error."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import explorer

HERE = Path(__file__).parent

project = "Prompt Explorer"
author = "the Prompt Explorer authors"
version = release = explorer.__version__

# Nothing is fetched: no intersphinx, no fonts or scripts from elsewhere.
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["build"]
highlight_language = "text"  # a block without a language is output
smartquotes = False  # docstrings hold code
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"Prompt Explorer {release}"
html_copy_source = False
html_show_sourcelink = False

autoclass_content = "both"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
python_display_short_literal_types = True

# `<!-- reference: explorer.analysis -->` in a page stands for all that the module names in `__all__`.
_MARK = re.compile(r"^<!-- reference: ([\w.]+) -->$", re.MULTILINE)
# `<!-- contents: The views | views/* map -->`: a part of the table of contents; what matches nothing is left out.
_CONTENTS = re.compile(r"^<!-- contents: (.+?) \| (.+) -->$", re.MULTILINE)
_FIELD = re.compile(r"((?:\*{0,2}\w+)(?:, \*{0,2}\w+)*): (.*)")
_QUOTED = re.compile(r"(`[^`]+`|https?://\S+)")


def everything(module: str) -> str:
    """The public names of a module as autodoc directives: functions first, then classes, by name."""
    found = importlib.import_module(module)
    functions, classes = [], []
    for name in sorted(found.__all__):
        value = getattr(found, name)
        if inspect.isclass(value):
            kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
            # What an Explorer can do is cut into several base classes; those of other classes are other packages'.
            more = "   :inherited-members: object\n" if value is explorer.Explorer else ""
            classes.append(f".. {kind}:: {module}.{name}\n   :members:\n{more}")
        elif callable(value):
            functions.append(f".. autofunction:: {module}.{name}\n")
    return "```{eval-rst}\n" + "\n".join([*functions, *classes]) + "```"


def contents(caption: str, patterns: list[str], taken: set[str]) -> str:
    """A part of the table of contents: the pages that match, in the order of the patterns, each page once."""
    found = []
    for pattern in patterns:
        pages = sorted(path.relative_to(HERE).with_suffix("").as_posix() for path in HERE.glob(f"{pattern}.md"))
        fresh = [page for page in pages if page not in taken and page != "index"]
        found += fresh
        taken.update(fresh)
    return "\n".join(["```{toctree}", f":caption: {caption}", ":hidden:", *found, "```"]) if found else ""


def _fill_in(app: Any, page: str, source: list[str]) -> None:
    taken: set[str] = set()
    source[0] = _MARK.sub(lambda mark: everything(mark.group(1)), source[0])
    source[0] = _CONTENTS.sub(lambda mark: contents(mark.group(1), mark.group(2).split(), taken), source[0])


def _as_rest(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are plain text with `names: what they are`; reST would read much of that as something else."""
    if what == "exception" and (HERE / "errors" / f"{name.rpartition('.')[2]}.md").is_file():
        lines += ["", f"More: :doc:`/errors/{name.rpartition('.')[2]}`."]
        lines[:] = [*rest(lines[:-1]), "", lines[-1]]
    else:
        lines[:] = rest(lines)


def rest(lines: list[str]) -> list[str]:
    """A docstring as reST: paragraphs, fields as a list, what stands four spaces in after an empty line as it is."""
    blocks: list[tuple[str, list[str]]] = []
    fresh = True
    for line in lines:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        field = _FIELD.fullmatch(text) if not indent else None
        kind = blocks[-1][0] if blocks else ""
        if not text:
            if kind == "code":
                blocks[-1][1].append("")
            fresh = True
            continue
        if indent >= 4 and (fresh or kind == "code") and kind != "field":
            if kind != "code":
                blocks.append(("code", []))
            blocks[-1][1].append(line)
        elif field:
            names, said = field.groups()
            blocks.append(("field", [f"**{_escaped(names)}**: {_escaped(said)}"]))
        elif fresh or (kind in {"field", "code"} and not indent) or text.startswith(("Returns ", "Raises ")):
            blocks.append(("text", [_escaped(text)]))
        else:
            blocks[-1][1].append(_escaped(text))
        fresh = False
    found: list[str] = []
    for kind, said in blocks:
        if kind == "code":
            found += ["::", "", *said, ""]
        else:
            found += [("- " if kind == "field" else "") + " ".join(said), ""]
    return found


def _escaped(text: str) -> str:
    parts = _QUOTED.split(text)
    for i, part in enumerate(parts):
        if part.startswith("`"):
            parts[i] = f"\\ ``{part[1:-1]}``\\ "
        elif not part.startswith("http"):
            parts[i] = re.sub(r"([\\*_|])", r"\\\1", part)
    return "".join(parts).strip()


def setup(app: Any) -> None:
    """Sphinx calls this."""
    app.connect("source-read", _fill_in)
    app.connect("autodoc-process-docstring", _as_rest)
