"""From a pointer event to the painted frame, measured in the page."""

from typing import Any

# The end is a message that is posted in the frame's callback, so it is handled once that frame has been painted.
WATCH = """() => {
  window.peTimes = [];
  const seen = () => {
    const begin = performance.now();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.peTimes.push(performance.now() - begin);
      port2.postMessage(0);
    });
  };
  for (const type of ['pointermove', 'pointerover', 'input']) document.addEventListener(type, seen, true);
}"""


def measured(page: Any, act: Any) -> tuple[float, float, int]:
    """Do `act()`; the median and the 95th percentile in ms of what followed from its events, and their number."""
    page.evaluate("() => { window.peTimes.length = 0 }")
    act()
    page.wait_for_timeout(100)
    times = sorted(page.evaluate("() => window.peTimes"))
    return times[len(times) // 2], times[int(len(times) * 0.95)], len(times)


def gestures(page: Any) -> dict[str, Any]:
    """The three that must feel instant: hover words, read pixels, scrub steps."""
    frame = page.locator(".pe-frame[role=application]")

    def words() -> None:
        for turn in range(3):
            for i in range(page.locator(".pe-word").count()):
                box = page.locator(".pe-word").nth(i).bounding_box()
                page.mouse.move(box["x"] + 4 + turn, box["y"] + 8)

    def pixels() -> None:
        box = frame.bounding_box()
        for i in range(100):
            page.mouse.move(box["x"] + box["width"] * (0.05 + 0.009 * i), box["y"] + box["height"] * (0.1 + 0.008 * i))

    def scrub() -> None:
        box = page.locator(".pe-scrub > input").first.bounding_box()
        page.mouse.move(box["x"] + 6, box["y"] + 10)
        page.mouse.down()
        for i in range(100):
            page.mouse.move(box["x"] + 6 + (box["width"] - 12) * i / 99, box["y"] + 10)
        page.mouse.up()

    return {"word hover": words, "pixel read-out": pixels, "step scrub": scrub}
