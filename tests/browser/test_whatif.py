"""What-ifs in a real JupyterLab: the app's tab, the comparison, effects, growing, a grid. The model is a fake."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser.lab import Lab, Notebook, open_page, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "extensions/node_modules/axe-core/axe.min.js"
PROMPT = "a red castle in the snow"
CELLS = [
    "from tests.fake_ways import FakeWays\nex = FakeWays(0.02)\nex",
    "ex.seconds = 0.3\nprint('slow')",
    "ex.seconds = 0.02\nprint('quick', len(ex.history))",
    "ex.grid({'animal': ['cat', 'dog']}, {'seed': [1, 2, 3]}, prompt='a {animal} in the snow')",
    "ex.effects(ex.history[0], tell=None)",
    "print(ex.asked)",
]
APP, SLOW, QUICK, GRID, EFFECTS, ASKED = range(6)


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    lab.write("whatif", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "whatif")
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_cells(APP)
        page.locator(".pe-app").wait_for(timeout=60_000)
        page.locator("textarea.pe-large").fill(PROMPT)
        page.keyboard.press("Enter")
        page.locator(".pe-tab", has_text="What if").click(timeout=60_000)
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


@pytest.fixture
def page(notebook: Notebook) -> Any:
    return notebook.page


def words(page: Any) -> Any:
    return page.locator(".pe-whatif > .pe-prompt .pe-word")


def typed(page: Any, field: str, text: str) -> None:
    page.get_by_label(field).fill(text)
    page.keyboard.press("Enter")


def names(page: Any) -> list[str]:
    return list(page.locator(".pe-compare .pe-run-name").all_inner_texts())


def violations(page: Any, within: str) -> Any:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(
        "within => axe.run(within, {resultTypes: ['violations']}).then(({violations}) => violations.map("
        "({id, nodes}) => [id, nodes.slice(0, 3).map(node => node.html.slice(0, 150) + node.failureSummary)]))",
        within,
    )


def test_a_word_left_out_is_shown_against_the_original(notebook: Notebook, page: Any) -> None:
    assert page.get_by_role("button", name="Leave out", exact=True).is_disabled()
    words(page).nth(1).click()
    page.get_by_role("button", name="Leave out", exact=True).click()
    page.locator(".pe-compare .pe-plate").nth(1).wait_for()
    assert names(page) == ["Original", "without red"]
    assert page.locator(".pe-compare .pe-word .pe-text").all_inner_texts() == (PROMPT + " a castle in the snow").split()
    assert page.locator(".pe-compare .pe-only .pe-text").all_inner_texts() == ["red"]
    assert page.locator(".pe-run").count() == 2  # it is a run of the history
    assert page.locator("textarea.pe-large").input_value() == PROMPT  # and the original is still what is shown


def test_words_steps_and_places_are_linked_and_nobody_is_asked(notebook: Notebook, page: Any) -> None:
    heats = page.locator(".pe-compare canvas.pe-heat")
    pictures = page.locator(".pe-compare canvas.pe-picture")
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    notebook.to_kernel.clear()
    before = [picture(heats.nth(i)) for i in (0, 1)]
    page.locator(".pe-compare .pe-word", has_text="castle").first.hover()
    page.wait_for_timeout(100)
    after = [picture(heats.nth(i)) for i in (0, 1)]
    assert all((a != b).any() for a, b in zip(before, after, strict=True))
    frame = page.locator(".pe-compare .pe-frame[role=application]").first
    frame.hover(position={"x": 60, "y": 80})
    assert page.locator(".pe-compare .pe-plate .pe-cell:visible").count() == 2
    assert all("Here: " in text for text in page.locator(".pe-compare .pe-plate .pe-note").all_inner_texts())
    whole = [picture(pictures.nth(i)) for i in (0, 1)]
    slider = page.locator(".pe-compare .pe-scrub > input").first
    slider.evaluate("e => { e.value = '1'; e.dispatchEvent(new Event('input')) }")
    page.wait_for_timeout(100)
    assert all((picture(pictures.nth(i)) != whole[i]).any() for i in (0, 1))
    slider.evaluate("e => { e.value = '0'; e.dispatchEvent(new Event('input')) }")
    assert notebook.to_kernel == []


def test_swiping_and_the_difference(notebook: Notebook, page: Any) -> None:
    page.get_by_role("button", name="Swipe").click()
    handle = page.locator(".pe-swipe-handle")
    handle.focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    assert handle.get_attribute("aria-valuenow") == "0"
    assert "inset(0px 0px 0px 0%)" in page.locator(".pe-swipe-layer").nth(1).evaluate(
        "e => getComputedStyle(e).clipPath"
    )
    page.get_by_role("button", name="Difference").last.click()
    page.locator(".pe-compare-difference .pe-ends").wait_for()
    canvas = page.locator(".pe-compare-difference .pe-plate").nth(2).locator("canvas.pe-picture")
    page.wait_for_timeout(200)
    shown = picture(canvas)[..., :3].astype(int).sum(axis=-1)
    one, other = (picture(page.locator(".pe-compare canvas.pe-picture").nth(i))[..., :3].astype(int) for i in (0, 1))
    differs = np.abs(one - other).sum(axis=-1) > 0
    assert differs.any()
    assert shown[differs].mean() > 3 * shown[~differs].mean() + 20
    page.get_by_role("button", name="Side by side").last.click()


@pytest.mark.parametrize(
    ("act", "name"),
    [
        (lambda page: typed(page, "Another word in its place", "blue"), "blue for red"),
        (lambda page: page.get_by_role("button", name="Weigh", exact=True).click(), "red × 1.5"),
        (lambda page: page.get_by_role("button", name="Time", exact=True).click(), "red until 50% of the steps"),
        (lambda page: typed(page, "More words", "at night"), "with at night"),
    ],
    ids=["swap", "reweight", "schedule", "add"],
)  # fmt: skip
def test_every_change_can_be_made(page: Any, act: Any, name: str) -> None:
    act(page)
    page.wait_for_function(
        "name => document.querySelectorAll('.pe-compare .pe-run-name')[1]?.textContent === name",
        arg=name,
        timeout=30_000,
    )


def test_the_way_is_told_and_an_error_is_one_sentence(page: Any) -> None:
    page.get_by_role("button", name="Where it looks").click()
    assert page.get_by_role("button", name="Time", exact=True).is_disabled()
    page.get_by_role("button", name="Leave out", exact=True).click()
    page.locator(".pe-settings", has_text="attention").wait_for(timeout=30_000)
    page.get_by_role("button", name="What it reads").click()
    page.get_by_label("Another word in its place").fill("")
    page.get_by_role("button", name="Swap", exact=True).click()
    page.locator(".pe-whatif .pe-error", has_text="expected a word: to leave a word out, use without.").wait_for()


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_can_be_read_in_both_themes(
    notebook: Notebook, page: Any, theme: str, keep: Callable[[Any, str], None]
) -> None:
    notebook.theme(theme)
    page.locator(".pe-compare .pe-word", has_text="castle").first.hover()
    page.wait_for_timeout(500)
    app = page.locator(".pe-app")
    keep(app, f"whatif-{theme.split()[1].lower()}")
    assert violations(page, ".pe-app") == []


def test_effects_and_growing_in_the_app(notebook: Notebook, page: Any, keep: Callable[[Any, str], None]) -> None:
    page.get_by_role("button", name="Leave out each").click()
    rows = page.locator(".pe-effects-table tbody tr")
    rows.nth(5).wait_for(timeout=60_000)
    assert rows.count() == 6
    page.wait_for_timeout(300)
    keep(page.locator(".pe-app"), "whatif-effects")
    assert violations(page, ".pe-effects") == []
    page.get_by_role("button", name="Open the run without castle").click()
    page.locator(".pe-opened .pe-tab").first.wait_for()
    assert "castle" not in page.locator(".pe-opened .pe-words").first.inner_text()
    page.get_by_role("button", name="Word by word").click()
    page.locator(".pe-growth-step").nth(5).wait_for(timeout=60_000)
    page.locator(".pe-growth-step").nth(2).hover()
    page.wait_for_timeout(300)
    keep(page.locator(".pe-app"), "whatif-growth")
    assert picture(page.locator(".pe-growth-step").nth(2).locator("canvas.pe-heat"))[..., 3].max() > 0


def test_stop_keeps_what_is_done(notebook: Notebook, page: Any) -> None:
    notebook.run_cell(SLOW)
    page.get_by_label("How the frames are spaced").select_option("even")
    page.get_by_label("The prompt that a path leads to").fill("a blue castle at night")
    page.keyboard.press("Enter")
    page.locator(".pe-interpolation .pe-film-cell").nth(1).wait_for(timeout=60_000)
    page.locator(".pe-whatif .pe-status").get_by_role("button", name="Stop").click()
    page.locator(".pe-whatif .pe-status", has_text="Stopped; what was done is kept").wait_for(timeout=20_000)
    count = page.locator(".pe-interpolation .pe-film-cell").count()
    assert 2 <= count < 9
    assert f"{count} of 9 frames: it was stopped." in page.locator(".pe-interpolation .pe-work").inner_text()
    assert notebook.run_cell(QUICK).startswith("quick")
    assert notebook.run_cell(ASKED) == "{'spacing': 'perceptual'}"


def test_a_grid_and_effects_of_a_cell_show_themselves(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    notebook.run_cells(GRID, EFFECTS)
    cells = page.locator(".pe-grid-cell")
    cells.nth(5).wait_for(timeout=60_000)
    assert page.locator(".pe-grid th").all_inner_texts() == ["seed 1", "seed 2", "seed 3", "cat", "dog"]
    cells.nth(4).click()
    opened = page.locator(".jp-Cell").nth(GRID).locator(".pe-opened")
    opened.locator(".pe-word").first.wait_for()
    assert opened.locator(".pe-words").first.inner_text().split() == ["a", "dog", "in", "the", "snow"]
    cells.nth(4).focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')").startswith("cat, seed 2")
    page.wait_for_timeout(300)
    keep(page.locator(".jp-Cell").nth(GRID), "grid")
    page.locator(".jp-Cell").nth(EFFECTS).locator(".pe-effects-table tbody tr").first.wait_for(timeout=30_000)
    notebook.save()
    page.wait_for_timeout(500)
    saved = (notebook.lab.folder / "whatif.ipynb").read_text()
    assert saved.count('alt=\\"') >= 6 + 7  # previews for where no widget runs
