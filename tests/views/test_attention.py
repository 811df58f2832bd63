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
from explorer.views.guidance import GuidanceView
from explorer.views.run import RunView
from explorer.views.steps import StepsView
from explorer.views.trace import TraceView
from explorer.views.words import WordsView
from tests.fake import synthetic_run
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


def test_several_words_a_range_a_box_and_a_layer() -> None:
    trace = synthetic_trace()
    view = AttentionView(trace)
    view.words = (2, 6)
    assert view.word == 2
    view.word = 5
    assert view.words == (5,)
    view.word = None
    assert view.words == ()
    view.step = (1, 3)
    view.step = [0, 2]  # as it comes from the browser
    assert view.step == (0, 2)
    view.layer = "16x16"
    view.layer = trace.layers[-1]
    view.box = (0, 0, 128, 64)
    with pytest.raises(InvalidSetting, match=r"The steps 3 to 1 run backwards: put the first one first\."):
        view.step = (3, 1)
    with pytest.raises(InvalidSetting, match="There is no layer mid: the trace has blocks"):
        view.layer = "mid"
    with pytest.raises(InvalidSetting, match="is empty or lies outside the picture: give left, top, right, bottom"):
        view.box = (5, 5, 5, 9)
    view.close()


def test_views_of_different_runs_can_be_locked_together() -> None:
    one, other = TraceView(synthetic_trace("a red castle")), StepsView(synthetic_trace("a blue narwhal", steps=4))
    link = traitlets.link((one, "step"), (other, "step"))
    words = traitlets.link((one, "words"), (other, "words"))
    one.step, one.words = 2, (1, 2)
    assert (other.step, other.words, other.word) == (2, (1, 2), 1)
    link.unlink()
    words.unlink()
    one.close()
    other.close()


@pytest.mark.parametrize("kind", [AttentionView, GuidanceView, StepsView, TraceView, WordsView])
def test_every_view_sends_what_it_needs(kind: type[RunView]) -> None:
    view = kind(synthetic_run("a red castle", steps=2))
    assert set(view._parts) <= set(view._meta)
    assert all(view._meta[part] is not None for part in view._parts)
    assert repr(view) == f"{kind.__name__}('a red castle')"
    view.close()


def test_a_word_that_was_cut_off_can_not_be_pinned() -> None:
    view = AttentionView(synthetic_trace("red castle " * 10, limit=7))
    with pytest.raises(InvalidSetting, match="Word 8 has no map"):
        view.word = 8
    view.close()


def test_data_is_sent_once_and_can_not_be_changed() -> None:
    view = AttentionView(synthetic_trace())
    state = view.get_state()
    assert isinstance(state["_data"], bytes)
    assert state["_meta"]["kind"] == "trace"
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
    monkeypatch.setattr(TraceView, "_esm", "")
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


def test_the_bundles_are_small() -> None:
    sizes = {path.stem: path.stat().st_size for path in STATIC.parent.glob("*.js")}
    assert set(sizes) >= {"app", "attention", "guidance", "page", "steps", "trace", "words"}
    assert all(size < 150_000 for size in sizes.values()), sizes


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
    assert widget["text/plain"] == "TraceView('a blue narwhal and a red castle')"
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert "prompt-explorer-preview" in preview["text/html"]
    assert preview["text/plain"].startswith("a blue narwhal and a red castle\nsynthetic")
