"""A path in a real JupyterLab: scrub it, watch it play, refine it, stop, save; and offline, without a kernel."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser.lab import Lab, Notebook, open_notebook, open_page, picture
from tests.browser.test_whatif import violations
from tests.fake_ways import FakeWays

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "from tests.fake_ways import FakeWays\nex = FakeWays(0.01)\n"
    "way = ex.interpolate({'prompt': 'a red castle in the snow'}, {'prompt': 'a blue castle at night'})\n"
    "import explorer\nview = explorer.InterpolationView(way)\nview",
    "print(view.frame, view.words, len(view.path.frames))",
    "ex.seconds = 0.3\nprint('slow')",
    "way",
]
VIEW, STATE, SLOW, ITSELF = range(4)


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    with open_notebook(browser, lab, "path", CELLS, ".pe-interpolation .pe-film-cell") as notebook:
        yield notebook


@pytest.fixture
def page(notebook: Notebook) -> Any:
    return notebook.page


def scrub(page: Any, place: float) -> None:
    slider = page.locator(".pe-way input[type=range]").first
    slider.evaluate("(e, place) => { e.value = String(place); e.dispatchEvent(new Event('input')) }", place)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_timeout(150)  # a picture that is shown for the first time is decoded first


def shown(page: Any) -> np.ndarray:
    return picture(page.locator(".pe-interpolation .pe-stage canvas.pe-picture").first)[..., :3].astype(int)


def test_a_place_between_two_frames_is_both_of_them(notebook: Notebook, page: Any) -> None:
    notebook.to_kernel.clear()
    scrub(page, 2)
    one = shown(page)
    scrub(page, 3)
    other = shown(page)
    assert abs(one - other).max() > 5
    for share in (0.25, 0.5, 0.8):
        scrub(page, 2 + share)
        assert abs(shown(page) - ((1 - share) * one + share * other)).max() <= 2
    assert notebook.to_kernel == []


def test_the_heat_travels_and_only_what_is_pinned_returns(notebook: Notebook, page: Any) -> None:
    heat = page.locator(".pe-interpolation canvas.pe-heat").first
    assert [one.split()[0] for one in page.locator(".pe-interpolation .pe-word").all_inner_texts()] == (
        "a red blue castle in the snow at night".split()
    )
    page.locator(".pe-interpolation .pe-word", has_text="snow").click()
    scrub(page, 0)
    near = picture(heat)[..., 3].astype(int)
    scrub(page, 3.99)
    faint = picture(heat)[..., 3].astype(int)
    scrub(page, 8)
    far = picture(heat)[..., 3].astype(int)
    assert near.max() > 150  # the first prompt has the word, and the last has not
    assert near.max() >= faint.max() > far.max()
    page.locator(".pe-way-film").click(position={"x": 200, "y": 20})
    page.wait_for_timeout(500)
    frame, words, count = notebook.run_cell(STATE).split(maxsplit=2)[0], "(6,)", "9"
    assert notebook.run_cell(STATE) == f"{frame} {words} {count}"
    assert 0 < int(frame) < 8


def test_the_largest_step_is_marked_and_a_drag_marks_a_part(page: Any) -> None:
    page.keyboard.press("Escape")
    bars = page.locator(".pe-way-bar")
    heights = bars.locator("span").evaluate_all("all => all.map(e => parseFloat(e.style.height))")
    jump = [i for i in range(bars.count()) if "pe-way-jump" in (bars.nth(i).get_attribute("class") or "")]
    assert jump == [heights.index(max(heights))]
    film = page.locator(".pe-way-film").bounding_box()
    page.mouse.move(film["x"] + film["width"] * 0.28, film["y"] + 20)
    page.mouse.down()
    page.mouse.move(film["x"] + film["width"] * 0.5, film["y"] + 20, steps=4)
    page.mouse.up()
    assert page.locator(".pe-action").inner_text() == "Refine 3 to 5"
    assert page.locator(".pe-way-mark").is_visible()


def test_playing_runs_to_the_end_and_less_motion_goes_frame_by_frame(page: Any) -> None:
    places = "() => Number(document.querySelector('.pe-way input[type=range]').value)"
    scrub(page, 6.5)
    page.locator(".pe-way-player .pe-icon").click()
    page.wait_for_function(f"{places[6:]} === 8", timeout=20_000)
    page.locator(".pe-way-player [aria-label='Play the path']").wait_for()
    page.emulate_media(reduced_motion="reduce")
    scrub(page, 6)
    page.evaluate(
        "() => { window.peSeen = []; const s = document.querySelector('.pe-way input[type=range]');"
        "const look = () => { window.peSeen.push(Number(s.value)); requestAnimationFrame(look) }; look() }"
    )
    page.locator(".pe-way-player .pe-icon").click()
    page.wait_for_function(f"{places[6:]} === 8", timeout=20_000)
    assert set(page.evaluate("() => window.peSeen")) == {6, 7, 8}
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_can_be_read_in_both_themes(
    notebook: Notebook, page: Any, theme: str, keep: Callable[[Any, str], None]
) -> None:
    notebook.theme(theme)
    scrub(page, 3.4)
    page.locator(".pe-interpolation .pe-word", has_text="castle").hover()
    page.wait_for_timeout(400)
    view = page.locator(".pe:has(.pe-interpolation)").first
    keep(view, f"interpolation-{theme.split()[1].lower()}")
    assert violations(page, ".pe-interpolation") == []


def test_refining_adds_frames_where_it_was_asked_and_the_place_stays(notebook: Notebook, page: Any) -> None:
    scrub(page, 2.5)
    before = shown(page)
    page.locator(".pe-action").click()
    page.wait_for_function(
        "() => document.querySelectorAll('.pe-way-film .pe-film-cell').length === 11", timeout=30_000
    )
    page.wait_for_timeout(400)
    assert abs(shown(page) - before).mean() < 8
    assert notebook.run_cell(STATE).endswith(" 11")


def test_a_file_is_written_beside_the_notebook(notebook: Notebook, page: Any) -> None:
    page.get_by_role("button", name="WebP").click()
    page.locator(".pe-work .pe-note", has_text="Written: interpolation.webp").wait_for(timeout=30_000)
    assert (notebook.lab.folder / "interpolation.webp").read_bytes()[8:12] == b"WEBP"


def test_stop_keeps_the_frames_that_are_done(notebook: Notebook, page: Any) -> None:
    notebook.run_cell(SLOW)
    page.get_by_label("How many frames in each gap").select_option("5")
    page.locator(".pe-action").click()
    page.locator(".pe-work .pe-note", has_text="1 of 5 new frames").wait_for(timeout=30_000)
    page.get_by_role("button", name="Stop").click()
    page.locator(".pe-work .pe-note", has_text="Stopped; the frames that were done are kept.").wait_for(timeout=20_000)
    count = int(notebook.run_cell(STATE).split()[-1])
    assert 11 < count < 16
    assert page.locator(".pe-way-film .pe-film-cell").count() == count


def test_a_path_shows_itself_and_leaves_a_preview(notebook: Notebook, page: Any) -> None:
    notebook.run_cells(ITSELF)
    page.locator(".jp-Cell").nth(ITSELF).locator(".pe-interpolation").wait_for(timeout=30_000)
    notebook.save()
    page.wait_for_timeout(500)
    saved = (notebook.lab.folder / "path.ipynb").read_text()
    assert saved.count("towards a red castle in the snow") >= 4
    assert len(saved) < 200_000


@pytest.mark.parametrize("shape", [None, (3, 4)], ids=["row", "grid"])
def test_offline_it_is_scrubbed_and_saved_without_a_kernel(browser: Any, tmp_path: Path, shape: Any) -> None:
    from tests.views.test_interpolation import grid_between

    ex = FakeWays(0)
    path = grid_between(shape) if shape else ex.interpolate({"prompt": "a red castle"}, {"prompt": "a cat"}, frames=4)
    page_file = path.to_html(tmp_path / "path")
    with open_page(browser) as page:
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(page_file.as_uri())
        page.locator(".pe-interpolation").wait_for()
        page.wait_for_timeout(300)
        assert page.locator(".pe-action").count() == 0  # nobody is there who could run more
        before = shown(page)
        if shape:
            page.locator(".pe-pad").focus()
            for _ in range(3):
                page.keyboard.press("Shift+ArrowRight")
            assert page.locator(".pe-keys .pe-share").all_inner_texts()[1].startswith("100")
        else:
            scrub(page, 2.5)
            with page.expect_download(timeout=30_000) as download:
                page.get_by_role("button", name="Film").click()
            assert Path(download.value.path()).stat().st_size > 1000
        assert (shown(page) != before).any()
        assert errors == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
