"""What several test files share."""

import os
import shutil
from collections.abc import Iterator

import pytest

# Before torch is imported. The pipelines of the tests are so small that torch's second thread mostly waits for the
# first (five times the CPU time on two cores); `make test` fills the cores with two processes instead.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium: PROMPT_EXPLORER_CHROMIUM, or one on the PATH. None is a skip, in CI a failure."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("PROMPT_EXPLORER_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "Browser tests need Chromium: install it, or name it in PROMPT_EXPLORER_CHROMIUM."
        )
    return path


@pytest.fixture(scope="module")  # an event loop runs while it is alive, in which notebooks could not be executed
def browser(chromium: str) -> Iterator:
    """A headless Chromium, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The sandbox of Chromium refuses to run as root, as containers do.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
