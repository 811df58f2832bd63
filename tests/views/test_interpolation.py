"""The interpolation view without a browser: what is sent of a path, refining, stopping, files."""

import dataclasses
import io
import json
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.analysis import word_maps
from explorer.errors import InvalidSetting
from explorer.frames import Frame, Interpolation, Key
from explorer.views.interpolation import InterpolationView, path_html
from explorer.wire.frames import frames
from tests.fake import synthetic_run
from tests.fake_ways import FakeWays
from tests.views.test_preview import KEPT, Tags

ENDS = ({"prompt": "a red castle in the snow"}, {"prompt": "a blue castle at night"})


def grid_between(shape: tuple[int, int]) -> Interpolation:
    """A grid between four prompts."""
    keys = tuple(Key(prompt, 1, 4.0) for prompt in ("a red cat", "a blue cat", "a red dog", "a blue dog"))
    made = []
    for row in range(shape[0]):
        for column in range(shape[1]):
            at = (row / (shape[0] - 1), column / (shape[1] - 1))
            trace = synthetic_run(keys[round(at[0]) * 2 + round(at[1])].prompt, steps=3)
            shift = np.array([int(60 * at[0]), int(60 * at[1]), 0])
            picture = np.clip(trace.image.values.astype(int) + shift, 0, 255)
            made.append(Frame(at, dataclasses.replace(trace, image=trace.image.copy(data=picture.astype(np.uint8)))))
    return Interpolation(keys, tuple(made), shape=shape, asked=len(made))


@pytest.fixture(scope="module")
def path() -> Interpolation:
    return FakeWays(0).interpolate(*ENDS, frames=5)


def block(meta: dict[str, Any], data: bytes, name: str) -> bytes:
    offset, length = meta["blocks"][name]
    return data[offset : offset + length]


def settled(view: InterpolationView, *states: str) -> dict[str, Any]:
    end = time.monotonic() + 30
    while view._status["state"] not in states and time.monotonic() < end:
        time.sleep(0.005)
    status: dict[str, Any] = view._status
    return status


def test_each_words_map_comes_back_on_one_scale_along_the_path(path: Interpolation) -> None:
    meta, data = frames(path)
    meta = json.loads(json.dumps(meta, allow_nan=False))
    assert [word["text"] for word in meta["words"]] == "a red blue castle in the snow at night".split()
    assert [word["prompts"] for word in meta["words"]][:4] == [[0, 1], [0], [1], [0, 1]]
    about = meta["maps"]
    maps = np.frombuffer(block(meta, data, "maps"), np.uint8).reshape(-1, about["height"], about["width"])
    castle, snow = 3, 6
    for i, frame in enumerate(path.frames):
        own = word_maps(frame.trace).mean("step")
        row = about["rows"][i][castle]
        shares = maps[row] * (about["scales"][castle] / 255)
        index = [word.text for word in frame.trace.tokens.words].index("castle")
        np.testing.assert_allclose(shares, own.values[index], atol=about["scales"][castle] / 255)
        assert (about["rows"][i][snow] is None) == ("snow" not in frame.trace.tokens.prompt)


def test_the_curve_and_the_pictures_are_those_of_the_path(path: Interpolation) -> None:
    meta, data = frames(path)
    np.testing.assert_allclose(meta["curve"], path.curve().values)
    assert meta["unevenness"] == pytest.approx(path.unevenness())
    pictures = block(meta, data, "pictures")
    for frame, about in zip(path.frames, meta["frames"], strict=True):
        offset, length = about["span"]
        shown = np.asarray(Image.open(io.BytesIO(pictures[offset : offset + length])), int)
        assert abs(shown - frame.trace.image.values).mean() < 3
    assert len(data) < 60_000


def test_a_grid_has_no_curve_and_says_where_its_frames_stand() -> None:
    meta, _ = frames(grid_between((2, 3)))
    assert (meta["shape"], meta["curve"], meta["unevenness"]) == ([2, 3], None, None)
    assert meta["frames"][-1]["at"] == [1.0, 1.0]
    assert meta["title"] == "a red cat / a blue cat / a red dog / a blue dog"


def test_a_closed_path_ends_where_it_began(path: Interpolation) -> None:
    closed = dataclasses.replace(path, closed=True)
    meta, _ = frames(closed)
    assert meta["closed"]
    assert len(meta["curve"]) == len(path.frames)
    assert not frames(dataclasses.replace(closed, asked=9))[0]["closed"]  # frames are missing


def test_more_frames_come_between_and_what_was_encoded_stays() -> None:
    ex = FakeWays(0)
    path = ex.interpolate(*ENDS, frames=3)
    view = InterpolationView(path)
    known = dict(view._known)
    view._told(view, {"do": "refine", "between": [0, 2], "frames": 2}, [])
    assert settled(view, "done", "failed")["state"] == "done"
    assert [round(frame.at[0], 3) for frame in view.path.frames] == [0, 0.167, 0.333, 0.5, 0.667, 0.833, 1]
    assert all(view._known[key] is one for key, one in known.items())
    assert len(view._meta["frames"]) == 7
    view.close()
    assert (view._data, view.path) == (b"", None)


def test_stopped_it_keeps_the_frames_that_are_done() -> None:
    ex = FakeWays(0)
    view = InterpolationView(ex.interpolate(*ENDS, frames=3))
    ex.seconds = 0.03
    view.refine((1, 2), 20)
    while settled(view, "running", "failed").get("done", 0) < 2:
        time.sleep(0.005)
    view._told(view, {"do": "stop"}, [])
    assert settled(view, "stopped", "failed")["state"] == "stopped"
    assert 5 <= len(view.path.frames) < 20
    assert not view.path.complete
    view.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"do": "refine", "between": [2, 1]}, r"between is \(2, 1\), expected two frames in order, from 0 to 4"),
        ({"do": "refine", "between": [0, 1], "frames": 0}, "0 frames more in each gap are too many"),
        ({"do": "export", "kind": "../x"}, r"'../x' is no animation: choose one of webp, gif"),
        ({"do": "refine"}, r"The pipeline failed \(KeyError"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(path: Interpolation, content: dict[str, Any], message: str) -> None:
    import re

    view = InterpolationView(path, FakeWays(0))
    view._told(view, content, [])
    assert re.match(message, settled(view, "failed")["message"])
    view.close()


def test_nobody_is_asked_for_frames_once_the_explorer_is_gone(path: Interpolation) -> None:
    class Gone:
        pass

    lost = dataclasses.replace(path, maker=weakref.ref(Gone()))
    view = InterpolationView(lost)
    assert view._status["able"] is False
    view.refine((0, 1)).done.wait(10)
    assert "The Explorer that made this path is gone" in settled(view, "failed")["message"]
    view.close()


def test_files_go_beside_the_notebook_and_overwrite_nothing(path: Interpolation, tmp_path: Path) -> None:
    view = InterpolationView(path, FakeWays(0), folder=tmp_path)
    for kind in ("gif", "gif", "webp"):
        view.export(kind).done.wait(20)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "interpolation-2.gif",
        "interpolation.gif",
        "interpolation.webp",
    ]
    with Image.open(tmp_path / "interpolation.gif") as animation:
        assert animation.n_frames > len(path.frames)
    view.close()


def test_its_traits_take_only_what_there_is(path: Interpolation) -> None:
    view = InterpolationView(path)
    view.frame, view.words = 4, (3, 3, 6)
    assert view.words == (3, 6)
    with pytest.raises(InvalidSetting, match="There is no frame 5: choose 0 to 4"):
        view.frame = 5
    with pytest.raises(InvalidSetting, match="There is no word 40: choose 0 to 8"):
        view.words = (40,)
    with pytest.raises(InvalidSetting, match="no frames yet"):
        InterpolationView(dataclasses.replace(path, frames=()))
    view.close()


def test_the_preview_is_a_strip_with_words_for_each_picture(path: Interpolation) -> None:
    tags = Tags(path_html(path, key="prompt-explorer-1"))
    alts = [attributes["alt"] for tag, attributes in tags.seen if tag == "img"]
    assert alts[0] == "Frame 1: towards a red castle in the snow"
    assert len(alts) == 5
    for tag, attributes in tags.seen:
        assert set(attributes) <= KEPT[tag]
    many = dataclasses.replace(path, frames=tuple(path.frames[0] for _ in range(200)))
    assert path_html(many).count("<img") <= 26
    assert path_html(grid_between((3, 4))).count("<img") == 12
