"""How soon JupyterLab is of use: `python -m tests.benchmarks.bench_lab`, on a machine that does nothing else.

Prints seconds from starting JupyterLab to the app being ready to be typed in (goal 10, the second time: then the files
are in memory), and from opening a trace of 200 MB in the viewer to its heat maps (goal 3), with what was sent.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from explorer.storage import save
from tests.browser.lab import Lab
from tests.fake import synthetic_run

PROMPT = "a blue narwhal and a red castle in the deep snow under a bright moon"
GRIDS = ((64, 64), (32, 32), (16, 16), (8, 8))


def large(folder: Path) -> Path:
    """A trace file of about 200 MB, as Stable Diffusion 1.5 leaves with every layer kept."""
    return save(synthetic_run(PROMPT, steps=50, size=(512, 512), grids=GRIDS, layers=14), folder / "large")


def started(browser: Any) -> float:
    """Seconds from starting JupyterLab to the app."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "work").mkdir()
        begin = time.perf_counter()
        lab = Lab(Path(folder) / "work")
        try:
            lab.wait()
            page = browser.new_page(viewport={"width": 1300, "height": 1000})
            page.goto(f"{lab.url}/lab?reset&token={lab.token}")
            page.locator(".jp-LauncherCard", has_text="Prompt Explorer").click(timeout=120_000)
            page.locator(".pe-lab-app textarea").first.wait_for(timeout=300_000)
            took = time.perf_counter() - begin
            page.close()
            return took
        finally:
            lab.close_kernels()
            lab.stop()


def opened(browser: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "work").mkdir()
        path = large(Path(folder) / "work")
        print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB")
        lab = Lab(Path(folder) / "work")
        try:
            lab.wait()
            page = browser.new_page(viewport={"width": 1300, "height": 1000})
            page.goto(f"{lab.url}/lab?reset&token={lab.token}")
            page.wait_for_function("() => window.jupyterapp", timeout=120_000)
            page.evaluate("() => window.jupyterapp.restored.then(() => null)")
            for turn in ("first", "again"):
                sent: list[int] = []
                page.on("response", lambda r, sent=sent: "explorer/trace?" in r.url and sent.append(len(r.body())))
                begin = time.perf_counter()
                page.evaluate("path => void window.jupyterapp.commands.execute('docmanager:open', {path})", path.name)
                page.locator(".pe-lab-viewer .pe-word").first.wait_for(timeout=120_000)
                seen = time.perf_counter() - begin
                page.locator(".pe-lab-viewer .pe-tab", has_text="Steps").click()
                page.locator(".pe-lab-viewer .pe-film").wait_for(timeout=120_000)
                rest = time.perf_counter() - begin - seen
                sizes = ", ".join(f"{size / 1e6:.1f} MB" for size in sent)
                print(f"opened {turn}: {seen:.2f} s to the heat maps, {rest:.2f} s more to the steps; sent {sizes}")
                page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
        finally:
            lab.stop()


def main() -> None:
    chromium = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        for turn in ("cold or warm", "warm"):
            print(f"JupyterLab to the app, {turn}: {started(browser):.1f} s")
        opened(browser)
        browser.close()


if __name__ == "__main__":
    main()
