/** Two pictures on top of one another, with a border between them that is dragged, or moved with the arrow keys. */
import { make } from "../../text";

export interface Swipe {
  readonly element: HTMLElement;
  /** Takes the two pictures in. */
  put(one: HTMLElement, other: HTMLElement, names: readonly [string, string]): void;
}

export function swipe(ratio: string, signal: AbortSignal): Swipe {
  const element = make("div", "pe-swipe");
  element.style.aspectRatio = ratio;
  const [under, over] = [make("div", "pe-swipe-layer"), make("div", "pe-swipe-layer")];
  const [left, right] = [make("span", "pe-swipe-name"), make("span", "pe-swipe-name pe-swipe-right")];
  const handle = make("div", "pe-swipe-handle");
  handle.tabIndex = 0;
  handle.setAttribute("role", "slider");
  handle.setAttribute("aria-label", "Border between the two pictures");
  handle.setAttribute("aria-valuemin", "0");
  handle.setAttribute("aria-valuemax", "100");
  handle.dataset.lmSuppressShortcuts = "true";
  element.append(under, over, left, right, handle);

  let at = 50;
  function move(percent: number): void {
    at = Math.min(Math.max(percent, 0), 100);
    // What is clipped takes no pointer either, so each half is its own picture.
    over.style.clipPath = `inset(0 0 0 ${at}%)`;
    handle.style.left = `${at}%`;
    handle.setAttribute("aria-valuenow", String(Math.round(at)));
    handle.setAttribute("aria-valuetext", `${Math.round(at)} percent ${left.textContent}, the rest ${right.textContent}`);
    left.style.opacity = at < 12 ? "0" : "1";
    right.style.opacity = at > 88 ? "0" : "1";
  }
  let down = false;
  handle.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      down = true;
      handle.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  handle.addEventListener(
    "pointermove",
    (event) => {
      if (!down) return;
      const rect = element.getBoundingClientRect();
      move(((event.clientX - rect.left) / Math.max(rect.width, 1)) * 100);
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel"] as const) handle.addEventListener(end, () => (down = false), { signal });
  handle.addEventListener(
    "keydown",
    (event) => {
      const to = { ArrowLeft: at - (event.shiftKey ? 10 : 2), ArrowRight: at + (event.shiftKey ? 10 : 2), Home: 0, End: 100 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      move(to);
    },
    { signal },
  );
  return {
    element,
    put(one, other, names) {
      under.replaceChildren(one);
      over.replaceChildren(other);
      [left.textContent, right.textContent] = names;
      move(at);
    },
  };
}
