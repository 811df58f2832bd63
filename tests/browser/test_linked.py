"""Views as widgets like any other: linked in the browser, side by side in a box, of two runs in one notebook."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.lab import Lab, Notebook, open_page

pytestmark = [pytest.mark.browser]

CELLS = [
    """from ipywidgets import HBox, Layout, jsdlink, jslink
from explorer.views import AttentionView
from tests.fake import synthetic_run

first, second = (AttentionView(synthetic_run(prompt, steps=8)) for prompt in ("a red castle", "a blue castle"))
for name in ("word", "step", "layer", "pixel"):
    jslink((first, name), (second, name))
for view in (first, second):
    view.layout = Layout(width="50%")
HBox([first, second])""",
    """one_way = AttentionView(synthetic_run("a blue narwhal", steps=8))
jsdlink((first, "step"), (one_way, "step"))
one_way""",
    "print(first.word, second.word, first.step, second.step, first.pixel == second.pixel, first.pixel is None)",
    "first.close(); second.close(); print(len(first._data), len(second._data))",
]


def test_two_views_of_different_runs_are_locked_together(
    browser: Any, lab: Lab, keep: Callable[[Any, str], None]
) -> None:
    lab.write("linked", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "linked")
        notebook.run_cells(0, 1)
        page.wait_for_function("() => document.querySelectorAll('.pe').length === 3", timeout=60_000)
        first, second, one_way = (page.locator(".pe").nth(i) for i in range(3))
        assert abs(first.bounding_box()["y"] - second.bounding_box()["y"]) < 2  # side by side

        def pinned(view: Any) -> list[str]:
            found: list[str] = view.locator(".pe-word[aria-pressed='true']").all_inner_texts()
            return found

        first.locator(".pe-word", has_text="castle").click()
        page.wait_for_function("() => document.querySelectorAll(\".pe-word[aria-pressed='true']\").length === 2")
        assert pinned(first) == pinned(second) == ["castle"]
        second.locator(".pe-word", has_text="blue").click()
        first.locator(".pe-word[aria-pressed='true']", has_text="red").wait_for()
        assert pinned(second) == ["blue"]

        slide(second, 3)
        first.locator(".pe-title", has_text="Step 3 of 8").wait_for()
        one_way.locator(".pe-title", has_text="Step 3 of 8").wait_for()
        slide(one_way, 6)
        one_way.locator(".pe-title", has_text="Step 6 of 8").wait_for()
        page.wait_for_timeout(500)
        assert first.locator(".pe-title", has_text="Step 3 of 8").count() == 1  # `jsdlink` goes one way

        first.locator("[role=application]").click(position={"x": 40, "y": 40})
        second.locator(".pe-cell.pe-pinned").first.wait_for()
        page.wait_for_timeout(500)
        keep(page.locator(".jp-OutputArea-output", has=first).first, "linked")
        assert notebook.run_cell(2) == "1 1 2 2 True False"
        assert notebook.run_cell(3) == "0 0"
        assert page.locator(".pe").count() == 1
        assert notebook.errors == []
    lab.close_kernels()


def slide(view: Any, to: int) -> None:
    view.locator(".pe-scrub > input").first.evaluate(
        """(slider, to) => {
          slider.value = to;
          for (const kind of ["input", "change"]) slider.dispatchEvent(new Event(kind));
        }""",
        to,
    )
