/** Draws a small map as a smooth sheet of heat. */
import { chosen, type Colour, STRONGEST, tableFor } from "./colour";

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

/** One map and how its values become colours. */
export interface Layer {
  /** (y, x) */
  readonly map: Float32Array;
  /** What is this or more gets the full colour. */
  readonly top: number;
  readonly colour: Colour;
}

/** How dark the picture becomes under words in their own colours, so that these stand out. */
const SHADE = 0.5;

export class Sheet {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly rows: Taps;
  private readonly columns: Taps;
  private readonly between: Float32Array;
  private readonly fine: Float32Array;
  private drawn: readonly unknown[] = [];

  /** height, width: of the maps; the canvas is set to about `side` pixels. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly height: number,
    private readonly width: number,
    side = 256,
    /** Over nothing rather than over the picture. */
    private readonly opaque = false,
  ) {
    const factor = Math.max(1, Math.round(side / Math.max(height, width)));
    canvas.width = width * factor;
    canvas.height = height * factor;
    this.context = canvas.getContext("2d");
    this.rows = taps(height, canvas.height);
    this.columns = taps(width, canvas.width);
    this.between = new Float32Array(height * canvas.width);
    this.fine = new Float32Array(canvas.height * canvas.width);
  }

  /** One word, in the colours of heat. map: (y, x); what is `top` or more gets the hottest colour. null clears. */
  draw(map: Float32Array | null, top: number): void {
    const stops = chosen();
    if (!this.anew("heat", map, top, stops)) return;
    if (!map) return this.context!.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.smooth(map);
    const { fine } = this;
    const unit = top > 0 ? 255 / top : 0;
    const colours = new Uint32Array(tableFor(stops).buffer);
    this.put((pixels) => {
      for (let at = 0; at < fine.length; at++) pixels[at] = colours[Math.min(Math.max(Math.round(fine[at]! * unit), 0), 255)]!;
    });
  }

  /** Several words, each in its own colour; where two of them look, their colours mix. */
  drawMany(layers: readonly Layer[]): void {
    if (!this.anew("many", ...layers.flatMap(({ map, top, colour }) => [map, top, ...colour]))) return;
    const size = this.fine.length;
    const sums = new Float32Array(size * 4); // red, green, blue, all; the strongest is kept apart
    const strongest = new Float32Array(size);
    for (const { map, top, colour } of layers) {
      this.smooth(map);
      const unit = top > 0 ? 1 / top : 0;
      for (let at = 0; at < size; at++) {
        const share = Math.min(Math.max(this.fine[at]! * unit, 0), 1);
        const weight = share * share; // the stronger word wins, else all mix to grey
        for (let i = 0; i < 3; i++) sums[at * 4 + i]! += weight * colour[i]!;
        sums[at * 4 + 3]! += weight;
        if (share > strongest[at]!) strongest[at] = share;
      }
    }
    this.put((pixels) => {
      for (let at = 0; at < size; at++) {
        const share = strongest[at]!;
        const all = Math.max(sums[at * 4 + 3]!, 1e-9);
        const cover = SHADE + (STRONGEST - SHADE) * share;
        // Black shade below, colour by its share.
        const ink = (share * STRONGEST) / cover;
        const [r, g, b] = [0, 1, 2].map((i) => Math.round((sums[at * 4 + i]! / all) * Math.min(ink, 1)));
        pixels[at] = ((Math.round(cover * 255) << 24) | (b! << 16) | (g! << 8) | r!) >>> 0;
      }
    });
  }

  /** What one word has more of than another, in its colour, and the other way round. */
  drawDifference(one: Layer, other: Layer): void {
    if (!this.anew("difference", one.map, one.top, other.map, other.top)) return;
    this.smooth(one.map.map((share, i) => share / (one.top || 1) - other.map[i]! / (other.top || 1)));
    const { fine } = this;
    this.put((pixels) => {
      for (let at = 0; at < fine.length; at++) {
        const more = Math.min(Math.max(fine[at]!, -1), 1);
        const [r, g, b] = (more > 0 ? one : other).colour;
        const share = Math.abs(more);
        const cover = SHADE + (STRONGEST - SHADE) * share;
        const ink = Math.min((share * STRONGEST) / cover, 1);
        pixels[at] = ((Math.round(cover * 255) << 24) | (Math.round(b * ink) << 16) | (Math.round(g * ink) << 8) | Math.round(r * ink)) >>> 0;
      }
    });
  }

  /** Whether this is not what the canvas shows already. */
  private anew(...what: unknown[]): boolean {
    if (!this.context || (what.length === this.drawn.length && what.every((one, i) => one === this.drawn[i]))) return false;
    this.drawn = what;
    return true;
  }

  /** Brings a map to the canvas's size, into `fine`. */
  private smooth(map: Float32Array): void {
    const { canvas, between, columns, rows, fine } = this;
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < canvas.width; x++) {
        let sum = 0;
        for (let k = x * 4; k < x * 4 + 4; k++) sum += columns.weights[k]! * map[y * this.width + columns.places[k]!]!;
        between[y * canvas.width + x] = sum;
      }
    }
    for (let y = 0, at = 0; y < canvas.height; y++) {
      for (let x = 0; x < canvas.width; x++, at++) {
        let sum = 0;
        for (let k = y * 4; k < y * 4 + 4; k++) sum += rows.weights[k]! * between[rows.places[k]! * canvas.width + x]!;
        fine[at] = sum;
      }
    }
  }

  private put(fill: (pixels: Uint32Array) => void): void {
    const image = this.context!.createImageData(this.canvas.width, this.canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    fill(pixels);
    if (this.opaque) for (let at = 0; at < pixels.length; at++) pixels[at]! |= 0xff000000;
    this.context!.putImageData(image, 0, 0);
  }
}
