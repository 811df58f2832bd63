/** One step, a range of steps, or all of them; and a player. */
import type { Step } from "../readout";
import type { Context, Look, Part } from "../state";
import { make, stepLabel, timeLabel } from "../text";
import { button, fill, iconButton, range } from "./controls";

const ALL_OF_IT = 4000; // ms for a whole run
const FASTEST = 80; // ms a step

/**
 * all: whether the mean over all steps is a choice (the slider's first stop); else only single steps, and `instead` is the
 * one that is shown while none is chosen.
 */
export function scrubber(context: Context, all = true, instead = context.run.steps - 1): Part {
  const { run, signal } = context;
  const element = make("div", "pe-steps");
  const [label, time] = [make("span", "pe-title"), make("span", "pe-aside")];
  const head = make("div", "pe-head");
  head.append(label, time);
  const first = all ? 0 : 1;
  const slider = range("Denoising step", first, run.steps);
  const [from, to] = [range("First step of the range", 1, run.steps), range("Last step of the range", 1, run.steps)];
  const pair = make("div", "pe-dual");
  pair.append(from, to);
  const play = iconButton("play", "Play the steps");
  const several = button("Range", "pe-choice pe-alone", "The mean over a range of steps");
  const line = make("div", "pe-scrub");
  line.append(play, slider, pair);
  if (all && run.steps > 1) line.append(several);
  element.append(head, line);
  slider.disabled = play.disabled = run.steps === 1;

  const chosen = (): Step => (slider.valueAsNumber === 0 ? null : slider.valueAsNumber - 1);
  slider.addEventListener("input", () => (stop(), context.set({ step: chosen() })), { signal });
  slider.addEventListener("change", () => context.pin({ step: chosen() }), { signal });

  const ends = (): Step => [Math.min(from.valueAsNumber, to.valueAsNumber) - 1, Math.max(from.valueAsNumber, to.valueAsNumber) - 1];
  for (const one of [from, to]) {
    one.addEventListener("input", () => context.set({ step: ends() }), { signal });
    one.addEventListener("change", () => context.pin({ step: ends() }), { signal });
  }
  several.addEventListener(
    "click",
    () => {
      stop();
      const { step } = context.get();
      if (Array.isArray(step)) context.pin({ step: null });
      else context.pin({ step: [Math.floor(run.steps / 3), Math.max(Math.floor((2 * run.steps) / 3) - 1, Math.floor(run.steps / 3))] });
    },
    { signal },
  );

  let timer = 0;
  function next(): void {
    const { step } = context.get();
    const now = typeof step === "number" ? step + 1 : 0;
    if (now >= run.steps) return stop();
    context.set({ step: now });
    timer = window.setTimeout(next, Math.max(FASTEST, ALL_OF_IT / run.steps));
  }
  function stop(): void {
    clearTimeout(timer);
    if (!context.get().playing) return;
    context.set({ playing: false });
    context.pin({ step: context.get().step });
  }
  play.addEventListener(
    "click",
    () => {
      if (context.get().playing) return stop();
      const { step } = context.get();
      context.set({ playing: true, step: typeof step === "number" && step < run.steps - 1 ? step : 0 });
      timer = window.setTimeout(next, Math.max(FASTEST, ALL_OF_IT / run.steps));
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));

  return {
    element,
    update({ state: { step, playing } }: Look) {
      const isRange = Array.isArray(step) && all;
      const one = typeof step === "number" ? step : null;
      label.textContent = stepLabel(all ? step : (one ?? (Array.isArray(step) ? step[1] : instead)), run.steps, run.numbers);
      const only = run.steps === 1 ? 0 : (one ?? (all ? null : Array.isArray(step) ? step[1] : instead));
      time.textContent = only === null ? (isRange ? "mean" : "slide for one step") : timeLabel(run.timesteps[only], run.sigmas[only]);
      slider.value = String(one !== null ? one + 1 : all ? 0 : Array.isArray(step) ? step[1] + 1 : instead + 1);
      slider.setAttribute("aria-valuetext", `${label.textContent}, ${only === null ? "" : time.textContent}`);
      slider.hidden = isRange;
      pair.hidden = !isRange;
      several.setAttribute("aria-pressed", String(isRange));
      if (isRange) {
        const [low, high] = step as readonly [number, number];
        // While a thumb is dragged past the other one, each keeps the end that it is.
        if (Math.min(from.valueAsNumber, to.valueAsNumber) !== low + 1 || Math.max(from.valueAsNumber, to.valueAsNumber) !== high + 1) {
          from.value = String(low + 1);
          to.value = String(high + 1);
        }
        const part = (n: number) => `${((n - 1) / Math.max(run.steps - 1, 1)) * 100}%`;
        pair.style.setProperty("--pe-from", part(low + 1));
        pair.style.setProperty("--pe-to", part(high + 1));
      }
      play.put(playing ? "pause" : "play", playing ? "Pause" : "Play the steps");
      fill(slider);
    },
  };
}
