import gc
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import nbformat
import pytest
import traitlets
from nbclient import NotebookClient

from explorer.errors import InvalidSetting, MissingBundle
from explorer.views import bundle as bundles
from explorer.views import display, show
from explorer.views.attention import AttentionView
from tests.synthetic import synthetic_trace

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "explorer/views/static/attention.js"


def test_selection_is_checked_observed_and_linked() -> None:
    trace = synthetic_trace()
    view, other = AttentionView(trace), AttentionView(trace)
    assert (view.word, view.step, view.pixel) == (None, None, None)
    seen: list[Any] = []
    view.observe(lambda change: seen.append((change["name"], change["new"])), ["word", "step", "pixel"])
    traitlets.link((view, "word"), (other, "word"))
    view.word, view.step, view.pixel = 2, 3, (127, 0)
    view.pixel = [5, 6]  # as it comes from the browser
    assert seen == [("word", 2), ("step", 3), ("pixel", (127, 0)), ("pixel", (5, 6))]
    assert other.word == 2
    view.word = view.step = view.pixel = None
    with pytest.raises(InvalidSetting, match=r"Word 9 has no map: choose one of 0 to 6 that the model read\."):
        view.word = 9
    with pytest.raises(InvalidSetting, match=r"There is no step 4: choose 0 to 3, or None for all\."):
        view.step = 4
    with pytest.raises(
        InvalidSetting, match=r"The pixel \(128, 0\) lies outside the picture: x goes to 127, y to 127\."
    ):
        view.pixel = (128, 0)
    with pytest.raises(traitlets.TraitError):
        view.word = "castle"
    view.close()
    other.close()


def test_a_word_that_was_cut_off_can_not_be_pinned() -> None:
    view = AttentionView(synthetic_trace("red castle " * 10, limit=7))
    with pytest.raises(InvalidSetting, match="Word 8 has no map"):
        view.word = 8
    view.close()


def test_data_is_sent_once_and_can_not_be_changed() -> None:
    view = AttentionView(synthetic_trace())
    state = view.get_state()
    assert isinstance(state["_data"], bytes)
    assert state["_meta"]["kind"] == "attention"
    with pytest.raises(traitlets.TraitError, match="read-only"):
        view._data = b""
    assert repr(view) == "AttentionView('a blue narwhal and a red castle')"
    view.close()


def test_closing_frees() -> None:
    view = AttentionView(synthetic_trace())
    gone = weakref.ref(view)
    view.close()
    assert view._data == b""
    del view
    gc.collect()
    assert gone() is None


def test_a_bundle_that_was_not_built_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundles, "STATIC", tmp_path)
    assert bundles.bundle("attention") == ""
    monkeypatch.setattr(AttentionView, "_esm", "")
    with pytest.raises(MissingBundle, match=r"attention\.js, was not built: run `make front` in the repository\."):
        AttentionView(synthetic_trace())
    sent: list[dict[str, str]] = []
    monkeypatch.setattr(show, "_publisher", lambda: sent.append)
    display(synthetic_trace())
    assert [list(one) for one in sent] == [["text/plain"], ["text/plain", "text/html"]]


def test_the_bundle_is_its_text_but_for_hot_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bundles.bundle("attention") == STATIC.read_text("utf-8")
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    assert bundles.bundle("attention") == STATIC


def test_the_bundle_is_small() -> None:
    assert STATIC.stat().st_size < 50_000


def test_without_a_kernel_a_trace_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    trace = synthetic_trace()
    display(trace)
    assert capsys.readouterr().out == f"{trace!r}\n"


def test_displaying_needs_no_torch() -> None:
    code = (
        "import sys; from tests.synthetic import synthetic_trace; from explorer.views import AttentionView, display; "
        "display(synthetic_trace()); AttentionView(synthetic_trace()); "
        "bad = {'torch', 'diffusers', 'transformers', 'open_clip'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def test_a_notebook_without_a_browser_gets_both_outputs() -> None:
    source = "from tests.synthetic import synthetic_trace\nsynthetic_trace()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}}, timeout=120).execute()
    widget, preview = (output["data"] for output in notebook.cells[0].outputs)
    assert widget["text/plain"] == "AttentionView('a blue narwhal and a red castle')"
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert "prompt-explorer-preview" in preview["text/html"]
    assert preview["text/plain"].startswith("a blue narwhal and a red castle\nsynthetic")
