import io
import json

import numpy as np
import pytest
from PIL import Image

from explorer import wire
from explorer.analysis import word_maps, words_at
from tests.synthetic import synthetic_trace
from tests.views.golden import FILE, golden


@pytest.mark.parametrize(
    ("size", "grids"),
    [((128, 128), ((16, 16), (8, 8))), ((64, 192), ((8, 24), (4, 12))), ((64, 64), ((8, 8), (16, 16)))],
)
def test_the_maps_come_back_within_a_byte(size: tuple[int, int], grids: tuple[tuple[int, int], ...]) -> None:
    trace = synthetic_trace("a red castle, a blue narwhal", steps=3, size=size, grids=grids)
    meta, data = wire.attention(trace)
    meta = json.loads(json.dumps(meta, allow_nan=False))
    shape = meta["shape"]
    maps = np.frombuffer(data, np.uint8, count=int(np.prod(shape))).reshape(shape)
    shares = maps * (np.array(meta["scales"])[:, None, None, None] / 255)
    expected = word_maps(trace)
    assert shape == list(expected.shape)
    assert shape[2:] == list(max(grids, key=lambda grid: grid[0] * grid[1]))
    for row, scale in enumerate(meta["scales"]):
        np.testing.assert_allclose(shares[row], expected.values[row], atol=scale / 255 / 2 + 1e-6)
        assert maps[row].max() == 255

    picture = meta["picture"]
    assert (picture["width"], picture["height"]) == (size[1], size[0])
    image = Image.open(io.BytesIO(data[picture["offset"] :]))
    np.testing.assert_array_equal(np.asarray(image), trace.image.values)
    assert len(data) == picture["offset"] + picture["bytes"]


def test_words_keep_their_places_pieces_and_rows() -> None:
    meta, _ = wire.attention(synthetic_trace("a red castle, a blue narwhal"))
    words = meta["words"]
    assert [word["text"] for word in words] == ["a", "red", "castle", ",", "a", "blue", "narwhal"]
    assert words[6]["pieces"] == ["narw", "hal"]
    assert [word["row"] for word in words] == list(range(7))
    assert words[2]["end"] == words[3]["start"]
    assert (meta["version"], meta["kind"], meta["omitted"], meta["limit"]) == (1, "attention", 0, 77)
    assert len(meta["timesteps"]) == len(meta["sigmas"]) == meta["shape"][1]


def test_ranking_by_bytes_is_the_ranking_of_words_at() -> None:
    trace = synthetic_trace(steps=4)
    meta, data = wire.attention(trace)
    maps = np.frombuffer(data, np.uint8, count=int(np.prod(meta["shape"]))).reshape(meta["shape"])
    shares = (maps * np.array(meta["scales"])[:, None, None, None] / 255).mean(axis=1)
    for row in (1, 2, 5, 6):
        y, x = np.unravel_index(int(shares[row].argmax()), (16, 16))
        expected = [meta["words"][one.index]["row"] for one in words_at(trace, int(x) * 8, int(y) * 8)[:2]]
        assert expected[0] == row
        assert np.argsort(-shares[:, y, x])[:2].tolist() == expected


def test_words_beyond_the_limit_have_no_row() -> None:
    trace = synthetic_trace("red castle " * 60, limit=20)
    meta, _ = wire.attention(trace)
    assert meta["shape"][0] == 18
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
    meta, data = wire.attention(synthetic_trace(prompt, steps=2))
    text = json.dumps(meta, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert len(text) < 60_000
    assert len(data) < 100_000


def test_numbers_that_json_does_not_know() -> None:
    trace = synthetic_trace(steps=2)
    trace.latents.coords["sigma"].values[:] = [np.nan, np.inf]
    for maps in trace.attention.values():
        maps.values[0, 0, 2, 0, 0] = np.nan
    meta, _ = wire.attention(trace)
    json.dumps(meta, allow_nan=False)
    assert meta["sigmas"] == [None, None]


def test_the_file_that_vitest_reads_is_what_python_computes() -> None:
    saved, now = json.loads(FILE.read_text("utf-8")), json.loads(json.dumps(golden()))
    # The PNG's bytes are the compressor's business.
    for one in (saved, now):
        one["meta"]["picture"].pop("bytes")
        one.pop("data")
    assert saved == now, "run `python -m tests.views.golden`"
