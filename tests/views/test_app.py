"""The app without a browser: what its messages do, and what it tells."""

import gc
import threading
import time
import weakref
from typing import Any

import pytest

from explorer.errors import CheckpointError
from explorer.views import show
from explorer.views.app import App, Deferred
from tests.fake import Fake
from tests.synthetic import synthetic_trace


def send(app: App, do: str, **content: Any) -> None:
    app._told(app, {"do": do, **content}, [])


def settle(app: App, *states: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while app._status["state"] not in (states or ("done", "failed", "stopped")) and time.monotonic() < end:
        time.sleep(0.01)
    status: dict[str, Any] = app._status
    return status


@pytest.fixture
def app() -> Any:
    app = App(Fake())
    yield app
    app.close()


def test_a_run_is_shown_and_listed(app: App) -> None:
    seen: list[Any] = []
    app.observe(lambda change: seen.append(change["new"]), "_status")
    app.observe(lambda change: seen.append("picture"), "_live")
    send(app, "generate", settings={"prompt": "a red castle", "seed": 5, "steps": 8, "guidance": 3.0})
    assert settle(app)["state"] == "done"
    assert app.trace is not None
    assert (app.trace.settings.prompt, app.trace.settings.seed, app.trace.steps) == ("a red castle", 5, 8)
    assert (app.prompt, app.seed, app.steps, app.guidance) == ("a red castle", 5, 8, 3.0)
    assert app._meta["prompt"] == "a red castle"
    assert len(app._data) > 10_000
    assert [one["title"] for one in app._history] == ["a red castle"]
    assert app._thumbs[:2] == b"\xff\xd8"
    assert app._shown == app._history[0]["id"]
    running = [one for one in seen if one != "picture" and one["state"] == "running"]
    assert [one["step"] for one in running] == sorted(one["step"] for one in running)
    assert running[-1]["step"] == 8
    assert "picture" in seen
    app.word = 2
    app.step = 7


def test_ten_runs_in_a_second_end_in_one_result(app: App) -> None:
    for number in range(10):
        send(app, "generate", settings={"prompt": f"castle {number}", "steps": 10})
    assert settle(app, "done")["state"] == "done"
    fake = app._explorer
    assert isinstance(fake, Fake)
    assert fake.ran == ["castle 9"]
    assert len(fake.history) == len(app._history) == 1


def test_stop_takes_effect_within_a_step_and_keeps_what_was_shown(app: App) -> None:
    send(app, "generate", settings={"prompt": "a red castle", "steps": 3})
    settle(app, "done")
    assert isinstance(app._explorer, Fake)
    app._explorer.seconds = 0.1
    send(app, "generate", settings={"prompt": "a boat", "steps": 100})
    settle(app, "running")
    begun = app._explorer.stepped
    send(app, "stop")
    assert settle(app, "stopped")["state"] == "stopped"
    assert app._explorer.stepped <= begun + 1
    assert app.trace is not None
    assert app.trace.settings.prompt == "a red castle"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"prompt": "boom"}, r"The pipeline failed \(ValueError: boom <img .*\): change a setting and try again\."),
        ({"prompt": "huge"}, "The memory was not enough for this run: choose a smaller size"),
        ({"prompt": "a", "width": 129}, "width is odd: try another"),
        ({"prompt": "a", "steps": 0}, "A setting can't be used: "),
        ({"prompt": 3}, "A setting can't be used: "),
    ],
)
def test_what_fails_is_one_sentence_and_the_app_goes_on(app: App, settings: dict[str, Any], message: str) -> None:
    import re

    send(app, "generate", settings=settings)
    status = settle(app)
    assert status["state"] == "failed"
    assert re.match(message, status["message"])
    send(app, "generate", settings={"prompt": "a red castle", "steps": 2, "width": 128})
    assert settle(app, "done")["state"] == "done"


def test_the_history_opens_runs_again(app: App) -> None:
    for prompt in ("a red castle", "a blue narwhal"):
        send(app, "generate", settings={"prompt": prompt, "steps": 2, "seed": 3})
        settle(app, "done")
        while app._meta.get("prompt") != prompt:
            time.sleep(0.01)
    app.word = 1
    send(app, "open", id=app._history[0]["id"])
    assert app._meta["prompt"] == app.prompt == "a red castle"
    assert app.word is None
    assert app._shown == app._history[0]["id"]
    again = App(app._explorer)  # a second display knows the runs
    assert again._meta["prompt"] == "a blue narwhal"
    again.close()


def test_messages_that_make_no_sense_do_nothing(app: App) -> None:
    for content in (
        {},
        {"do": "dance"},
        {"do": "open", "id": "x"},
        {"do": "generate", "settings": {"zebra": 1, "steps": 1}},
    ):
        app._told(app, content, [])
    app._told(app, None, [])
    assert settle(app)["state"] in {"done", "failed"}


def test_closing_frees() -> None:
    app = App(Fake())
    app.generate().done.wait(20)
    gone = weakref.ref(app)
    app.close()
    assert app._data == app._thumbs == b""
    app._explorer.worker.submit(lambda job: None).done.wait(20)
    del app
    gc.collect()
    assert gone() is None


def waiting_for_its_model(load: Any) -> App:
    return App(Deferred("miniature", load))


def test_an_app_is_there_before_its_model() -> None:
    ready = threading.Event()
    app = waiting_for_its_model(lambda: ready.wait(60) and Fake())
    assert (app._status, app.explorer, app.runs) == ({"state": "loading"}, None, ())
    assert (app._choices["samplers"], app._choices["model"]) == ([], "miniature")
    send(app, "generate", settings={"prompt": "a red castle"})
    assert app._status["state"] == "waiting"
    assert app._status["loading"]
    ready.set()
    assert settle(app)["state"] == "done"
    assert app.trace is not None
    fake = app.explorer
    assert fake is not None
    assert (app.trace.settings.prompt, app.trace.steps) == ("a red castle", fake.steps)
    assert (app.guidance, app.sampler) == (fake.guidance, fake.samplers[0])
    assert app._choices["samplers"] == fake.samplers
    app.close()


def test_stop_while_the_model_loads_drops_the_run_and_keeps_the_model() -> None:
    begun, ready = threading.Event(), threading.Event()

    def load() -> Any:
        begun.set()
        return ready.wait(60) and Fake()

    app = waiting_for_its_model(load)
    assert begun.wait(60)
    job = app.generate()
    app.stop()
    assert app._status["state"] == "stopped"
    ready.set()
    assert job.done.wait(60)
    assert (app.explorer is not None, app.runs, app._status["state"]) == (True, (), "stopped")
    app.close()


def test_a_model_that_cannot_be_loaded_says_so_and_is_tried_again() -> None:
    tries: list[int] = []

    def load() -> Any:
        tries.append(1)
        if len(tries) < 2:
            raise CheckpointError("There is no such model: check the name.")
        return Fake()

    app = waiting_for_its_model(load)
    assert settle(app) == {"state": "failed", "message": "There is no such model: check the name."}
    send(app, "generate", settings={"prompt": "a red castle"})
    assert settle(app, "done")["state"] == "done"
    app.close()


def test_displaying_publishes_the_app_and_a_preview_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[dict[str, Any], bool]] = []

    def publish(data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False) -> None:
        sent.append((data, update))

    monkeypatch.setattr(show, "_publisher", lambda: publish)
    made: list[App] = []

    def make(*args: Any, **options: Any) -> App:
        made.append(App(*args, **options))
        return made[0]

    monkeypatch.setattr("explorer.views.app.App", make)
    Fake()._ipython_display_()
    assert ["application/vnd.jupyter.widget-view+json" in one for one, _ in sent] == [True, False]
    assert "&lt;Explorer fake&gt;: run this cell to use the app." in sent[1][0]["text/html"]
    app = made[0]
    app.prompt = "a red castle"
    app.generate().done.wait(20)
    assert sent[-1][1]
    assert "a red castle" in sent[-1][0]["text/html"]
    app.close()


def test_the_selection_fits_the_next_run(app: App) -> None:
    app.show(synthetic_trace(steps=6))
    app.step, app.layer, app.words, app.pixel = 5, "16x16", (1, 2), (3, 4)
    app.show(synthetic_trace("a boat", steps=3))
    assert (app.step, app.layer, app.words, app.pixel) == (None, "16x16", (), None)
