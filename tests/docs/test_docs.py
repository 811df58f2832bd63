"""The documentation: it builds without a warning, its code runs, its links lead somewhere, nothing is left out."""

import os
import re
import shlex
import subprocess
import sys
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import explorer
from explorer import errors

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
OTHERS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
FENCE = re.compile(r"^( *)```(\S*)(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)|<img[^>]*\bsrc=\"([^\"]+)\"")


def blocks(page: str, *kinds: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each block of code that is to be run."""
    text = (DOCS / page).read_text("utf-8")
    for found in FENCE.finditer(text):
        _, kind, rest, code = found.groups()
        if kind in kinds and rest.strip() != "no-run":
            yield text.count("\n", 0, found.start(4)) + 1, code


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("docs")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "-d",
        folder / "doctrees",
    ]
    # A name that resolves nowhere: what is not there can't be fetched.
    alone = {"http_proxy": "http://nowhere.invalid", "https_proxy": "http://nowhere.invalid"}
    done = subprocess.run(
        [*command, DOCS, folder / "html"], env=os.environ | alone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.slow
def test_it_builds_and_every_page_is_there(site: Path) -> None:
    for page in PAGES:
        assert (site / page).with_suffix(".html").is_file(), page


@pytest.mark.slow
def test_the_reference_holds_every_public_name(site: Path) -> None:
    from explorer import analysis, figures

    _, _, _, _, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    names = {line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines()}
    for module in (explorer, analysis, figures, errors):
        assert {f"{module.__name__}.{name}" for name in module.__all__} <= names
    # What an Explorer can do comes from several classes.
    assert {f"explorer.Explorer.{name}" for name in ("record", "generate", "without", "interpolate")} <= names


@pytest.mark.slow
def test_the_reference_reads_our_docstrings_as_they_are_meant(site: Path) -> None:
    page = (site / "reference/explorer.html").read_text("utf-8")
    assert "<strong>guidance</strong>: classifier-free guidance; 1 or less is none; None is the model's usual." in page
    assert "system-message" not in page
    errors_page = (site / "reference/errors.html").read_text("utf-8")
    assert 'href="../errors/UnknownWord.html"' in errors_page


@pytest.mark.slow
def test_the_pages_fetch_nothing(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        for address in re.findall(r"<(?:script|img|iframe|link)[^>]*?\b(?:src|href)=\"([^\"]+)\"", text):
            assert not re.match(r"(?:https?:)?//", address), f"{page.name}: {address}"


def test_each_error_has_a_page_that_is_listed() -> None:
    listed = (DOCS / "errors/index.md").read_text("utf-8")
    for name in errors.__all__:
        assert (DOCS / "errors" / f"{name}.md").read_text("utf-8").startswith(f"# {name}\n")
        assert f"[{name}]({name}.md)" in listed


@pytest.mark.parametrize("page", [*(f"docs/{page}" for page in PAGES), *OTHERS])
def test_links_lead_somewhere(page: str) -> None:
    text = FENCE.sub("", (ROOT / page).read_text("utf-8"))
    for found in LINK.finditer(text):
        target = found.group(1) or found.group(2)
        parts = urllib.parse.urlsplit(target)
        if parts.scheme:
            assert parts.scheme == "https", f"{target} is not https"
            assert "." in parts.netloc, f"{target} names no host"
            continue
        path = (ROOT / page).parent / urllib.parse.unquote(parts.path) if parts.path else ROOT / page
        assert path.resolve().exists(), f"{target} leads nowhere"
        assert path.resolve().is_relative_to(ROOT), f"{target} leads out of the repository"
        if parts.fragment:
            assert parts.fragment in anchors(path), f"{target}: there is no such heading"


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower() for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


@pytest.fixture(scope="module")
def miniature() -> Any:
    ex = explorer.load()
    ex.steps = 4  # the code is checked, not the pictures
    return ex


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # diffusers' Euler
@pytest.mark.parametrize("page", [page for page in PAGES if next(blocks(page, "python"), None)])
def test_the_code_runs(page: str, miniature: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load = explorer.load

    def quick(name: str = "miniature", **options: Any) -> Any:
        return miniature if name == "miniature" and not options else load(name, **options)

    monkeypatch.setattr(explorer, "load", quick)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    names: dict[str, Any] = {"__name__": "page"}
    for line, code in blocks(page, "python"):
        # As many empty lines before it as there are in the page, so that an error names the page's own line.
        exec(compile("\n" * (line - 1) + code, str(DOCS / page), "exec"), names)


@pytest.mark.slow
def test_the_commands_run(miniature: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from explorer import cli

    monkeypatch.setattr("explorer.session.load", lambda *_, **__: miniature)
    monkeypatch.chdir(tmp_path)
    ran = []
    for page in sorted(PAGES, key=lambda page: page != "how-to/command-line.md"):  # the others use what it makes
        for line, code in blocks(page, "sh"):
            for command in code.splitlines():
                program, *words = shlex.split(command, comments=True) or [""]
                if program == "prompt-explorer":
                    done = CliRunner().invoke(cli.app, words)
                    assert done.exit_code == 0, f"{page}, from line {line}: {command}\n{done.output}"
                    ran.append(words[0])
    assert {"record", "list", "show", "export", "doctor"} <= set(ran)
