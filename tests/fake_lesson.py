"""A lesson that learns nothing, and needs no time but the one it waits."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from explorer.lessons import Lesson
from explorer.miniature import lesson as made
from explorer.miniature.lesson import Moment


def taught_lesson() -> Lesson:
    """A tenth of a second a step, a moment every two seconds."""

    def lesson(subjects: Any, colours: Any, *, seconds: float, every: float, tell: Any) -> Iterator[Moment]:
        prompts = tuple(f"a {colour} {subject}" for subject in subjects for colour in colours)
        for step in range(300):
            if step % 20 == 0:
                picture = np.full((len(prompts), 32, 32, 3), min(40 + step, 255), np.uint8)
                yield Moment(32 * step, 0.1 * step, 1 / (step + 1), prompts, picture)
            time.sleep(0.1)
            tell(32 * (step + 1), 0.1 * (step + 1), 1 / (step + 1))

    made.lesson = lesson  # type: ignore[assignment]
    return Lesson(["star"], ["red", "blue"], seconds=30)
