/** The attention view: word to places, point to words, step by step. The twin of explorer/views/attention.py. */
import type { RenderProps } from "@anywidget/types";
import css from "./attention.css";
import { legend, steps } from "./controls";
import { picture } from "./picture";
import { ranking } from "./ranking";
import { Readout } from "./readout";
import { hidePreview } from "./sibling";
import { type Context, type Look, look, type Part, type Pixel, type State } from "./state";
import { make, percent, visible } from "./text";
import { type Attention, decode } from "./wire";
import { words } from "./words";

interface Traits {
  _meta: unknown;
  _data: DataView<ArrayBuffer>;
  _preview: string;
  word: number | null;
  step: number | null;
  pixel: Pixel | null;
}
const PINS = ["word", "step", "pixel"] as const;
const SEND_AFTER = 150; // ms: one message for a burst of pins
const SPEAK_AFTER = 400; // ms: a screen reader hears where the pointer rests

function render({ model, el, signal }: RenderProps<Traits>): void {
  const root = make("div", "pe");
  root.setAttribute("role", "group");
  el.append(root);
  let attention: Attention;
  try {
    attention = decode(model.get("_meta"), model.get("_data"));
  } catch (error) {
    root.append(make("p", "", error instanceof Error ? error.message : String(error)));
    return;
  }
  root.setAttribute("aria-label", `Attention of the prompt: ${attention.prompt}`);
  const readout = new Readout(attention);
  const state: State = { word: null, step: null, pixel: null, pointedWord: null, pointedPixel: null, opacity: 0.9, oneScale: false };
  for (const pin of PINS) Object.assign(state, { [pin]: model.get(pin) ?? null });

  // A pin reaches the model only when it is sent: the kernel echoes what it was told, and a late echo of the pin before
  // would undo one that waits in the model (@jupyter-widgets/base, `_expectedEchoMsgIds`).
  const unsent: Partial<Pick<State, (typeof PINS)[number]>> = {};
  let sending = 0;
  function send(): void {
    const change = { ...unsent };
    for (const pin of PINS) delete unsent[pin];
    for (const pin of PINS) if (pin in change) model.set(pin, change[pin] ?? null);
    model.save_changes();
  }

  const context: Context = {
    attention,
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
  const [prompt, frame, slider, list, scale] = [words(context), picture(context), steps(context), ranking(context), legend(context)];
  const parts: Part[] = [prompt, frame, slider, list, scale];
  const stage = make("div", "pe-stage");
  stage.style.setProperty("--pe-width", `${frame.width}px`);
  stage.append(frame.element, slider.element);
  const body = make("div", "pe-body");
  body.append(prompt.element, stage, list.element, scale.element);
  const spoken = make("div", "pe-hidden");
  spoken.setAttribute("aria-live", "polite");
  root.append(make("style", "", css), body, spoken);
  // Else JupyterLab's shortcuts fire on the keys that are meant for the view. On whatever takes the focus too: Lumino walks
  // up from the target, and a selector that ends in `:focus` matches there before it sees the root.
  for (const one of [root, ...root.querySelectorAll<HTMLElement>("button, input, [tabindex]")]) {
    one.dataset.lmSuppressShortcuts = "true";
  }

  let timer = 0;
  function update(): void {
    const seen = look(attention, readout, state);
    for (const part of parts) part.update(seen);
    clearTimeout(timer);
    timer = window.setTimeout(() => (spoken.textContent = inWords(attention, readout, seen)), SPEAK_AFTER);
  }
  for (const pin of PINS) {
    const follow = () => pin in unsent || context.set({ [pin]: model.get(pin) ?? null });
    model.on(`change:${pin}`, follow);
    signal.addEventListener("abort", () => model.off(`change:${pin}`, follow));
  }
  root.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      context.set({ pointedWord: null, pointedPixel: null });
      if (state.word !== null || state.pixel !== null) context.pin({ word: null, pixel: null });
    },
    { signal },
  );
  signal.addEventListener("abort", () => [timer, sending].forEach(clearTimeout));
  update();
  hidePreview(el, model.get("_preview"), signal);
}

/** What a screen reader is told. */
function inWords(attention: Attention, readout: Readout, { word, pixel, shares, map }: Look): string {
  if (pixel) {
    const first = readout.ranked(shares).slice(0, 3);
    const named = first.map((one) => `${visible(attention.words[one.word]!.text)} ${percent(one.share)}`);
    return `At x ${pixel[0]}, y ${pixel[1]}: ${named.join(", ")}`;
  }
  if (word === null || !map) return "";
  const most = map.reduce((top, share) => Math.max(top, share), 0);
  const mean = shares[attention.words[word]!.row!] ?? 0;
  return `${visible(attention.words[word]!.text)}: at most ${percent(most)}, on average ${percent(mean)} of a point's attention`;
}

export default { render };
