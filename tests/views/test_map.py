"""The map view without a browser: what is sent, what comes back, the preview, the page, the figure."""

import base64
import dataclasses
import io
import json
import re
import time
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import figures
from explorer.atlas import Atlas, Placed
from explorer.errors import InvalidSetting, MissingBundle
from explorer.views import MapView
from explorer.views.map_preview import drawn, kind_colour, map_html, map_text
from explorer.wire.atlas import LISTED, MOST_KINDS, MOST_VECTORS
from explorer.wire.atlas import atlas as atlas_of
from tests.maps import MapFake, synthetic_atlas
from tests.views.golden_map import FILE, golden


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return synthetic_atlas(live=True)


def block(meta: dict[str, Any], data: bytes, name: str, kind: str = "u1") -> np.ndarray:
    offset, length = meta["blocks"][name]
    return np.frombuffer(data[offset : offset + length], kind)


def settle(view: MapView, ready: Any) -> None:
    end = time.monotonic() + 60
    while not ready() and time.monotonic() < end:
        time.sleep(0.01)
    assert ready()


def test_numbers_come_back_as_they_were(atlas: Atlas) -> None:
    meta, data = atlas_of(atlas)
    meta = json.loads(json.dumps(meta, allow_nan=False))
    np.testing.assert_array_equal(block(meta, data, "points", "<f4").reshape(atlas.shape), atlas.points)
    np.testing.assert_array_equal(block(meta, data, "neighbours", "<i4"), atlas.neighbours.ravel())
    np.testing.assert_allclose(block(meta, data, "cosines", "<i2") / 32767, atlas.cosines.ravel(), atol=2e-5)
    np.testing.assert_array_equal(block(meta, data, "modalities"), atlas.modalities)
    assert [meta["kinds"][i] for i in block(meta, data, "kinds")] == list(atlas.kinds)
    assert atlas.kept is not None
    np.testing.assert_allclose(block(meta, data, "kept") / 250, atlas.kept, atol=0.002)
    vectors = block(meta, data, "vectors", "i1").reshape(len(atlas), -1).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors @ vectors.T, atlas.vectors @ atlas.vectors.T, atol=0.015)
    assert (meta["labels"], meta["near"], meta["axes"]) == (list(atlas.labels), 10, list(atlas.axes))
    assert meta["paths"] == [{"name": "castle to narwhal", "kind": "interpolation", "rows": list(atlas.paths[0].rows)}]
    assert all(offset % 4 == 0 for offset, _ in meta["blocks"].values())


def test_thumbnails_lie_in_their_cells(atlas: Atlas) -> None:
    meta, data = atlas_of(atlas)
    thumbs = meta["thumbs"]
    sheet = np.asarray(Image.open(io.BytesIO(block(meta, data, "sheet").tobytes())).convert("RGB")).astype(int)
    rows, sizes = block(meta, data, "pictured", "<i4"), block(meta, data, "sizes").reshape(-1, 2).astype(int)
    assert rows.tolist() == sorted(atlas.thumbs)
    for place, (row, (width, height)) in enumerate(zip(rows, sizes, strict=True)):
        assert (height, width) == atlas.thumbs[int(row)].shape[:2]
        left, top = place % thumbs["columns"] * thumbs["cell"], place // thumbs["columns"] * thumbs["cell"]
        found = sheet[top : top + height, left : left + width]
        assert np.abs(found - atlas.thumbs[int(row)]).mean() < 6


def test_a_large_map_stays_small_to_send() -> None:
    large = synthetic_atlas(LISTED, width=MOST_VECTORS // LISTED)
    meta, data = atlas_of(large)
    assert meta["labels"] is None
    assert (meta["near"], meta["width"]) == (0, None)
    ends = block(meta, data, "ends", "<u4")
    text = block(meta, data, "labels").tobytes()
    assert text[ends[-2] : ends[-1]].decode() == large.labels[-1]
    assert len(data) < 45 * len(large)


def test_odd_maps_are_sent_or_refused_in_a_sentence(atlas: Atlas) -> None:
    many = dataclasses.replace(atlas, kinds=[f"kind {i}" for i in range(len(atlas))])
    meta, _ = atlas_of(many)
    assert len(meta["kinds"]) == MOST_KINDS
    assert meta["kinds"][-1] == "other"
    odd = dataclasses.replace(atlas, labels=["a\ud800b", *list(atlas.labels)[1:]])
    assert atlas_of(odd)[0]["labels"][0] == "a�b"
    points = atlas.points.copy()
    points[3, 1] = np.nan
    with pytest.raises(InvalidSetting, match=r"no place for 'dog', whose point is not a number: leave it out"):
        atlas_of(dataclasses.replace(atlas, points=points))


def test_pins_and_selections_are_checked(atlas: Atlas) -> None:
    view = MapView(atlas)
    try:
        view.item = 5
        view.selected = [4, 2, 4]
        assert view.selected == (2, 4)
        with pytest.raises(InvalidSetting, match=r"no item 99: its items are numbered from 0 to 60\."):
            view.item = 99
        with pytest.raises(InvalidSetting, match="no item -1"):
            view.selected = (-1,)
        assert (view.item, view.selected) == (5, (2, 4))
    finally:
        view.close()


def test_words_land_in_the_order_in_which_they_were_typed(atlas: Atlas) -> None:
    view = MapView(atlas)
    try:
        assert view._live
        for text in ("one", "boom", "two"):
            view._asked(view, {"do": "place", "text": text}, [])
        settle(view, lambda: len(view._placed) == 2)
        assert [one["text"] for one in view._placed] == ["one", "two"]
        one = view._placed[0]
        assert one["neighbours"][0][0] == 0
        assert one["neighbours"][0][1] == pytest.approx(float(atlas.place("x").cosines[0]), abs=1e-4)
        assert len(one["vector"]) == 32
        view._asked(view, {"do": "place", "text": "boom"}, [])
        settle(view, lambda: view._told["state"] == "failed")
        assert "boom" in view._told["message"]
        view._asked(view, {"do": "near", "row": "x"}, [])
        assert view._told["message"].startswith("The map has no item 'x'")
    finally:
        view.close()
    assert view._data == b""
    assert view.atlas is None


def test_a_map_without_a_model_has_no_box_and_another_model_can_be_given() -> None:
    atlas = synthetic_atlas()
    view = MapView(atlas)
    assert not view._live
    view._asked(view, {"do": "place", "text": "one"}, [])
    settle(view, lambda: view._told["state"] == "failed")
    assert view._told["message"].startswith("This map has no model at hand")
    view.close()

    def place(text: str) -> Placed:
        rows, cosines = atlas.nearest(atlas.vectors[1])
        return Placed(text, atlas.vectors[1], atlas.points[1], rows, cosines)

    other = MapView(atlas, place=place)
    other.place("narwhal")
    settle(other, lambda: bool(other._placed))
    assert other._placed[0]["neighbours"][0][0] == 1
    other.close()


def test_python_compares_where_too_much_would_have_to_be_sent() -> None:
    atlas = synthetic_atlas(LISTED, width=8)
    view = MapView(atlas)
    view._asked(view, {"do": "near", "row": 7}, [])
    settle(view, lambda: view._near.get("row") == 7)
    rows, cosines = atlas.nearest(7)
    assert [row for row, _ in view._near["neighbours"]] == rows.tolist()
    assert [cosine for _, cosine in view._near["neighbours"]] == pytest.approx(cosines.tolist(), abs=1e-4)
    alike = np.frombuffer(view._alike, np.int8) / 127
    np.testing.assert_allclose(alike, atlas.similarities(7), atol=0.005)
    view.close()


def test_the_preview_shows_the_map_and_no_markup(atlas: Atlas) -> None:
    hostile = dataclasses.replace(
        atlas, labels=["<img src=x onerror=a()>", *list(atlas.labels)[1:]], note="<b>note</b>"
    )
    html = map_html(hostile, key="own-key")
    assert "prompt-explorer-preview own-key" in html
    assert "<b>" not in html
    assert html.count("<img") == 1
    assert re.search(r'alt="Map of 61 items of a fake model: &lt;img src=x onerror=a', html)
    source = re.search(r'src="data:image/png;base64,([^"]+)"', html)
    assert source
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(source[1]))).convert("RGB"))
    assert pixels.shape[:2] == (960, 1440)
    assert len(html) < 150_000
    colours = {tuple(int(kind_colour(i)[k : k + 2], 16) for k in (1, 3, 5)) for i in range(5)}
    seen = {tuple(pixel) for pixel in np.asarray(drawn(atlas)).reshape(-1, 3)[::3].tolist()}
    assert colours <= seen
    assert map_text(atlas).endswith("PCA, 55% of the variance, trustworthiness 0.91.")


@pytest.mark.parametrize("count", [1, 3])
def test_one_point_and_many_on_one_spot_are_drawn(count: int) -> None:
    whole = synthetic_atlas()
    same = dataclasses.replace(
        whole,
        labels=["here"] * count,
        kinds=["word"] * count,
        modalities=np.zeros(count, np.uint8),
        vectors=np.repeat(whole.vectors[:1], count, axis=0),
        points=np.zeros((count, 2), np.float32),
        thumbs={},
        kept=None,
        trustworthiness=None,
        neighbours=np.zeros((count, 0), np.int32),
        cosines=np.zeros((count, 0), np.float32),
        paths=(),
    )
    pixels = np.asarray(drawn(same))
    assert (pixels[480 - 4 : 480 + 4, 720 - 4 : 720 + 4] != 255).any()
    assert atlas_of(same)[0]["count"] == count


def test_the_page_holds_the_map_and_no_other(tmp_path: FilePath, atlas: Atlas) -> None:
    path = atlas.to_html(tmp_path / "words")
    assert path.name == "words.html"
    text = path.read_text("utf-8")
    assert text.count('"kind":"atlas"') == 1
    assert "<title>Map of 61 items of a fake model</title>" in text


def test_the_figure_has_the_views_colours_and_no_markup(atlas: Atlas) -> None:
    for axes in (2, 3):
        own = synthetic_atlas(axes=axes)
        figure = figures.atlas_figure(dataclasses.replace(own, labels=["<b>x</b>", *list(own.labels)[1:]]))
        traces = [trace for trace in figure.data if trace.mode != "lines"]
        assert [trace.name for trace in traces] == list(dict.fromkeys(own.kinds))
        assert [trace.marker.color.lower() for trace in traces] == [kind_colour(i).lower() for i in range(len(traces))]
        np.testing.assert_array_equal(np.asarray(traces[0].x), own.points[:16, 0])
        assert traces[0].text[0] == "&lt;b&gt;x&lt;/b&gt;"
        assert traces[0].customdata[0].startswith(own.labels[int(own.neighbours[0, 0])])
        assert (traces[0].type == "scatter3d") == (axes == 3)
    assert figures.atlas_figure(atlas).data[-1].name == "castle to narwhal"


def test_without_its_bundle_it_says_so(monkeypatch: pytest.MonkeyPatch, atlas: Atlas) -> None:
    monkeypatch.setattr(MapView, "_esm", "")
    with pytest.raises(MissingBundle, match=r"map\.js, was not built: run `make front`"):
        MapView(atlas)


def test_the_app_maps_its_runs_when_asked() -> None:
    from explorer.views.app import App

    fake = MapFake(0)
    app = App(fake)  # type: ignore[arg-type]
    try:
        app._told(app, {"do": "map"}, [])
        settle(app, lambda: app._mapping["state"] == "failed")  # type: ignore[arg-type]
        assert app._mapping["message"] == "There is no run to map: generate one first."
        fake.generate("a red castle", steps=2, seed=1, guidance=3.0, width=128, height=128)
        app.map_runs().done.wait(60)
        assert app._mapping == {"state": "done", "runs": 1}
        first = app.map
        assert isinstance(first, MapView)
        app.map_runs().done.wait(60)
        assert app.map is not first
        assert first.atlas is None
    finally:
        app.close()
    assert app.map is None or app.map.atlas is None


def test_the_golden_file_is_what_is_sent() -> None:
    found = json.loads(FILE.read_text())
    expected = json.loads(json.dumps(golden()))
    assert found["meta"] == expected["meta"]
    assert len(base64.b64decode(found["data"])) == len(base64.b64decode(expected["data"]))
    np.testing.assert_allclose(found["alike"], expected["alike"], atol=1e-4)
