/** More frames where the path jumps, and a file of it: what the kernel does, with its progress; without one, a film. */
import { button, labelled } from "../../parts/controls";
import { make } from "../../text";
import { download, film, filmType } from "./film";
import type { Pictures } from "./stage";
import { jump, type PathContext, type PathState } from "./state";

const COUNTS = [1, 2, 3, 5] as const;
const busy = ["waiting", "running", "stopping", "writing"];

export interface Work {
  readonly element: HTMLElement;
  update(state: Readonly<PathState>): void;
  /** The kernel's status has changed. */
  told(): void;
}

export function work(context: PathContext, pictures: Pictures): Work {
  const { path, kernel, signal } = context;
  const element = make("section", "pe-work");
  const status = make("p", "pe-note");
  status.setAttribute("role", "status");
  const error = make("p", "pe-error");
  error.setAttribute("role", "alert");
  const bar = make("div", "pe-progress");
  const done = make("div", "pe-progress-fill");
  bar.append(done);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Progress of the new frames");

  const refine = make("div", "pe-bar-of-tools");
  const counts = make("select", "pe-select");
  counts.setAttribute("aria-label", "How many frames in each gap");
  for (const count of COUNTS) {
    const option = make("option", "", count === 1 ? "1 frame" : `${count} frames`);
    option.value = String(count);
    counts.append(option);
  }
  const add = button("", "pe-action");
  const stop = button("Stop", "pe-choice pe-alone");
  refine.append(labelled("In each gap", counts), add, stop);
  const largest = jump(path);
  const target = (): readonly [number, number] | null => {
    const { range } = context.get();
    if (range) return range;
    return largest !== null && largest + 1 < path.frames.length ? [largest, largest + 1] : null;
  };
  add.addEventListener(
    "click",
    () => {
      const between = target();
      if (between) kernel?.refine(between, Number(counts.value));
    },
    { signal },
  );
  stop.addEventListener("click", () => kernel?.stop(), { signal });

  const save = make("div", "pe-bar-of-tools");
  const kinds: readonly (readonly [string, string])[] = kernel
    ? [["webp", "WebP"], ["gif", "GIF"], ...(path.film ? ([["mp4", "MP4"]] as const) : [])]
    : [];
  const buttons = kinds.map(([kind, text]) => {
    const one = button(text, "pe-choice pe-alone", "Writes an animation beside the notebook");
    one.addEventListener("click", () => kernel?.write(kind), { signal });
    return one;
  });
  const type = kernel ? null : filmType();
  if (type && !path.shape) {
    const one = button("Film", "pe-choice pe-alone", "Plays the path once and saves it as a film");
    one.addEventListener(
      "click",
      () => {
        one.disabled = true;
        film(path, pictures, type, signal, (share) => (status.textContent = `Recording, ${Math.round(share * 100)}\u202f%`)).then(
          (blob) => {
            one.disabled = false;
            status.textContent = "Saved as a download.";
            download(blob, `interpolation.${type.startsWith("video/mp4") ? "mp4" : "webm"}`);
          },
          () => {
            one.disabled = false;
            error.textContent = "This browser could not record the film: save the path as a picture with to_animation instead.";
          },
        );
      },
      { signal },
    );
    buttons.push(one);
  }
  if (buttons.length && !path.shape) save.append(make("span", "pe-label", "Save as"), ...buttons);
  const able = kernel !== null && kernel.status().able === true;
  if (able) element.append(refine);
  if (save.childElementCount) element.append(save);
  if (kernel) element.append(bar);
  element.append(status, error);

  const self: Work = {
    element,
    update() {
      const between = target();
      const { range } = context.get();
      add.textContent = between ? `${range ? "Refine" : "Refine the largest step,"} ${between[0] + 1} to ${between[1] + 1}` : "Refine";
      add.disabled = between === null || busy.includes(kernel?.status().state ?? "");
    },
    told() {
      if (!kernel) return;
      const { state, done: frames = 0, wanted = 0, step = 0, steps = 1, message, file } = kernel.status();
      const runs = busy.includes(state);
      const share = wanted > 0 ? (frames + step / Math.max(steps, 1)) / wanted : 0;
      done.style.transform = `scaleX(${state === "running" || state === "stopping" ? Math.min(share, 1) : 0})`;
      bar.setAttribute("aria-valuemin", "0");
      bar.setAttribute("aria-valuemax", "100");
      bar.setAttribute("aria-valuenow", String(runs ? Math.round(share * 100) : 0));
      stop.hidden = !runs || state === "writing";
      for (const one of buttons) one.disabled = runs;
      error.textContent = state === "failed" ? (message ?? "It failed.") : "";
      status.textContent = {
        idle: path.frames.length < path.asked ? `${path.frames.length} of ${path.asked} frames: it was stopped.` : "",
        waiting: "Waiting for the run before to end",
        running: wanted > 0 ? `${frames} of ${wanted} new frames${step ? `, step ${step} of ${steps}` : ""}` : "Running",
        stopping: "Stopping at the next step",
        stopped: "Stopped; the frames that were done are kept.",
        writing: "Writing the file",
        done: file ? `Written: ${file}` : "",
        failed: "",
      }[state];
      self.update(context.get());
    },
  };
  return self;
}
