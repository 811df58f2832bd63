/** The picture under its heat; pointing at it asks which words drive that point. */
import { Sheet } from "./heat";
import type { Context, Look, Part, Pixel } from "./state";
import { make } from "./text";

const LARGEST = 512;
const SMALLEST = 384; // small pictures are shown larger

export function picture(context: Context): Part & { width: number } {
  const { attention, readout, signal } = context;
  const { picture: about, height, width } = attention;
  const element = make("div", "pe-frame");
  element.tabIndex = 0;
  // "application": a screen reader hands the arrow keys on.
  element.setAttribute("role", "application");
  element.setAttribute("aria-roledescription", "picture");
  element.setAttribute("aria-label", `${about.alt}. Arrow keys move a point, Enter pins it.`);
  const side = Math.min(LARGEST, Math.max(SMALLEST, about.width, about.height));
  element.style.aspectRatio = `${about.width} / ${about.height}`;

  const base = make("canvas", "pe-picture");
  base.width = about.width;
  base.height = about.height;
  const over = make("canvas", "pe-heat");
  const cell = make("div", "pe-cell");
  for (const layer of [base, over, cell]) layer.setAttribute("aria-hidden", "true");
  cell.style.width = `${100 / width}%`;
  cell.style.height = `${100 / height}%`;
  element.append(base, over, cell);
  const sheet = new Sheet(over, height, width);
  paint(base, about.bytes, about.type, signal).catch((error) => console.warn("The picture can't be shown:", error));

  const at = (event: PointerEvent | MouseEvent): Pixel => {
    const box = element.getBoundingClientRect();
    const pixel = (place: number, size: number) => Math.min(Math.max(Math.floor(place * size), 0), size - 1);
    return [pixel((event.clientX - box.left) / box.width, about.width), pixel((event.clientY - box.top) / box.height, about.height)];
  };
  const same = (one: Pixel | null, other: Pixel) => one !== null && readout.cellAt(one) === readout.cellAt(other);
  const pin = (pixel: Pixel) => context.pin({ pixel: same(context.get().pixel, pixel) ? null : pixel });

  element.addEventListener("pointermove", (event) => context.set({ pointedPixel: at(event) }), { signal });
  for (const leave of ["pointerleave", "blur"]) {
    element.addEventListener(leave, () => context.set({ pointedPixel: null }), { signal });
  }
  element.addEventListener("click", (event) => pin(at(event)), { signal });
  element.addEventListener(
    "keydown",
    (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const { pointedPixel, pixel } = context.get();
      const here = pointedPixel ?? pixel;
      if ((event.key === "Enter" || event.key === " ") && here) pin(here);
      else if (step) context.set({ pointedPixel: moved(here, step[0]!, step[1]!) });
      else return;
      event.preventDefault();
    },
    { signal },
  );

  function moved(from: Pixel | null, across: number, down: number): Pixel {
    if (!from) return readout.pixelOf(Math.floor(height / 2) * width + Math.floor(width / 2));
    const old = readout.cellAt(from);
    const within = (n: number, size: number) => Math.min(Math.max(n, 0), size - 1);
    return readout.pixelOf(within(Math.floor(old / width) + down, height) * width + within((old % width) + across, width));
  }

  return {
    element,
    width: Math.round((side * about.width) / Math.max(about.width, about.height)),
    update({ state, map, top, cell: shown }: Look) {
      sheet.draw(map, top);
      over.style.opacity = String(state.opacity);
      cell.hidden = shown === null;
      cell.classList.toggle("pe-pinned", state.pointedPixel === null);
      if (shown === null) return;
      cell.style.left = `${((shown % width) * 100) / width}%`;
      cell.style.top = `${(Math.floor(shown / width) * 100) / height}%`;
    },
  };
}

async function paint(canvas: HTMLCanvasElement, bytes: Uint8Array<ArrayBuffer>, type: string, signal: AbortSignal): Promise<void> {
  // Not an <img>: a blob or data address may be forbidden by the page's content policy.
  const bitmap = await createImageBitmap(new Blob([bytes], { type }));
  if (!signal.aborted) canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
}
