"""Trainings, enlargements, the gallery and a lesson in a real JupyterLab. The models are fakes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import explorer
from tests.browser.lab import Lab, Notebook, open_notebook, picture
from tests.browser.test_whatif import violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "from tests.views.golden_film import tiny_film\n"
    "from explorer import FilmView\n"
    "view = FilmView(tiny_film(), tiny_film('other', (0, 50, 3000), gan=True))\nview",
    "print(view.checkpoint, view.by)",
    "from tests.views.test_film import small_upscaled\nsmall_upscaled()",
    "import time\n"
    "from explorer.gallery import EXAMPLES, Gallery\n"
    "from explorer.runs import Progress\n"
    "from tests.fake import synthetic_run\n"
    "def record(prompt, on_step):\n"
    "    for step in range(1, 9):\n"
    "        time.sleep(0.05)\n"
    "        on_step(Progress(step, 8, None))\n"
    "    return synthetic_run(prompt, steps=3)\n"
    "gallery = Gallery(EXAMPLES, record)\ngallery",
    "print(list(gallery.traces))",
    "from tests.fake_lesson import taught_lesson\nlesson = taught_lesson()\nlesson",
    "from explorer.miniature.library import Library\nLibrary(120)",
    "from tests.views.test_copies import found\nfound()",
]
FILM, CHOSEN, UPSCALED, GALLERY, RECORDED, LESSON, LIBRARY, COPIES = range(len(CELLS))


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    with open_notebook(browser, lab, "story", CELLS, ".pe-film-panel .pe-chart") as notebook:
        yield notebook


@pytest.fixture
def page(notebook: Notebook) -> Any:
    return notebook.page


def scrub(page: Any, place: int) -> None:
    slider = page.locator(".pe-film-panel input[type=range]").first
    slider.evaluate("(e, place) => { e.value = String(place); e.dispatchEvent(new Event('input')) }", place)
    page.wait_for_timeout(80)


def drawn(page: Any, column: int) -> int:
    """How red the first picture of a film is."""
    canvas = page.locator(".pe-film-column").nth(column).locator("canvas.pe-picture").first
    return int(picture(canvas)[..., 0].astype(int).mean())


def test_one_slider_scrubs_both_films_and_nobody_is_asked(
    notebook: Notebook, page: Any, keep: Callable[..., None]
) -> None:
    page.wait_for_timeout(600)
    notebook.to_kernel.clear()
    expected = {0: (20, 20), 1: (20, 60), 2: (60, 60), 3: (100, 60), 4: (140, 60), 5: (140, 100)}
    for place, reds in expected.items():
        scrub(page, place)
        assert [drawn(page, column) for column in (0, 1)] == [pytest.approx(red, abs=6) for red in reds], place
    scrub(page, 1)
    assert page.locator(".pe-film-panel .pe-title").first.inner_text() == "50 pictures seen"
    said = page.locator(".pe-film-said").inner_text()
    assert said.startswith("The discriminator is winning")
    assert "88 of 100" in said
    keep(page.locator(".pe-film-panel"), "film")
    assert notebook.to_kernel == []


@pytest.mark.parametrize("width", [700, 820, 860, 1400])
def test_the_shipped_films_stay_in_their_columns(browser: Any, tmp_path: Path, width: int) -> None:
    films = [explorer.open_film(name) for name in ("gan", "miniature")]
    path = explorer.FilmView(*films).to_html(tmp_path / "films")
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto(path.as_uri())
        page.locator(".pe-film-words li").first.wait_for()
        columns = page.locator(".pe-film-column").evaluate_all("all => all.map(e => [e.scrollWidth, e.clientWidth])")
        assert len(columns) == 2
        assert all(scroll <= client for scroll, client in columns), columns
    finally:
        page.close()


def test_pointing_in_a_chart_reads_its_numbers_there(notebook: Notebook, page: Any) -> None:
    scrub(page, 5)
    chart = page.locator(".pe-film-column").first.locator(".pe-chart").first
    assert chart.locator(".pe-key-entry").inner_text().strip() == "loss 0.5"
    notebook.to_kernel.clear()
    plot = chart.locator(".pe-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.42, box["y"] + 20)
    assert chart.locator(".pe-key-entry").inner_text().strip() == "loss 1.17"
    assert chart.locator(".pe-aside").inner_text() == "at checkpoint 2"
    page.mouse.move(5, 5)
    assert chart.locator(".pe-key-entry").inner_text().strip() == "loss 0.5"
    assert notebook.to_kernel == []


def test_a_words_attention_is_laid_over_its_picture(notebook: Notebook, page: Any) -> None:
    scrub(page, 5)
    notebook.to_kernel.clear()
    heat = page.locator(".pe-film-column").first.locator("canvas.pe-heat").first
    assert picture(heat)[..., 3].max() == 0
    word = page.locator(".pe-film-looks").first.get_by_role("button", name="castle")
    word.hover()
    late = picture(heat)[..., 3].astype(int)
    assert late[late.shape[0] // 2, late.shape[1] // 2] > late[2, 2] + 40
    word.click()
    scrub(page, 0)
    assert picture(heat)[..., 3].astype(int).max() < late.max() - 40  # of one scale
    word.click()
    page.mouse.move(5, 5)
    assert picture(heat)[..., 3].max() == 0
    assert notebook.to_kernel == []


def test_keys_and_what_is_let_go_is_known_to_python(notebook: Notebook, page: Any) -> None:
    slider = page.locator(".pe-film-panel input[type=range]").first
    scrub(page, 0)
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert notebook.run_cell(CHOSEN) == "1 pictures"
    page.locator(".pe-film-panel").get_by_role("button", name="Checkpoints").click()
    assert page.locator(".pe-film-panel .pe-title").first.inner_text() == "Checkpoint 2 of 4"
    page.locator(".pe-film-panel").get_by_role("button", name="Play the training").click()
    page.wait_for_function(
        "() => document.querySelector('.pe-film-panel .pe-title').textContent === 'Checkpoint 4 of 4'"
    )
    assert violations(page, ".pe-film-panel") == []


def test_the_loupe_is_at_the_same_place_in_all(notebook: Notebook, page: Any, keep: Callable[..., None]) -> None:
    notebook.run_cells(UPSCALED)
    page.locator(".pe-up-loupes canvas").nth(7).wait_for(timeout=60_000)
    page.wait_for_timeout(600)
    frame = page.locator(".pe-up-stage .pe-frame")
    frame.scroll_into_view_if_needed()
    notebook.to_kernel.clear()
    loupes = page.locator(".pe-up-loupes canvas")
    before = [picture(loupes.nth(i)) for i in range(8)]
    box = frame.bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    after = [picture(loupes.nth(i)) for i in range(8)]
    assert all(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert np.array_equal(after[0], after[1])  # the small picture, and the rule that only repeats its pixels
    page.mouse.move(5, 5)
    frame.focus()
    page.keyboard.press("ArrowRight")
    assert not np.array_equal(picture(loupes.nth(4)), after[4])
    page.locator(".pe-up-loupes .pe-tile").nth(5).click()
    assert page.locator(".pe-up-stage .pe-title").inner_text() == "The true drawing"
    assert notebook.to_kernel == []
    keep(page.locator(".pe-up"), "upscaled")
    assert violations(page, ".pe-up") == []


def test_a_card_is_drawn_and_opens_below(notebook: Notebook, page: Any, keep: Callable[..., None]) -> None:
    notebook.run_cells(GALLERY)
    cards = page.locator(".pe-card")
    cards.nth(12).wait_for(timeout=60_000)
    assert page.locator(".pe-card-hint:visible").count() == 13
    cards.nth(5).click()
    opened = page.locator(".pe-opened .pe-tab").first
    opened.wait_for(timeout=60_000)
    assert page.locator(".pe-card-hint:visible").count() == 12
    assert notebook.run_cell(RECORDED) == "['castle']"
    keep(page.locator(".pe-cards"), "gallery")
    assert violations(page, ".pe-cards") == []
    page.get_by_role("button", name="Close this run").click()
    opened.wait_for(state="detached")


def test_a_lesson_starts_and_its_pictures_come(notebook: Notebook, page: Any, keep: Callable[..., None]) -> None:
    notebook.run_cells(LESSON)
    lesson = page.locator(".pe-lesson")
    lesson.get_by_role("button", name="Start").click(timeout=60_000)
    lesson.locator(".pe-film-tile").first.wait_for(timeout=60_000)
    lesson.get_by_role("button", name="Stop").wait_for()
    page.wait_for_function("() => document.querySelector('.pe-lesson-raw').getAttribute('d').split('L').length > 3")
    keep(lesson, "lesson")
    lesson.get_by_role("button", name="Stop").click()
    lesson.get_by_role("button", name="Start anew").wait_for(timeout=60_000)
    assert violations(page, ".pe-lesson") == []


def test_the_training_pictures_are_searched(notebook: Notebook, page: Any, keep: Callable[..., None]) -> None:
    notebook.run_cells(LIBRARY)
    library = page.locator(".pe-library")
    tiles = library.locator(".pe-library-tile")
    tiles.nth(47).wait_for(timeout=60_000)
    keep(library, "library")
    before = tiles.count()
    library.get_by_label("Words of the caption").fill("red")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => { const found = [...document.querySelectorAll('.pe-library-caption')];"
        " return found.length && found.length < before && found.every(one => /\\bred\\b/i.test(one.textContent)) }",
        arg=before,
    )
    library.get_by_text(re.compile(r"^\d+ found in 120 of 120 pictures\.")).wait_for()
    library.get_by_label("Words of the caption").fill("nothing like it")
    library.get_by_role("button", name="Search").click()
    page.wait_for_function("() => !document.querySelector('.pe-library-tile')")
    library.get_by_text("None found in 120 of 120 pictures").wait_for()
    assert violations(page, ".pe-library") == []


def test_a_copy_stands_beside_its_original(notebook: Notebook, page: Any, keep: Callable[..., None]) -> None:
    notebook.run_cells(COPIES)
    view = page.locator(".pe-copies")
    view.locator(".pe-tile").nth(2).wait_for(timeout=60_000)
    page.wait_for_timeout(300)
    notebook.to_kernel.clear()
    assert "This is a copy" in view.locator(".pe-copies-said").inner_text()
    own, other = (picture(view.locator("canvas.pe-picture").nth(i))[..., :3].astype(int) for i in (0, 1))
    assert abs(own[:, ::-1] - other).mean() < 8  # the training picture, mirrored
    view.locator(".pe-tile").nth(1).click()
    page.wait_for_timeout(200)
    assert abs(picture(view.locator("canvas.pe-picture").nth(1))[..., :3].astype(int) - other).mean() > 20
    view.get_by_role("button", name="Pixels").click()
    assert "pixel by pixel" in view.locator(".pe-note").nth(2).inner_text()
    assert "comm_msg" not in notebook.to_kernel  # the side panel asks, now and then, which runs there are
    keep(view, "copies")
    assert violations(page, ".pe-copies") == []
