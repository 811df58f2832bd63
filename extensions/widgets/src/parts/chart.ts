/** A small line chart over the steps, with a line at the step that is shown; a press in it goes to a step. */
import { type Context, lastOf, type Look, type Part, placeOf } from "../state";
import { make } from "../text";
import { drawn } from "./controls";

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly colour: string;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [420, 120, 4, 4, 8, 6];

/** ends: the values at the bottom and the top. format: how a value is read out. */
export function chart(
  context: Context,
  title: string,
  explained: string,
  lines: readonly Line[],
  ends: readonly [number, number],
  format: (value: number) => string,
): Part {
  const { run, signal } = context;
  const element = make("section", "pe-chart");
  const head = make("div", "pe-head");
  const [name, value] = [make("span", "pe-title", title), make("span", "pe-aside")];
  head.append(name, value);
  element.title = explained;
  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "pe-plot", role: "img" });
  svg.setAttribute("aria-label", `${title}. ${explained}`);
  const [start, end] = [run.numbers[0]!, run.numbers.at(-1)!];
  const x = (step: number) => LEFT + ((run.numbers[step]! - start) / Math.max(end - start, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (one: number) => HEIGHT - BOTTOM - ((Math.min(Math.max(one, ends[0]), ends[1]) - ends[0]) / (ends[1] - ends[0])) * (HEIGHT - TOP - BOTTOM);
  for (const level of [0, 0.5, 1]) {
    const at = y(ends[0] + (ends[1] - ends[0]) * level);
    svg.append(drawn("line", { x1: 0, x2: WIDTH, y1: at, y2: at, class: level ? "pe-rule" : "pe-axis" }));
  }
  for (const { values, colour } of lines) {
    // A gap where nothing is known; "h0" makes a dot of a point that stands alone.
    const points = values.map((one, step) => (one === null ? "" : `${values[step - 1] == null ? "M" : "L"}${x(step).toFixed(1)} ${y(one).toFixed(1)}${values[step - 1] == null ? "h0" : ""}`));
    const path = drawn("path", { d: points.join(""), class: "pe-line" });
    path.style.stroke = colour;
    if (!points.some((point) => point.startsWith("L"))) path.style.strokeWidth = "6"; // points alone
    svg.append(path);
  }
  const cursor = drawn("line", { y1: 0, y2: HEIGHT, class: "pe-cursor" });
  svg.append(cursor);
  const key = make("div", "pe-key");
  const readings = lines.map(({ name: own, colour }) => {
    const entry = make("span", "pe-key-entry");
    const [swatch, text] = [make("span", "pe-swatch"), make("span", "", own)];
    swatch.style.background = colour;
    entry.append(swatch, text);
    key.append(entry);
    return text;
  });
  element.append(head, svg);
  if (lines.length > 1) element.append(key);
  element.append(make("p", "pe-note", explained));

  const at = (event: PointerEvent): number => {
    const rect = svg.getBoundingClientRect();
    const place = (((event.clientX - rect.left) / Math.max(rect.width, 1)) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    return placeOf(start + place * (end - start), run.numbers) as number;
  };
  let down = false;
  svg.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      down = true;
      svg.setPointerCapture(event.pointerId);
      context.set({ step: at(event), playing: false });
    },
    { signal },
  );
  svg.addEventListener("pointermove", (event) => down && context.set({ step: at(event) }), { signal });
  for (const end of ["pointerup", "pointercancel"] as const) {
    svg.addEventListener(end, () => down && ((down = false), context.pin({ step: context.get().step })), { signal });
  }

  return {
    element,
    update({ state }: Look) {
      const step = lastOf(state.step, run.steps);
      cursor.setAttribute("x1", String(x(step)));
      cursor.setAttribute("x2", String(x(step)));
      cursor.style.visibility = state.step === null ? "hidden" : "visible";
      const values = lines.map((line) => line.values[step] ?? null);
      value.textContent = lines.length === 1 && values[0] != null ? `${format(values[0])} at step ${run.numbers[step]! + 1}` : `at step ${run.numbers[step]! + 1}`;
      readings.forEach((text, i) => (text.textContent = `${lines[i]!.name} ${values[i] == null ? "–" : format(values[i]!)}`));
    },
  };
}
