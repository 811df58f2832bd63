/** The steps side by side, from noise to picture; pointing along them with the button down scrubs. */
import type { Frames } from "../frames";
import { type Context, lastOf, type Look, type Part } from "../state";
import { make } from "../text";

const MOST = 14;

export function filmstrip(context: Context, frames: Frames): Part {
  const { run, signal } = context;
  const element = make("div", "pe-film");
  element.setAttribute("aria-hidden", "true"); // the slider beneath says the same
  const count = Math.min(run.steps, MOST);
  const steps = Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * (run.steps - 1)) / (count - 1))));
  const { width, height } = run.picture;
  const cells = steps.map((step) => {
    const cell = make("div", "pe-film-cell");
    const canvas = make("canvas", "");
    canvas.width = Math.max(1, Math.round((96 * width) / Math.max(width, height)));
    canvas.height = Math.max(1, Math.round((96 * height) / Math.max(width, height)));
    const number = make("span", "pe-film-number", String(run.numbers[step]! + 1));
    cell.append(canvas, number);
    element.append(cell);
    return { step, cell, canvas };
  });

  const at = (event: PointerEvent): number => {
    const rect = element.getBoundingClientRect();
    const place = Math.min(Math.max((event.clientX - rect.left) / Math.max(rect.width, 1), 0), 0.9999);
    return run.steps <= MOST ? Math.floor(place * run.steps) : Math.round(place * (run.steps - 1));
  };
  let down = false;
  element.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      down = true;
      element.setPointerCapture(event.pointerId);
      context.set({ step: at(event), playing: false });
    },
    { signal },
  );
  element.addEventListener("pointermove", (event) => down && context.set({ step: at(event) }), { signal });
  for (const end of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(end, () => down && ((down = false), context.pin({ step: context.get().step })), { signal });
  }

  let painted = "";
  let complete = true;
  return {
    element,
    update({ state }: Look) {
      const { shown } = state;
      if (painted !== shown || !complete) {
        painted = shown;
        complete = true;
        for (const { step, canvas } of cells) {
          const drawable = frames.of(shown, step);
          const pen = canvas.getContext("2d");
          if (!drawable) {
            complete = complete && frames.absent(shown, step);
            pen?.clearRect(0, 0, canvas.width, canvas.height);
          }
          else if (pen) {
            pen.imageSmoothingQuality = "high";
            pen.drawImage(drawable, 0, 0, canvas.width, canvas.height);
          }
        }
      }
      const now = lastOf(state.step, run.steps);
      const range = Array.isArray(state.step) ? state.step : null;
      const nearest = cells.reduce((best, { step }, i) => (Math.abs(step - now) < Math.abs(cells[best]!.step - now) ? i : best), 0);
      cells.forEach(({ cell, step }, i) => {
        cell.classList.toggle("pe-now", i === nearest);
        cell.classList.toggle("pe-out", range !== null && (step < range[0] || step > range[1]));
      });
    },
  };
}
