"""The kernel's part of the JupyterLab extension: one app per model, the list of runs, runs as files."""

import base64
import io
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import IPython
import IPython.display
import numpy as np
import pytest
from PIL import Image

import explorer
from explorer import lab
from explorer.errors import InvalidSetting
from tests.fake import Fake, synthetic_run


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables of a kernel in which nothing was done yet."""
    names: dict[str, Any] = {}
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(user_ns=names))
    monkeypatch.setattr(lab, "_shown", {})
    return names


@pytest.fixture
def shown(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `show` publishes; the models are fakes."""
    published: list[Any] = []
    monkeypatch.setattr(IPython.display, "publish_display_data", lambda *bundle: published.append(bundle[0]))
    monkeypatch.setattr("explorer.session.load", lambda model: Fake())
    return published


def loaded() -> Any:
    """The Explorer of the tab, once its app has loaded it."""
    app, end = lab._shown["miniature"], time.monotonic() + 60
    while app.explorer is None and time.monotonic() < end:
        time.sleep(0.01)
    return app.explorer


def listed() -> list[dict[str, Any]]:
    """As the side panel gets it."""
    bundle = json.loads(json.dumps(lab.Runs()._repr_mimebundle_()))
    return bundle["application/json"]["runs"]  # type: ignore[no-any-return]


def test_a_reloaded_page_gets_the_same_app(shown: list[Any]) -> None:
    lab.show()
    lab.show()
    lab.show("another")
    views = [one["application/vnd.jupyter.widget-view+json"]["model_id"] for one in shown]
    assert views[0] == views[1] != views[2]


@pytest.mark.parametrize(("keep", "meant"), lab.KEEP.items())
def test_what_is_kept_is_set_where_runs_are_recorded(shown: list[Any], keep: str, meant: Any) -> None:
    lab.show(keep=keep)
    assert loaded().keep == meant
    lab.show(keep="words")
    assert loaded().keep == lab.KEEP["words"]


def test_another_keep_is_refused(shown: list[Any]) -> None:
    with pytest.raises(InvalidSetting, match="keep is 'nothing', expected one of everything, 8 bits, words."):
        lab.show(keep="nothing")
    assert shown == []


def test_runs_are_listed_with_the_code_that_shows_them(names: dict[str, Any]) -> None:
    bear, castle = synthetic_run("a bear", seed=3), synthetic_run("a castle", seed=4)
    ex = Fake(0)
    ex._keep(bear)
    ex._keep(castle)
    names.update(ex=ex, bear=bear, _private=castle, other=1)
    assert [(one["prompt"], one["seed"], one["code"]) for one in listed()] == [
        ("a castle", "4", "ex.history[1]"),
        ("a bear", "3", "ex.history[0]"),
    ]
    assert eval("ex.history[1]", dict(names)) is castle
    del names["ex"]
    assert [one["code"] for one in listed()] == ["bear"]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(listed()[0]["picture"]))))
    assert picture.shape == (lab.THUMB, lab.THUMB, 3)


def test_an_explorer_that_was_only_displayed_is_found(names: dict[str, Any]) -> None:
    ex = Fake(0)
    ex._keep(synthetic_run("a bear"))
    names.update({"_": ex, "_3": ex, "__": ex})
    [run] = listed()
    assert run["code"] == "_3.history[0]"


def test_a_run_of_the_tab_becomes_a_file(shown: list[Any], tmp_path: Path) -> None:
    lab.show()
    loaded()._keep(synthetic_run("A red/../castle, ünder <b>snow</b>", seed=7))
    [run] = listed()
    assert run["code"] == ""
    name = lab.save(run["key"], str(tmp_path))
    assert name == "a-red-castle-nder-b-snow-b-7.trace.safetensors"
    before = (tmp_path / name).stat().st_mtime_ns
    assert explorer.open(tmp_path / name).settings.seed == 7
    assert lab.save(run["key"], str(tmp_path)) == name
    assert (tmp_path / name).stat().st_mtime_ns == before
    with pytest.raises(InvalidSetting, match="no longer in the kernel: generate it again"):
        lab.save("gone")


def test_record_keeps_what_the_explorer_is_told() -> None:
    from tests.pipelines import stable_diffusion

    ex = explorer.wrap(stable_diffusion())
    ex.keep = {"bits": 8, "words": True}
    trace = ex.record("a castle", steps=2, seed=1)
    assert trace.settings.kept == "the words only, 8 bits"
    assert ex.record("a castle", steps=2, seed=1, keep={"bits": 16}).settings.kept == ""
