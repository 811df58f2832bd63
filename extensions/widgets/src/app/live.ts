/** The picture while it comes about, and the ones before it. */
import { make } from "../text";
import { type AppModel, busy } from "./model";

export function live(model: AppModel, signal: AbortSignal): { element: HTMLElement } {
  const element = make("div", "pe-live");
  const frame = make("div", "pe-frame pe-still");
  frame.setAttribute("role", "img");
  frame.setAttribute("aria-label", "The predicted picture so far");
  const canvas = make("canvas", "pe-picture");
  canvas.width = canvas.height = 384;
  frame.append(canvas);
  const side = make("div", "pe-live-side");
  const title = make("div", "pe-live-step", "Starting from noise");
  const film = make("div", "pe-live-film");
  side.append(title, make("p", "pe-note", "What the model takes the finished picture to be, step by step: first the rough layout, then the detail."), film);
  element.append(frame, side);

  let latest = 0;
  let clean = true;
  function empty(): void {
    clean = true;
    film.replaceChildren();
    canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
  }
  async function draw(): Promise<void> {
    const data = model.get("_live");
    if (!data || data.byteLength === 0) return;
    const own = ++latest;
    const { pictured = 0 } = model.get("_status");
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    if (own === latest && !signal.aborted) {
      const scale = 384 / Math.max(bitmap.width, bitmap.height);
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      frame.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
      const pen = canvas.getContext("2d");
      if (pen) pen.imageSmoothingQuality = "high";
      pen?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const small = make("canvas", "");
      small.width = Math.round(canvas.width / 6);
      small.height = Math.round(canvas.height / 6);
      small.getContext("2d")?.drawImage(bitmap, 0, 0, small.width, small.height);
      small.title = `after step ${pictured + 1}`;
      film.append(small);
      clean = false;
    }
    bitmap.close();
  }
  function tell(): void {
    const { state, step = 0, steps = 0 } = model.get("_status");
    if (busy(state) && step === 0 && !clean) empty();
    title.textContent = step === 0 ? "Starting from noise" : `Step ${step} of ${steps}`;
  }
  const follow = (trait: `change:${string}`, listener: () => void) => {
    model.on(trait, listener);
    signal.addEventListener("abort", () => model.off(trait, listener));
  };
  follow("change:_live", () => void draw().catch((error) => console.warn("The live picture can't be shown:", error)));
  follow("change:_status", tell);
  tell();
  return { element };
}
