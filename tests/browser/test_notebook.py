"""The same views in Notebook 7, which shares JupyterLab's parts but not its page."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import Lab, open_page, ours, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "from tests.synthetic import synthetic_trace\nfrom explorer import AttentionView\n"
    "trace = synthetic_trace('a blue narwhal, and a red castle', steps=6)\nview = AttentionView(trace)\nview",
    "print(view.word, view.step)",
    "trace",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebook") / "notebooks"
    folder.mkdir()
    server = Lab(folder, "notebook")
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def run(page: Any, cell: int) -> Any:
    """Run a cell by its key; its output."""
    page.locator(".jp-CodeCell .cm-content").nth(cell).click()
    page.keyboard.press("Shift+Enter")
    return page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea")


def test_the_view_works_in_notebook_7(browser: Any, server: Lab) -> None:
    server.write("view", CELLS)
    errors: list[str] = []
    with open_page(browser) as page:
        # Notebook 7.6 has one error of its own at each start, with or without other extensions.
        page.on("pageerror", lambda error: errors.extend(ours(error)))
        page.goto(f"{server.url}/notebooks/view.ipynb?token={server.token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=90_000,
        )
        view = run(page, 0)
        narwhal = view.locator(".pe-word", has_text="narwhal").first
        narwhal.wait_for(timeout=60_000)
        page.mouse.move(5, 5)
        page.wait_for_timeout(300)
        bare = picture(view.locator("canvas.pe-heat").first)
        narwhal.hover()
        page.wait_for_timeout(300)
        assert (picture(view.locator("canvas.pe-heat").first) != bare).any()
        narwhal.click()
        slider = view.locator("input[aria-label='Denoising step']")
        slider.focus()
        slider.press("End")
        page.wait_for_timeout(800)
        said = run(page, 1).locator("pre")
        said.first.wait_for()
        assert said.first.inner_text().strip() == "2 5"

        run(page, 2).locator(".prompt-explorer-preview").wait_for(state="attached", timeout=60_000)
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_timeout(1500)
    server.close_kernels()
    with open_page(browser) as page:  # what was saved shows its preview, untrusted and without a kernel's widgets
        page.goto(f"{server.url}/notebooks/view.ipynb?token={server.token}")
        preview = page.locator(".prompt-explorer-preview")
        preview.wait_for(timeout=60_000)
        assert preview.locator("img").count() >= 1
        assert "narwhal" in preview.inner_text()
    server.close_kernels()
    assert errors == []
