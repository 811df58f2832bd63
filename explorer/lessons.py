"""A lesson that runs in the background: a small model learns while the notebook stays free, and Stop stops it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InvalidSetting
from .runs import Job, Stopped, Worker, sentence

if TYPE_CHECKING:
    from .miniature.film import Film
    from .miniature.lesson import Moment

SUBJECTS, COLOURS = ("balloon", "house", "star"), ("red", "yellow", "blue")


class Lesson:
    """A training that a class watches: `lesson = explorer.Lesson(); lesson.start()`.

    subjects, colours: of the drawn world: what it learns. seconds: how long. every: seconds between two moments.
    on_moment: called with each moment (what the model draws by then); on_step: with the pictures seen, the seconds and
        the error after each step. Both are called in the lesson's own thread.
    more: `drawings`, `batch` and `seed` of `explorer.miniature.lesson.lesson`.
    Raises InvalidSetting, naming what is known, for a subject or colour that is not of the world.

    moments: those so far. errors: (pictures seen, error) after each step so far. elapsed: seconds of training so far.
    trouble: what went wrong, in one sentence, or empty.
    """

    def __init__(
        self,
        subjects: Sequence[str] = SUBJECTS,
        colours: Sequence[str] = COLOURS,
        *,
        seconds: float = 120,
        every: float = 10,
        on_moment: "Callable[[Moment], None] | None" = None,
        on_step: Callable[[int, float, float], None] | None = None,
        **more: Any,
    ) -> None:
        from .miniature import world

        for kind, names, known in (("subject", subjects, world.SUBJECTS), ("colour", colours, world.COLOURS)):
            unknown = [name for name in names if name not in known]
            if isinstance(names, str) or not names or unknown:
                wrong = repr(unknown[0]) if unknown and not isinstance(names, str) else repr(names)
                raise InvalidSetting(f"The lesson knows no {kind} {wrong}: give a list of {', '.join(known)}.")
        if not seconds > 0 or not every > 0:
            raise InvalidSetting(f"seconds is {seconds!r} and every is {every!r}, expected more than 0, such as 120.")
        self.subjects, self.colours, self.seconds, self.every = tuple(subjects), tuple(colours), seconds, every
        self.moments: list[Moment] = []
        self.errors: list[tuple[int, float]] = []
        self.elapsed = 0.0
        self.trouble = ""
        self._watchers: list[Callable[[bool], None]] = []
        self._on_moment, self._on_step, self._more = on_moment, on_step, more
        self._worker = Worker("lesson")
        self._job: Job | None = None

    def start(self) -> "Lesson":
        """Begin, or begin anew; returns at once."""
        self.moments, self.errors, self.elapsed, self.trouble = [], [], 0.0, ""
        self._job = self._worker.submit(self._work)
        return self

    def stop(self) -> None:
        """End it after the step that it is in; what was learned stays to be looked at."""
        if self._job is not None:
            self._job.stop()

    def watch(self, told: Callable[[bool], None]) -> Callable[[], None]:
        """Call `told(running)` when it begins, after each step and moment, and when it ends.

        It is called in the lesson's own thread. Returns what ends the watching.
        """
        self._watchers.append(told)
        return lambda: self._watchers.remove(told) if told in self._watchers else None

    def _tell(self, running: bool) -> None:
        for told in list(self._watchers):
            told(running)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, or so long; returns whether it has."""
        return self._job is None or self._job.done.wait(seconds)

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._job is not None and not self._job.done.is_set()

    def film(self) -> "Film":
        """The lesson so far as a film: the pictures and the error of each moment."""
        from .miniature.film import Film

        if not self.moments:
            raise InvalidSetting("The lesson has no moment yet: start it, and wait for its first pictures.")
        moments = list(self.moments)
        said = f"{', '.join(self.subjects)} in {', '.join(self.colours)}"
        return Film(
            name="lesson",
            about=f"A small model learned {said} in this notebook.",
            prompts=moments[0].prompts,
            seen=np.array([one.seen for one in moments], np.int64),
            minutes=np.array([one.seconds / 60 for one in moments], np.float32),
            pictures=np.stack([one.pictures for one in moments]),
            curves={"loss": np.array([one.loss for one in moments], np.float32)},
        )

    def _work(self, job: Job) -> None:
        from .miniature.lesson import lesson

        def tell(seen: int, seconds: float, error: float) -> None:
            self.errors.append((seen, error))
            self.elapsed = seconds
            self._tell(True)
            if self._on_step is not None:
                self._on_step(seen, seconds, error)
            job.check()

        self._tell(True)
        try:
            for moment in lesson(
                self.subjects, self.colours, seconds=self.seconds, every=self.every, tell=tell, **self._more
            ):
                self.moments.append(moment)
                self.elapsed = moment.seconds
                self._tell(True)
                if self._on_moment is not None:
                    self._on_moment(moment)
                job.check()
        except Stopped:
            raise
        except Exception as error:  # nothing leaves the thread unseen
            self.trouble = sentence(error)
        finally:
            self._tell(False)

    def _ipython_display_(self) -> None:
        from .views.lesson import display_lesson

        display_lesson(self)

    def __repr__(self) -> str:
        state = "running" if self.running else "ended" if self.moments else "not started"
        last = f", {self.moments[-1]}" if self.moments else ""
        return f"<Lesson, {state}{last}{': ' + self.trouble if self.trouble else ''}>"

    def _repr_png_(self) -> bytes | None:
        return self.moments[-1]._repr_png_() if self.moments else None
