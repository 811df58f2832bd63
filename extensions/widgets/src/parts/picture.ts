/** The picture under its heat; pointing at it, or dragging over it, asks which words drive that part. */
import { channels, wordColour } from "../colour";
import { outline } from "../outline";
import { Sheet } from "../heat";
import type { Box } from "../readout";
import type { Context, Look, Part, Pixel, Seen } from "../state";
import { make } from "../text";
import type { Run } from "../wire";

const LARGEST = 512;
const SMALLEST = 384; // small pictures are shown larger
const DRAGGED = 5; // CSS pixels from which on a press is a box and no click

export function picture(context: Context): Part & { width: number } {
  const { run, readout, signal } = context;
  const { picture: about, attention } = run;
  const { height, width } = attention;
  const element = make("div", "pe-frames");
  const frame = make("div", "pe-frame");
  frame.tabIndex = 0;
  // "application": a screen reader hands the arrow keys on.
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", "picture");
  frame.setAttribute("aria-label", `${about.alt}. Arrow keys move a point, Enter pins it, dragging or Shift and arrow keys mark a part.`);
  const side = Math.min(LARGEST, Math.max(SMALLEST, about.width, about.height));
  const alone = make("div", "pe-frame pe-alone-heat");
  for (const one of [frame, alone]) one.style.aspectRatio = `${about.width} / ${about.height}`;

  const base = make("canvas", "pe-picture");
  base.width = about.width;
  base.height = about.height;
  const over = make("canvas", "pe-heat");
  const second = make("canvas", "pe-heat-alone");
  const truth = make("canvas", "pe-truth");
  const [cell, part] = [make("div", "pe-cell"), make("div", "pe-cell")];
  for (const layer of [base, over, truth, cell, part, alone]) layer.setAttribute("aria-hidden", "true");
  cell.style.width = `${100 / width}%`;
  cell.style.height = `${100 / height}%`;
  frame.append(base, over, truth, cell, part);
  alone.append(second);
  element.append(frame, alone);
  const [sheet, sheetAlone] = [new Sheet(over, height, width), new Sheet(second, height, width, 256, true)];
  const truths = new Truths(truth, run);
  paint(base, about.bytes, about.type, signal).catch((error) => console.warn("The picture can't be shown:", error));

  const at = (event: PointerEvent | MouseEvent): Pixel => {
    const rect = frame.getBoundingClientRect();
    const pixel = (place: number, size: number) => Math.min(Math.max(Math.floor(place * size), 0), size - 1);
    return [pixel((event.clientX - rect.left) / rect.width, about.width), pixel((event.clientY - rect.top) / rect.height, about.height)];
  };
  const same = (one: Pixel | null, other: Pixel) => one !== null && readout.cellAt(one) === readout.cellAt(other);
  const pin = (pixel: Pixel) => context.pin({ pixel: same(context.get().pixel, pixel) ? null : pixel, box: null });

  let start: { pixel: Pixel; x: number; y: number } | null = null;
  let dragged = false;
  frame.addEventListener(
    "pointerdown",
    (event) => {
      if (event.button !== 0) return;
      start = { pixel: at(event), x: event.clientX, y: event.clientY };
      dragged = false;
    },
    { signal },
  );
  frame.addEventListener(
    "pointermove",
    (event) => {
      if (start && (dragged || Math.hypot(event.clientX - start.x, event.clientY - start.y) > DRAGGED)) {
        if (!dragged) frame.setPointerCapture(event.pointerId);
        dragged = true;
        context.set({ pointedBox: between(start.pixel, at(event)), pointedPixel: null });
      } else context.set({ pointedPixel: at(event) });
    },
    { signal },
  );
  frame.addEventListener(
    "pointerup",
    () => {
      start = null;
      const { pointedBox } = context.get();
      if (!dragged || !pointedBox) return;
      context.set({ pointedBox: null });
      context.pin({ box: pointedBox, pixel: null });
    },
    { signal },
  );
  frame.addEventListener("pointercancel", () => ((start = null), context.set({ pointedBox: null })), { signal });
  for (const leave of ["pointerleave", "blur"]) {
    frame.addEventListener(leave, () => !start && context.set({ pointedPixel: null }), { signal });
  }
  frame.addEventListener("click", (event) => (dragged ? (dragged = false) : pin(at(event))), { signal });
  frame.addEventListener(
    "keydown",
    (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      const { pointedPixel, pixel, box } = context.get();
      const here = pointedPixel ?? pixel;
      if ((event.key === "Enter" || event.key === " ") && here) pin(here);
      else if (step && event.shiftKey) context.pin({ box: grown(box, here ?? middle(), step[0]!, step[1]!), pixel: null });
      else if (step) context.set({ pointedPixel: here ? moved(here, step[0]!, step[1]!) : middle() });
      else return;
      event.preventDefault();
    },
    { signal },
  );

  const middle = () => readout.pixelOf(Math.floor(height / 2) * width + Math.floor(width / 2));
  const within = (n: number, size: number) => Math.min(Math.max(n, 0), size - 1);
  function moved(from: Pixel, across: number, down: number): Pixel {
    const old = readout.cellAt(from);
    return readout.pixelOf(within(Math.floor(old / width) + down, height) * width + within((old % width) + across, width));
  }
  /** The pixels from one point to the other, both included. */
  function between([x, y]: Pixel, [toX, toY]: Pixel): Box {
    return [Math.min(x, toX), Math.min(y, toY), Math.max(x, toX) + 1, Math.max(y, toY) + 1];
  }
  function grown(box: Box | null, from: Pixel, across: number, down: number): Box {
    const [wide, tall] = [about.width / width, about.height / height];
    const [left, top, right, bottom] = box ?? between(from, from);
    const end = (value: number, by: number, least: number, most: number) => Math.min(Math.max(Math.round(value + by), least + 1), most);
    return [left, top, end(right, across * wide, left, about.width), end(bottom, down * tall, top, about.height)];
  }

  return {
    element,
    width: Math.round((side * about.width) / Math.max(about.width, about.height)),
    update({ state, seen, pixel, box }: Look) {
      const beside = state.arrangement === "beside";
      alone.hidden = !beside;
      element.classList.toggle("pe-two", beside);
      show(beside ? sheetAlone : sheet, seen, state.difference);
      if (beside) sheet.draw(null, 0);
      over.style.opacity = String(state.opacity);
      const shown = pixel && readout.cellAt(pixel);
      cell.hidden = shown === null;
      cell.classList.toggle("pe-pinned", state.pointedPixel === null);
      if (shown !== null) {
        cell.style.left = `${((shown % width) * 100) / width}%`;
        cell.style.top = `${(Math.floor(shown / width) * 100) / height}%`;
      }
      part.hidden = box === null;
      part.classList.toggle("pe-pinned", state.pointedBox === null);
      if (box) {
        part.style.left = `${(box[0] / about.width) * 100}%`;
        part.style.top = `${(box[1] / about.height) * 100}%`;
        part.style.width = `${((box[2] - box[0]) / about.width) * 100}%`;
        part.style.height = `${((box[3] - box[1]) / about.height) * 100}%`;
      }
      truths.draw(seen.map(({ word }) => word));
    },
  };
}

/** The heat of the words that are seen, on a sheet. */
export function show(sheet: Sheet, seen: readonly Seen[], difference: boolean): void {
  if (seen.length <= 1) return sheet.draw(seen[0]?.heat.map ?? null, seen[0]?.top ?? 0);
  const layers = seen.map(({ heat, top, place }) => ({ map: heat.map, top, colour: channels(wordColour(place)) }));
  if (difference && layers.length === 2) sheet.drawDifference(layers[0]!, layers[1]!);
  else sheet.drawMany(layers);
}

/** Where the subjects of a drawn picture truly are, as outlines. */
class Truths {
  private shown = "";
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly run: Run,
  ) {
    canvas.width = canvas.height = 512;
    canvas.hidden = run.masks.length === 0;
  }

  draw(words: readonly number[]): void {
    if (this.canvas.hidden || this.shown === words.join()) return;
    this.shown = words.join();
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const mask of this.run.masks) {
      if (!mask.words.some((word) => words.includes(word))) continue;
      const path = new Path2D();
      for (const [x1, y1, x2, y2] of outline(mask.pixels, mask.height, mask.width)) {
        path.moveTo((x1 / mask.width) * 512, (y1 / mask.height) * 512);
        path.lineTo((x2 / mask.width) * 512, (y2 / mask.height) * 512);
      }
      for (const [colour, width] of [["rgb(0 0 0 / 70%)", 5], ["#fff", 2.5]] as const) {
        context.strokeStyle = colour;
        context.lineWidth = width;
        context.lineCap = "round";
        context.stroke(path);
      }
    }
  }
}

export async function paint(canvas: HTMLCanvasElement, bytes: Uint8Array<ArrayBuffer>, type: string, signal: AbortSignal): Promise<void> {
  // Not an <img>: a blob or data address may be forbidden by the page's content policy.
  const bitmap = await createImageBitmap(new Blob([bytes], { type }));
  if (!signal.aborted) canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}
