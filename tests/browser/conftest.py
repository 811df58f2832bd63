"""One JupyterLab for all browser tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.browser.lab")  # what a page complained of is printed

from tests.browser.lab import Lab  # noqa: E402


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    lab = Lab(folder)
    try:
        lab.wait()
        yield lab
    finally:
        lab.stop()


@pytest.fixture(scope="session")
def keep() -> Callable[[Any, str], None]:
    """Saves a screenshot where PROMPT_EXPLORER_SCREENSHOTS names a folder."""
    folder = os.environ.get("PROMPT_EXPLORER_SCREENSHOTS")

    def shoot(what: Any, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            what.screenshot(path=Path(folder) / f"{name}.png")

    return shoot
