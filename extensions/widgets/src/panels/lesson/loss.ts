/** The error of a training, step by step, while it runs. */
import { drawn } from "../../parts/controls";
import { make } from "../../text";

const [WIDTH, HEIGHT, EDGE] = [420, 120, 6];

/** Pictures seen and error, by step. */
export type Points = readonly (readonly [seen: number, error: number])[];

/** As Python sends it: float32 pairs, at any place of a message. */
export function pointsOf(data: DataView<ArrayBuffer>): Points {
  const count = Math.floor(data.byteLength / 8);
  return Array.from({ length: count }, (_, i) => [data.getFloat32(i * 8, true), data.getFloat32(i * 8 + 4, true)] as const);
}

/** The mean of each point and the `reach` before it, so that a trend can be seen in the noise. */
export function smoothed(points: Points, reach: number): Points {
  return points.map(([seen], i) => {
    const near = points.slice(Math.max(0, i - reach), i + 1);
    return [seen, near.reduce((sum, [, error]) => sum + error, 0) / near.length] as const;
  });
}

/** The top of the scale: what all but the first errors stay below. */
export function topOf(points: Points): number {
  const sorted = points.map(([, error]) => error).sort((a, b) => a - b);
  return Math.max(sorted[Math.floor(sorted.length * 0.98)] ?? 1, 1e-6) * 1.1;
}

export interface Loss {
  readonly element: HTMLElement;
  put(points: Points): void;
}

export function loss(signal: AbortSignal): Loss {
  const element = make("section", "pe-chart");
  const head = make("div", "pe-head");
  const aside = make("span", "pe-aside");
  head.append(make("span", "pe-title", "Error"), aside);
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "pe-plot pe-lesson-plot", role: "img" });
  svg.setAttribute("aria-label", "The error after each step of the training");
  for (const level of [0, 0.5, 1]) {
    const y = HEIGHT - EDGE - level * (HEIGHT - 2 * EDGE);
    svg.append(drawn("line", { x1: 0, x2: WIDTH, y1: y, y2: y, class: level ? "pe-rule" : "pe-axis" }));
  }
  const [raw, trend] = [drawn("path", { class: "pe-line pe-lesson-raw" }), drawn("path", { class: "pe-line pe-lesson-trend" })];
  const pointed = drawn("line", { y1: 0, y2: HEIGHT, class: "pe-cursor" });
  pointed.style.visibility = "hidden";
  svg.append(raw, trend, pointed);
  element.append(head, svg, make("p", "pe-note", "How far off the guess of the noise was: the thin line after each step, the thick one as a mean. It falls fast, then slowly, while the pictures still become much better."));

  let points: Points = [];
  let mean: Points = [];
  let at: number | null = null;
  const x = (i: number): number => (points[i]![0] / Math.max(points.at(-1)![0], 1)) * WIDTH;
  function read(): void {
    const i = at === null ? points.length - 1 : at;
    pointed.style.visibility = at === null ? "hidden" : "visible";
    if (i < 0) return void (aside.textContent = "");
    const [seen, error] = mean[i]!;
    aside.textContent = `${error.toFixed(3)} after ${Math.round(seen).toLocaleString("en-US")} pictures`;
    for (const end of ["x1", "x2"]) pointed.setAttribute(end, String(x(i)));
  }
  svg.addEventListener(
    "pointermove",
    (event) => {
      if (!points.length) return;
      const rect = svg.getBoundingClientRect();
      const seen = ((event.clientX - rect.left) / Math.max(rect.width, 1)) * points.at(-1)![0];
      at = points.reduce((best, [one], i) => (Math.abs(one - seen) < Math.abs(points[best]![0] - seen) ? i : best), 0);
      read();
    },
    { signal },
  );
  svg.addEventListener("pointerleave", () => ((at = null), read()), { signal });
  return {
    element,
    put(next) {
      points = next;
      mean = smoothed(points, 12);
      if (at !== null && at >= points.length) at = null;
      const top = topOf(points);
      const line = (of: Points): string =>
        of.map(([, error], i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${(HEIGHT - EDGE - Math.min(error / top, 1) * (HEIGHT - 2 * EDGE)).toFixed(1)}`).join("");
      raw.setAttribute("d", line(points));
      trend.setAttribute("d", line(mean));
      read();
    },
  };
}
