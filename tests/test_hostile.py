"""A hundred hostile texts, as prompts and as names of files: what Python writes holds them as text and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

import explorer
from explorer import figures, wire
from explorer.asked import text_of
from explorer.errors import TraceFileError
from explorer.storage import SUFFIX
from explorer.trace import Trace
from explorer.views.page import page_html
from explorer.views.preview import preview_html, preview_text
from tests.fake import synthetic_run
from tests.hostile import HOSTILE
from tests.views.test_page import Page
from tests.views.test_preview import KEPT, Tags

SMALL: dict[str, Any] = {"steps": 2, "size": (32, 32), "grids": ((4, 4), (2, 2)), "limit": 20}
every = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def test_there_are_a_hundred_different_ones() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) == 100


@every
def test_as_a_prompt(text: str, tmp_path: Path) -> None:
    text = text_of("prompt", text)
    trace = synthetic_run(text, **SMALL)
    meta, _ = wire.trace(trace)
    json.dumps(meta, allow_nan=False).encode("utf-8")
    assert len(json.dumps(meta)) < 60_000

    preview = Tags(preview_html(trace))
    preview_text(trace).encode("utf-8")
    for tag, attributes in preview.seen:
        assert set(attributes) <= KEPT[tag]

    page = Page(page_html([trace]))
    assert [a.get("type") for tag, a in page.tags if tag == "script"] == ["application/json", "text/plain", "module"]
    assert {tag for tag, _ in page.tags} <= {"html", "head", "meta", "title", "style", "body", "main", "script", *KEPT}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)

    opened = explorer.open(trace.save(tmp_path / "hostile"))
    assert opened.settings.prompt == text
    assert opened.words == trace.words


@every
def test_as_the_name_of_a_file(text: str, tmp_path: Path) -> None:
    """One file in the folder that was meant, or one sentence."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    trace = synthetic_run("a red castle", **SMALL)
    for write, suffix in ((trace.save, SUFFIX), (trace.to_html, ".html")):
        before = files(tmp_path)
        try:
            path = write(f"{folder}/{text}")
        except TraceFileError as error:
            assert_one_sentence(str(error))
            assert files(tmp_path) == before
            with pytest.raises(TraceFileError):
                explorer.open(f"{folder}/{text}{SUFFIX}")
        else:
            assert path.name.endswith(suffix)
            assert [one.resolve() for one in files(tmp_path) - before] == [path.resolve()]
            if suffix == SUFFIX:
                assert explorer.open(path).words == ["a", "red", "castle"]


@every
def test_as_a_name_that_is_asked_for(text: str, tmp_path: Path) -> None:
    for path in (text, f"{tmp_path}/{text}"):
        with pytest.raises(TraceFileError) as caught:
            explorer.open(path)
        assert_one_sentence(str(caught.value))


@pytest.mark.parametrize("text", [one for one in HOSTILE if "<" in one and len(one) < 1000])
def test_as_a_word_in_a_figure(text: str) -> None:
    """Plotly reads some tags."""
    trace = synthetic_run(text, **SMALL)
    if any(trace.tokens.positions(i) for i in range(len(trace.words))):
        for figure in (figures.settling(trace), figures.words_over_steps(trace)):
            labels = [one.name or "" for one in figure.data]
            labels += figure.data[0].y if figure.data[0].type == "bar" else []
            assert labels
            assert not any("<" in str(label) for label in labels)


def files(folder: Path) -> set[Path]:
    return {one for one in folder.rglob("*") if one.is_file()}


def assert_one_sentence(said: str) -> None:
    said.encode("utf-8")
    assert len(said) < 600
    assert "\n" not in said
    assert "\0" not in said


def test_a_trace_with_any_name_fits_into_the_history_of_its_folder(tmp_path: Path) -> None:
    """Names as long as the file system takes them."""
    trace: Trace = synthetic_run("a red castle", **SMALL)
    name = "🏰" * ((255 - len(SUFFIX)) // 4)
    assert trace.save(tmp_path / name).name == name + SUFFIX
