/** Steps, strength and scale of the heat, and what its colours stand for. */
import { gradient } from "./colour";
import type { Context, Look, Part } from "./state";
import { make, percent, stepLabel, timeLabel, visible } from "./text";

/** The slider's first stop is the mean over all steps. */
export function steps(context: Context): Part {
  const { attention, signal } = context;
  const element = make("div", "pe-steps");
  const [label, time] = [make("span", "pe-title"), make("span", "pe-aside")];
  const head = make("div", "pe-head");
  head.append(label, time);
  const slider = range("Denoising step", 0, attention.steps);
  element.append(head, slider);
  const chosen = () => (slider.valueAsNumber === 0 ? null : slider.valueAsNumber - 1);
  slider.addEventListener("input", () => context.set({ step: chosen() }), { signal });
  slider.addEventListener("change", () => context.pin({ step: chosen() }), { signal });
  slider.disabled = attention.steps === 1;
  return {
    element,
    update({ state: { step } }: Look) {
      label.textContent = stepLabel(step, attention.steps);
      const only = attention.steps === 1 ? 0 : step;
      time.textContent = only === null ? "slide for one step" : timeLabel(attention.timesteps[only], attention.sigmas[only]);
      slider.value = String(step === null ? 0 : step + 1);
      slider.setAttribute("aria-valuetext", `${label.textContent}, ${step === null ? "" : time.textContent}`);
      fill(slider);
    },
  };
}

export function legend(context: Context): Part {
  const { attention, signal } = context;
  const element = make("section", "pe-legend");
  const head = make("div", "pe-head");
  const [name, hint] = [make("bdi", "pe-title"), make("span", "pe-aside")];
  head.append(name, hint);
  const colours = make("div", "pe-colours");
  colours.style.background = gradient();
  const ends = make("div", "pe-ends");
  const [low, middle, high] = [make("span", "", "0\u202f%"), make("span", "", "share of a point's attention"), make("span", "")];
  ends.append(low, middle, high);

  const controls = make("div", "pe-controls");
  const strength = range("Opacity of the heat", 0, 100);
  strength.addEventListener("input", () => context.set({ opacity: strength.valueAsNumber / 100 }), { signal });
  const opacity = make("label", "pe-control");
  opacity.append(make("span", "", "Opacity"), strength);
  const own = choice("Each word", "The hottest colour is each word's own maximum", false);
  const one = choice("All alike", "The hottest colour is the same for all words, so that they can be compared", true);
  const scale = make("div", "pe-control");
  const pair = make("div", "pe-pair");
  pair.setAttribute("role", "group");
  pair.setAttribute("aria-label", "Scale of the colours");
  pair.append(own, one);
  scale.append(make("span", "", "Scale"), pair);
  controls.append(opacity, scale);
  element.append(head, colours, ends, controls);

  function choice(text: string, title: string, oneScale: boolean): HTMLButtonElement {
    const button = make("button", "pe-choice", text);
    button.type = "button";
    button.title = title;
    button.addEventListener("click", () => context.set({ oneScale }), { signal });
    return button;
  }

  return {
    element,
    update({ state, word, top }: Look) {
      name.textContent = word === null ? "Heat" : visible(attention.words[word]!.text);
      hint.textContent = word === null ? "point at a word to see where it looks" : state.word === word ? "pinned, Esc lets go" : "click to pin";
      high.textContent = top > 0 ? percent(top) : "its maximum";
      strength.value = String(Math.round(state.opacity * 100));
      strength.setAttribute("aria-valuetext", `${strength.value} percent`);
      fill(strength);
      own.setAttribute("aria-pressed", String(!state.oneScale));
      one.setAttribute("aria-pressed", String(state.oneScale));
    },
  };
}

function range(name: string, min: number, max: number): HTMLInputElement {
  const input = make("input", "pe-range");
  Object.assign(input, { type: "range", min: String(min), max: String(max), step: "1" });
  input.setAttribute("aria-label", name);
  return input;
}

/** How far the slider is, for its track. */
function fill(slider: HTMLInputElement): void {
  slider.style.setProperty("--pe-fill", `${(slider.valueAsNumber / Number(slider.max)) * 100}%`);
}
