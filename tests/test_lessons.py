"""A lesson in the background: it tells how it is getting on, and stops when it is asked to."""

import threading

import numpy as np
import pytest

import explorer
from explorer.errors import InvalidSetting
from explorer.miniature.lesson import Moment

SMALL = {"drawings": 8, "batch": 4, "seed": 1}


@pytest.mark.slow
def test_a_lesson_leaves_the_notebook_free_and_stops_when_asked() -> None:
    stepped, drawn = threading.Event(), threading.Event()
    seen: list[tuple[int, float, float]] = []

    def on_step(*told: float) -> None:
        seen.append(told)  # type: ignore[arg-type]
        if len(seen) == 3:
            stepped.set()

    lesson = explorer.Lesson(
        ["star"], ["red"], seconds=600, every=1000, on_step=on_step, on_moment=lambda moment: drawn.set(), **SMALL
    )
    assert not lesson.running
    with pytest.raises(InvalidSetting, match="has no moment yet"):
        lesson.film()
    lesson.start()
    assert lesson.running
    assert drawn.wait(200)
    assert stepped.wait(200)
    lesson.stop()
    assert lesson.wait(200)
    assert not lesson.running
    assert lesson.trouble == ""
    assert [pictures for pictures, _ in lesson.errors] == [4 * (i + 1) for i in range(len(lesson.errors))]
    assert lesson.errors == [(pictures, error) for pictures, _, error in seen]
    film = lesson.film()
    assert film.pictures.shape == (1, 1, 128, 128, 3)
    assert film.prompts == ("a red star",)
    assert np.array_equal(film.pictures[0], lesson.moments[0].pictures)
    assert (lesson._repr_png_() or b"").startswith(b"\x89PNG")


def test_what_goes_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr("explorer.miniature.lesson.lesson", broken)
    lesson = explorer.Lesson().start()
    assert lesson.wait(30)
    assert lesson.trouble.startswith("The memory was not enough")
    assert "not enough" in repr(lesson)


def test_a_lesson_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(subjects: object, colours: object, *, tell: object, **more: object) -> object:
        for n in range(2):
            tell(n, 0.1, 0.5)  # type: ignore[operator]
            yield Moment(n, 0.1 * n, 0.5, ("a red star",), np.zeros((1, 128, 128, 3), np.uint8))

    monkeypatch.setattr("explorer.miniature.lesson.lesson", quick)
    lesson = explorer.Lesson().start()
    assert lesson.wait(30)
    assert len(lesson.moments) == 2
    assert lesson.film().seen.tolist() == [0, 1]
    assert lesson.start().wait(30)
    assert len(lesson.moments) == len(lesson.errors) == 2
    assert "ended, 1 pictures seen" in repr(lesson)


def test_what_a_lesson_cannot_teach_is_said() -> None:
    with pytest.raises(InvalidSetting, match="knows no subject 'dragon': give a list of apple, "):
        explorer.Lesson(["dragon"])
    with pytest.raises(InvalidSetting, match="knows no colour 'red': give a list of red, "):
        explorer.Lesson(["dog"], "red")  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="expected more than 0, such as 120"):
        explorer.Lesson(seconds=0)
