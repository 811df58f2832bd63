/** What every view of a run shares: decoding, the state, the traits that Python knows, keys, the spoken read-out. */
import { Readout, type Box, type Step } from "./readout";
import { hidePreview } from "./sibling";
import { type Context, type Look, look, numberOf, type Part, type Pins, type Pixel, placeOf, START, type State } from "./state";
import css from "./style.css";
import { make, percent, stepLabel, visible } from "./text";
import { decode, type Run } from "./wire";

/** The traits of explorer/views/run.py. */
export interface Traits {
  _meta: unknown;
  _data: DataView<ArrayBuffer>;
  _preview: string;
  word: number | null;
  words: readonly number[];
  step: Step;
  pixel: Pixel | null;
  box: Box | null;
  layer: string | null;
}
/** What is used of anywidget's model; `local.ts` makes one without a kernel. */
export interface Model {
  get<K extends keyof Traits>(name: K): Traits[K];
  set<K extends keyof Traits>(name: K, value: Traits[K]): void;
  on(name: `change:${string}`, listener: () => void): void;
  off(name: `change:${string}`, listener: () => void): void;
  save_changes(): void;
}
const PINS = ["words", "step", "pixel", "box", "layer"] as const;
const SEND_AFTER = 150; // ms: one message for a burst of pins
const SPEAK_AFTER = 400; // ms: a screen reader hears where the pointer rests

export function sheetOf(): HTMLStyleElement {
  return make("style", "", css);
}

/** Else JupyterLab's shortcuts fire on the keys that are meant for the view. */
export function suppress(root: HTMLElement): void {
  // On whatever takes the focus too: Lumino walks up from the target, and a selector that ends in `:focus` matches there
  // before it sees the root.
  for (const one of [root, ...root.querySelectorAll<HTMLElement>("button, input, select, textarea, [tabindex]")]) {
    one.dataset.lmSuppressShortcuts = "true";
  }
}

/** A panel of one run in an element, tied to a model; `panel` builds it. Returns the run, or null where it can't be read. */
export function mount(model: Model, root: HTMLElement, signal: AbortSignal, panel: (context: Context) => Part): Run | null {
  let run: Run;
  try {
    run = decode(model.get("_meta"), model.get("_data"));
  } catch (error) {
    root.append(make("p", "pe-empty", error instanceof Error ? error.message : String(error)));
    return null;
  }
  const readout = new Readout(run);
  const state: State = { ...START };
  const own = (pin: (typeof PINS)[number]): unknown => {
    if (pin === "step") return placeOf(model.get(pin) ?? null, run.numbers);
    if (pin !== "words") return model.get(pin) ?? null;
    const [word, words] = [model.get("word") ?? null, model.get("words") ?? []];
    // `word` is the first of `words`; a link may carry only one of the two.
    return word === null ? [] : words[0] === word ? words : [word];
  };
  for (const pin of PINS) Object.assign(state, { [pin]: own(pin) });

  // A pin reaches the model only when it is sent: the kernel echoes what it was told, and a late echo of the pin before
  // would undo one that waits in the model (@jupyter-widgets/base, `_expectedEchoMsgIds`).
  const unsent: Partial<Pins> = {};
  let sending = 0;
  function keep(): void {
    const change = { ...unsent };
    for (const pin of PINS) delete unsent[pin];
    for (const pin of PINS) {
      if (!(pin in change)) continue;
      if (pin === "words") model.set("word", change.words?.[0] ?? null);
      const value = change[pin] ?? null;
      model.set(pin, (pin === "step" ? numberOf(value as Step, run.numbers) : value) as never);
    }
  }
  function send(): void {
    keep();
    model.save_changes();
  }

  const context: Context = {
    run,
    readout,
    signal,
    get: () => state,
    set(change) {
      Object.assign(state, change);
      update();
    },
    pin(change) {
      context.set(change);
      Object.assign(unsent, change);
      clearTimeout(sending);
      sending = window.setTimeout(send, SEND_AFTER);
    },
  };
  const part = panel(context);
  const spoken = make("div", "pe-hidden");
  spoken.setAttribute("aria-live", "polite");
  root.append(part.element, spoken);
  suppress(root);

  let timer = 0;
  function update(): void {
    const seen = look(run, readout, state);
    part.update(seen);
    clearTimeout(timer);
    timer = window.setTimeout(() => (spoken.textContent = inWords(run, readout, seen)), SPEAK_AFTER);
  }
  for (const name of ["word", ...PINS] as const) {
    const pin = name === "word" ? "words" : name;
    const follow = () => pin in unsent || context.set({ [pin]: own(pin) });
    model.on(`change:${name}`, follow);
    signal.addEventListener("abort", () => model.off(`change:${name}`, follow));
  }
  root.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      context.set({ pointedWord: null, pointedPixel: null, pointedBox: null });
      if (state.words.length || state.pixel !== null || state.box !== null) context.pin({ words: [], pixel: null, box: null });
    },
    { signal },
  );
  document.addEventListener("pe-palette", update, { signal });
  signal.addEventListener("abort", () => {
    [timer, sending].forEach(clearTimeout);
    keep(); // whoever mounts the model anew, with more data, goes on from it
  });
  update();
  return run;
}

/** A widget that shows one panel. */
export function view(name: string, panel: (context: Context) => Part) {
  return {
    render({ model, el, signal }: { model: Model; el: HTMLElement; signal: AbortSignal }): void {
      const root = make("div", "pe");
      root.setAttribute("role", "group");
      el.append(root);
      root.append(sheetOf());
      const run = mount(model, root, signal, panel);
      if (run) root.setAttribute("aria-label", `${name} of the prompt: ${run.prompt}`);
      hidePreview(el, model.get("_preview"), signal);
    },
  };
}

/** What a screen reader is told. */
function inWords(run: Run, readout: Readout, { seen, pixel, box, shares, state }: Look): string {
  const text = (word: number) => visible(run.words[word]!.text);
  if (pixel || box) {
    const place = box ? `In ${box[2] - box[0]} by ${box[3] - box[1]} pixels` : `At x ${pixel![0]}, y ${pixel![1]}`;
    const first = readout.ranked(shares).slice(0, 3);
    return `${place}: ${first.map((one) => `${text(one.word)} ${state.relative ? `${one.share.toFixed(1)} times its mean` : percent(one.share)}`).join(", ")}`;
  }
  if (seen.length === 0) return "";
  if (seen.length > 1) return `${seen.map(({ word }) => text(word)).join(", ")}: ${stepLabel(state.step, run.steps, run.numbers)}`;
  const { word, heat } = seen[0]!;
  return `${text(word)}: at most ${percent(heat.top)}, on average ${percent(heat.mean)} of a point's attention`;
}
