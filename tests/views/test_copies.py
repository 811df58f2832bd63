"""Nearest training pictures and the library of them, as they are sent and shown; without a browser."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer.copying import Copies
from explorer.errors import CheckpointError, InvalidSetting
from explorer.miniature import novelty, world
from explorer.miniature.library import Library
from explorer.miniature.novelty import Match, Nearest
from explorer.views.copies import CopiesView, copies_html
from explorer.views.library import LibraryView, library_html
from explorer.wire.copies import copies, how
from tests.synthetic import synthetic_trace
from tests.views.test_preview import KEPT, Tags


def found() -> Copies:
    """A drawing that is the second of a small training set, mirrored."""
    drawings = [world.draw(n) for n in range(3)]
    picture = np.ascontiguousarray(drawings[1].image[:, ::-1])
    matches = tuple(
        Match(d.scene.seed, d.image, d.caption, 0.99 if d is drawings[1] else 0.3, d is drawings[1], True, (-2, 4))
        for d in (drawings[1], drawings[0], drawings[2])
    )
    nearest = {by: Nearest(picture, matches, by, 3, 0.25) for by in ("copy", "pixels")}  # type: ignore[arg-type]
    return Copies("a picture", picture, nearest, 0.9)


def test_nearest_pictures_are_sent_by_measure() -> None:
    one = found()
    meta, data = copies(one)
    json.dumps(meta, allow_nan=False)
    assert [(m["by"], m["among"]) for m in meta["measures"]] == [("copy", 3), ("pixels", 3)]
    first = meta["measures"][0]["matches"][0]
    assert (first["seed"], first["copied"], first["how"]) == (1, True, "mirrored, moved by 2 up and 4 right")
    offset, size = first["span"]
    start = meta["blocks"]["pictures"][0]
    picture = np.asarray(Image.open(io.BytesIO(data[start + offset : start + offset + size])), int)
    assert abs(picture - one.nearest["copy"].matches[0].picture).mean() < 6
    assert (meta["copied"], meta["limit"]) == (True, 0.9)
    assert repr(one) == "<Copies: a copy, the nearest of 3 training pictures is like it by 0.99>"
    assert how(Match(1, picture, "", 1.0)) == ""
    view = CopiesView(one)
    view.close()
    assert view._data == b""


def test_copies_are_asked_for_with_a_picture_of_the_miniatures_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def nearest(picture: Any, count: int, by: str, index: Any) -> Nearest:
        asked.append((picture.shape, count, by))
        return Nearest(picture, (), by, 9, 0.1)  # type: ignore[arg-type]

    monkeypatch.setattr(novelty, "nearest", nearest)
    trace = synthetic_trace("a dog", size=(128, 128))
    assert explorer.copies(trace, count=3).prompt == "a dog"
    assert asked == [((128, 128, 3), 3, by) for by in ("copy", "pixels", "clip")]
    assert not explorer.copies(Image.new("RGB", (128, 128)), by=["pixels"]).copied
    for wrong, message in (
        (np.zeros((64, 128, 3), np.uint8), "of is 128x64, expected a picture of 128x128 pixels"),
        (np.zeros(3), "of is no picture, expected"),
    ):
        with pytest.raises(InvalidSetting, match=message):
            explorer.copies(wrong)
    with pytest.raises(InvalidSetting, match="by is 'clip', expected a list of copy, pixels, clip"):
        explorer.copies(trace, by="clip")

    def lacks(*_: Any) -> Nearest:
        raise FileNotFoundError("There is no index x: make it with `python -m explorer.miniature.train index`.")

    monkeypatch.setattr(novelty, "nearest", lacks)
    with pytest.raises(CheckpointError, match="There is no index x"):
        explorer.copies(trace)


def test_the_library_is_searched_in_its_own_thread() -> None:
    view = LibraryView(Library(60))
    assert view._job is not None
    view._job.done.wait(60)
    assert view._status == {"state": "done", "searched": 48, "note": ""}
    assert [item["seed"] for item in view._meta["items"]] == list(range(48))
    word = view._meta["items"][5]["caption"].split()[-1]
    view._told(view, {"do": "search", "text": word, "names": {}}, [])
    view._job.done.wait(60)
    assert all(word.lower() in item["caption"].lower() for item in view._meta["items"])
    assert 5 in [item["seed"] for item in view._meta["items"]]
    offset, size = view._meta["items"][0]["span"]
    assert Image.open(io.BytesIO(view._data[offset : offset + size])).size == (128, 128)
    view._told(view, {"do": "search", "names": {"subject": "castle", "colour": "red", "style": "comic"}}, [])
    view._job.done.wait(60)
    own = [Library(60)[item["seed"]].scene for item in view._meta["items"]]
    assert all(scene.style == "comic" for scene in own)
    view._told(view, {"do": "search", "names": {"subject": "unicorn"}}, [])
    assert view._status["state"] == "failed"
    assert view._status["message"].startswith("The library knows no subject 'unicorn': choose one of ")
    view.close()
    assert view._data == b""


def test_previews_hold_only_what_a_saved_notebook_keeps(tmp_path: Path) -> None:
    pages = (copies_html(found()), library_html(Library(20)))
    for html in pages:
        for tag, attributes in Tags(html).seen:
            assert set(attributes) <= KEPT[tag]
    assert [html.count("<img") for html in pages] == [7, 12]
    view = CopiesView(found())
    assert "mirrored, moved by 2 up and 4 right" in view.to_html(tmp_path / "page").read_text()
    view.close()
