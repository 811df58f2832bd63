/** Runs side by side: linked words, steps and places; a swipe between two pictures; where they differ. */
import { Linked } from "../../linked";
import { chips } from "../../parts/chips";
import { choice } from "../../parts/controls";
import { legend } from "../../parts/legend";
import { scrubber } from "../../parts/scrubber";
import type { Look, Pins } from "../../state";
import { make, percent, visible } from "../../text";
import type { Compared } from "../../wire/comparison";
import { differencePlate } from "./difference";
import { Plate } from "./plate";
import { swipe } from "./swipe";

export type Mode = "beside" | "swipe" | "difference";
const SPEAK_AFTER = 400; // ms

export interface Comparison {
  readonly element: HTMLElement;
  /** From Python: words are rows of `Compared.rows`. */
  take(pins: Partial<Pins>): void;
  show(mode: Mode): void;
}

export function comparison(
  compared: Compared,
  signal: AbortSignal,
  pinned: (pins: Partial<Pins>) => void = () => undefined,
  moded: (mode: Mode) => void = () => undefined,
): Comparison {
  const { runs } = compared;
  const linked = new Linked(compared, signal, update, pinned);
  const { contexts } = linked;
  const element = make("div", "pe-panel pe-compare");

  const prompts = make("div", "pe-prompts");
  const words = contexts.map((context, i) => {
    const one = chips(context);
    const line = make("div", "pe-prompt-line");
    line.append(make("span", "pe-run-name", runs[i]!.name), one.element);
    [...one.element.querySelectorAll<HTMLElement>(".pe-word")].forEach((button, word) => {
      if (!linked.single(i, word)) return;
      button.classList.add("pe-only");
      button.title = button.title || "Not in all of these prompts";
      button.append(make("span", "pe-hidden", " (not in all of these prompts)"));
    });
    prompts.append(line);
    return one;
  });

  const plates = contexts.map((context, i) => new Plate(context, runs[i]!.name, draw));
  const apart = differencePlate(contexts[0]!);
  const { width, height } = contexts[0]!.run.picture;
  const swiped = swipe(`${width} / ${height}`, signal);
  let mode: Mode = "beside";
  let pair: [number, number] = [0, 1];
  const modes = choice<Mode>(
    "Arrangement",
    [
      ["beside", "Side by side", "All pictures; what is pointed at in one is shown in all"],
      ["swipe", "Swipe", "Two pictures on top of one another"],
      ["difference", "Difference", "Where two pictures differ"],
    ],
    (one) => (arrange(one), moded(one)),
    signal,
  );
  const tools = make("div", "pe-bar-of-tools");
  tools.append(modes.element);
  const selects = [0, 1].map((side) => {
    const select = make("select", "pe-select");
    select.setAttribute("aria-label", side ? "Second run" : "First run");
    runs.forEach(({ name }, i) => {
      const option = make("option", "", name);
      option.value = String(i);
      select.append(option);
    });
    select.value = String(pair[side]);
    select.addEventListener("change", () => ((pair[side] = Number(select.value)), arrange(mode)), { signal });
    return select;
  });
  const pairs = make("div", "pe-control");
  pairs.append(selects[0]!, make("span", "pe-label", "and"), selects[1]!);
  if (runs.length > 2) tools.append(pairs);
  const stage = make("div", "pe-compare-stage");
  const slider = scrubber(contexts[0]!);
  const legends = contexts.map((context) => legend(context));
  const foot = make("div", "pe-two-sliders");
  const scales = make("div", "");
  scales.append(...legends.map((one) => one.element));
  foot.append(slider.element, scales);
  element.append(prompts, tools, stage, foot);
  if (compared.settings.length) element.append(table(compared));
  const spoken = make("div", "pe-hidden");
  spoken.setAttribute("aria-live", "polite");
  element.append(spoken);

  function arrange(next: Mode): void {
    mode = next;
    modes.show(mode);
    pairs.hidden = mode === "beside";
    stage.className = `pe-compare-stage pe-compare-${mode}`;
    stage.style.setProperty("--pe-count", String(mode === "difference" ? 3 : Math.min(runs.length, 4)));
    const [one, other] = pair.map((i) => plates[i]!) as [Plate, Plate];
    const names: [string, string] = [runs[pair[0]]!.name, runs[pair[1]]!.name];
    if (mode === "swipe" && one !== other) {
      swiped.put(one.picture, other.picture, names);
      const aside = make("div", "pe-swipe-side");
      aside.append(one.aside(), other.aside(), foot);
      stage.replaceChildren(swiped.element, aside);
    } else {
      const shown = mode === "beside" ? plates : [...new Set([one, other])];
      stage.replaceChildren(...shown.map((plate) => plate.whole()), ...(mode === "difference" ? [apart.element] : []));
      stage.after(foot);
    }
    update();
  }

  let timer = 0;
  let drawn = "";
  /** A picture has arrived. */
  function draw(): void {
    drawn = "";
    update();
  }
  function update(): void {
    // While it is built, parts may already ask for a look.
    if (!stage.isConnected && !stage.childElementCount) return;
    const looks = linked.looks();
    const { step } = linked.state;
    looks.forEach((seen, i) => {
      words[i]!.update(seen);
      plates[i]!.update(seen);
    });
    slider.update(looks[0]!);
    const speaking = Math.max(looks.findIndex(({ seen }) => seen.length > 0), 0);
    legends.forEach((one, i) => ((one.element.hidden = i !== speaking), one.update(looks[i]!)));
    if (mode === "difference") {
      const key = `${pair.join()} ${String(step)}`;
      if (key !== drawn) apart.draw(plates[pair[0]]!.canvas, plates[pair[1]]!.canvas);
      drawn = key;
      const { pixel } = looks[0]!;
      apart.read(pixel && [(pixel[0] + 0.5) / width, (pixel[1] + 0.5) / height]);
    }
    clearTimeout(timer);
    timer = window.setTimeout(() => (spoken.textContent = inWords(compared, looks)), SPEAK_AFTER);
  }
  signal.addEventListener("abort", () => clearTimeout(timer));
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      linked.set({ pointedWord: null, pointedPixel: null, pointedBox: null });
      linked.pin({ words: [], pixel: null, box: null });
    },
    { signal },
  );
  arrange(mode);
  return {
    element,
    take: (pins) => linked.set(pins),
    show: (next) => next !== mode && arrange(next),
  };
}

/** In what the runs differ. */
function table({ runs, settings }: Compared): HTMLElement {
  const whole = make("table", "pe-table pe-settings");
  const head = make("tr", "");
  for (const text of ["Setting", ...runs.map(({ name }) => name)]) {
    const cell = make("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const [top, body] = [make("thead", ""), make("tbody", "")];
  top.append(head);
  for (const { name, values } of settings) {
    const line = make("tr", "");
    const first = make("th", "", name);
    first.scope = "row";
    line.append(first, ...values.map((value) => make("td", "", value || "–")));
    body.append(line);
  }
  whole.append(top, body);
  const wrap = make("div", "pe-scroll");
  wrap.append(whole);
  return wrap;
}

/** What a screen reader is told. */
function inWords({ runs }: Compared, looks: readonly Look[]): string {
  const parts = looks.flatMap(({ seen }, i) => {
    const { run, name } = runs[i]!;
    return seen.length === 1 ? [`${name}: ${visible(run.words[seen[0]!.word]!.text)} at most ${percent(seen[0]!.heat.top)}`] : [];
  });
  return parts.join("; ");
}
