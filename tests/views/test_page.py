"""The offline page: complete, quiet, and nothing in it can become markup or script."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from explorer.errors import InvalidSetting, MissingBundle, TraceFileError
from explorer.views import page as pages
from explorer.views.page import page_html, write_page
from tests.fake import Fake, synthetic_run
from tests.views.test_wire import HOSTILE


class Page(HTMLParser):
    """Its elements and the text of its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        self.inside = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_no_prompt_becomes_markup_and_only_our_script_may_run(prompt: str) -> None:
    html = page_html([synthetic_run(prompt, steps=2)])
    html.encode("utf-8")
    page = Page(html)
    kinds = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    assert kinds == ["application/json", "text/plain", "module"]
    policy = next(a["content"] or "" for tag, a in page.tags if tag == "meta" and a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(page.scripts[-1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not re.search(r"https?://", re.sub(r"http://www\.w3\.org/\d+/svg", "", html))
    for tag, attributes in page.tags:
        if tag == "img":
            assert (attributes["src"] or "").startswith("data:image/webp;base64,")
    assert json.loads(page.scripts[0])[0]["meta"]["kind"] == "trace"


def test_a_run_and_a_history_are_written_whole(tmp_path: Path) -> None:
    fake = Fake(0)
    with pytest.raises(InvalidSetting, match="There is no run yet: generate one in the app"):
        fake.to_html(tmp_path / "runs")
    options: dict[str, Any] = {"steps": 2, "guidance": 3.0, "width": 128, "height": 128}
    runs = [fake.generate(prompt, seed=1, **options) for prompt in ("a red castle", "a blue narwhal")]
    path = fake.to_html(tmp_path / "runs")
    assert path.name == "runs.html"
    assert Page(path.read_text("utf-8")).scripts[0].count('"kind":"trace"') == 2
    assert runs[0].to_html(tmp_path / "one.html").name == "one.html"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.html", "runs.html"]
    with pytest.raises(TraceFileError, match="could not be written to"):
        write_page(tmp_path / "none" / "x", runs)


def test_without_its_bundle_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    with pytest.raises(MissingBundle, match=r"page\.js, was not built: run `make front`"):
        page_html([synthetic_run("a", steps=2)])
