"""Views of several runs without a browser: comparison, effects, growing, grid; and the app's what-ifs."""

import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer import wire
from explorer.analysis.aligned import aligned
from explorer.analysis.effects import difference
from explorer.errors import InvalidSetting
from explorer.views.app import App
from explorer.views.effects import EffectsView, effects_html
from explorer.views.grid import GridView, grid_html
from explorer.views.interpolation import InterpolationView
from explorer.views.strip import MOST
from explorer.wire.comparison import comparison, names_of
from explorer.wire.effects import effects, growth
from explorer.wire.grid import grid
from tests.fake import synthetic_run
from tests.fake_ways import FakeWays
from tests.synthetic import synthetic_tokens, synthetic_trace
from tests.views.golden_paths import FILE, golden_paths
from tests.views.test_preview import KEPT, Tags
from tests.views.test_wire import HOSTILE

PROMPT = "a red castle in the snow"


def texts(prompts: list[str]) -> list[list[str | None]]:
    tokens = [synthetic_tokens(prompt) for prompt in prompts]
    return [
        [None if i is None else one.words[i].text for i, one in zip(row, tokens, strict=True)]
        for row in aligned(tokens)
    ]


def test_words_are_aligned_in_reading_order() -> None:
    assert texts([PROMPT, "a blue castle in snow"]) == [
        ["a", "a"], ["red", None], [None, "blue"], ["castle", "castle"], ["in", "in"], ["the", None], ["snow", "snow"],
    ]  # fmt: skip


def test_a_word_elsewhere_is_found_and_each_word_stands_in_one_row() -> None:
    rows = texts(["a red castle", "castle a red", "Castle castle"])
    assert ["castle", "castle", "Castle"] in rows
    for i, prompt in enumerate(["a red castle", "castle a red", "Castle castle"]):
        assert sorted(row[i] or "" for row in rows if row[i]) == sorted(prompt.split())
    assert aligned([synthetic_tokens(""), synthetic_tokens("")]) == []


def test_each_run_is_sent_as_by_itself() -> None:
    traces = [synthetic_run(PROMPT, steps=3), synthetic_trace("a blue castle", steps=5)]
    meta, data = comparison(traces, ["one", "two"])
    meta = json.loads(json.dumps(meta, allow_nan=False))
    for trace, run in zip(traces, meta["runs"], strict=True):
        own, bytes_ = wire.trace(trace, ("attention", "fields"))  # one of them has no pictures of its steps
        assert run["meta"] == json.loads(json.dumps(own))
        assert data[run["offset"] : run["offset"] + run["bytes"]] == bytes_
    assert meta["rows"][2:4] == [[None, 1], [2, 2]]
    assert {one["name"]: one["values"] for one in meta["settings"]}["Steps"] == ["3", "5"]
    assert "Seed" not in {one["name"] for one in meta["settings"]}


def test_the_browser_is_tested_on_what_is_sent_now() -> None:
    now, kept = golden_paths(), json.loads(FILE.read_text())
    assert json.loads(json.dumps(now["colours"])) == kept["colours"]
    for name in ("path", "comparison"):  # but for the pictures, which another Pillow compresses otherwise
        one, other = (json.dumps(_shape(found[name]["meta"])) for found in (now, kept))
        assert one == other, "The wire has changed: run `python -m tests.views.golden_paths`."


def _shape(value: Any) -> Any:
    """A meta without sizes in bytes, and numbers rounded."""
    if isinstance(value, dict):
        return {
            key: _shape(one) for key, one in value.items() if key not in ("blocks", "span", "spans", "offset", "bytes")
        }
    if isinstance(value, list | tuple):
        return [_shape(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def test_runs_are_named_by_what_was_done_to_them() -> None:
    ex, trace = FakeWays(0), synthetic_run(PROMPT, steps=2)
    made = [
        ex.without(trace, "red"),
        ex.swap(trace, "red", "blue"),
        ex.add(trace, "at night"),
        ex.reweight(trace, {"red": 1.5, "snow": 0.5}),
        ex.schedule(trace, {"snow": (0.25, None)}),
        ex.schedule(trace, {"snow": (None, 12)}),
    ]
    assert names_of([trace, *made]) == [
        "Original", "without red", "blue for red", "with at night", "red × 1.5, snow × 0.5",
        "snow from 25% of the steps", "snow until step 13",
    ]  # fmt: skip
    assert names_of([trace, trace]) == ["Run 1", "Run 2"]


def test_a_comparison_takes_only_what_there_is(tmp_path: Path) -> None:
    trace = synthetic_run(PROMPT, steps=3)
    view = explorer.compare(trace, FakeWays(0).without(trace, "red"))
    assert view.aligned[1] == (1, None)
    view.words, view.step, view.mode = (1, 1, 2), 2, "swipe"
    assert view.words == (1, 2)
    for name, value, message in (
        ("words", (9,), "There is no word 9: choose 0 to 5"),
        ("step", 3, "There is no step 3: choose 0 to 2"),
        ("step", (2, 1), r"There is no step \(2, 1\)"),
    ):
        with pytest.raises(InvalidSetting, match=message):
            setattr(view, name, value)
    assert "Compared by hand" not in view.to_html(tmp_path / "page").read_text()
    view.close()
    assert view._data == b""
    with pytest.raises(InvalidSetting, match="1 runs can't be compared: give 2 to 12 traces"):
        explorer.compare(trace)
    with pytest.raises(InvalidSetting, match="'x' is no trace"):
        explorer.compare(trace, "x")  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="There are 1 names for 2 runs"):
        explorer.compare(trace, trace, names=["one"])


def test_effects_come_back_within_a_byte_of_the_scale() -> None:
    found = FakeWays(0).effects(synthetic_run(PROMPT, steps=3), tell=None)
    meta, data = effects(found)
    meta = json.loads(json.dumps(meta, allow_nan=False))
    assert [row["text"] for row in meta["rows"]] == PROMPT.split()
    offset, length = meta["blocks"]["changes"]
    changes = np.frombuffer(data[offset : offset + length], np.uint8).reshape(-1, *meta["changes"])
    expected = found.maps.values.clip(0, meta["top"])
    np.testing.assert_allclose(changes / 255 * meta["top"], expected, atol=meta["top"] / 255)
    assert [row["size"] for row in meta["rows"]] == pytest.approx(found.size.values.tolist())
    assert meta["rows"][0]["agreement"] is None  # "a" looks nowhere
    assert meta["rows"][2]["agreement"] == pytest.approx(float(found.agreement.values[2]))
    first, size = meta["blocks"]["pictures"][0], meta["rows"][1]["span"]
    picture = np.asarray(Image.open(io.BytesIO(data[first + size[0] : first + sum(size)])), int)
    assert abs(picture - found.without[1].image.values).mean() < 4


def test_growing_tells_what_each_word_added() -> None:
    found = FakeWays(0).grow("a red castle", tell=None)
    meta, _ = growth(found)
    assert [row["text"] for row in meta["rows"]] == ["a", "red", "castle"]
    assert meta["rows"][0]["size"] is None
    assert meta["rows"][2]["size"] == pytest.approx(float(difference(found[2], found[1]).mean()), abs=1e-4)
    assert meta["heat"] is None


def test_a_grid_opens_one_run_at_a_time() -> None:
    sheet = FakeWays(0).grid({"animal": ["cat", "dog"]}, {"seed": [1, 2, 3]}, prompt="a {animal}")
    meta, data = grid(sheet)
    assert (meta["rows"], meta["columns"]) == (["cat", "dog"], ["seed 1", "seed 2", "seed 3"])
    assert len(meta["cells"]) == 6
    assert len(data) < 30_000
    view = GridView(sheet)
    view._told(view, {"do": "open", "place": [1, 2]}, [])
    first = view.opened
    assert first._meta["prompt"] == "a dog"
    view._told(view, {"do": "open", "place": [5, 0]}, [])
    assert "There is no cell (5, 0)" in view._error
    view._told(view, {"do": "open", "place": []}, [])
    assert view.opened is None
    assert first._data == b""  # what is no longer shown is freed
    view.close()
    shown = EffectsView(FakeWays(0).grow("a red castle", tell=None))
    shown.open_run(1)
    assert shown.opened._meta["prompt"] == "a red"
    shown.close()


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_no_prompt_becomes_markup(prompt: str) -> None:
    trace = synthetic_trace(prompt, steps=2)
    view = explorer.compare(trace, trace, names=["<b>", prompt[:200]])
    json.dumps(view._meta, allow_nan=False).encode("utf-8")
    from explorer.sheets import Growth
    from explorer.views.comparison import comparison_html

    for html in (comparison_html([trace, trace], ["<b>", prompt]), effects_html(Growth([trace, trace]))):
        for tag, attributes in Tags(html).seen:
            assert set(attributes) <= KEPT[tag]
        html.encode("utf-8")
        assert len(html) < 60_000
    view.close()


def test_a_large_grid_has_a_small_preview() -> None:
    trace = synthetic_run("a cat", steps=2)
    sheet = explorer.Grid(
        tuple({"seed": i} for i in range(30)),
        tuple({"guidance": float(i)} for i in range(8)),
        {(i, j): trace for i in range(30) for j in range(8)},
    )
    assert grid_html(sheet).count("<img") <= MOST


@pytest.fixture
def app() -> Any:
    app = App(FakeWays(0.001))
    app.show(synthetic_run(PROMPT, steps=4))
    yield app
    app.close()


def changed(app: App, kind: str, **how: Any) -> dict[str, Any]:
    app._told(app, {"do": "change", "kind": kind, "how": how}, [])
    end = time.monotonic() + 30
    while app._changing["state"] not in ("done", "failed", "stopped") and time.monotonic() < end:
        time.sleep(0.005)
    status: dict[str, Any] = app._changing
    return status


@pytest.mark.parametrize(
    ("kind", "how", "name", "prompt"),
    [
        ("without", {"words": [1]}, "without red", "a castle in the snow"),
        ("swap", {"words": [1, 2], "new": "blue dog"}, "blue dog for red, castle", "a blue dog in the snow"),
        ("add", {"new": "at night"}, "with at night", "a red castle in the snow at night"),
        ("reweight", {"words": [5], "factor": -0.5}, "snow × -0.5", PROMPT),
        ("schedule", {"words": [5], "times": [None, 0.5]}, "snow until 50% of the steps", PROMPT),
    ],
)
def test_a_change_is_a_run_of_the_history_beside_its_original(
    app: App, kind: str, how: dict[str, Any], name: str, prompt: str
) -> None:
    assert changed(app, kind, way="attention", **how) == {"state": "done"}
    view = app.changed
    assert view.names == ["Original", name]
    assert view.traces[1].tokens.prompt == prompt
    assert view.traces[1].settings.edit["way"] == "attention"
    assert app._explorer.history[-1] is view.traces[1]
    assert len(app._history) == len(app._explorer.history)
    assert app.trace.tokens.prompt == PROMPT


def test_the_other_questions_have_their_views(app: App) -> None:
    assert changed(app, "effects")["state"] == "done"
    before = app.changed
    assert isinstance(before, EffectsView)
    assert changed(app, "path", prompt="a blue castle", frames=5)["state"] == "done"
    assert isinstance(app.changed, InterpolationView)
    assert len(app.changed.path.frames) == 5
    assert app.changed.path.complete
    assert before._data == b""  # what is no longer shown is freed


@pytest.mark.parametrize(
    ("kind", "how", "message"),
    [
        ("without", {}, "No word is chosen: click a word of the prompt first."),
        ("without", {"words": [77]}, "There are no such words: choose 0 to 5."),
        ("dance", {}, "'dance' is no change: choose one of without, swap"),
        ("swap", {"words": [1], "new": ""}, "new is '', expected a word"),
        ("path", {"prompt": " "}, "The path has no end yet: type the prompt that it leads to."),
        ("path", {"prompt": "a", "frames": 1000}, "1000 frames can't be made: choose 2 to 50."),
    ],
)
def test_a_change_that_makes_no_sense_is_one_sentence(app: App, kind: str, how: dict[str, Any], message: str) -> None:
    status = changed(app, kind, **how)
    assert status["state"] == "failed"
    assert status["message"].startswith(message)


def test_stopping_a_path_keeps_its_frames(app: App) -> None:
    app._explorer.seconds = 0.02
    app._told(app, {"do": "change", "kind": "path", "how": {"prompt": "a blue castle", "frames": 30}}, [])
    end = time.monotonic() + 30
    while app._changing.get("done", 0) < 2 and time.monotonic() < end:
        time.sleep(0.005)
    app._told(app, {"do": "stop change"}, [])
    app._change_job.done.wait(20)
    assert app._changing["state"] == "stopped"
    assert 2 <= len(app.changed.path.frames) < 30
