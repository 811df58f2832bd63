"""How soon a look is answered: `python -m tests.benchmarks.bench_views`, on a machine that does nothing else.

A trace of 50 steps, 20 words and 64 x 64, in Chromium: from the pointer event to the painted frame. Goal: 16 ms at the
median, 33 ms at the 95th percentile. Also what is sent, and how large the bundles are.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from explorer import wire
from explorer.views.bundle import STATIC
from explorer.views.page import write_page
from tests.browser.latency import WATCH, gestures, measured
from tests.fake import synthetic_run

PROMPT = "a blue narwhal and a red castle in the deep snow under a bright moon with three small boats near"


def main() -> None:
    trace = synthetic_run(PROMPT, steps=50, size=(512, 512), grids=((64, 64), (32, 32), (16, 16), (8, 8)))
    meta, data = wire.trace(trace)
    print(f"payload {(len(data) + len(json.dumps(meta))) / 1e6:.2f} MB (goal under 6)")
    for path in sorted(STATIC.glob("*.js")):
        print(f"bundle {path.stem:10} {path.stat().st_size / 1e3:6.1f} kB (goal under 150)")
    chromium = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_page(Path(folder) / "views", [trace])
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(path.as_uri())
        page.locator(".pe-word").first.wait_for()
        page.evaluate(WATCH)
        for turn in ("first", "again"):
            for name, act in gestures(page).items():
                median, late, count = measured(page, act)
                print(f"{name:16} {turn}: median {median:5.1f} ms, 95 % {late:5.1f} ms ({count} events; goal 16, 33)")
        browser.close()


if __name__ == "__main__":
    main()
