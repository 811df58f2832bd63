"""The map in a real JupyterLab and on a page: hover, pan, lasso, a typed word, the app's tab. The model is a fake."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.views.page import write_atlas
from explorer.wire.atlas import LISTED
from tests.browser.lab import Lab, Notebook, open_page, picture
from tests.maps import synthetic_atlas

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = Path(__file__).parents[2] / "extensions/node_modules/axe-core/axe.min.js"
CELLS = [
    "from explorer.views import MapView\nfrom tests.maps import synthetic_atlas\n"
    "view = MapView(synthetic_atlas(live=True))\nview",
    "print(view.item, view.selected)",
    "from tests.maps import MapFake\nex = MapFake(0.01)\nex",
    "synthetic_atlas()",
]
VIEW, ASK, APP, SHOWN = range(4)
ATLAS = synthetic_atlas()
SETTLED = 600  # ms after which whatever was pinned has been sent


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    lab.write("map", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "map")
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_cells(VIEW)
        page.locator(".pe-map").wait_for(timeout=120_000)
        page.wait_for_timeout(500)
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


@pytest.fixture
def page(notebook: Notebook) -> Any:
    return notebook.page


def place_of(page: Any, row: int) -> tuple[float, float]:
    """Where an item lies on the screen, from the points themselves, the map being as at the start."""
    box = page.locator(".pe-map").first.bounding_box()
    low, high = ATLAS.points.min(axis=0), ATLAS.points.max(axis=0)
    scale = 0.86 * min(box["width"] / (high - low)[0], box["height"] / (high - low)[1])
    x, y = (ATLAS.points[row] - (low + high) / 2) * scale
    return float(box["x"] + box["width"] / 2 + x), float(box["y"] + box["height"] / 2 - y)


def card(page: Any) -> tuple[str, list[str]]:
    rows = page.locator(".pe-map-card li:not([hidden]) .pe-name").all_inner_texts()
    return page.locator(".pe-map-card .pe-title").first.inner_text(), [row.strip() for row in rows]


def lonely() -> int:
    """The item that is farthest from its neighbour on the map, so that no other is meant."""
    far = np.linalg.norm(ATLAS.points[:, None] - ATLAS.points[None], axis=2)
    np.fill_diagonal(far, np.inf)
    return int(far.min(axis=1).argmax())


def test_hover_lists_true_neighbours_and_looking_around_asks_nobody(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    row = lonely()
    notebook.to_kernel.clear()
    page.mouse.move(*place_of(page, row))
    page.wait_for_timeout(300)
    assert card(page) == (ATLAS.labels[row], [ATLAS.labels[int(one)] for one in ATLAS.neighbours[row]])
    shares = page.locator(".pe-map-card li:not([hidden]) .pe-share").all_inner_texts()
    assert shares == [f"{cosine:.2f}" for cosine in ATLAS.cosines[row]]
    assert ATLAS.kept is not None
    trust = page.locator(".pe-map-trust").inner_text()
    assert trust.startswith(f"{round(float(ATLAS.kept[row]) * 10)} of its 10 true neighbours")
    keep(page.locator(".pe-map-body").first, "map-hover")
    before = picture(page.locator(".pe-map-base").first)
    box = page.locator(".pe-map").first.bounding_box()
    middle = (box["x"] + 40, box["y"] + 60)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 90, middle[1] + 30, steps=4)
    page.mouse.up()
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(300)
    assert not np.array_equal(picture(page.locator(".pe-map-base").first), before)
    page.get_by_role("button", name="Similarity").click()
    page.get_by_role("button", name="Kind", exact=True).click()
    page.get_by_role("button", name="Whole map").click()
    page.wait_for_timeout(SETTLED)
    np.testing.assert_array_equal(picture(page.locator(".pe-map-base").first), before)
    assert notebook.to_kernel == []


def test_a_click_pins_and_a_lasso_selects_in_python_too(notebook: Notebook, page: Any) -> None:
    row = lonely()
    page.mouse.click(*place_of(page, row))
    page.wait_for_timeout(SETTLED)
    page.get_by_role("button", name="Lasso").click()
    x, y = place_of(page, row)
    page.mouse.move(x - 12, y - 12)
    page.mouse.down()
    for corner in ((x + 12, y - 12), (x + 12, y + 12), (x - 12, y + 12)):
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    page.wait_for_timeout(SETTLED)
    assert notebook.run_cell(ASK) == f"{row} ({row},)"
    page.get_by_role("button", name="Move", exact=True).click()
    box = page.locator(".pe-map").first.bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert page.locator(".pe-map-chosen .pe-title").inner_text() == f"{len(ATLAS)} selected"
    page.keyboard.press("Escape")
    page.wait_for_timeout(SETTLED)
    assert page.locator(".pe-map-chosen").is_hidden()


def test_a_typed_word_lands_on_the_map(page: Any, keep: Callable[[Any, str], None]) -> None:
    before = picture(page.locator(".pe-map-base").first)
    box = page.locator(".pe-map-typing input")
    box.fill("<b>lighthouse</b>")
    box.press("Enter")
    page.wait_for_function("() => document.querySelector('.pe-map-card .pe-title').textContent === '<b>lighthouse</b>'")
    assert card(page)[1][0] == ATLAS.labels[0]
    page.wait_for_timeout(300)
    assert not np.array_equal(picture(page.locator(".pe-map-base").first), before)
    keep(page.locator(".pe-map-body").first, "map-typed")
    box.fill("boom")
    box.press("Enter")
    page.locator(".pe-map-typing .pe-error").wait_for()
    assert "boom <img" in page.locator(".pe-map-typing .pe-error").inner_text()
    assert page.evaluate("() => window.broken") is None
    assert page.locator(".pe-map-typing img").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_can_be_read_and_named_in_both_themes(
    notebook: Notebook, page: Any, theme: str, keep: Callable[[Any, str], None]
) -> None:
    notebook.theme(theme)
    page.locator(".pe-map").first.focus()
    page.keyboard.press("PageDown")
    page.wait_for_timeout(600)
    keep(page.locator(".pe-map-body").first, f"map-{theme.split()[1].lower()}")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "() => axe.run('.pe-map-body', {resultTypes: ['violations']}).then(({violations}) => violations.map("
        "({id, nodes}) => [id, nodes.slice(0, 3).map(node => node.html.slice(0, 150) + node.failureSummary)]))"
    )
    assert found == []
    ink = picture(page.locator(".pe-map-base").first)[..., :3][
        picture(page.locator(".pe-map-base").first)[..., 3] == 255
    ]
    brightest, darkest = ink.max(axis=1).max(), ink.max(axis=1).min()
    assert (brightest > 200) if "Dark" in theme else (darkest < 60)  # the labels have the theme's own ink


def test_the_app_maps_its_runs(notebook: Notebook, page: Any, keep: Callable[[Any, str], None]) -> None:
    notebook.run_cells(APP)
    app = page.locator(".pe-app")
    app.wait_for(timeout=60_000)
    app.locator("textarea.pe-large").fill("a red castle")
    page.keyboard.press("Enter")
    app.locator(".pe-tab", has_text="Map").click(timeout=60_000)
    app.get_by_role("button", name="Map the runs").click()
    app.locator(".pe-map").wait_for(timeout=60_000)
    assert app.locator(".pe-map-kind").first.inner_text().startswith("subject")
    app.locator(".pe-map").focus()
    page.keyboard.press("PageDown")
    assert app.locator(".pe-map-card .pe-title").inner_text() == ATLAS.labels[0]
    keep(app, "map-app")


def test_it_displays_itself_with_a_preview_that_the_live_view_hides(notebook: Notebook, page: Any) -> None:
    notebook.run_cells(SHOWN)
    cell = page.locator(".jp-Cell").nth(SHOWN)
    cell.locator(".pe-map").wait_for(timeout=60_000)
    preview = cell.locator(".prompt-explorer-preview img")
    preview.wait_for(state="attached")
    assert preview.is_hidden()
    assert (preview.get_attribute("alt") or "").startswith("Map of 61 items")


def test_a_page_shows_a_large_map_without_kernel_and_network(browser: Any, tmp_path: Path) -> None:
    path = write_atlas(tmp_path / "large", synthetic_atlas(LISTED, width=8))
    with open_page(browser) as page:
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(path.as_uri())
        page.locator(".pe-map").wait_for(timeout=60_000)
        page.wait_for_timeout(500)
        assert page.locator(".pe-map-typing").count() == 0
        cloud = picture(page.locator(".pe-map-cloud"))
        assert (cloud[..., 3] > 0).sum() > 5_000
        page.locator(".pe-map").focus()
        page.keyboard.press("PageDown")
        assert page.locator(".pe-map-card .pe-title").inner_text() == ATLAS.labels[0]
        for _ in range(14):
            page.keyboard.press("+")
        page.locator(".pe-map-cloud").wait_for(state="hidden")  # few are left: each is a dot of its own
        assert errors == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
