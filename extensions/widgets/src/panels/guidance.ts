/** Guidance taken apart: without the prompt, with it, what it adds, and what another guidance would have made. */
import { Frames } from "../frames";
import { fill, range } from "../parts/controls";
import { scrubber } from "../parts/scrubber";
import { type Context, lastOf, type Look, type Part } from "../state";
import { make } from "../text";

export function guidancePanel(context: Context): Part {
  const { run, signal } = context;
  const element = make("div", "pe-panel pe-panel-guidance");
  if (!run.fields?.values.push) {
    const reason = run.guidance <= 1 ? "This run was made without guidance (1 or less), so there is nothing to take apart." : "This run holds no unconditional prediction, so its guidance can’t be taken apart.";
    element.append(make("p", "pe-empty", reason));
    return { element, update: () => undefined };
  }
  const frames = new Frames(run, signal);
  const row = make("div", "pe-triple");
  const plate = (title: string, note: string) => {
    const figure = make("figure", "pe-plate");
    const frame = make("div", "pe-frame pe-still");
    frame.style.aspectRatio = `${run.picture.width} / ${run.picture.height}`;
    const canvas = make("canvas", "pe-picture");
    canvas.width = Math.round((256 * run.picture.width) / Math.max(run.picture.width, run.picture.height));
    canvas.height = Math.round((256 * run.picture.height) / Math.max(run.picture.width, run.picture.height));
    frame.append(canvas);
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", title);
    const caption = make("figcaption", "");
    caption.append(make("span", "pe-title", title), make("span", "pe-note", note));
    figure.append(frame, caption);
    row.append(figure);
    return canvas;
  };
  const without = plate("Without the prompt", run.negative ? "the unconditional prediction, here of the negative prompt" : "the unconditional prediction");
  const only = plate("With the prompt", "the conditional prediction, guidance 1");
  const added = plate("What guidance adds", "about the picture’s mean colour");
  const other = plate("With another guidance", "this step’s prediction, from the same noise");

  const slider = range("The guidance that would have been", 0, Math.max(15, Math.ceil(run.guidance * 2)), 0.1);
  const label = make("span", "pe-title");
  const aside = make("span", "pe-aside");
  const head = make("div", "pe-head");
  head.append(label, aside);
  const control = make("div", "pe-steps");
  control.append(head, slider);
  slider.addEventListener("input", () => context.set({ guidance: slider.valueAsNumber }), { signal });
  slider.addEventListener("dblclick", () => context.set({ guidance: null }), { signal });
  // Guidance matters most while the layout is found; at the end there is nothing left to see.
  const early = Math.floor(run.steps / 5);
  const steps = scrubber(context, false, early);
  const controls = make("div", "pe-two-sliders");
  controls.append(steps.element, control);
  element.append(row, controls, make("p", "pe-note", "All four are drawn from the latents with a small linear decoder, so they are blurred alike and can be compared."));

  return {
    element,
    update(seen: Look) {
      const { guidance, step } = seen.state;
      const now = step === null ? early : lastOf(step, run.steps);
      const own = guidance ?? run.guidance;
      for (const [canvas, drawable] of [
        [without, frames.guided(now, 0)],
        [only, frames.guided(now, 1)],
        [added, frames.of("push", now)],
        [other, frames.guided(now, own)],
      ] as const) {
        const pen = canvas.getContext("2d");
        if (!pen || !drawable) continue;
        pen.imageSmoothingQuality = "high";
        pen.drawImage(drawable, 0, 0, canvas.width, canvas.height);
      }
      slider.value = String(own);
      label.textContent = `Guidance ${own.toFixed(1)}`;
      aside.textContent = guidance === null || Math.abs(own - run.guidance) < 0.05 ? "as the run was made" : `the run was made with ${run.guidance.toFixed(1)}`;
      slider.setAttribute("aria-valuetext", `${label.textContent}, ${aside.textContent}`);
      fill(slider);
      steps.update(seen);
    },
  };
}
