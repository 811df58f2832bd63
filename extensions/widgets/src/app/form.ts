/** The prompt, the settings, Generate and Stop. */
import { button, fill, iconButton, labelled, range, switchOf } from "../parts/controls";
import { make } from "../text";
import { type AppModel, busy, type Settings } from "./model";

const TYPED = 450; // ms without a key after which the picture follows
const LARGEST_SEED = 9999;

export function form(model: AppModel, signal: AbortSignal): { element: HTMLElement; ask(prompt: string): void } {
  const { quick, model: name } = model.get("_choices");
  const element = make("div", "pe-form");
  const ask = make("div", "pe-ask");
  const fields = make("div", "pe-fields");
  const prompt = make("textarea", "pe-input pe-large");
  Object.assign(prompt, { rows: 1, placeholder: "What should be in the picture?", spellcheck: false });
  prompt.setAttribute("aria-label", "Prompt");
  const negative = make("input", "pe-input pe-negative");
  Object.assign(negative, { type: "text", placeholder: "Negative prompt: what to keep out", spellcheck: false });
  negative.setAttribute("aria-label", "Negative prompt");
  fields.append(prompt, negative);
  const go = button("Generate", "pe-primary");
  ask.append(fields, go);

  const options = make("div", "pe-options");
  const seed = make("input", "");
  Object.assign(seed, { type: "number", min: "0", step: "1" });
  seed.setAttribute("aria-label", "Seed");
  const die = iconButton("die", "Roll a new seed");
  const lock = iconButton("open", "Keep this seed");
  const seeds = make("span", "pe-seed");
  seeds.append(seed, die, lock);
  const [steps, stepsValue] = [range("Steps", 1, Math.max(50, model.get("steps"))), make("span", "pe-value")];
  const [guidance, guidanceValue] = [range("Guidance", 0, 15, 0.5), make("span", "pe-value")];
  const [size, sampler] = [select("Size"), select("Sampler")];
  options.append(labelled("Seed", seeds), labelled("Steps", steps, stepsValue), labelled("Guidance", guidance, guidanceValue), labelled("Size", size), labelled("Sampler", sampler));
  let following = false;
  let typed = 0;
  const typing = switchOf("Follow typing", "A new picture whenever you pause; one that is not finished is dropped", (on) => ((following = on), on && generate()), signal);
  if (quick) options.append(typing.element);

  const bar = make("div", "pe-progress");
  const done = make("div", "pe-progress-fill");
  bar.append(done);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Progress of the run");
  const status = make("div", "pe-status");
  const [text, error] = [make("span", ""), make("span", "pe-error")];
  error.setAttribute("role", "alert");
  text.setAttribute("role", "status");
  status.append(text, error);
  element.append(ask, options, bar, status);

  function select(label: string): HTMLSelectElement {
    const found = make("select", "pe-select");
    found.setAttribute("aria-label", label);
    return found;
  }
  /** What the model takes; until it is loaded nobody knows. */
  function offer(): void {
    const { samplers, sizes } = model.get("_choices");
    size.replaceChildren();
    sampler.replaceChildren();
    for (const [width, height] of sizes) ensure(size, `${width}x${height}`, `${width} × ${height}`);
    for (const one of samplers) ensure(sampler, one, one.replace(/Scheduler$/, ""));
    options.hidden = samplers.length === 0;
  }
  function ensure(one: HTMLSelectElement, value: string, shown: string): void {
    if ([...one.options].some((option) => option.value === value)) return;
    const extra = make("option", "", shown);
    extra.value = value;
    one.append(extra);
  }

  function settings(): Partial<Settings> {
    if (options.hidden) return { prompt: prompt.value, negative_prompt: negative.value };
    const [width, height] = size.value.split("x").map(Number) as [number, number];
    return {
      prompt: prompt.value,
      negative_prompt: negative.value,
      seed: Math.max(0, Math.round(seed.valueAsNumber) || 0),
      locked: lock.getAttribute("aria-pressed") === "true",
      steps: steps.valueAsNumber,
      guidance: guidance.valueAsNumber,
      width,
      height,
      sampler: sampler.value,
    };
  }
  function generate(fresh = false): void {
    clearTimeout(typed);
    // Whoever has not locked the seed wants another picture of the same words.
    if (fresh && lock.getAttribute("aria-pressed") !== "true" && model.get("_shown")) roll();
    error.textContent = "";
    model.send({ do: "generate", settings: settings() });
  }
  function roll(): void {
    seed.value = String(Math.floor(Math.random() * (LARGEST_SEED + 1)));
  }

  go.addEventListener("click", () => (busy(model.get("_status").state) ? model.send({ do: "stop" }) : generate(true)), { signal });
  for (const field of [prompt, negative]) {
    field.addEventListener(
      "keydown",
      (event) => {
        const key = event as KeyboardEvent;
        if (key.key !== "Enter" || key.shiftKey || key.isComposing) return;
        key.preventDefault();
        generate(!following);
      },
      { signal },
    );
    field.addEventListener(
      "input",
      () => {
        clearTimeout(typed);
        if (following) typed = window.setTimeout(generate, TYPED);
      },
      { signal },
    );
  }
  die.addEventListener("click", roll, { signal });
  lock.addEventListener("click", () => keep(lock.getAttribute("aria-pressed") !== "true"), { signal });
  function keep(locked: boolean): void {
    lock.setAttribute("aria-pressed", String(locked));
    lock.put(locked ? "lock" : "open", locked ? "The seed is kept; press to roll a new one each time" : "Keep this seed");
  }
  for (const slider of [steps, guidance]) slider.addEventListener("input", read, { signal });
  function read(): void {
    stepsValue.textContent = steps.value;
    guidanceValue.textContent = guidance.valueAsNumber.toFixed(1).replace(/\.0$/, "");
    fill(steps);
    fill(guidance);
  }

  /** From Python; a field that is being typed in is left alone. */
  function take(): void {
    const root = element.getRootNode() as Document | ShadowRoot;
    if (root.activeElement !== prompt) prompt.value = model.get("prompt");
    if (root.activeElement !== negative) negative.value = model.get("negative_prompt");
    seed.value = String(model.get("seed"));
    keep(model.get("locked"));
    steps.max = String(Math.max(50, model.get("steps")));
    steps.value = String(model.get("steps"));
    guidance.max = String(Math.max(15, Math.ceil(model.get("guidance"))));
    guidance.value = String(model.get("guidance"));
    const [width, height] = [model.get("width"), model.get("height")];
    ensure(size, `${width}x${height}`, `${width} × ${height}`);
    size.value = `${width}x${height}`;
    ensure(sampler, model.get("sampler"), model.get("sampler"));
    sampler.value = model.get("sampler");
    read();
  }
  function tell(): void {
    const { state, step = 0, steps: all = 1, left, seconds, message } = model.get("_status");
    const runs = busy(state);
    go.textContent = runs ? "Stop" : "Generate";
    go.classList.toggle("pe-stop", runs);
    done.style.transform = `scaleX(${runs ? step / Math.max(all, 1) : 0})`;
    bar.setAttribute("aria-valuenow", String(runs ? Math.round((100 * step) / Math.max(all, 1)) : 0));
    bar.setAttribute("aria-valuemin", "0");
    bar.setAttribute("aria-valuemax", "100");
    error.textContent = state === "failed" ? (message ?? "The run failed.") : "";
    text.textContent = {
      loading: `Loading ${name}: you can type meanwhile`,
      idle: `${name} is ready`,
      waiting: model.get("_status").loading ? `Loading ${name}: your picture comes next` : "Waiting for the run before to end",
      running: step === 0 ? "Reading the prompt" : `Step ${step} of ${all}${left === undefined || step < 2 ? "" : `, ${left < 1 ? "less than a second" : `about ${Math.ceil(left)} s`} left`}`,
      stopping: "Stopping at the next step",
      stopped: "Stopped",
      done: seconds === undefined ? "" : `Done in ${seconds.toFixed(1)} s`,
      failed: "",
    }[state];
  }
  const follow = (trait: `change:${string}`, listener: () => void) => {
    model.on(trait, listener);
    signal.addEventListener("abort", () => model.off(trait, listener));
  };
  for (const trait of ["prompt", "negative_prompt", "seed", "locked", "steps", "guidance", "width", "height", "sampler"]) follow(`change:${trait}`, take);
  follow("change:_status", tell);
  follow("change:_choices", () => {
    offer();
    take();
  });
  signal.addEventListener("abort", () => clearTimeout(typed));
  offer();
  take();
  tell();
  return {
    element,
    ask(text) {
      prompt.value = text;
      generate();
    },
  };
}
