"""Films of trainings, enlargements, the gallery and the lesson, as they are sent and shown; without a browser."""

import io
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer.errors import InvalidSetting, TraceFileError
from explorer.gallery import EXAMPLES, Example, Gallery
from explorer.lessons import Lesson
from explorer.miniature import likeness
from explorer.miniature.film import Film
from explorer.miniature.lesson import Moment
from explorer.runs import Progress
from explorer.upscaling import Upscaled
from explorer.views.film import FilmView, film_html
from explorer.views.gallery import GalleryView, gallery_html
from explorer.views.lesson import MOST, LessonView, curve, lesson_html
from explorer.views.strip import MOST as MOST_SMALL
from explorer.views.upscaled import UpscaledView, upscaled_html
from explorer.wire.film import charts, films
from explorer.wire.upscaled import upscaled
from tests.synthetic import synthetic_trace
from tests.views.golden_film import FILE, PROMPTS, golden_film, tiny_film
from tests.views.test_comparison import _shape
from tests.views.test_preview import KEPT, Tags

HOSTILE = "</script><img src=x onerror=alert(1)>"


def block(meta: dict[str, Any], data: bytes, name: str) -> bytes:
    offset, size = meta["blocks"][name]
    return data[offset : offset + size]


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)


def small_upscaled(truth: bool = True) -> Upscaled:
    lot = np.random.default_rng(0)
    small = lot.integers(0, 255, (16, 32, 3)).astype(np.uint8)
    drawn = lot.integers(100, 140, (3, 64, 128, 3)).astype(np.uint8)
    pictures = {rule: likeness.enlarged(small, rule) for rule in likeness.RULES} | {"upscaler": drawn[0]}
    true = lot.integers(90, 150, (64, 128, 3)).astype(np.uint8) if truth else None
    return Upscaled("a dog", small, pictures, (0, 1, 2), drawn, likeness.guesses(drawn), true)


def test_the_browser_is_tested_on_the_film_that_is_sent_now() -> None:
    now, kept = golden_film(), json.loads(FILE.read_text())
    one, other = (json.dumps(_shape(found["meta"])) for found in (json.loads(json.dumps(now)), kept))
    assert one == other, "The wire has changed: run `python -m tests.views.golden_film`."


def test_each_checkpoint_is_one_sheet_with_the_prompts_beside_one_another() -> None:
    film = tiny_film()
    meta, data = films([film])
    json.dumps(meta, allow_nan=False)
    own = meta["films"][0]
    sheets = block(meta, data, "pictures 0")
    for checkpoint, (offset, size) in enumerate(own["spans"]):
        sheet = pixels(sheets[offset : offset + size])
        assert sheet.shape == (32, 64, 3)
        for column in (0, 1):
            middle = sheet[8:24, 32 * column + 8 : 32 * column + 24]
            assert abs(middle - film.pictures[checkpoint, column, 8:24, 8:24]).mean() < 4
    maps = np.frombuffer(block(meta, data, "maps 0"), np.uint8).reshape(own["maps"]["shape"])
    assert np.array_equal(maps, film.maps)
    assert own["maps"]["tops"] == [[120, 120], [120, 7]]
    assert [(one["text"], one["learned"]) for one in own["words"]] == [("castle", 2), ("dog", None)]
    assert own["charts"][0]["lines"][0]["values"][0] is None  # what was not measured


def test_curves_that_belong_together_share_a_chart_and_none_is_lost() -> None:
    rows = np.array([[0.2, 0.4], [np.nan, 0.8], [np.nan, np.nan]], np.float32)
    found = charts({"odd": np.array([-1, 2, 0.5], np.float32), "generator": np.ones(3), "discriminator": np.zeros(3),
                    "likeness": rows, "word/dog": np.ones(3), "verdicts": rows})  # fmt: skip
    assert [(one["title"], [line["name"] for line in one["lines"]]) for one in found] == [
        ("Losses", ["generator", "discriminator"]), ("Odd", ["odd"]), ("Likeness", ["likeness"]),
    ]  # fmt: skip
    assert found[1]["ends"] == [-1, 2]
    assert found[2]["lines"][0]["values"] == [pytest.approx(0.3), pytest.approx(0.8), None]


def test_a_gans_film_brings_real_drawings_and_the_verdicts_on_them() -> None:
    meta, data = films([tiny_film(gan=True)])
    own = meta["films"][0]["verdicts"]
    assert own["drawn"][-1] == [pytest.approx(0.4), pytest.approx(0.6)]
    assert own["real"][-1] == [pytest.approx(0.6), pytest.approx(0.4)]
    assert pixels(block(meta, data, "real 0")).shape == (128, 256, 3)
    assert films([tiny_film()])[0]["films"][0]["verdicts"] is None


def test_films_stand_side_by_side_and_what_can_be_chosen_is_checked(tmp_path: Path) -> None:
    view = FilmView(tiny_film(), tiny_film("other", (0, 50)))
    assert view.checkpoint == 3
    view.checkpoint, view.by = 1, "checkpoints"
    with pytest.raises(InvalidSetting, match="There is no checkpoint 4: choose 0 to 3"):
        view.checkpoint = 4
    text = view.to_html(tmp_path / "page").read_text()
    assert "Trainings side by side" in text
    assert "https://" not in text.split('<script type="module">')[0]
    view.close()
    assert view._data == b""
    with pytest.raises(InvalidSetting, match="'x' is no film: open one"):
        FilmView("x")  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="0 films can't be shown together: give 1 to 4"):
        FilmView()


def test_a_film_is_opened_by_name_or_from_a_file(tmp_path: Path) -> None:
    path = tiny_film().save(tmp_path / "own")
    assert explorer.open_film(path).prompts == PROMPTS
    assert explorer.open_film(tmp_path / "own").name == "tiny"
    with pytest.raises(TraceFileError, match="There is no film 'nowhere': "):
        explorer.open_film("nowhere")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(TraceFileError, match="is truncated or damaged: copy it again"):
        explorer.open_film(path)


def test_previews_are_small_and_hold_no_markup_of_others() -> None:
    film = tiny_film()
    odd = Film(HOSTILE, HOSTILE, (HOSTILE,) * 2, film.seen, film.minutes, film.pictures)
    found = Gallery((Example(HOSTILE, HOSTILE, HOSTILE, "x"),), synthetic_trace)
    found.traces[HOSTILE] = synthetic_trace("a dog", steps=2)
    enlarged = small_upscaled()
    lesson = Lesson(seconds=1)
    for html in (
        film_html(odd),
        film_html(odd, film),
        gallery_html(found),
        upscaled_html(enlarged),
        lesson_html(lesson),
    ):
        for tag, attributes in Tags(html).seen:
            assert set(attributes) <= KEPT[tag]
        assert "<script" not in html
        assert html.count("<img") <= MOST_SMALL
    assert film_html(odd).count("<img") == 8
    assert "after 1,600 training pictures" in film_html(film)
    assert f"Bicubic: {enlarged.scores()['bicubic'].psnr:.1f} dB" in upscaled_html(enlarged)


def test_an_enlargement_is_sent_pixel_by_pixel() -> None:
    found = small_upscaled()
    meta, data = upscaled(found)
    json.dumps(meta, allow_nan=False)
    assert [one["key"] for one in meta["pictures"]] == ["small", "nearest", "bicubic", "lanczos", "upscaler", "truth"]
    assert np.array_equal(pixels(block(meta, data, "upscaler")), found.pictures["upscaler"])
    assert np.array_equal(pixels(block(meta, data, "small")), found.small)
    for name, values in (("guesses", found.guesses), ("error", found.error)):
        sent = np.frombuffer(block(meta, data, name), np.uint8).reshape(64, 128) / 255 * meta["top"]
        np.testing.assert_allclose(sent, np.clip(values, 0, meta["top"]), atol=meta["top"] / 255)
    scores = found.scores()
    assert {one["key"]: one["score"] and one["score"]["psnr"] for one in meta["pictures"]} == (
        {"small": None, "truth": None} | {key: score.psnr for key, score in scores.items()}
    )
    assert meta["told"] == pytest.approx(found.told)
    unknown, _ = upscaled(small_upscaled(truth=False))
    assert (unknown["maps"], unknown["told"]) == (["guesses"], None)
    view = UpscaledView(found)
    view.close()
    assert view._data == b""


class Recorder:
    """Records as an Explorer does, a step at a time when it is let."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.go = threading.Event()
        self.begun = threading.Event()
        self.go.set()

    def __call__(self, prompt: str, on_step: Any) -> explorer.Trace:
        self.prompts.append(prompt)
        for step in (1, 2):
            self.begun.set()
            assert self.go.wait(20)
            on_step(Progress(step, 2, None))
        return synthetic_trace(prompt, steps=2)


def test_a_card_is_recorded_once_in_the_worker_and_opens_below() -> None:
    record = Recorder()
    view = GalleryView(Gallery(EXAMPLES, record))
    assert {card["span"] for card in view._meta["cards"]} == {None}
    view._told(view, {"do": "open", "place": [5]}, [])
    view._job.done.wait(20)
    assert view._status == {"state": "done", "place": 5}
    assert view.opened._meta["prompt"] == "a red castle on a plain background"
    assert [i for i, card in enumerate(view._meta["cards"]) if card["span"]] == [5]
    assert pixels(view._data[: view._meta["cards"][5]["span"][1]]).shape[2] == 3
    view.open_example("castle").done.wait(20)
    assert record.prompts == ["a red castle on a plain background"]  # once
    view._told(view, {"do": "open", "place": []}, [])
    assert view.opened is None
    view._told(view, {"do": "open", "place": [99]}, [])
    assert view._error == "There is no example 99: choose 0 to 12."
    view.close()


def test_a_card_that_is_stopped_or_fails_says_so() -> None:
    record = Recorder()
    view = GalleryView(Gallery(EXAMPLES, record))
    record.go.clear()
    job = view.open_example("pen")
    assert record.begun.wait(20)
    view._told(view, {"do": "stop"}, [])
    record.go.set()
    job.done.wait(20)
    assert view._status == {"state": "idle"}
    assert not view.gallery.traces

    def fails(prompt: str, on_step: Any) -> explorer.Trace:
        raise InvalidSetting("The seed is odd: take another.")

    broken = GalleryView(Gallery(EXAMPLES, fails))
    broken.open_example("dog").done.wait(20)
    assert broken._error == "The seed is odd: take another."
    assert broken._status == {"state": "idle"}
    for one in (view, broken):
        one.close()


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A lesson without a network: three moments, each after it is let."""
    go = threading.Event()

    def lesson(subjects: Any, colours: Any, *, seconds: float, every: float, tell: Any) -> Any:
        picture = np.zeros((2, 16, 16, 3), np.uint8)
        for i in range(3):
            yield Moment(
                64 * i, 10.0 * i, float("nan") if i == 0 else 1 / i, ("a red star", "a blue star"), picture + 60 * i
            )
            assert go.wait(20)
            tell(64 * (i + 1), 10.0 * (i + 1), 1 / (i + 1))

    monkeypatch.setattr("explorer.miniature.lesson.lesson", lesson)
    return go


def test_a_lesson_is_started_watched_and_stopped(taught: threading.Event) -> None:
    lesson = Lesson(["star"], ["red", "blue"], seconds=30)
    view = LessonView(lesson)
    assert (view._status["state"], view._status["about"]) == ("idle", "star in red, blue")
    seen: list[str] = []
    view.observe(lambda change: seen.append(change["new"]["state"]), "_status")
    taught.set()
    view._told(view, {"do": "start"}, [])
    assert lesson.wait(20)
    assert view._status["state"] == "ended"
    assert (view._status["seen"], view._status["seconds"], view._status["total"]) == (192, 30.0, 30.0)
    assert "running" in seen
    film = view._meta["films"][0]
    assert (film["seen"], film["prompts"]) == ([0, 64, 128], ["a red star", "a blue star"])
    assert np.frombuffer(view._errors, np.float32).reshape(-1, 2)[:, 0].tolist() == [64, 128, 192]
    taught.clear()
    view._told(view, {"do": "start"}, [])
    view._told(view, {"do": "stop"}, [])
    taught.set()
    assert lesson.wait(20)
    assert len(lesson.errors) <= 1
    view.close()
    lesson.start().wait(20)
    assert view._data == b""  # a closed view no longer listens


def test_a_lesson_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise InvalidSetting("There is no autoencoder: install the package anew.")

    monkeypatch.setattr("explorer.miniature.lesson.lesson", broken)
    lesson = Lesson()
    view = LessonView(lesson)
    lesson.start().wait(20)
    assert view._status["state"] == "failed"
    assert view._status["message"] == "There is no autoencoder: install the package anew."
    view.close()


def test_a_long_curve_is_thinned_by_means() -> None:
    sent = np.frombuffer(curve([(i, float(i % 2)) for i in range(4 * MOST)]), np.float32).reshape(-1, 2)
    assert len(sent) == MOST
    assert sent[0].tolist() == [1.5, 0.5]
    assert curve([]) == b""
