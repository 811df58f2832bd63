"""A newcomer's first minute: the shipped notebook, the shipped model, a real JupyterLab.

With PROMPT_EXPLORER_SCREENSHOTS=docs/pictures it takes the pictures of the README and the docs (`make pictures`).
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.lab import Lab, Notebook, open_page, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHIPPED = Path(__file__).parents[2] / "notebooks" / "01_words_to_pixels.ipynb"


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    shutil.copy(SHIPPED, lab.folder / "first.ipynb")
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "first")
        cells = nbformat.read(SHIPPED, as_version=4).cells
        page.wait_for_function(
            "n => window.jupyterapp.shell.currentWidget.content.widgets.length === n", arg=len(cells), timeout=60_000
        )
        load, record = [i for i, cell in enumerate(cells) if cell.cell_type == "code"][:2]
        notebook.run_cells(load, record)
        page.locator(".pe-word").first.wait_for(timeout=120_000)
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


@pytest.mark.parametrize(("theme", "name"), [("JupyterLab Light", "light"), ("JupyterLab Dark", "dark")])
def test_a_prompt_shows_where_each_word_looks(
    notebook: Notebook, theme: str, name: str, keep: Callable[[Any, str], None]
) -> None:
    page = notebook.page
    notebook.theme(theme)
    view = page.locator(".pe:not(.pe-app)").first
    view.scroll_into_view_if_needed()
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    notebook.to_kernel.clear()

    before = picture(view.locator("canvas.pe-heat").first)
    if name == "light":
        view.locator(".pe-word", has_text="teddy").first.hover()
        page.wait_for_timeout(600)
        assert (picture(view.locator("canvas.pe-heat").first) != before).any()
    else:
        box = view.locator(".pe-frame[role=application]").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.55, steps=4)
        page.wait_for_timeout(600)
        assert view.locator(".pe-ranking").inner_text().strip()
    keep(page, f"attention-{name}")
    assert notebook.to_kernel == []
    assert view.locator("text=rainy").count() > 0


def test_the_app_draws_what_is_typed(browser: Any, lab: Lab, keep: Callable[[Any, str], None]) -> None:
    lab.write("app-of-the-miniature", ["import explorer\n\nex = explorer.load()\nex"])
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "app-of-the-miniature")
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_cells(0)
        page.locator("textarea.pe-large").wait_for(timeout=120_000)
        for i, prompt in enumerate(("a red castle in the snow", "a photograph of a blue teddy bear in rainy weather")):
            page.locator("textarea.pe-large").fill(prompt)
            page.keyboard.press("Enter")
            page.wait_for_function(f"() => document.querySelectorAll('.pe-run').length === {i + 1}", timeout=120_000)
            page.locator(".pe-word", has_text=prompt.split()[-1]).first.wait_for(timeout=120_000)
        page.locator(".pe-word", has_text="teddy").first.click()
        for theme in ("Light", "Dark"):
            notebook.theme(f"JupyterLab {theme}")
            page.mouse.move(5, 5)
            page.wait_for_timeout(800)
            keep(page, f"app-{theme.lower()}")
        assert page.locator(".pe-word[aria-pressed=true]").inner_text() == "teddy"
        assert notebook.errors == []
    lab.close_kernels()
