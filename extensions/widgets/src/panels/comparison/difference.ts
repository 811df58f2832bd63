/** Where two pictures differ, in the colours of heat, with its scale; pointing at it points at the pictures. */
import { gradient } from "../../colour";
import { coloured, difference, topOf } from "../../lab";
import type { Context } from "../../state";
import { make } from "../../text";

const LARGEST = 256; // pixels of the longer side: what is finer can't be seen at this size, and scrubbing stays quick

export interface DifferencePlate {
  readonly element: HTMLElement;
  /** Draws what differs between two canvases. */
  draw(one: HTMLCanvasElement, other: HTMLCanvasElement): void;
  /** Reads out a place, (x, y) as shares of the picture; null for the whole. */
  read(place: readonly [number, number] | null): void;
}

export function differencePlate(context: Context): DifferencePlate {
  const { run, signal } = context;
  const { width, height } = run.picture;
  const element = make("figure", "pe-plate");
  const head = make("div", "pe-head");
  const [title, value] = [make("span", "pe-title", "Difference"), make("span", "pe-aside")];
  head.append(title, value);
  const frame = make("div", "pe-frame");
  frame.style.aspectRatio = `${width} / ${height}`;
  frame.setAttribute("role", "img");
  const canvas = make("canvas", "pe-picture");
  const spot = make("div", "pe-spot");
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  frame.append(canvas, spot);
  const colours = make("div", "pe-colours");
  colours.style.background = gradient();
  const ends = make("div", "pe-ends");
  const most = make("span", "");
  ends.append(make("span", "", "0, alike"), make("span", "", "2 is just visible"), most);
  element.append(head, frame, colours, ends);

  const scratch = make("canvas", "");
  scratch.width = canvas.width;
  scratch.height = canvas.height;
  const pen = scratch.getContext("2d", { willReadFrequently: true });
  let values: Float32Array = new Float32Array(0);
  let mean = 0;

  function pixels(source: HTMLCanvasElement): Uint8ClampedArray | null {
    if (!pen) return null;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(source, 0, 0, scratch.width, scratch.height);
    return pen.getImageData(0, 0, scratch.width, scratch.height).data;
  }
  frame.addEventListener(
    "pointermove",
    (event) => {
      const rect = frame.getBoundingClientRect();
      const at = (place: number, size: number) => Math.min(Math.max(Math.floor(place * size), 0), size - 1);
      context.set({ pointedPixel: [at((event.clientX - rect.left) / rect.width, width), at((event.clientY - rect.top) / rect.height, height)] });
    },
    { signal },
  );
  frame.addEventListener("pointerleave", () => context.set({ pointedPixel: null }), { signal });

  const self: DifferencePlate = {
    element,
    draw(one, other) {
      const a = pixels(one)?.slice();
      const b = pixels(other);
      if (!a || !b) return;
      values = difference(a, b);
      mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const top = topOf(values);
      most.textContent = `${top} or more`;
      canvas.getContext("2d")?.putImageData(new ImageData(coloured(values, top), canvas.width, canvas.height), 0, 0);
      frame.setAttribute("aria-label", `Where the pictures differ: ${mean.toFixed(1)} on average, in CIE 1976 colour differences`);
      self.read(null);
    },
    read(place) {
      spot.hidden = place === null;
      if (place === null) return void (value.textContent = `${mean.toFixed(1)} on average`);
      spot.style.left = `${place[0] * 100}%`;
      spot.style.top = `${place[1] * 100}%`;
      const [x, y] = [Math.min(Math.floor(place[0] * canvas.width), canvas.width - 1), Math.min(Math.floor(place[1] * canvas.height), canvas.height - 1)];
      value.textContent = `${(values[y * canvas.width + x] ?? 0).toFixed(1)} here`;
    },
  };
  return self;
}
