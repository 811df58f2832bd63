"""A hundred hostile texts in the browser, without a notebook: in the offline page, the app, the static previews."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.runs import sentence
from explorer.views import App
from explorer.views.bundle import STATIC
from explorer.views.page import write_page
from explorer.views.preview import preview_html
from tests.browser.lab import open_page
from tests.fake import Fake, synthetic_run
from tests.hostile import HOSTILE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1200)]

TABS = ("Attention", "Steps", "Guidance", "Words")

SMALL: dict[str, Any] = {"steps": 2, "size": (32, 32), "grids": ((4, 4), (2, 2)), "limit": 20}
# What is wrong with an element, in words: [] where nothing is.
FAULTS = """([selector, tallest]) => {
  const root = document.querySelector(selector), found = [], edge = root.getBoundingClientRect();
  if (window.broken) found.push(`a script ran: ${window.broken}`);
  const odd = root.querySelectorAll('script, img:not([src^="data:image/webp;base64,"]), iframe, object, embed, a, '
    + 'form, link, meta, base, video, audio, math, details, h1, hr, x, [href], [srcdoc], [contenteditable], '
    + '[autofocus]');
  for (const one of odd) found.push(`an element ${one.outerHTML.slice(0, 80)}`);
  for (const one of root.querySelectorAll('*')) {
    for (const { name } of one.attributes) if (name.startsWith('on')) found.push(`a handler ${name}`);
    if (one.tagName === 'STYLE' && one !== root.querySelector('style')) found.push('a style sheet');
    const rect = one.getBoundingClientRect(), hides = ['hidden', 'clip', 'auto', 'scroll'];
    if (!rect.width || one.closest('.pe-hidden') || getComputedStyle(one).position === 'fixed') continue;
    let inside = one.parentElement;
    while (inside && inside !== root && !hides.includes(getComputedStyle(inside).overflowX)) {
      inside = inside.parentElement;
    }
    if (inside === root && (rect.right > edge.right + 4 || rect.left < edge.left - 4)) {
      found.push(`${one.tagName}.${one.className} from ${rect.left} to ${rect.right} in ${edge.left} to ${edge.right}`);
    }
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} wide`);
  if (edge.height > tallest) found.push(`it is ${edge.height} high`);
  return found;
}"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with open_page(browser) as page:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        yield page
        assert errors == []


def test_in_the_offline_page(page: Any, tmp_path: Path) -> None:
    runs = [synthetic_run(text, **SMALL) for text in HOSTILE]
    page.goto(write_page(tmp_path / "hostile", runs, title=HOSTILE[0]).as_uri())
    page.locator(".pe-run").first.wait_for()
    assert page.locator(".pe-run").count() == 100
    address = page.url
    for i, text in enumerate(HOSTILE):
        page.locator(".pe-run").nth(i).evaluate("one => one.click()")
        for tab in TABS if i % 10 == 0 else (TABS[i % 4],):
            page.locator(".pe-tab", has_text=tab).evaluate("one => one.click()")
            assert page.evaluate(FAULTS, [".pe", 1800]) == [], (i, tab, text[:80])
        words = runs[i].words
        if words and words[0].isascii() and len(words[0]) < 60:
            assert words[0] in page.locator(".pe").text_content()
    assert page.url == address
    assert page.title()


def test_in_the_app(page: Any) -> None:
    """The bundle that JupyterLab runs, on a model that holds what Python sends."""
    explorer = Fake(0)
    app = App(explorer)
    page.set_content("<!doctype html><body><div id=root></div>")
    page.evaluate(
        """async ([source, state]) => {
          const decoded = ([name, value]) => [name, value?.bytes === undefined ? value
            : new DataView(Uint8Array.from(atob(value.bytes), c => c.charCodeAt(0)).buffer)];
          const values = new Map(Object.entries(state).map(decoded)), listeners = new Map();
          window.model = {
            get: name => values.get(name),
            set: (name, value) => (values.set(name, value), listeners.get(`change:${name}`)?.forEach(one => one())),
            on: (name, one) => listeners.set(name, (listeners.get(name) ?? new Set()).add(one)),
            off: (name, one) => listeners.get(name)?.delete(one),
            save_changes: () => {}, send: () => {},
            told: state => {
              const all = Object.entries(state).map(decoded);
              for (const [name, value] of all) values.set(name, value);
              for (const [name] of all) listeners.get(`change:${name}`)?.forEach(one => one());
            },
          };
          const { default: view } = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
          const { signal } = new AbortController();
          view.render({ model: window.model, el: document.querySelector('#root'), signal });
        }""",
        [(STATIC / "app.js").read_text("utf-8"), state(app)],
    )
    for i, text in enumerate(HOSTILE):
        if i:
            page.locator(".pe-tab", has_text=TABS[i % 4]).first.evaluate("one => one.click()")
        trace = synthetic_run(text, **SMALL)
        explorer._keep(trace)
        app.show(trace)
        page.evaluate("state => window.model.told(state)", state(app))
        assert page.evaluate(FAULTS, [".pe-app", 2200]) == [], (i, text[:80])
        failed = {"state": "failed", "message": sentence(ValueError(f"It failed: {text}"))}
        page.evaluate("state => window.model.told(state)", plain({"_status": failed}))
        assert page.evaluate(FAULTS, [".pe-app", 2200]) == [], (i, "failed", text[:80])
    assert page.locator(".pe-run").count() > 10
    app.close()


def test_in_the_static_previews(page: Any) -> None:
    """All in one page, without any policy that would hold a script back."""
    previews = "".join(preview_html(synthetic_run(text, **SMALL)) for text in HOSTILE)
    page.set_content(f"<!doctype html><meta charset=utf-8><body style='margin:8px'><div id=all>{previews}</div>")
    page.wait_for_timeout(300)
    assert page.locator("#all > div").count() == 100
    assert page.evaluate(FAULTS, ["#all", 100 * 700]) == []
    assert max(page.locator("#all > div").evaluate_all("all => all.map(one => one.offsetHeight)")) < 700


def state(app: App) -> dict[str, Any]:
    not_ours = ("_esm", "_css", "layout", "tabbable", "tooltip")
    return plain({name: getattr(app, name) for name in app.keys if name not in not_ours})


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """As the widget's messages carry it: JSON, in which a lone surrogate is U+FFFD, and binary buffers."""
    encoded = {
        name: {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
    }
    text = json.dumps(encoded, ensure_ascii=False)
    found: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return found
