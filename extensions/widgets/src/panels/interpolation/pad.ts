/** A grid between four prompts as a map: drag over it, or use the arrow keys, and the picture is what lies there. */
import { make } from "../../text";
import type { Pictures } from "./stage";
import type { PathContext, PathState } from "./state";

const THUMB = 72;

export function pad(context: PathContext, pictures: Pictures): { element: HTMLElement; paint(): void; update(state: Readonly<PathState>): void } {
  const { path, signal } = context;
  const [rows, columns] = path.shape!;
  const element = make("div", "pe-pad");
  element.tabIndex = 0;
  element.dataset.lmSuppressShortcuts = "true";
  element.setAttribute("role", "application");
  element.setAttribute("aria-roledescription", "pad");
  const { width, height } = path.picture;
  const canvas = make("canvas", "");
  const [wide, tall] = [Math.max(1, Math.round((THUMB * width) / Math.max(width, height))), Math.max(1, Math.round((THUMB * height) / Math.max(width, height)))];
  canvas.width = wide * columns;
  canvas.height = tall * rows;
  const dot = make("div", "pe-spot pe-pad-dot");
  element.append(canvas, dot);

  // The corners' middles are the ends, so that a frame is met where it is shown.
  const spot = (event: PointerEvent): [number, number] => {
    const rect = element.getBoundingClientRect();
    const share = (place: number, count: number) => (count < 2 ? 0 : Math.min(Math.max((place * count - 0.5) / (count - 1), 0), 1));
    return [share((event.clientY - rect.top) / Math.max(rect.height, 1), rows), share((event.clientX - rect.left) / Math.max(rect.width, 1), columns)];
  };
  let down = false;
  element.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      down = true;
      element.setPointerCapture(event.pointerId);
      context.set({ spot: spot(event) });
    },
    { signal },
  );
  element.addEventListener("pointermove", (event) => down && context.set({ spot: spot(event) }), { signal });
  for (const end of ["pointerup", "pointercancel"] as const) element.addEventListener(end, () => down && ((down = false), context.pin()), { signal });
  element.addEventListener(
    "keydown",
    (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!by) return;
      event.preventDefault();
      const parts = event.shiftKey ? 1 : 4; // a quarter of the way to the next frame; with Shift all of it
      const moved = (share: number, step: number, count: number) => Math.min(Math.max(share + step / (Math.max(count - 1, 1) * parts), 0), 1);
      const [y, x] = context.get().spot;
      context.set({ spot: [moved(y, by[0]!, rows), moved(x, by[1]!, columns)] });
      context.pin();
    },
    { signal },
  );
  return {
    element,
    paint() {
      const pen = canvas.getContext("2d");
      if (!pen) return;
      pen.imageSmoothingQuality = "high";
      path.frames.forEach(({ at }, i) => {
        const bitmap = pictures.of(i);
        if (bitmap) pen.drawImage(bitmap, Math.round(at[1]! * (columns - 1)) * wide, Math.round(at[0]! * (rows - 1)) * tall, wide, tall);
      });
    },
    update({ spot: [down_, right] }) {
      dot.style.left = `${((right * (columns - 1) + 0.5) / columns) * 100}%`;
      dot.style.top = `${((down_ * (rows - 1) + 0.5) / rows) * 100}%`;
      element.setAttribute("aria-label", `Place between the four prompts: ${Math.round(down_ * 100)} percent down, ${Math.round(right * 100)} percent right. Arrow keys move it.`);
    },
  };
}
