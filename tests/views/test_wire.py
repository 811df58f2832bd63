import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import wire
from explorer.analysis import noise_prediction, split, word_maps, words_at
from tests.fake import synthetic_run
from tests.synthetic import synthetic_trace
from tests.views.golden import FILE, golden


def block(meta: dict[str, Any], data: bytes, name: str) -> bytes:
    offset, length = meta["blocks"][name]
    return data[offset : offset + length]


@pytest.mark.parametrize(
    ("size", "grids"),
    [((128, 128), ((16, 16), (8, 8))), ((64, 192), ((8, 24), (4, 12))), ((64, 64), ((8, 8), (16, 16)))],
)
def test_the_maps_come_back_within_a_byte(size: tuple[int, int], grids: tuple[tuple[int, int], ...]) -> None:
    trace = synthetic_trace("a red castle, a blue narwhal", steps=3, size=size, grids=grids)
    meta, data = wire.trace(trace)
    meta = json.loads(json.dumps(meta, allow_nan=False))
    shape = meta["attention"]["shape"]
    maps = np.frombuffer(block(meta, data, "maps"), np.uint8).reshape(shape)
    scales = meta["attention"]["scales"]
    shares = maps * (np.array(scales)[:, None, None, None] / 255)
    expected = word_maps(trace)
    assert shape == list(expected.shape)
    assert shape[2:] == list(max(grids, key=lambda grid: grid[0] * grid[1]))
    for row, scale in enumerate(scales):
        np.testing.assert_allclose(shares[row], expected.values[row], atol=scale / 255 / 2 + 1e-6)
        assert maps[row].max() == 255

    picture = meta["picture"]
    assert (picture["width"], picture["height"]) == (size[1], size[0])
    image = Image.open(io.BytesIO(block(meta, data, "picture")))
    np.testing.assert_array_equal(np.asarray(image), trace.image.values)
    assert all(offset % 4 == 0 for offset, _ in meta["blocks"].values())


def test_words_keep_their_places_pieces_and_rows() -> None:
    meta, _ = wire.trace(synthetic_trace("a red castle, a blue narwhal"))
    words = meta["words"]
    assert [word["text"] for word in words] == ["a", "red", "castle", ",", "a", "blue", "narwhal"]
    assert words[6]["pieces"] == ["narw", "hal"]
    assert [word["row"] for word in words] == list(range(7))
    assert words[2]["end"] == words[3]["start"]
    assert (meta["version"], meta["kind"], meta["omitted"], meta["limit"]) == (2, "trace", 0, 77)
    assert len(meta["timesteps"]) == len(meta["sigmas"]) == meta["steps"]


def test_ranking_by_bytes_is_the_ranking_of_words_at() -> None:
    trace = synthetic_trace(steps=4)
    meta, data = wire.trace(trace)
    maps = np.frombuffer(block(meta, data, "maps"), np.uint8).reshape(meta["attention"]["shape"])
    shares = (maps * np.array(meta["attention"]["scales"])[:, None, None, None] / 255).mean(axis=1)
    for row in (1, 2, 5, 6):
        y, x = np.unravel_index(int(shares[row].argmax()), (16, 16))
        expected = [meta["words"][one.index]["row"] for one in words_at(trace, int(x) * 8, int(y) * 8)[:2]]
        assert expected[0] == row
        assert np.argsort(-shares[:, y, x])[:2].tolist() == expected


def test_words_beyond_the_limit_have_no_row() -> None:
    trace = synthetic_trace("red castle " * 60, limit=20)
    meta, _ = wire.trace(trace)
    assert meta["attention"]["shape"][0] == 18
    assert len(meta["words"]) == 18 + wire.CUT_SHOWN
    assert meta["omitted"] == 120 - len(meta["words"])
    assert all(word["cut"] and word["row"] is None for word in meta["words"][18:])


HOSTILE = [
    "",
    "   ",
    "\ud800 lone \udfff",
    "<img src=x onerror=alert(1)> </script>",
    "\u202eevil\u202c \u200b\u200b \u0000",
    "z" + "\u0301" * 500,
    "👩‍🔬 👨‍👩‍👧‍👦 🏳️‍🌈",
    "castle " * 15_000,
    "a" * 100_000,
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_any_prompt_is_small_and_can_be_encoded(prompt: str) -> None:
    meta, data = wire.trace(synthetic_trace(prompt, steps=2))
    text = json.dumps(meta, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert len(text) < 60_000
    assert len(data) < 250_000


def test_numbers_that_json_does_not_know() -> None:
    trace = synthetic_trace(steps=2)
    trace.latents.coords["sigma"].values[:] = [np.nan, np.inf]
    for maps in trace.attention.values():
        maps.values[0, 0, 2, 0, 0] = np.nan
    meta, _ = wire.trace(trace)
    json.dumps(meta, allow_nan=False)
    assert meta["sigmas"] == [None, None]


def test_the_file_that_vitest_reads_is_what_python_computes() -> None:
    saved, now = json.loads(FILE.read_text("utf-8")), json.loads(json.dumps(golden()))
    # The pictures' bytes are the compressors' business.
    for one in (saved, now):
        one["meta"].pop("blocks")
        one["meta"]["pictures"].pop("spans")
        one.pop("data")
    assert saved == now, "run `python -m tests.views.golden`"


def test_fields_come_back_within_a_byte() -> None:
    trace = synthetic_run("a red castle", steps=5)
    meta, data = wire.trace(trace)
    fields = meta["fields"]
    parts = split(trace)
    assert parts is not None
    started = np.concatenate([trace.noise.values[None], trace.latents.values])
    expected = {
        "latents": started,
        "predicted": trace.predicted.values,
        "noise": noise_prediction(trace).values,
        "push": parts.push.values,
    }
    assert set(fields["limits"]) == set(expected)
    for name, values in expected.items():
        found = np.frombuffer(block(meta, data, name), np.uint8).reshape(values.shape).astype(float) / 255
        low, high = np.array(fields["limits"][name]).T[:, None, :, None, None]
        np.testing.assert_allclose(low + found * (high - low), values, atol=float((high - low).max()) / 255)
    for step, (offset, length) in enumerate(meta["pictures"]["spans"]):
        picture = Image.open(io.BytesIO(block(meta, data, "pictures")[offset : offset + length]))
        assert trace.pictures is not None
        assert np.abs(np.asarray(picture).astype(int) - trace.pictures.values[step]).mean() < 8


def test_a_view_gets_no_more_than_it_asked_for() -> None:
    meta, _ = wire.trace(synthetic_run("a red castle", steps=2), ("attention",))
    assert set(meta["blocks"]) == {"picture", "maps"}
    assert meta["layers"] is meta["fields"] is meta["pictures"] is meta["curves"] is None


def test_the_words_of_the_negative_prompt_follow() -> None:
    trace, other = synthetic_trace("a red castle"), synthetic_trace("ugly bear")
    both = dataclasses.replace(trace, negative=other.attention, negative_tokens=other.tokens)
    meta, data = wire.trace(both)
    assert [(word["text"], word.get("negative", False), word["row"]) for word in meta["words"]] == [
        ("a", False, 0),
        ("red", False, 1),
        ("castle", False, 2),
        ("ugly", True, 3),
        ("bear", True, 4),
    ]
    maps = np.frombuffer(block(meta, data, "maps"), np.uint8).reshape(meta["attention"]["shape"])
    scales = np.array(meta["attention"]["scales"])[:, None, None, None]
    np.testing.assert_allclose(maps[3:] * scales[3:] / 255, word_maps(other).values, atol=2e-3)
    assert all(len(one["scales"]) == 5 for one in meta["layers"]["layers"])


def test_masks_are_named_by_their_words() -> None:
    trace = synthetic_trace("a red castle, a red boat", size=(64, 128), grids=((8, 16),))
    mask = np.zeros((64, 128), bool)
    mask[10:20, 30:50] = True
    meta, data = wire.trace(trace, ("attention",), masks={"red": mask, 2: mask})
    assert [one["words"] for one in meta["masks"]] == [[1, 5], [2]]
    pixels = np.frombuffer(block(meta, data, "masks"), np.uint8).reshape(2, 64, 128)
    assert (pixels == mask).all()


LONG = "a blue narwhal and a red castle in the deep snow under a bright moon with three small boats near"


def test_fifty_steps_of_twenty_words_on_the_largest_grid_stay_under_six_megabytes() -> None:
    trace = synthetic_run(LONG, steps=50, size=(512, 512), grids=((64, 64), (32, 32), (16, 16), (8, 8)))
    assert len(trace.words) == 20
    meta, data = wire.trace(trace)
    assert len(data) + len(json.dumps(meta)) < 6_000_000
    assert meta["attention"]["shape"] == [20, 50, 64, 64]


def test_very_many_words_come_on_a_coarser_grid() -> None:
    trace = synthetic_trace("castle bear " * 37, steps=20, size=(512, 512), grids=((64, 64),))
    meta, data = wire.trace(trace)
    assert meta["attention"]["shape"] == [74, 20, 32, 32]
    assert len(data) < 6_000_000
