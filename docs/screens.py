"""Takes the pictures of the views for the docs, in both themes, from the offline page in headless Chromium.

The app and the attention view are taken in JupyterLab by tests/browser/test_first_minute.py; `make pictures` does both.
"""

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

import explorer
from explorer.miniature import world
from explorer.views.copies import CopiesView
from explorer.views.effects import EffectsView
from explorer.views.page import write_page
from explorer.views.upscaled import UpscaledView

FOLDER = Path(os.environ.get("PROMPT_EXPLORER_SCREENSHOTS") or Path(__file__).parent / "pictures")
PROMPT = "a photograph of a blue teddy bear in rainy weather"
VIEWS = ("Steps", "Guidance", "Words")
WORDS = {
    "subject": ["castle", "house", "boat", "cat", "dog", "teddy bear", "tree", "narwhal"],
    "colour": ["red", "blue", "green", "yellow", "purple"],
    "weather": ["rainy", "snowy", "sunny"],
    "style": ["watercolour painting", "pencil sketch", "pixel art"],
}


def take(page: Any, theme: str) -> None:
    """One picture of each view; the word that is pinned is the same in all."""
    page.locator(".pe-word", has_text="teddy").first.click()
    for view in VIEWS:
        page.locator(".pe-tab", has_text=view).first.click()
        page.mouse.move(2, 2)
        page.wait_for_timeout(600)
        page.screenshot(path=FOLDER / f"{view.lower()}-{theme}.png", full_page=True)
    page.locator(".pe-tab", has_text="Attention").first.click()


def take_others(ex: Any, trace: Any, folder: Path, browser: Any) -> None:
    """A comparison, the effects of words, a path and the map, each on its own page."""
    effects = EffectsView(ex.effects(trace, ["blue", "teddy", "rainy"]))
    runs = [
        ex.record(prompt, seed=7) for prompt in ("a red castle in the snow", "a green boat at sea", "a yellow tree")
    ]
    shown = {run.settings.prompt: run for run in (trace, *runs)}
    pages = {
        "comparison": explorer.compare(trace, ex.swap(trace, "blue", "red")).to_html(folder / "comparison"),
        "effects": effects.to_html(folder / "effects"),
        "interpolation": ex.interpolate("a red castle in the snow", "a blue castle at night", seed=7).to_html(
            folder / "p"
        ),
        "map": ex.project(WORDS, shown, path=trace).to_html(folder / "map"),
    }
    for theme in ("light", "dark"):
        for name, path in pages.items():
            page = browser.new_page(viewport={"width": 1120, "height": 700}, color_scheme=theme)
            page.goto(path.as_uri())
            page.wait_for_timeout(1000)
            if name == "interpolation":
                page.locator(".pe-way-bar.pe-way-jump").click()
            if name not in ("effects", "map"):
                page.locator(".pe-word", has_text="castle" if name == "interpolation" else "teddy").first.click()
            page.mouse.move(2, 2)
            if name == "map":
                page.locator(".pe-map[role=application]").focus()
                for _ in range(40):  # from item to item, until its card is the castle's
                    page.keyboard.press("PageDown")
                    if page.locator(".pe-map-card .pe-title").first.inner_text() == "castle":
                        break
            page.wait_for_timeout(400)
            page.screenshot(path=FOLDER / f"{name}-{theme}.png", full_page=True)


def take_story(ex: Any, folder: Path, browser: Any) -> None:
    """The parts of the story, each on its own page: two films at their end, the search for copies, an enlargement."""
    memorised = explorer.open_film("memorised").pictures[-1, 0]
    pages = {
        "gans": explorer.FilmView(explorer.open_film("gan"), explorer.open_film("gan-collapsed")).to_html(folder / "g"),
        "training": explorer.FilmView(explorer.open_film("miniature")).to_html(folder / "t"),
        "copying": CopiesView(explorer.copies(memorised)).to_html(folder / "c"),
        "upscaling": UpscaledView(ex.upscale(world.sample(100_000_518), seeds=range(4))).to_html(folder / "u"),
    }
    for name, path in pages.items():
        page = browser.new_page(viewport={"width": 1120, "height": 700}, color_scheme="light")
        page.goto(path.as_uri())
        page.wait_for_timeout(1500)
        if name in ("gans", "training"):
            page.locator("input[type=range]").first.focus()
            page.keyboard.press("End")
            page.evaluate("() => document.activeElement.blur()")
            page.wait_for_timeout(1000)
        shown = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shown.crop((0, 0, shown.width, min(shown.height, 1270))).save(FOLDER / f"story-{name}.webp", quality=90)


def main() -> None:
    """Record once, look at it in both themes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    ex = explorer.load()
    trace = ex.generate(PROMPT, seed=7)
    chromium = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_page(Path(folder) / "run", [trace])
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for theme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1120, "height": 700}, color_scheme=theme)
            page.goto(path.as_uri())
            page.locator(".pe-word").first.wait_for()
            take(page, theme)
        take_others(ex, trace, Path(folder), browser)
        take_story(ex, Path(folder), browser)
        browser.close()


if __name__ == "__main__":
    main()
