/** The frames in a row, the change from each to the next, and the slider: a drag over the frames marks a part of them. */
import { button, fill, range } from "../../parts/controls";
import { make } from "../../text";
import type { Pictures } from "./stage";
import { jump, median, type PathContext, type PathState } from "./state";

const DRAGGED = 5; // CSS pixels from which on a press is a part and no click
const NARROWEST = 40; // CSS pixels of a frame
const THUMB = 96;

export interface Strip {
  readonly element: HTMLElement;
  readonly slider: HTMLInputElement;
  paint(): void;
  update(state: Readonly<PathState>): void;
}

export function strip(context: PathContext, pictures: Pictures): Strip {
  const { path, signal } = context;
  const count = path.frames.length;
  const cellsOf = count + (path.closed ? 1 : 0);
  const outer = make("div", "pe-way");
  const element = make("div", "pe-way-inner");
  element.style.minWidth = `${cellsOf * NARROWEST}px`;
  outer.append(element);

  const film = make("div", "pe-film pe-way-film");
  film.setAttribute("aria-hidden", "true"); // the slider beneath says the same
  const { width, height } = path.picture;
  const cells = Array.from({ length: cellsOf }, (_, i) => {
    const cell = make("div", "pe-film-cell");
    const canvas = make("canvas", "");
    canvas.width = Math.max(1, Math.round((THUMB * width) / Math.max(width, height)));
    canvas.height = Math.max(1, Math.round((THUMB * height) / Math.max(width, height)));
    const key = path.frames[i % count]!.key;
    cell.append(canvas, make("span", `pe-film-number${key ? " pe-way-key" : ""}`, String((i % count) + 1)));
    film.append(cell);
    return { cell, canvas };
  });

  const slider = range("Place on the path, in frames", 0, cellsOf - 1, 0.01);
  slider.disabled = cellsOf < 2;
  // Its ends stand beneath the middles of the first and the last frame.
  slider.style.width = `calc(${((cellsOf - 1) / cellsOf) * 100}% + 14px)`;
  slider.style.marginInlineStart = `calc(${50 / cellsOf}% - 7px)`;
  slider.addEventListener("input", () => context.set({ place: slider.valueAsNumber, playing: false }), { signal });
  slider.addEventListener("change", () => context.pin(), { signal });
  slider.addEventListener(
    "keydown",
    (event) => {
      // The arrows go from frame to frame; with Shift they mark a part.
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      const { place, range: marked } = context.get();
      const last = cellsOf - 1;
      if (event.shiftKey) {
        const from = Math.min(Math.round(place), count - 1);
        const [first, end] = marked ?? [from, from];
        const next = Math.min(Math.max(end + by, first), count - 1);
        return context.set({ range: next > first ? [first, next] : null });
      }
      const near = by > 0 ? Math.floor(place + 1e-6) : Math.ceil(place - 1e-6);
      context.set({ place: Math.min(Math.max(near + by, 0), last), playing: false });
      context.pin();
    },
    { signal },
  );

  const at = (event: PointerEvent): number => {
    const rect = film.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((event.clientX - rect.left) / Math.max(rect.width, 1)) * cellsOf), 0), cellsOf - 1);
  };
  let start: { frame: number; x: number } | null = null;
  let dragged = false;
  film.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      start = { frame: at(event), x: event.clientX };
      dragged = false;
      film.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  film.addEventListener(
    "pointermove",
    (event) => {
      if (!start || (!dragged && Math.abs(event.clientX - start.x) < DRAGGED)) return;
      dragged = true;
      const [a, b] = [Math.min(start.frame, count - 1), Math.min(at(event), count - 1)];
      context.set({ range: a === b ? null : [Math.min(a, b), Math.max(a, b)], playing: false });
    },
    { signal },
  );
  film.addEventListener(
    "pointerup",
    () => {
      if (start && !dragged) {
        context.set({ place: start.frame, range: null, playing: false });
        context.pin();
      }
      start = null;
    },
    { signal },
  );
  film.addEventListener("pointercancel", () => (start = null), { signal });

  const mark = make("div", "pe-way-mark");
  const bars = make("div", "pe-way-bars");
  const note = make("p", "pe-note pe-way-note");
  const said = explained();
  note.textContent = said;
  const top = jump(path);
  const most = Math.max(...(path.curve ?? [0]), 1e-9);
  const gaps = (path.curve ?? []).map((change, gap) => {
    const bar = button("", `pe-way-bar${gap === top && count > 2 ? " pe-way-jump" : ""}`);
    bar.tabIndex = -1; // "Refine the largest step" does the same for the keyboard
    bar.style.left = `${((gap + 1) / cellsOf) * 100}%`;
    bar.style.width = `${60 / cellsOf}%`;
    const own = make("span", "");
    own.style.height = `${Math.max((change / most) * 100, 2)}%`;
    bar.append(own);
    const middle = median(path.curve!);
    const times = middle > 0 ? `, ${(change / middle).toFixed(1)} times the median` : "";
    const text = `From frame ${gap + 1} to ${((gap + 1) % count) + 1} the picture changes by ${change.toFixed(1)}${times}.`;
    bar.setAttribute("aria-label", text);
    bar.addEventListener("pointerenter", () => (note.textContent = text), { signal });
    bar.addEventListener("click", () => gap + 1 < count && context.set({ range: [gap, gap + 1], place: gap + 0.5, playing: false }), { signal });
    bars.append(bar);
    return bar;
  });
  bars.addEventListener("pointerleave", () => (note.textContent = said), { signal });
  const box = make("div", "pe-way-box");
  box.append(film, mark);
  element.append(box, slider);
  if (path.curve?.length) element.append(bars);
  const whole = make("div", "");
  whole.append(outer);
  if (path.curve?.length) whole.append(note);

  function explained(): string {
    if (!path.curve?.length) return "";
    const even = path.unevenness === null ? "" : `; the largest step is ${path.unevenness.toFixed(1)} times the median${path.unevenness > 1.5 ? ", a jump" : ""}`;
    return `How much the picture changes from frame to frame${count > 2 ? even : ""}. Drag over frames to mark a part.`;
  }

  return {
    element: whole,
    slider,
    paint() {
      cells.forEach(({ canvas }, i) => pictures.draw(canvas, [{ frame: i % count, share: 1 }]));
    },
    update({ place, range: marked }) {
      slider.value = String(place);
      const near = Math.round(place) % count;
      slider.setAttribute("aria-valuetext", `Frame ${near + 1} of ${count}`);
      fill(slider);
      cells.forEach(({ cell }, i) => cell.classList.toggle("pe-now", i === Math.round(place)));
      gaps.forEach((bar, gap) => bar.classList.toggle("pe-shown", Math.floor(place) === gap && place !== gap));
      mark.hidden = marked === null;
      if (!marked) return;
      mark.style.left = `${(marked[0] / cellsOf) * 100}%`;
      mark.style.width = `${((marked[1] - marked[0] + 1) / cellsOf) * 100}%`;
    },
  };
}
