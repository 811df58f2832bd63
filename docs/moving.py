"""Takes the README's moving picture: a prompt typed, drawn and explored in a real JupyterLab.

Each frame is a screenshot with the time that it is to be shown, so that a slow machine makes the same picture.
"""

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser.lab import Lab, Notebook, open_page

FOLDER = Path(os.environ.get("PROMPT_EXPLORER_SCREENSHOTS") or Path(__file__).parent / "pictures")
PROMPT = "a photograph of a blue teddy bear in rainy weather"
WIDTH, HEIGHT = 880, 1200
POINTER = """() => {
  const arrow = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  arrow.setAttribute("viewBox", "0 0 16 24");
  arrow.style.cssText = "position:fixed;width:16px;height:24px;z-index:100000;pointer-events:none;left:0;top:0";
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", "M1 1v17l4.5-4 3 7 3-1.3-3-6.9H14z");
  shape.setAttribute("fill", "#111");
  shape.setAttribute("stroke", "#fff");
  arrow.append(shape);
  document.body.append(arrow);
  addEventListener("mousemove", e => { arrow.style.transform = `translate(${e.clientX}px,${e.clientY}px)` }, true);
}"""


class Camera:
    """Screenshots of one element, with the times that they are shown."""

    def __init__(self, page: Any, what: Any) -> None:
        self.page, self.what = page, what
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def take(self, milliseconds: int) -> None:
        """Show what is there for so long; what has not changed is shown longer."""
        box = self.what.bounding_box()
        clip = {key: box[key] for key in ("x", "y", "width")} | {"height": min(box["height"], HEIGHT - 30 - box["y"])}
        frame = Image.open(io.BytesIO(self.page.screenshot(clip=clip))).convert("RGB")
        frame = frame.resize((WIDTH, round(frame.height * WIDTH / frame.width)), Image.Resampling.LANCZOS)
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.times[-1] += milliseconds
        else:
            self.frames.append(frame)
            self.times.append(milliseconds)

    def over(self, what: Any, x: float = 0.5, y: float = 0.5, moves: int = 4) -> None:
        """Move the pointer to a place in an element, in a few frames."""
        box = what.bounding_box()
        goal = (box["x"] + x * box["width"], box["y"] + y * box["height"])
        start = getattr(self, "at", goal)
        for i in range(1, moves + 1):
            share = i / moves
            self.page.mouse.move(*(a + (b - a) * share for a, b in zip(start, goal, strict=True)))
            self.page.wait_for_timeout(60)
            self.take(70)
        self.at = goal
        self.page.wait_for_timeout(400)

    def save(self, path: Path) -> None:
        """One animated WebP, all frames of the largest height."""
        height = max(frame.height for frame in self.frames)
        padded = []
        for frame in self.frames:
            whole = Image.new("RGB", (WIDTH, height), frame.getpixel((2, 2)))
            whole.paste(frame)
            padded.append(whole)
        padded[0].save(path, save_all=True, append_images=padded[1:], duration=self.times, loop=0, quality=70, method=4)


def play(page: Any) -> Camera:
    """Type, draw, point at words and at the picture, walk through the steps."""
    page.evaluate(POINTER)
    app = page.locator(".pe-app").first
    camera = Camera(page, app)
    box = app.locator("textarea.pe-large")
    box.click()
    box.fill("")
    app.locator("input[aria-label=Seed]").fill("7")
    for end in range(3, len(PROMPT) + 3, 3):
        box.fill(PROMPT[:end])
        camera.take(90)
    camera.take(400)
    page.keyboard.press("Enter")
    words = app.locator(".pe-word")
    before = len(camera.frames)
    while not words.count():
        camera.take(160)
        page.wait_for_timeout(100)
    every = max(1, (len(camera.frames) - before) // 14)  # of a slow machine's many frames, some
    camera.frames[before:] = camera.frames[before::every]
    camera.times[before:] = [160] * len(camera.frames[before:])
    page.wait_for_timeout(800)
    camera.take(700)
    for word in ("blue", "teddy", "rainy"):
        camera.over(app.locator(".pe-word", has_text=word).first)
        camera.take(900)
    picture = app.locator(".pe-frame[role=application]").first
    for place in ((0.5, 0.4), (0.2, 0.15), (0.5, 0.75)):
        camera.over(picture, *place)
        camera.take(800)
    camera.over(app.locator(".pe-tab", has_text="Steps").first)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(500)
    camera.take(500)
    slider = app.locator("input[aria-label='Denoising step']:visible").first
    slider.focus()
    page.keyboard.press("Home")
    steps = int(slider.get_attribute("max") or 1) - int(slider.get_attribute("min") or 0)
    for _ in range(steps + 1):
        page.wait_for_timeout(80)
        camera.take(130)
        page.keyboard.press("ArrowRight")
    camera.take(1500)
    return camera


def main() -> None:
    """Start JupyterLab on a notebook of one cell, and film its app."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary) / "notebooks"
        folder.mkdir()
        lab = Lab(folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            lab.wait()
            lab.write("film", ["import explorer\n\nex = explorer.load()\nex"])
            with open_page(browser) as page:
                page.set_viewport_size({"width": 1300, "height": HEIGHT})
                notebook = Notebook(page, lab, "film")
                page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
                notebook.run_cells(0)
                page.locator("textarea.pe-large").wait_for(timeout=120_000)
                page.wait_for_timeout(1500)
                play(page).save(FOLDER / "explore.webp")
            lab.close_kernels()
        finally:
            browser.close()
            lab.stop()


if __name__ == "__main__":
    main()
