/** Pointer, wheel and fingers on the map: pan or turn, zoom, lasso, point, pin. */
import { boxOf, type Corner } from "./near";

const CLICK = 4; // pixels that a click may slip

export interface Handlers {
  /** Whether a plain drag draws a lasso. */
  lassoing(): boolean;
  drag(dx: number, dy: number, pan: boolean): void;
  zoom(factor: number, x: number, y: number): void;
  reset(): void;
  point(at: Corner | null): void;
  pin(at: Corner): void;
  lasso(corners: readonly Corner[]): void;
  select(corners: readonly Corner[], add: boolean): void;
}

export function gestures(frame: HTMLElement, to: Handlers, signal: AbortSignal): void {
  const held = new Map<number, Corner>();
  let begin: Corner | null = null;
  let corners: Corner[] | null = null;
  let boxed = false;
  let moved = false;
  const at = (event: MouseEvent): Corner => {
    const { left, top } = frame.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const on = <K extends keyof HTMLElementEventMap>(name: K, listener: (event: HTMLElementEventMap[K]) => void, options: AddEventListenerOptions = {}) =>
    frame.addEventListener(name, listener, { signal, ...options });

  on("pointerdown", (event) => {
    if (event.button !== 0 && event.button !== 1) return;
    const place = at(event);
    held.set(event.pointerId, place);
    frame.setPointerCapture(event.pointerId);
    if (held.size > 1) {
      corners = null; // a second finger: it is a pinch
      to.lasso([]);
      return;
    }
    [begin, moved, boxed] = [place, false, event.shiftKey];
    corners = event.shiftKey || to.lassoing() ? [place] : null;
  });

  on("pointermove", (event) => {
    const before = held.get(event.pointerId);
    const place = at(event);
    if (!before || !begin) {
      if (event.pointerType !== "touch") to.point(place);
      return;
    }
    if (held.size === 2) {
      const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, one]) => one) as [Corner];
      const [was, is] = [Math.hypot(before[0] - other[0], before[1] - other[1]), Math.hypot(place[0] - other[0], place[1] - other[1])];
      held.set(event.pointerId, place);
      moved = true;
      to.drag((place[0] - before[0]) / 2, (place[1] - before[1]) / 2, true);
      if (was > 8) to.zoom(is / was, (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
      return;
    }
    if (!moved && Math.hypot(place[0] - begin[0], place[1] - begin[1]) < CLICK) return;
    moved = true;
    held.set(event.pointerId, place);
    if (!corners) return to.drag(place[0] - before[0], place[1] - before[1], event.ctrlKey || event.metaKey || (event.buttons & 4) !== 0);
    corners = boxed ? boxOf(begin, place) : [...corners, place];
    to.lasso(corners);
  });

  const end = (event: PointerEvent, whole: boolean): void => {
    if (!held.delete(event.pointerId) || held.size || !begin) return;
    const drawn = corners;
    const click = !moved;
    begin = corners = null;
    to.lasso([]);
    if (!whole) return;
    if (click) to.pin(at(event));
    else if (drawn) to.select(drawn, event.ctrlKey || event.metaKey);
  };
  on("pointerup", (event) => end(event, true));
  on("pointercancel", (event) => end(event, false));
  on("pointerleave", () => held.size || to.point(null));
  on("dblclick", (event) => (event.preventDefault(), to.reset()));

  // The page's own scrolling goes on over a map that nobody has touched; a pinch on a touchpad comes as wheel with Ctrl.
  on(
    "wheel",
    (event) => {
      const root = frame.getRootNode() as Document | ShadowRoot;
      if (!event.ctrlKey && root.activeElement !== frame) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 24 : event.deltaMode === 2 ? 400 : 1;
      to.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.008 : 0.0016)), ...at(event));
    },
    { passive: false },
  );
}
