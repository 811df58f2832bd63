/** The app's tab "What if": change one thing of the shown run, and see it beside the run it came from. */
import { child, type Host } from "../child";
import type { Tab } from "../panels/tabs";
import { chips } from "../parts/chips";
import { button, choice, fill, range } from "../parts/controls";
import type { AnyModel } from "../root";
import { suppress } from "../shell";
import type { Context, Part } from "../state";
import { make, visible } from "../text";
import { type AppModel, busy } from "./model";
import css from "./whatif.css";

type Way = "conditioning" | "attention";
const FRAMES = [5, 9, 17, 25] as const;

/** One tab for all runs: what is shown of a change stays while runs come and go. */
export function whatIfTab(model: AppModel, host: Host, signal: AbortSignal): Tab {
  const result = child(model as unknown as AnyModel, host, "changed", signal);
  result.classList.add("pe-whatif-result");
  let way: Way = "conditioning";
  return ["What if", (context) => panel(model, context, result, () => way, (next) => (way = next))];
}

function panel(model: AppModel, context: Context, result: HTMLElement, way: () => Way, setWay: (way: Way) => void): Part {
  const { run, signal } = context;
  const element = make("div", "pe-panel pe-whatif");
  const prompt = chips(context);
  const forms = make("div", "pe-whatif-forms");
  const ask = (kind: string, how: Record<string, unknown> = {}): void => model.send({ do: "change", kind, how: { ...how, way: way() } });
  // Words of the negative prompt can't be changed here.
  const words = (): number[] => context.get().words.filter((word) => !run.words[word]?.negative);

  const about = make("p", "pe-note");
  const one = make("section", "pe-whatif-form");
  const leave = act("Leave out", () => ask("without", { words: words() }));
  const swap = field("Another word in its place", () => ask("swap", { words: words(), new: swap.value }));
  const swapIt = act("Swap", () => ask("swap", { words: words(), new: swap.value }));
  const weight = range("Weight of the chosen words", -1, 2, 0.1);
  weight.value = "1.5";
  const weightValue = make("span", "pe-value");
  const weigh = act("Weigh", () => ask("reweight", { words: words(), factor: weight.valueAsNumber }));
  const [from, to] = [range("Read from, in percent of the steps", 0, 100, 5), range("Read until, in percent of the steps", 0, 100, 5)];
  to.value = "50";
  from.value = "0";
  const span = make("div", "pe-dual");
  span.append(from, to);
  const spanValue = make("span", "pe-value");
  const ends = (): [number, number] => [Math.min(from.valueAsNumber, to.valueAsNumber) / 100, Math.max(from.valueAsNumber, to.valueAsNumber) / 100];
  const time = act("Time", () => {
    const [begin, until] = ends();
    ask("schedule", { words: words(), times: [begin || null, until === 1 ? null : until] });
  });
  const ways = choice<Way>(
    "How it is changed",
    [
      ["conditioning", "What it reads", "Changes what the text encoder reads; the whole picture may move"],
      ["attention", "Where it looks", "Keeps the layout: the old run's attention is taken over (prompt-to-prompt); not for all models"],
    ],
    (next) => (setWay(next), read()),
    signal,
  );
  one.append(about, row("", leave, ""), row("Swap for", swapIt, swap), row("Weight", weigh, slide(weight, weightValue)), row("Read during", time, slide(span, spanValue)), row("By", null, ways.element));

  const all = make("section", "pe-whatif-form");
  const added = field("More words", () => add());
  const where = make("select", "pe-select");
  where.setAttribute("aria-label", "Where the words go");
  const option = (value: string, text: string): void => {
    const found = make("option", "", text);
    found.value = value;
    where.append(found);
  };
  option("end", "at the end");
  option("start", "at the start");
  run.words.forEach(({ text, negative, row: map }, i) => negative || map === null || !/[\p{L}\p{N}]/u.test(text) || option(String(i), `before ${visible(text)}`));
  const add = (): void => ask("add", { new: added.value, where: /^\d+$/.test(where.value) ? Number(where.value) : where.value });
  const addIt = act("Add", add);
  const end = field("The prompt that a path leads to", () => path());
  const count = make("select", "pe-select");
  count.setAttribute("aria-label", "How many frames");
  for (const frames of FRAMES) {
    const found = make("option", "", `${frames} frames`);
    found.value = String(frames);
    count.append(found);
  }
  count.value = "9";
  const spacing = make("select", "pe-select");
  spacing.setAttribute("aria-label", "How the frames are spaced");
  for (const [value, name] of [["", "even along the way"], ["even", "even to the eye (more runs)"]] as const) {
    const found = make("option", "", name);
    found.value = value;
    spacing.append(found);
  }
  const path = (): void => ask("path", { prompt: end.value, frames: Number(count.value), even: spacing.value === "even" });
  const frames = make("div", "pe-whatif-frames");
  frames.append(count, spacing);
  const go = act("Go there", path);
  const effects = act("Leave out each", () => ask("effects"));
  const grow = act("Word by word", () => ask("grow"));
  all.append(
    make("p", "pe-note", "With the whole prompt, always from the same noise:"),
    row("Add", addIt, added),
    row("", null, where),
    row("A path to", go, end),
    row("", null, frames),
    row("Each word", effects, "what each word did"),
    row("Growing", grow, "the picture for each beginning"),
  );
  forms.append(one, all);

  const bar = make("div", "pe-progress");
  const done = make("div", "pe-progress-fill");
  bar.append(done);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Progress of the change");
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  const status = make("div", "pe-status");
  const [text, error] = [make("span", ""), make("span", "pe-error")];
  text.setAttribute("role", "status");
  error.setAttribute("role", "alert");
  const stop = button("Stop", "pe-do");
  stop.addEventListener("click", () => model.send({ do: "stop change" }), { signal });
  status.append(text, error, stop);
  element.append(make("style", "", css), prompt.element, forms, bar, status, result);

  function act(name: string, what: () => void): HTMLButtonElement {
    const found = button(name, "pe-do");
    found.addEventListener("click", what, { signal });
    return found;
  }
  function field(name: string, enter: () => void): HTMLInputElement {
    const found = make("input", "pe-field");
    Object.assign(found, { type: "text", placeholder: name, spellcheck: false });
    found.setAttribute("aria-label", name);
    found.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        enter();
      },
      { signal },
    );
    return found;
  }
  for (const slider of [weight, from, to]) slider.addEventListener("input", read, { signal });

  function read(): void {
    ways.show(way());
    weightValue.textContent = `${weight.valueAsNumber.toFixed(1).replace("-", "−")} ×`;
    weight.setAttribute("aria-valuetext", `${weight.value} times`);
    fill(weight);
    const [begin, until] = ends();
    spanValue.textContent = `${Math.round(begin * 100)} to ${Math.round(until * 100)}\u202f%`;
    span.style.setProperty("--pe-from", `${begin * 100}%`);
    span.style.setProperty("--pe-to", `${until * 100}%`);
    const chosen = words();
    const names = chosen.map((word) => `“${visible(run.words[word]!.text)}”`).join(", ");
    about.textContent = chosen.length ? `Change ${names}, and nothing else:` : "Click a word to change it, with Shift several.";
    const runs = busy(model.get("_changing").state);
    for (const one of [leave, swapIt, weigh, time]) one.disabled = runs || !chosen.length;
    time.disabled ||= way() === "attention";
    time.title = way() === "attention" ? "Words are timed by what is read" : "";
    for (const one of [addIt, go, effects, grow]) one.disabled = runs;
  }
  function tell(): void {
    const { state, step = 0, steps = 1, done: finished = 0, wanted = 0, message } = model.get("_changing");
    const runs = busy(state);
    const share = wanted > 0 ? Math.min((finished + (step % Math.max(steps, 1)) / Math.max(steps, 1)) / wanted, 1) : 0;
    done.style.transform = `scaleX(${runs ? share : 0})`;
    bar.setAttribute("aria-valuenow", String(runs ? Math.round(share * 100) : 0));
    stop.hidden = !runs;
    error.textContent = state === "failed" ? (message ?? "The change failed.") : "";
    text.textContent = {
      idle: "",
      waiting: "Waiting for the run before to end",
      running: wanted > 1 ? `${finished} of ${wanted} done${step ? `, step ${step} of ${steps}` : ""}` : step ? `Step ${step} of ${steps}` : "Reading the prompt",
      stopping: "Stopping at the next step",
      stopped: "Stopped; what was done is kept",
      done: "",
      failed: "",
    }[state];
    read();
  }
  const listen = (): void => tell();
  model.on("change:_changing", listen);
  signal.addEventListener("abort", () => model.off("change:_changing", listen));
  tell();
  suppress(element);
  return {
    element,
    update(seen) {
      prompt.update(seen);
      read();
    },
  };
}

function row(name: string, act: HTMLElement | null, what: HTMLElement | string): HTMLElement {
  const element = make("div", "pe-whatif-row");
  element.append(make("span", "pe-label", name), typeof what === "string" ? make("span", "pe-label", what) : what, act ?? make("span", ""));
  return element;
}

function slide(slider: HTMLElement, value: HTMLElement): HTMLElement {
  const element = make("div", "pe-whatif-slide");
  element.append(slider, value);
  return element;
}
