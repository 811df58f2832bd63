"""Work on a path that a view asks for, in the worker thread: more frames, an animation."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidSetting
from ..frames import Frame, Interpolation
from ..runs import Job, Progress

if TYPE_CHECKING:
    from ..session import Explorer

KINDS = ("webp", "gif", "png", "mp4", "webm")
MOST_FRAMES = 200
FADES = 5  # pictures blended in between two frames, so that a short path does not flicker


class Told:
    """Tells how far a job is, and ends it where it was stopped."""

    def __init__(self, job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
        self.job, self._tell = job, tell
        self.done = self.wanted = 0

    def step(self, progress: Progress) -> None:
        """As `tell` of a run."""
        self.job.check()
        self._tell(
            {
                "state": "running",
                "step": progress.step,
                "steps": progress.steps,
                "done": self.done,
                "wanted": self.wanted,
            }
        )

    def frame(self, _: Any = None) -> None:
        """One more is done."""
        self.done += 1
        self._tell({"state": "running", "step": 0, "steps": 1, "done": self.done, "wanted": self.wanted})
        self.job.check()


def more_frames(
    explorer: "Explorer",
    path: Interpolation,
    between: tuple[int, int],
    count: int,
    told: Told,
    show: Callable[[Interpolation], None],
) -> Interpolation:
    """`count` more frames in each gap between two frames; stopped, it returns those that are done.

    show: called with the path after each gap.
    """
    first, last = between
    if not 0 <= first < last < len(path.frames):
        raise InvalidSetting(f"between is {between}, expected two frames in order, from 0 to {len(path.frames) - 1}.")
    if not 1 <= count <= MOST_FRAMES or len(path.frames) + count * (last - first) > MOST_FRAMES:
        raise InvalidSetting(f"{count} frames more in each gap are too many: a path has at most {MOST_FRAMES}.")
    told.wanted = count * (last - first)

    def done(frame: Frame) -> None:
        told.frame(frame)

    for gap in reversed(range(first, last)):  # from the end, so that the frames before keep their numbers
        path = explorer.refine(path, (gap, gap + 1), count, tell=told.step, on_frame=done, batch=1)
        show(path)
        if told.job.stopped:
            break
    return path


def animated(path: Interpolation, kind: str, folder: Path) -> Path:
    """Write an animation into a folder, under a name that is not taken."""
    if kind not in KINDS:
        raise InvalidSetting(f"{kind!r:.20} is no animation: choose one of {', '.join(KINDS)}.")
    number = 1
    while (target := folder / f"interpolation{'' if number == 1 else f'-{number}'}.{kind}").exists():
        number += 1
    seconds = max(1.5, 0.35 * len(path.frames))
    return path.to_animation(target, seconds=seconds, fades=FADES)
