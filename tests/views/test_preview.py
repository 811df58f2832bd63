import re
from html.parser import HTMLParser

import pytest

from explorer.views.preview import MARKER, preview_html, preview_text, strongest
from tests.synthetic import synthetic_trace
from tests.views.test_wire import HOSTILE


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


# What the sanitizer of JupyterLab 4.6 keeps.
KEPT = {
    "div": {"class", "style"},
    "img": {"src", "alt", "width", "height", "style"},
    "b": set(),
    "bdi": set(),
    "br": set(),
}


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
def test_no_prompt_becomes_markup(prompt: str) -> None:
    html = preview_html(synthetic_trace(prompt, steps=2), key="prompt-explorer-1")
    tags = Tags(html)
    for tag, attributes in tags.seen:
        assert set(attributes) <= KEPT[tag]
        if tag == "img":
            assert (attributes["src"] or "").startswith("data:image/webp;base64,")
            assert attributes["alt"]
    html.encode("utf-8")
    assert len(html) < 60_000
    assert tags.seen[0][1]["class"] == f"{MARKER} prompt-explorer-1"


def test_it_names_the_strongest_words_in_reading_order_and_the_settings() -> None:
    trace = synthetic_trace("a red castle, and a red narwhal in the snow")
    tags = Tags(preview_html(trace))
    alts = [attributes["alt"] for tag, attributes in tags.seen if tag == "img"]
    assert alts[0] == "The generated picture: a red castle, and a red narwhal in the snow"
    assert alts[1:] == [f"Where {word} draws attention" for word in (one.text for one in strongest(trace))]
    # "red" stands twice and is shown once, at its stronger place.
    assert sorted(one.text for one in strongest(trace, 4)) == ["castle", "narwhal", "red", "snow"]
    assert "synthetic · seed 0 · 4 steps · guidance 5 · DDIMScheduler · 128 × 128 px" in tags.text
    assert re.search(r"castle\s+\d+%", tags.text)
    assert preview_text(trace).startswith("a red castle, and a red narwhal in the snow\nsynthetic · seed 0")


@pytest.mark.parametrize(("size", "shown"), [((64, 192), (160, 53)), ((1024, 512), (80, 160))])
def test_large_and_long_pictures_stay_small(size: tuple[int, int], shown: tuple[int, int]) -> None:
    html = preview_html(synthetic_trace(size=size, steps=2))
    assert len(html) < 60_000
    first = next(attributes for tag, attributes in Tags(html).seen if tag == "img")
    assert (first["width"], first["height"]) == tuple(map(str, shown))
