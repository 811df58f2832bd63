/** Draws a small map as a smooth sheet of heat. */
import { TABLE } from "./colour";

interface Taps {
  readonly places: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Catmull-Rom weights that bring `from` samples to `to`, the edge repeated: smooth, and through the very values at the cells'
 * centres. Colours are taken after, since blending colours of a coarse grid gives hues that stand for no value.
 */
export function taps(from: number, to: number): Taps {
  const places = new Int32Array(to * 4);
  const weights = new Float32Array(to * 4);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(centre);
    const t = centre - first;
    const own = [
      ((2 - t) * t - 1) * t * 0.5,
      ((3 * t - 5) * t * t + 2) * 0.5,
      ((4 - 3 * t) * t + 1) * t * 0.5,
      (t - 1) * t * t * 0.5,
    ];
    for (let k = 0; k < 4; k++) {
      places[i * 4 + k] = Math.min(Math.max(first - 1 + k, 0), from - 1);
      weights[i * 4 + k] = own[k]!;
    }
  }
  return { places, weights };
}

export class Sheet {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly rows: Taps;
  private readonly columns: Taps;
  private readonly between: Float32Array;
  private map: Float32Array | null = null;
  private top = 0;

  /** height, width: of the maps; the canvas is set to about `side` pixels. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly height: number,
    private readonly width: number,
    side = 256,
  ) {
    const factor = Math.max(1, Math.round(side / Math.max(height, width)));
    canvas.width = width * factor;
    canvas.height = height * factor;
    this.context = canvas.getContext("2d");
    this.rows = taps(height, canvas.height);
    this.columns = taps(width, canvas.width);
    this.between = new Float32Array(height * canvas.width);
  }

  /** map: (y, x); what is `top` or more gets the hottest colour. null clears. */
  draw(map: Float32Array | null, top: number): void {
    const { canvas, context, between, columns, rows } = this;
    if (!context || (map === this.map && top === this.top)) return;
    [this.map, this.top] = [map, top];
    if (!map) return context.clearRect(0, 0, canvas.width, canvas.height);
    const image = context.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = new Uint32Array(TABLE.buffer);
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < canvas.width; x++) {
        let sum = 0;
        for (let k = x * 4; k < x * 4 + 4; k++) sum += columns.weights[k]! * map[y * this.width + columns.places[k]!]!;
        between[y * canvas.width + x] = sum;
      }
    }
    const unit = top > 0 ? 255 / top : 0;
    for (let y = 0, at = 0; y < canvas.height; y++) {
      for (let x = 0; x < canvas.width; x++, at++) {
        let sum = 0;
        for (let k = y * 4; k < y * 4 + 4; k++) sum += rows.weights[k]! * between[rows.places[k]! * canvas.width + x]!;
        pixels[at] = colours[Math.min(Math.max(Math.round(sum * unit), 0), 255)]!;
      }
    }
    context.putImageData(image, 0, 0);
  }
}
