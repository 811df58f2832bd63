"""The app in a real JupyterLab: type, generate, watch, stop, look, save, reopen, restart. The model is a fake."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.lab import Lab, Notebook, open_page
from tests.browser.latency import WATCH, gestures, measured

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "extensions/node_modules/axe-core/axe.min.js"
PROMPT = "a photograph of a blue teddy bear in rainy weather"
CELLS = [
    "from tests.fake import Fake\nex = Fake(0.3)\nex",
    "print('free', len(ex.history))",
    "ex.seconds = 0.4\nprint('slow')",
    "ex.seconds = 0.02\nprint('quick')",
]
APP, FREE, SLOW, QUICK = range(4)
TABS = ("Attention", "Steps", "Guidance", "Words")


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    lab.write("app", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "app")
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_cells(APP)
        page.locator(".pe-app").wait_for(timeout=60_000)
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


@pytest.fixture
def page(notebook: Notebook) -> Any:
    return notebook.page


def ask(page: Any, prompt: str) -> None:
    page.locator("textarea.pe-large").fill(prompt)
    page.keyboard.press("Enter")


def status(page: Any, pattern: str, seconds: float = 60) -> None:
    page.wait_for_function(
        "p => new RegExp(p).test(document.querySelector('.pe-status').textContent)", arg=pattern, timeout=seconds * 1000
    )


def test_a_prompt_becomes_a_picture_while_one_watches(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    keep(page, "app-start")
    ask(page, PROMPT)
    status(page, "Step [0-9]+ of 25, .* left")
    page.locator(".pe-live-film canvas").nth(2).wait_for()
    keep(page, "app-running")
    # The kernel is free meanwhile.
    assert notebook.run_cell(FREE) == "free 0"
    assert page.locator(".pe-live").is_visible()
    status(page, "Done in")
    page.locator(".pe-word").first.wait_for()
    assert page.locator(".pe-word").all_inner_texts() == PROMPT.split()
    assert page.locator(".pe-run").count() == 1
    page.wait_for_timeout(400)
    keep(page, "app-done")


def test_looking_around_asks_nobody(notebook: Notebook, page: Any) -> None:
    page.evaluate(WATCH)
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    notebook.to_kernel.clear()
    acts = gestures(page)
    for name in ("word hover", "pixel read-out"):
        _, _, count = measured(page, acts[name])
        assert count > 10
    for tab in TABS[1:]:
        page.locator(".pe-tab", has_text=tab).click()
    page.locator(".pe-tab", has_text="Attention").click()
    page.wait_for_timeout(600)
    assert notebook.to_kernel == []


def test_what_is_chosen_in_one_view_is_chosen_in_all(page: Any) -> None:
    page.locator(".pe-word", has_text="bear").click()
    slider = page.locator(".pe-scrub > input").first
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.locator(".pe-tab", has_text="Steps").click()
    assert page.locator(".pe-steps .pe-title").first.inner_text() == "Step 6 of 25"
    page.locator(".pe-tab", has_text="Words").click()
    assert page.locator("tr.pe-marked .pe-word-cell").inner_text() == "bear"
    page.locator("tr", has_text="rainy").click()
    page.locator(".pe-tab", has_text="Attention").click()
    assert page.locator(".pe-word[aria-pressed=true]").inner_text() == "rainy"
    page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_everything_can_be_read_and_named_in_both_themes(
    notebook: Notebook, page: Any, theme: str, keep: Callable[[Any, str], None]
) -> None:
    notebook.theme(theme)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    for tab in TABS:
        page.locator(".pe-tab", has_text=tab).click()
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)
        keep(page, f"app-{tab.lower()}-{theme.split()[1].lower()}")
        found = page.evaluate(
            "() => axe.run('.pe-app', {resultTypes: ['violations']}).then(({violations}) => violations.map("
            "({id, nodes}) => [id, nodes.slice(0, 3).map(node => node.html.slice(0, 150) + node.failureSummary)]))"
        )
        assert found == [], f"{tab}: {found}"
    page.locator(".pe-tab", has_text="Attention").click()


def test_stop_and_failure_leave_the_app_usable(notebook: Notebook, page: Any) -> None:
    assert notebook.run_cell(SLOW) == "slow"
    ask(page, "a red castle")
    status(page, "Step 2 of 25")
    page.locator(".pe-primary").click()
    status(page, "Stopped", 5)
    assert page.locator(".pe-word").all_inner_texts() == PROMPT.split()  # the run before is back
    assert notebook.run_cell(QUICK) == "quick"
    ask(page, "boom")
    status(page, "The pipeline failed .ValueError: boom <img .*: change a setting and try again")
    assert page.locator(".pe-error img").count() == 0
    assert page.evaluate("() => window.broken") is None
    ask(page, "a red castle in the snow")
    status(page, "Done in")
    assert page.locator(".pe-run").count() == 2
    page.locator(".pe-run").first.click()
    page.wait_for_function("p => document.querySelector('textarea.pe-large').value === p", arg=PROMPT)


def test_the_picture_follows_the_typing(notebook: Notebook, page: Any) -> None:
    page.locator(".pe-switch", has_text="Follow typing").click()
    before = page.locator(".pe-run").count()
    page.locator("textarea.pe-large").fill("")
    page.keyboard.type("a blue narwhal", delay=40)
    page.wait_for_function("() => document.querySelectorAll('.pe-word').length === 3", timeout=60_000)
    status(page, "Done in")
    page.wait_for_timeout(800)
    assert before < page.locator(".pe-run").count() < before + 6  # far fewer than keys
    page.locator(".pe-switch", has_text="Follow typing").click()


HOSTILE = [
    "<img src=x onerror=window.broken=1><script>window.broken=2</script>",
    "\u202eevil\u202c \u200b\u200b z" + "\u0301" * 60,
    "👩‍🔬 👨‍👩‍👧‍👦 🏳️‍🌈 " + "w" * 500,
    "castle, " * 12_500,
]


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_prompts_run_nothing_and_break_nothing(notebook: Notebook, page: Any, prompt: str) -> None:
    ask(page, prompt)
    page.wait_for_timeout(300)
    status(page, "Done in")
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.broken") is None
    app = page.locator(".pe-app")
    assert app.locator("img, script, iframe").count() == 0
    for tab in TABS:
        page.locator(".pe-tab", has_text=tab).click()
        page.wait_for_timeout(100)
        right = app.evaluate("e => e.getBoundingClientRect().right")
        wide = app.locator(".pe-tabpanel > *").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
        assert all(one <= right + 1 for one in wide)
        assert app.bounding_box()["height"] < 1400
    page.locator(".pe-tab", has_text="Attention").click()


def test_the_kernel_restarts_and_a_reopened_notebook_shows_the_last_run(
    browser: Any, lab: Lab, keep: Callable[[Any, str], None]
) -> None:
    lab.write("again", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "again")
        notebook.run_cells(APP)
        page.locator(".pe-app").wait_for(timeout=60_000)
        assert notebook.run_cell(QUICK) == "quick"
        ask(page, "a red castle")
        status(page, "Done in")
        page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        page.wait_for_timeout(1000)
        notebook.run_cells(APP)
        page.locator(".pe-welcome").wait_for(timeout=60_000)
        ask(page, "a blue narwhal")
        status(page, "Done in")
        page.wait_for_timeout(500)
        notebook.save()
        assert notebook.errors == []
    lab.close_kernels()
    assert (lab.folder / "again.ipynb").stat().st_size < 100_000
    with open_page(browser) as page:
        Notebook(page, lab, "again")
        preview = page.locator(".prompt-explorer-preview")
        preview.wait_for(timeout=60_000)
        assert "narwhal" in preview.inner_text()
        assert page.locator(".pe-app").count() == 0
        keep(preview, "app-preview")
    lab.close_kernels()
