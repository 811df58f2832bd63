/** The curves of a training over its checkpoints: the one that is shown is marked, and pointing reads the numbers. */
import { BANDS } from "../../colour";
import { drawn } from "../../parts/controls";
import { make, percent } from "../../text";
import type { Chart } from "../../wire/film";

/** Of the palette, so that neighbours are far apart. */
const ORDER = [0, 3, 1, 4, 2, 5] as const;
const [WIDTH, HEIGHT, TOP, BOTTOM, EDGE] = [420, 104, 6, 6, 4];

export interface Curves {
  readonly element: HTMLElement;
  /** place: of the slider, 0 to 1. checkpoint: that stands there. */
  update(place: number, checkpoint: number): void;
}

/** What a chart asks of the film that it belongs to. */
export interface Axis {
  readonly count: number;
  /** Where a checkpoint stands on the axis, 0 to 1. */
  place(checkpoint: number): number;
  /** Puts the slider there. */
  go(checkpoint: number): void;
  /** Called when going ends. */
  done(): void;
}

/** The checkpoint nearest to a place on the axis. */
export function nearest(axis: Pick<Axis, "count" | "place">, place: number): number {
  let best = 0;
  for (let i = 1; i < axis.count; i++) if (Math.abs(axis.place(i) - place) < Math.abs(axis.place(best) - place)) best = i;
  return best;
}

/** Three digits: enough for a loss. */
export function value(one: number | null, share: boolean): string {
  if (one === null) return "–";
  return share ? percent(one) : Number(one.toPrecision(3)).toString().replace("-", "−");
}

export function curves({ title, about, lines, ends, share }: Chart, axis: Axis, signal: AbortSignal): Curves {
  const element = make("section", "pe-chart");
  const head = make("div", "pe-head");
  const aside = make("span", "pe-aside");
  head.append(make("span", "pe-title", title), aside);
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "pe-plot", role: "img" });
  svg.setAttribute("aria-label", `${title}, by checkpoint. ${about}`);
  const x = (place: number): number => EDGE + place * (WIDTH - 2 * EDGE);
  const y = (one: number): number => HEIGHT - BOTTOM - ((Math.min(Math.max(one, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0])) * (HEIGHT - TOP - BOTTOM);
  for (const level of [0, 0.5, 1]) {
    const at = y(ends[0] + (ends[1] - ends[0]) * level);
    svg.append(drawn("line", { x1: 0, x2: WIDTH, y1: at, y2: at, class: level ? "pe-rule" : "pe-axis" }));
  }
  const key = make("div", "pe-key");
  const readings = lines.map(({ name, values }, i) => {
    const colour = `#${BANDS[ORDER[i % ORDER.length]!]}`;
    const points = values.map((one, at) => {
      if (one === null) return "";
      const starts = values[at - 1] == null;
      return `${starts ? "M" : "L"}${x(axis.place(at)).toFixed(1)} ${y(one).toFixed(1)}${starts ? "h0" : ""}`;
    });
    const path = drawn("path", { d: points.join(""), class: "pe-line" });
    path.style.stroke = colour;
    svg.append(path);
    const entry = make("span", "pe-key-entry");
    const [swatch, text] = [make("span", "pe-swatch"), make("span", "")];
    swatch.style.background = colour;
    entry.append(swatch, text);
    key.append(entry);
    return (checkpoint: number) => (text.textContent = `${name} ${value(values[checkpoint] ?? null, share)}`);
  });
  const [pointed, cursor] = [drawn("line", { y1: 0, y2: HEIGHT, class: "pe-cursor pe-film-pointed" }), drawn("line", { y1: 0, y2: HEIGHT, class: "pe-cursor" })];
  svg.append(pointed, cursor);
  element.append(head, svg, key);
  if (about) element.append(make("p", "pe-note", about));
  element.title = `${value(ends[0], share)} at the bottom, ${value(ends[1], share)} at the top`;

  let [shown, place] = [0, 0];
  let over: number | null = null;
  let down = false;
  const at = (event: PointerEvent): number => {
    const rect = svg.getBoundingClientRect();
    return nearest(axis, (((event.clientX - rect.left) / Math.max(rect.width, 1)) * WIDTH - EDGE) / (WIDTH - 2 * EDGE));
  };
  function draw(): void {
    const read = over ?? shown;
    for (const set of readings) set(read);
    aside.textContent = over === null || over === shown ? "" : `at checkpoint ${over + 1}`;
    for (const [line, where] of [[cursor, place], [pointed, axis.place(read)]] as const) {
      line.setAttribute("x1", String(x(where)));
      line.setAttribute("x2", String(x(where)));
    }
    pointed.style.visibility = over === null || over === shown ? "hidden" : "visible";
  }
  svg.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      down = true;
      svg.setPointerCapture(event.pointerId);
      axis.go(at(event));
    },
    { signal },
  );
  svg.addEventListener("pointermove", (event) => ((over = at(event)), down ? axis.go(over) : draw()), { signal });
  svg.addEventListener("pointerleave", () => ((over = null), draw()), { signal });
  for (const end of ["pointerup", "pointercancel"] as const) {
    svg.addEventListener(end, () => down && ((down = false), axis.done()), { signal });
  }
  return { element, update: (next, checkpoint) => (([place, shown] = [next, checkpoint]), draw()) };
}
