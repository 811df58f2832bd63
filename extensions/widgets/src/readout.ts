/** The numbers behind the view: a word's map, a point's words. The same as explorer/analysis, but for the rounding to bytes. */
import type { Attention } from "./wire";

export interface Share {
  /** Index in `words`. */
  readonly word: number;
  readonly share: number;
}

/** A step, counted from 0, or null for the mean over all steps. */
export type Step = number | null;

export class Readout {
  readonly cells: number;
  /** The words that have a map. */
  private readonly read: readonly { word: number; row: number }[];
  private readonly means = new Map<number, Float32Array>();
  private readonly tops = new Map<number, number>();
  private last: { row: number; step: number; map: Float32Array } | null = null;
  private readonly averages = new Map<Step, Float32Array>();

  constructor(private readonly attention: Attention) {
    this.cells = attention.height * attention.width;
    this.read = attention.words.flatMap(({ row }, word) => (row === null ? [] : [{ word, row }]));
  }

  /** The cell in which a pixel of the picture lies. */
  cellAt([x, y]: readonly [number, number]): number {
    const { height, width, picture } = this.attention;
    return Math.floor((y * height) / picture.height) * width + Math.floor((x * width) / picture.width);
  }

  /** The pixel in the middle of a cell. */
  pixelOf(cell: number): [number, number] {
    const { height, width, picture } = this.attention;
    const [row, column] = [Math.floor(cell / width), cell % width];
    return [Math.floor(((column + 0.5) * picture.width) / width), Math.floor(((row + 0.5) * picture.height) / height)];
  }

  /** (y, x), shares from 0 to 1; the same array as long as the same map is asked for. */
  map(row: number, step: Step): Float32Array {
    if (step === null) return this.mean(row);
    if (this.last?.row !== row || this.last.step !== step) {
      const { steps, maps, scales } = this.attention;
      const unit = (scales[row] ?? 0) / 255;
      const map = new Float32Array(this.cells);
      for (let cell = 0, at = (row * steps + step) * this.cells; cell < this.cells; cell++, at++) map[cell] = maps[at]! * unit;
      this.last = { row, step, map };
    }
    return this.last.map;
  }

  /** The share at the top of the scale. Within one word it is the same for each step, so that steps can be compared. */
  top(row: number | null, step: Step): number {
    if (row === null) return this.read.reduce((top, one) => Math.max(top, this.top(one.row, step)), 0);
    if (step !== null) return this.attention.scales[row] ?? 0;
    this.mean(row);
    return this.tops.get(row) ?? 0;
  }

  /** The share of every word, by row: at one cell, or on average over the picture. */
  shares(cell: number | null, step: Step): Float32Array {
    if (cell === null) return this.average(step);
    const { steps, maps, scales } = this.attention;
    return Float32Array.from(scales, (scale, row) =>
      step === null ? (this.mean(row)[cell] ?? 0) : ((maps[(row * steps + step) * this.cells + cell] ?? 0) * scale) / 255,
    );
  }

  /** The words, the largest share first. */
  ranked(shares: Float32Array): Share[] {
    return this.read
      .map(({ word, row }) => ({ word, share: shares[row] ?? 0 }))
      .sort((one, other) => other.share - one.share || one.word - other.word);
  }

  private mean(row: number): Float32Array {
    let mean = this.means.get(row);
    if (!mean) {
      const { steps, maps, scales } = this.attention;
      mean = new Float32Array(this.cells);
      for (let step = 0, at = row * steps * this.cells; step < steps; step++) {
        for (let cell = 0; cell < this.cells; cell++, at++) mean[cell]! += maps[at]!;
      }
      const unit = (scales[row] ?? 0) / (255 * steps);
      let top = 0;
      for (let cell = 0; cell < this.cells; cell++) top = Math.max(top, (mean[cell]! *= unit));
      this.means.set(row, mean);
      this.tops.set(row, top);
    }
    return mean;
  }

  private average(step: Step): Float32Array {
    let average = this.averages.get(step);
    if (!average) {
      const { steps, maps, scales } = this.attention;
      average = new Float32Array(scales.length);
      for (let row = 0; row < scales.length; row++) {
        // All steps of a word lie side by side, and so do the cells of a step.
        const [first, count] = step === null ? [row * steps, steps] : [row * steps + step, 1];
        let sum = 0;
        for (let at = first * this.cells; at < (first + count) * this.cells; at++) sum += maps[at]!;
        average[row] = (sum * (scales[row] ?? 0)) / (255 * count * this.cells);
      }
      this.averages.set(step, average);
    }
    return average;
  }
}
