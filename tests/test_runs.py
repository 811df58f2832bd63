"""One worker: the newest job wins, Stop takes effect at the next step, nothing is lost or said twice."""

import threading
import time

import numpy as np
import pytest

from explorer.errors import InvalidSetting
from explorer.runs import Job, LivePictures, Progress, Stopped, Worker, seconds_left, sentence


def until(job: Job) -> None:
    assert job.done.wait(20)


def test_the_newest_of_many_wins() -> None:
    worker, finished, began = Worker(), [], []

    def work(number: int) -> None:
        def run(job: Job) -> None:
            began.append(number)
            for _ in range(20):
                job.check()
                time.sleep(0.005)
            finished.append(number)

        jobs.append(worker.submit(run))

    jobs: list[Job] = []
    for number in range(10):
        work(number)
    for job in jobs:
        until(job)
    assert finished == [9]
    assert len(began) <= 2
    assert not worker.busy


def test_stop_ends_at_the_next_step_and_the_next_job_runs() -> None:
    worker, steps, fine = Worker(), [], threading.Event()

    def run(job: Job) -> None:
        for step in range(1000):
            job.check()
            steps.append(step)
            fine.set()
            time.sleep(0.005)

    job = worker.submit(run)
    assert fine.wait(20)
    worker.stop()
    until(job)
    assert job.stopped
    assert len(steps) < 1000
    after = worker.submit(lambda job: job.check())
    until(after)
    assert not after.stopped


def test_the_thread_ends_when_idle_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "IDLE", 0.05)
    worker = Worker("short-lived")
    for _ in range(2):
        until(worker.submit(lambda job: None))
        end = time.monotonic() + 20
        while worker._thread is not None and time.monotonic() < end:
            time.sleep(0.01)
        assert worker._thread is None
    assert not any(thread.name == "short-lived" for thread in threading.enumerate())


def test_a_stopped_job_raises_in_its_work() -> None:
    job = Job(lambda job: None)
    job.check()
    job.stop()
    with pytest.raises(Stopped):
        job.check()


def latents(step: int) -> Progress:
    return Progress(step + 1, 10, np.full((4, 2, 2), step, np.float32))


def test_live_pictures_cost_no_more_than_their_share() -> None:
    decoded: list[int] = []

    def decode(values: np.ndarray) -> np.ndarray:
        decoded.append(int(values[0, 0, 0, 0]))
        time.sleep(0.02)
        return np.full((1, 8, 8, 3), values[0, 0, 0, 0], np.uint8)

    live = LivePictures(decode)
    for step in range(10):
        time.sleep(0.01)
        picture = live.add(latents(step))
        assert (picture is None) == (step not in decoded)
    assert decoded[0] == 0
    assert len(decoded) < 8
    whole = live.all(np.stack([latents(step).predicted for step in range(10)]))  # type: ignore[arg-type]
    assert whole is not None
    assert whole[:, 0, 0, 0].tolist() == list(range(10))
    assert sorted(decoded) == list(range(10))  # none twice


def test_where_decoding_is_slow_or_impossible_there_are_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    live = LivePictures(lambda values: None)
    assert live.add(latents(0)) is live.add(latents(1)) is None
    assert live.all(np.zeros((3, 4, 2, 2), np.float32)) is None
    monkeypatch.setattr("explorer.runs.CATCH_UP", 0.01)
    slow = LivePictures(lambda values: (time.sleep(0.05), np.zeros((1, 2, 2, 3), np.uint8))[1])
    assert slow.add(latents(0)) is not None
    assert slow.all(np.zeros((9, 4, 2, 2), np.float32)) is None


def test_errors_are_one_sentence_with_the_way_out() -> None:
    assert sentence(InvalidSetting("width is 3: try 8.")) == "width is 3: try 8."
    memory = "The memory was not enough for this run: choose a smaller size or fewer steps, or restart the kernel."
    assert sentence(MemoryError()) == sentence(RuntimeError("CUDA out of memory. Tried")) == memory
    text = sentence(ValueError("bad\n\nthing " + "x" * 1000))
    assert text.startswith("The pipeline failed (ValueError: bad thing xxx")
    assert text.endswith("): change a setting and try again.")
    assert len(text) < 300


def test_time_left() -> None:
    assert seconds_left(Progress(5, 20, None), 10) == pytest.approx(30)
    assert seconds_left(Progress(20, 20, None), 10) == 0
