/** What the colours stand for and which kinds are shown; how a drag acts; zoom for those without a wheel. */
import { CIVIDIS, gradient } from "../../colour";
import { button, choice, drawn, labelled } from "../../parts/controls";
import { make } from "../../text";
import { kindColour, kindShape } from "./shade";
import type { Atlas } from "../../wire/atlas";

export type Mode = "kind" | "similarity";

export interface Tools {
  readonly bar: HTMLElement;
  readonly legend: HTMLElement;
  update(state: { mode: Mode; lassoing: boolean; hidden: ReadonlySet<number>; ends: readonly [number, number] | null; to: string }): void;
}

export interface ToolHandlers {
  mode(mode: Mode): void;
  lassoing(on: boolean): void;
  toggle(kind: number, only: boolean): void;
  zoom(factor: number): void;
  reset(): void;
}

export function tools(atlas: Atlas, to: ToolHandlers, signal: AbortSignal): Tools {
  const bar = make("div", "pe-bar-of-tools pe-map-tools");
  const drag = choice<boolean>(
    "What a drag does",
    [
      [false, atlas.dimensions === 3 ? "Turn" : "Move", atlas.dimensions === 3 ? "Drag turns the map, with Ctrl it moves it" : "Drag moves the map"],
      [true, "Lasso", "Drag around items to select them; Shift and drag draws a box at any time"],
    ],
    to.lassoing,
    signal,
  );
  const colours = choice<Mode>(
    "Colours",
    [
      ["kind", "Kind", "Each kind has its colour"],
      ["similarity", "Similarity", "How alike each item is to the pinned one"],
    ],
    to.mode,
    signal,
  );
  const zoom = make("div", "pe-pair");
  zoom.setAttribute("role", "group");
  zoom.setAttribute("aria-label", "Zoom");
  for (const [text, name, act] of [["−", "Zoom out", () => to.zoom(1 / 1.5)], ["+", "Zoom in", () => to.zoom(1.5)], ["Whole map", "Show the whole map", to.reset]] as const) { // prettier-ignore
    const one = button(text, "pe-choice", name);
    one.setAttribute("aria-label", name);
    one.addEventListener("click", act, { signal });
    zoom.append(one);
  }
  bar.append(labelled("Drag", drag.element), labelled("Colour", colours.element), zoom);

  const legend = make("div", "pe-map-legend");
  const counts = new Array<number>(atlas.kinds.length).fill(0);
  for (const kind of atlas.kind) counts[kind]!++;
  const kinds = make("div", "pe-map-kinds");
  kinds.setAttribute("role", "group");
  kinds.setAttribute("aria-label", "Kinds that are shown");
  const entries = atlas.kinds.map((name, kind) => {
    const one = button("", "pe-map-kind", "Click hides or shows this kind; Shift and click shows only this one");
    const text = make("span", "pe-name", name);
    text.dir = "auto";
    one.append(mark(kind), text, make("span", "pe-aside", counts[kind]!.toLocaleString("en")));
    one.addEventListener("click", (event) => to.toggle(kind, event.shiftKey), { signal });
    kinds.append(one);
    return one;
  });
  const ramp = make("div", "pe-map-ramp");
  const title = make("bdi", "pe-aside");
  const colourBar = make("div", "pe-colours");
  colourBar.style.background = gradient(CIVIDIS);
  const ends = make("div", "pe-ends");
  const [low, high] = [make("span", ""), make("span", "")];
  ends.append(low, make("span", "", "cosine"), high);
  ramp.append(title, colourBar, ends);
  legend.append(kinds, ramp);

  return {
    bar,
    legend,
    update(state) {
      drag.show(state.lassoing);
      colours.show(state.mode);
      entries.forEach((one, kind) => one.setAttribute("aria-pressed", String(!state.hidden.has(kind))));
      kinds.classList.toggle("pe-map-plain", state.mode === "similarity" && state.ends !== null);
      ramp.hidden = state.mode !== "similarity";
      title.textContent = state.to;
      colourBar.hidden = ends.hidden = state.ends === null;
      if (state.ends) [low.textContent, high.textContent] = state.ends.map((one) => one.toFixed(2)) as [string, string];
    },
  };
}

/** The mark of a kind, in its colour and shape. */
export function mark(kind: number): SVGElement {
  const svg = drawn("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true", class: "pe-map-mark" });
  const shapes = {
    circle: () => drawn("circle", { cx: 6, cy: 6, r: 4.5 }),
    square: () => drawn("rect", { x: 2, y: 2, width: 8, height: 8 }),
    triangle: () => drawn("path", { d: "M6 1.2 11 10H1z" }),
    diamond: () => drawn("path", { d: "M6 .8 11.2 6 6 11.2.8 6z" }),
  };
  const shape = shapes[kindShape(kind)]();
  shape.setAttribute("fill", kindColour(kind));
  svg.append(shape);
  return svg;
}
