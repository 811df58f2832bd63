"""Runs in the background: one worker thread, of which the newest job wins; progress, stop, live pictures."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import ExplorerError

LIVE_SHARE = 0.3
"""Of a run's time, at most, that goes into live pictures."""
CATCH_UP = 1.5
"""Seconds that the pictures of the other steps may take after a run."""


class Stopped(Exception):
    """Raised within a run that was stopped or superseded; it ends at its next step."""


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far a run is."""

    step: int
    """Steps done, from 1."""
    steps: int
    predicted: np.ndarray | None
    """The predicted x0 of this step, (channel, y, x); None where it is not kept."""


class Job:
    """Something that runs in the worker; `stop` ends it at its next step."""

    def __init__(self, work: Callable[["Job"], None]) -> None:
        self._work = work
        self._stopped = threading.Event()
        self.done = threading.Event()
        """Set when it has ended, or was superseded before it began."""

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end."""
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise Stopped if it is to end."""
        if self._stopped.is_set():
            raise Stopped

    def run(self) -> None:
        """In the worker. What goes wrong is the work's own to tell: nothing leaves the thread."""
        try:
            if not self._stopped.is_set():
                self._work(self)
        except Stopped:
            pass
        finally:
            self.done.set()


class Worker:
    """One thread that runs the newest job: a newer one stops the one that runs and replaces the one that waits.

    The thread begins with the first job, ends after a minute without one, and does not keep Python alive.
    """

    IDLE = 60.0

    def __init__(self, name: str = "explorer") -> None:
        self._name = name
        self._change = threading.Condition()
        self._waiting: Job | None = None
        self._running: Job | None = None
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[Job], None]) -> Job:
        """Run `work(job)` as soon as what runs now has ended; returns at once. `work` calls `job.check()` at times."""
        job = Job(work)
        with self._change:
            if self._waiting is not None:
                self._waiting.stop()
                self._waiting.done.set()
            if self._running is not None:
                self._running.stop()
            self._waiting = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()
            self._change.notify()
        return job

    def stop(self) -> None:
        """End what runs, at its next step, and drop what waits; returns at once."""
        with self._change:
            for job in (self._waiting, self._running):
                if job is not None:
                    job.stop()

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        with self._change:
            return self._waiting is not None or self._running is not None

    def _loop(self) -> None:
        while True:
            with self._change:
                if self._waiting is None:
                    self._change.wait(self.IDLE)
                if self._waiting is None:
                    self._thread = None
                    return
                self._running, self._waiting = self._waiting, None
                job = self._running
            job.run()
            with self._change:
                self._running = None


class LivePictures:
    """Decodes the predicted picture of as many steps as the time allows, and the rest at the end if that is quick.

    decode: latents (picture, channel, y, x) to pictures (picture, y, x, RGB) uint8, or None where it can't.
    """

    def __init__(self, decode: Callable[[np.ndarray], np.ndarray | None]) -> None:
        self._decode = decode
        self._pictures: dict[int, np.ndarray] = {}
        self._able = True
        self._begin = time.perf_counter()
        self._spent = self._cost = 0.0

    def add(self, progress: Progress) -> np.ndarray | None:
        """The picture (y, x, RGB) of a step, or None if it is left out for now."""
        elapsed = time.perf_counter() - self._begin
        ahead = self._spent + self._cost
        if progress.predicted is None or not self._able or (self._pictures and ahead > LIVE_SHARE * elapsed):
            return None
        return self._one(progress.step - 1, progress.predicted)

    def all(self, predicted: np.ndarray, numbers: Sequence[int] | None = None) -> np.ndarray | None:
        """The pictures of all steps that were kept, (step, y, x, RGB); None if that would take too long.

        predicted: (step, channel, y, x). numbers: which of the run's steps these are; None if they are all.
        """
        own = list(range(len(predicted)) if numbers is None else numbers)
        missing = [i for i, step in enumerate(own) if step not in self._pictures]
        if self._cost * len(missing) > max(CATCH_UP, LIVE_SHARE * (time.perf_counter() - self._begin)):
            return None
        for i in missing:
            if self._one(own[i], predicted[i]) is None:
                return None
        return np.stack([self._pictures[step] for step in own])

    def _one(self, step: int, latent: np.ndarray) -> np.ndarray | None:
        if not self._able:
            return None
        begin = time.perf_counter()
        decoded = self._decode(latent[None])
        took = time.perf_counter() - begin
        self._spent += took
        # The first one also warms up; later ones tell the true cost.
        self._cost = took if not self._cost else min(self._cost * 1.5, took)
        if decoded is None:
            self._able = False
            return None
        picture: np.ndarray = decoded[0]
        self._pictures[step] = picture
        return picture


def sentence(error: BaseException) -> str:
    """What went wrong, in one sentence that names the way out."""
    if isinstance(error, ExplorerError):
        return str(error)
    kind, text = type(error).__name__, " ".join(str(error).split())
    if "OutOfMemory" in kind or "out of memory" in text.lower() or isinstance(error, MemoryError):
        return "The memory was not enough for this run: choose a smaller size or fewer steps, or restart the kernel."
    return f"The pipeline failed ({kind}: {text[:200] or 'no reason given'}): change a setting and try again."


def seconds_left(progress: Progress, elapsed: float) -> float:
    """By the steps so far."""
    return elapsed / max(progress.step, 1) * max(progress.steps - progress.step, 0)
