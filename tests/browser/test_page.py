"""The offline page in Chromium: no kernel, no network, all views."""

from pathlib import Path
from typing import Any

import pytest

from explorer.views.page import write_page
from tests.browser.lab import open_page
from tests.browser.latency import WATCH, gestures, measured
from tests.fake import synthetic_run

pytestmark = [pytest.mark.browser]


def test_every_view_works_without_a_kernel_and_without_network(browser: Any, tmp_path: Path) -> None:
    runs = [synthetic_run(prompt, steps=10) for prompt in ("a red castle", "a blue narwhal and a <b>bear</b>")]
    path = write_page(tmp_path / "runs", runs)
    with open_page(browser) as page:
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.goto(path.as_uri())
        page.locator(".pe-word").first.wait_for()
        assert page.locator(".pe-word").all_inner_texts() == ["a", "red", "castle"]
        page.locator(".pe-run").nth(1).click()
        assert page.locator(".pe-page-prompt").inner_text() == "a blue narwhal and a <b>bear</b>"
        for tab, part in (("Steps", ".pe-film"), ("Guidance", ".pe-triple"), ("Words", ".pe-table")):
            page.locator(".pe-tab", has_text=tab).click()
            assert page.locator(part).is_visible()
        page.locator(".pe-tab", has_text="Attention").click()
        page.evaluate(WATCH)
        for act in gestures(page).values():
            assert measured(page, act)[2] > 10
        assert errors == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
