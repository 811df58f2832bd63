"""How the map view copes with many items: `python -m tests.benchmarks.bench_map`, on a machine that does nothing else.

Frames a second while 100,000 items are moved and zoomed in Chromium (goal 30), and a million (usable); how soon what
lies under the pointer is known; from 10,000 x 512 vectors to the painted map (goal 2 s); bytes sent.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from explorer.analysis.neighbours import neighbours
from explorer.atlas import Atlas
from explorer.embeddings.projection import project
from explorer.views.page import write_atlas
from explorer.wire.atlas import atlas as atlas_of
from tests.maps import synthetic_atlas

# Each frame does what a key or the wheel asked for; a frame that takes longer makes fewer of them.
MOVE = """async zoom => {
  const frame = document.querySelector('.pe-map');
  const times = [];
  const end = performance.now() + 4000;
  for (let i = 0; performance.now() < end; i++) {
    if (zoom) frame.dispatchEvent(new WheelEvent('wheel', {deltaY: Math.floor(i / 20) % 2 ? 20 : -20, ctrlKey: true,
      clientX: 400, clientY: 300, cancelable: true}));
    else frame.dispatchEvent(new KeyboardEvent('keydown', {key: Math.floor(i / 10) % 2 ? 'ArrowLeft' : 'ArrowRight',
      shiftKey: true, cancelable: true}));
    await new Promise(requestAnimationFrame);
    times.push(performance.now());
  }
  return (times.length - 1) * 1000 / (times.at(-1) - times[0]);
}"""
HOVER = """() => {
  const frame = document.querySelector('.pe-map');
  const {left, top, width, height} = frame.getBoundingClientRect();
  const times = [];
  for (let i = 0; i < 60; i++) {
    const begin = performance.now();
    frame.dispatchEvent(new PointerEvent('pointermove', {clientX: left + width * (0.2 + i / 100),
      clientY: top + height / 2, bubbles: true}));
    times.push(performance.now() - begin);
  }
  times.sort((a, b) => a - b);
  return [times[30], times[56]];
}"""


def main() -> None:
    chromium = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for count, axes in ((10_000, 2), (100_000, 2), (100_000, 3), (1_000_000, 2)):
            atlas = synthetic_atlas(count, axes=axes, width=16)
            begin = time.perf_counter()
            _, data = atlas_of(atlas)
            sent = time.perf_counter() - begin
            page, seconds = opened(browser, write_atlas(Path(folder) / "map", atlas))
            moved, zoomed = page.evaluate(MOVE, False), page.evaluate(MOVE, True)
            median, late = page.evaluate(HOVER)
            print(
                f"{count:9,} items {axes}-D: {moved:4.0f} frames/s moved, {zoomed:4.0f} zoomed; hover {median:.1f} ms, "
                f"95 % {late:.1f} ms; {len(data) / 1e6:.1f} MB encoded in {sent:.2f} s, page open in {seconds:.2f} s"
            )
            page.close()
        to_screen(browser, Path(folder))
        browser.close()


def opened(browser: Any, path: Path) -> tuple[Any, float]:
    """A page with a map, and the seconds until it is painted."""
    page = browser.new_page(viewport={"width": 1120, "height": 900})
    begin = time.perf_counter()
    page.goto(path.as_uri())
    page.locator(".pe-map-base").wait_for(state="attached", timeout=120_000)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page, time.perf_counter() - begin


def to_screen(browser: Any, folder: Path) -> None:
    """From vectors to a painted map."""
    vectors = np.random.default_rng(0).standard_normal((10_000, 512), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    begin = time.perf_counter()
    laid = project(vectors)
    projected = time.perf_counter()
    found, cosines = neighbours(vectors, 10)
    near = time.perf_counter()
    atlas = Atlas(
        labels=[f"item {i}" for i in range(10_000)],
        kinds=["item"] * 10_000,
        modalities=np.zeros(10_000, np.uint8),
        vectors=vectors,
        points=laid.points,
        thumbs={},
        method="PCA",
        gap="as it is",
        note="",
        explained=laid.explained,
        trustworthiness=None,
        kept=None,
        neighbours=found,
        cosines=cosines,
        paths=(),
        source="random numbers",
        axes=laid.names,
    )
    meta, data = atlas_of(atlas)
    encoded = time.perf_counter()
    _, seconds = opened(browser, write_atlas(folder / "vectors", atlas))
    print(
        f"10,000 x 512 to a map on screen: PCA {projected - begin:.2f} s, neighbours {near - projected:.2f} s, "
        f"encoded {encoded - near:.2f} s ({len(data) / 1e6:.1f} MB, {len(meta['labels']):,} labels), "
        f"painted {seconds:.2f} s after the page was asked for"
    )


if __name__ == "__main__":
    main()
