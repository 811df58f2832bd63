/** The numbers behind the views: a word's map, a point's words. The same as explorer/analysis, but for the rounding to bytes. */
import type { Layer, Run } from "./wire";

export interface Share {
  /** Index in `words`. */
  readonly word: number;
  readonly share: number;
}

/** A step, counted from 0; a range of steps, both ends included; or null for all. */
export type Step = number | readonly [first: number, last: number] | null;

/** A part of a picture, in pixels: left, top, right, bottom, the last two excluded. */
export type Box = readonly [number, number, number, number];

/** The name of a layer, of a module of which each head was kept, a grid ("16x16"), or null for all. */
export type LayerChoice = string | null;

/** The module that a layer's maps are of: another than the layer where that is one of its heads. */
export function moduleOf(layer: string): string {
  return layer.includes(" to ") ? layer : layer.replace(/ head \d+$/, "");
}

/** A map and the statistics that the views ask for. */
export interface Heat {
  /** (y, x), shares from 0 to 1. */
  readonly map: Float32Array;
  readonly top: number;
  readonly mean: number;
}

export class Readout {
  readonly cells: number;
  /** The words of the prompt that have a map; those of the negative prompt share another reading's attention. */
  readonly read: readonly { word: number; row: number }[];
  private readonly kept = new Map<string, Heat>();

  constructor(private readonly run: Run) {
    this.cells = run.attention.height * run.attention.width;
    this.read = run.words.flatMap(({ row, negative }, word) => (row === null || negative ? [] : [{ word, row }]));
  }

  /** The cell in which a pixel of the picture lies. */
  cellAt([x, y]: readonly [number, number]): number {
    const { picture, attention } = this.run;
    return Math.floor((y * attention.height) / picture.height) * attention.width + Math.floor((x * attention.width) / picture.width);
  }

  /** The pixel in the middle of a cell. */
  pixelOf(cell: number): [number, number] {
    const { picture, attention } = this.run;
    const [row, column] = [Math.floor(cell / attention.width), cell % attention.width];
    return [
      Math.floor(((column + 0.5) * picture.width) / attention.width),
      Math.floor(((row + 0.5) * picture.height) / attention.height),
    ];
  }

  /** The cells that a box touches. */
  cellsIn([left, top, right, bottom]: Box): number[] {
    const { width } = this.run.attention;
    const [first, last] = [this.cellAt([left, top]), this.cellAt([Math.max(right - 1, left), Math.max(bottom - 1, top)])];
    const cells: number[] = [];
    for (let row = Math.floor(first / width); row <= Math.floor(last / width); row++) {
      for (let column = first % width; column <= last % width; column++) cells.push(row * width + column);
    }
    return cells;
  }

  /** A word's map over the chosen steps and layers; the same object as long as the same is asked for. */
  heat(row: number, step: Step, layer: LayerChoice = null): Heat {
    const key = `${row}/${Array.isArray(step) ? step.join("-") : step}/${layer ?? ""}`;
    let heat = this.kept.get(key);
    if (!heat) {
      // Scrubbing to and fro must not fill the memory: some hundred maps of 64 x 64 are a few megabytes.
      if (this.kept.size > 600) this.kept.clear();
      const map = layer === null ? this.mean(row, step) : this.ofLayers(row, step, layer);
      let [top, sum] = [0, 0];
      for (const share of map) {
        sum += share;
        if (share > top) top = share;
      }
      heat = { map, top, mean: sum / map.length };
      this.kept.set(key, heat);
    }
    return heat;
  }

  /** The share at the top of the scale. Within one word it is the same for each step, so that steps can be compared. */
  top(row: number, step: Step, layer: LayerChoice = null): number {
    return typeof step === "number" && layer === null ? (this.run.attention.scales[row] ?? 0) : this.heat(row, step, layer).top;
  }

  /**
   * Every word, by row, at some cells or over the whole picture. Absolute: its share of the attention. Relative: how many
   * times its own mean over the picture that is; over the whole picture, at its strongest place.
   */
  shares(cells: readonly number[] | null, step: Step, layer: LayerChoice = null, relative = false): Float32Array {
    return Float32Array.from(this.run.attention.scales, (_, row) => {
      const { map, top, mean } = this.heat(row, step, layer);
      let share = relative ? top : mean;
      if (cells) share = cells.reduce((sum, cell) => sum + (map[cell] ?? 0), 0) / Math.max(cells.length, 1);
      return relative ? (mean > 1e-9 ? share / mean : 0) : share;
    });
  }

  /** The words, the largest share first. */
  ranked(shares: Float32Array): Share[] {
    return this.read
      .map(({ word, row }) => ({ word, share: shares[row] ?? 0 }))
      .sort((one, other) => other.share - one.share || one.word - other.word);
  }

  /** The layers that a choice stands for. */
  chosen(layer: LayerChoice): readonly Layer[] {
    return (this.run.layers?.layers ?? []).filter(({ name, grid }) => layer === null || name === layer || grid === layer || moduleOf(name) === layer);
  }

  private mean(row: number, step: Step): Float32Array {
    const { maps, scales } = this.run.attention;
    const [first, last] = span(step, this.run.steps);
    const mean = new Float32Array(this.cells);
    let at = (row * this.run.steps + first) * this.cells;
    for (let one = first; one <= last; one++) {
      for (let cell = 0; cell < this.cells; cell++, at++) mean[cell]! += maps[at]!;
    }
    const unit = (scales[row] ?? 0) / (255 * (last - first + 1));
    for (let cell = 0; cell < this.cells; cell++) mean[cell]! *= unit;
    return mean;
  }

  /** Mean over some layers, each brought to the large grid bilinearly, as explorer.analysis.heat does. */
  private ofLayers(row: number, step: Step, choice: LayerChoice): Float32Array {
    const { ranges } = this.run.layers ?? { ranges: [] };
    const [first, last] = span(step, this.run.steps);
    const among = ranges.flatMap(([from, to], i) => (to >= first && from <= last ? [{ i, steps: Math.min(to, last) - Math.max(from, first) + 1 }] : []));
    const all = among.reduce((sum, { steps }) => sum + steps, 0);
    const total = new Float32Array(this.cells);
    const layers = this.chosen(choice);
    for (const layer of layers) {
      const cells = layer.height * layer.width;
      const own = new Float32Array(cells);
      for (const { i, steps } of among) {
        const unit = ((layer.scales[row] ?? 0) / 255) * (steps / Math.max(all, 1));
        for (let cell = 0, at = (row * ranges.length + i) * cells; cell < cells; cell++, at++) own[cell]! += layer.maps[at]! * unit;
      }
      const { height, width } = this.run.attention;
      resize(own, layer.height, layer.width, height, width).forEach((share, cell) => (total[cell]! += share / layers.length));
    }
    return total;
  }
}

/** First and last step of a choice. */
export function span(step: Step, steps: number): readonly [number, number] {
  if (step === null) return [0, steps - 1];
  return typeof step === "number" ? [step, step] : step;
}

/** Bilinear by pixel centres, the edge repeated. */
export function resize(map: Float32Array, height: number, width: number, tall: number, wide: number): Float32Array {
  if (height === tall && width === wide) return map;
  const found = new Float32Array(tall * wide);
  for (let y = 0; y < tall; y++) {
    const down = Math.min(Math.max(((y + 0.5) * height) / tall - 0.5, 0), height - 1);
    const [top, below] = [Math.floor(down), Math.min(Math.floor(down) + 1, height - 1)];
    for (let x = 0; x < wide; x++) {
      const along = Math.min(Math.max(((x + 0.5) * width) / wide - 0.5, 0), width - 1);
      const [left, right] = [Math.floor(along), Math.min(Math.floor(along) + 1, width - 1)];
      const upper = map[top * width + left]! * (1 - (along - left)) + map[top * width + right]! * (along - left);
      const lower = map[below * width + left]! * (1 - (along - left)) + map[below * width + right]! * (along - left);
      found[y * wide + x] = upper * (1 - (down - top)) + lower * (down - top);
    }
  }
  return found;
}
