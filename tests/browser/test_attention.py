"""The attention view in a real JupyterLab, with a real mouse and keyboard."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from explorer.analysis import heat, words_at
from tests.browser.lab import Lab, Notebook, open_page, picture
from tests.synthetic import synthetic_trace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROMPT = "a blue narwhal, and a red castle"
STEPS = 6
TRACE = synthetic_trace(PROMPT, steps=STEPS)
NARWHAL, CASTLE = TRACE.words.index("narwhal"), TRACE.words.index("castle")
CELLS = [
    f"from tests.synthetic import synthetic_trace\ntrace = synthetic_trace({PROMPT!r}, steps={STEPS})",
    "from explorer import AttentionView\nview = AttentionView(trace)\nview",
    "print(view.word, view.step, view.pixel)",
    f"view.word, view.step = {CASTLE}, 0\nprint('set')",
    "view.close()\nprint('closed')",
]
VIEW, PRINT, SET, CLOSE = 1, 2, 3, 4
PAUSE = 600  # ms, well beyond the debounce


@pytest.fixture(scope="module")
def notebook(browser: Any, lab: Lab) -> Iterator[Notebook]:
    lab.write("view", CELLS)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "view")
        notebook.run_cells(0, VIEW)
        page.locator(".pe-word").first.wait_for(timeout=60_000)
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


@pytest.fixture
def page(notebook: Notebook) -> Any:
    """The page with nothing pinned and nothing pointed at; the messages to the kernel counted anew."""
    page = notebook.page
    page.mouse.move(5, 5)
    slider = page.locator(".pe-scrub > input")
    slider.focus()
    slider.press("Home")
    slider.press("Escape")
    slider.blur()
    page.wait_for_timeout(PAUSE)
    notebook.to_kernel.clear()
    return page


def hottest(word: int, step: int | None = None) -> tuple[float, float]:
    """Where a word is hottest, as shares of the picture (x, y)."""
    values = heat(TRACE, word, step=step).values
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return (float(column) + 0.5) / values.shape[1], (float(row) + 0.5) / values.shape[0]


def point(page: Any, x: float, y: float) -> None:
    """Move the mouse over the picture, as a person does: in steps."""
    box = page.locator(".pe-frame").first.bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)


def brightest(heat_sheet: np.ndarray) -> tuple[float, float]:
    light = heat_sheet[..., :3].astype(float).sum(axis=-1) * heat_sheet[..., 3]
    row, column = np.unravel_index(int(light.argmax()), light.shape)
    return (float(column) + 0.5) / light.shape[1], (float(row) + 0.5) / light.shape[0]


def test_pointing_at_a_word_lays_its_heat_over_the_picture(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    view = page.locator(".pe")
    keep(view, "attention-light")
    before = picture(page.locator(".pe-heat"))
    assert before[..., 3].max() == 0
    boxes = view.locator("button, canvas, li, input").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    for word in (NARWHAL, CASTLE):
        page.locator(".pe-word").nth(word).hover()
        sheet = picture(page.locator(".pe-heat"))
        assert brightest(sheet) == pytest.approx(hottest(word), abs=0.05)
        assert sheet[..., 3].max() > 200
        assert np.median(sheet[..., 3]) < 80
        assert page.locator(".pe-legend .pe-title").inner_text() == TRACE.words[word]
    keep(view, "attention-word")
    after = view.locator("button, canvas, li, input").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    assert after == boxes, "the layout moved"
    point(page, 0.5, 0.5)
    assert picture(page.locator(".pe-heat"))[..., 3].max() == 0
    page.wait_for_timeout(PAUSE)
    assert notebook.to_kernel == []


def test_pointing_at_the_picture_ranks_the_words_that_drive_the_point(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    for word in (NARWHAL, CASTLE):
        x, y = hottest(word)
        point(page, x, y)
        ranked = words_at(TRACE, int(x * 128), int(y * 128))
        assert ranked[0].index == word
        page.locator(".pe-choice", has_text="Absolute").click()
        point(page, x, y)
        names = page.locator(".pe-name").all_inner_texts()
        assert names[:3] == [one.word for one in ranked[:3]]
        assert page.locator(".pe-share").first.inner_text() == f"{ranked[0].share * 100:.0f}\u202f%"
        cell = page.locator(".pe-cell").first.bounding_box()
        frame = page.locator(".pe-frame").first.bounding_box()
        assert (cell["x"] + cell["width"] / 2 - frame["x"]) / frame["width"] == pytest.approx(x, abs=0.01)
        page.locator(".pe-choice", has_text="Relative").click()
        point(page, x, y)
        assert page.locator(".pe-share").first.inner_text().endswith("×")
    keep(page.locator(".pe"), "attention-point")
    page.mouse.move(5, 5)
    assert not page.locator(".pe-cell").first.is_visible()
    assert page.locator(".pe-ranking .pe-aside").inner_text() == "where each is strongest"
    page.wait_for_timeout(PAUSE)
    assert notebook.to_kernel == []


def test_the_slider_goes_through_the_steps_and_tells_python_when_it_is_let_go(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    label = page.locator(".pe-steps .pe-title")
    assert label.inner_text() == "All 6 steps, mean"
    page.locator(".pe-word").nth(CASTLE).click()
    page.wait_for_timeout(PAUSE)
    notebook.to_kernel.clear()
    box = page.locator(".pe-scrub > input").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 4, middle)
    page.mouse.down()
    labels, warmth = [], []
    for step in (1, 3, 6):
        page.mouse.move(box["x"] + 7 + (box["width"] - 14) * step / STEPS, middle, steps=3)
        labels.append(label.inner_text())
        warmth.append(int(picture(page.locator(".pe-heat"))[..., 3].astype(int).sum()))
    assert labels == ["Step 1 of 6", "Step 3 of 6", "Step 6 of 6"]
    assert warmth == sorted(warmth)  # the blobs grow
    assert len(set(warmth)) == 3
    assert page.locator(".pe-steps .pe-aside").inner_text() == "timestep 1 · noise σ 0.03"
    page.wait_for_timeout(PAUSE)
    assert notebook.to_kernel == []
    page.mouse.up()
    page.wait_for_timeout(PAUSE)
    assert notebook.to_kernel == ["comm_msg"]
    keep(page.locator(".pe"), "attention-step")
    assert notebook.run_cell(PRINT) == f"{CASTLE} 5 None"


def test_what_is_pinned_reaches_python_once_it_rests(notebook: Notebook, page: Any) -> None:
    page.locator(".pe-word").nth(NARWHAL).click()
    page.locator(".pe-word").nth(CASTLE).click()
    x, y = hottest(CASTLE)
    point(page, x, y)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(PAUSE)
    assert 1 <= len(notebook.to_kernel) <= 3
    word, step, pixel = ast.literal_eval("(" + notebook.run_cell(PRINT).replace(" ", ",", 2) + ")")
    assert (word, step) == (CASTLE, None)
    assert pixel == pytest.approx((x * 128, y * 128), abs=1.5)
    page.locator(".pe-word").nth(NARWHAL).hover()  # the pinned point stays
    assert page.locator(".pe-ranking .pe-aside").inner_text().endswith(", pinned")
    page.keyboard.press("Escape")


def test_python_moves_the_view(notebook: Notebook, page: Any) -> None:
    assert notebook.run_cell(SET) == "set"
    page.wait_for_function("() => document.querySelector('.pe-steps .pe-title').textContent === 'Step 1 of 6'")
    assert page.locator(".pe-word").nth(CASTLE).get_attribute("aria-pressed") == "true"


def test_the_keyboard_does_it_all(notebook: Notebook, page: Any) -> None:
    page.locator(".pe-word").first.focus()
    for _ in range(NARWHAL):
        page.keyboard.press("ArrowRight")
    assert page.locator(".pe-legend .pe-title").inner_text() == "narwhal"
    assert brightest(picture(page.locator(".pe-heat"))) == pytest.approx(hottest(NARWHAL), abs=0.05)
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # the picture stands before the prompt, and the player between them
    for _ in range(3):
        if page.evaluate("() => document.activeElement.className") != "pe-frame":
            page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => document.activeElement.className") == "pe-frame"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    assert page.locator(".pe-ranking .pe-aside").inner_text() == "at x 60, y 76"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # on to the player
    assert page.evaluate("() => document.activeElement.className") == "pe-icon"
    page.keyboard.press("Tab")  # and to the slider
    assert page.evaluate("() => document.activeElement.className") == "pe-range"
    page.keyboard.press("ArrowRight")
    assert page.locator(".pe-steps .pe-title").inner_text() == "Step 1 of 6"
    page.wait_for_timeout(PAUSE)
    for part in (".pe-word", ".pe-frame", ".pe-range", ".pe-choice"):
        page.locator(part).first.focus()
        for key in "abxdd":  # shortcuts of JupyterLab that would add and delete cells
            page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == len(CELLS)
    assert notebook.run_cell(PRINT) == f"{NARWHAL} 0 (60, 76)"


def test_colours_can_be_read_in_both_themes_and_narrow(
    notebook: Notebook, page: Any, keep: Callable[[Any, str], None]
) -> None:
    page.locator(".pe-word").nth(NARWHAL).click()
    page.mouse.move(5, 5)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        page.wait_for_timeout(PAUSE)
        keep(page.locator(".pe"), f"attention-{theme.split()[1].lower()}")
        assert min(page.evaluate(CONTRASTS)) >= 4.5
    page.evaluate("() => { document.querySelector('.pe').style.width = '460px' }")
    keep(page.locator(".pe"), "attention-narrow")
    wide = page.evaluate("() => [...document.querySelectorAll('.pe *')].filter(e => e.scrollWidth > 470).length")
    assert wide == 0
    page.evaluate("() => { document.querySelector('.pe').style.width = '' }")


# Of every text of the view against the notebook's ground.
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const seen = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor;
  const own = element => getComputedStyle(element).backgroundColor;
  return [...document.querySelectorAll('.pe *')]
    .filter(e => e.tagName !== 'STYLE' && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => {
      const behind = [ground, own(e.closest('.pe-word, .pe-row') ?? e), own(e)];
      const [a, b] = [light(seen(...behind)), light(seen(...behind, getComputedStyle(e).color))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    });
}"""


def test_closing_takes_the_view_away(notebook: Notebook, page: Any) -> None:
    assert notebook.run_cell(CLOSE) == "closed"
    page.wait_for_function("() => !document.querySelector('.pe')")


def test_a_reopened_notebook_shows_the_preview(browser: Any, lab: Lab, keep: Callable[[Any, str], None]) -> None:
    lab.write("saved", [CELLS[0], "trace"])
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "saved")
        notebook.run_cells(0, 1)
        page.locator(".pe-word").first.wait_for(timeout=60_000)
        preview = page.locator(".prompt-explorer-preview")
        preview.wait_for(state="hidden")
        assert preview.count() == 1
        notebook.save()
        assert notebook.errors == []
    lab.close_kernels()
    with open_page(browser) as page:
        Notebook(page, lab, "saved")
        preview = page.locator(".prompt-explorer-preview")
        preview.wait_for(timeout=60_000)
        assert page.locator(".pe").count() == 0
        images = preview.locator("img")
        assert images.count() == 1 + 4
        assert images.evaluate_all("all => all.every(image => image.complete && image.naturalWidth === 128)")
        assert "narwhal" in preview.inner_text()
        keep(preview, "attention-preview")
    lab.close_kernels()


def test_a_hostile_prompt_runs_nothing_and_breaks_nothing(
    browser: Any, lab: Lab, keep: Callable[[Any, str], None]
) -> None:
    markup = "<img src=x onerror=window.broken=1> <script>window.broken=2</script> {{7*7}} "
    marks = "\\u202eevil\\u202c \\u200b \\ud800 z" + "\\u0301" * 40 + " " + "w" * 400 + " "
    prompt = f"{markup!r} + '{marks}' + 'castle, ' * 12_500"
    source = f"from tests.synthetic import synthetic_trace\ntrace = synthetic_trace({prompt})"
    lab.write("hostile", [source, "trace"])
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "hostile")
        notebook.run_cells(0, 1)
        page.locator(".pe-word").first.wait_for(timeout=60_000)
        view = page.locator(".pe")
        keep(view, "attention-hostile")
        assert "onerror" in view.inner_text()
        assert view.locator("img, script, iframe").count() == 0
        box = view.bounding_box()
        assert box["height"] < 800
        assert page.locator(".pe *").evaluate_all(
            "all => all.every(e => e.matches('.pe-hidden') || e.getBoundingClientRect().right <= innerWidth)"
        )
        page.evaluate("() => document.querySelectorAll('.jp-OutputArea-child').forEach(e => { e.style.display = '' })")
        preview = page.locator(".prompt-explorer-preview")
        keep(preview, "preview-hostile")
        assert preview.locator("script, img:not([src^='data:image/webp;base64,'])").count() == 0
        assert "onerror" in preview.inner_text()
        page.wait_for_timeout(PAUSE)
        assert page.evaluate("() => window.broken") is None
        assert notebook.errors == []
    lab.close_kernels()
