/** What a person looks at: what is pinned, which Python knows too, and what is only pointed at. */
import { type Box, type Heat, type LayerChoice, Readout, type Step } from "./readout";
import type { Run } from "./wire";

export type Pixel = readonly [x: number, y: number];

/** How the attention view lays out its maps. */
export type Arrangement = "overlay" | "beside" | "words" | "steps" | "layers" | "heads";

/** What the steps view shows of a step. */
export type Shown = "predicted" | "latents" | "noise" | "push";

/** What Python knows too; every display of a view shares it. */
export interface Pins {
  /** In the order in which they were chosen, which is that of their colours. */
  words: readonly number[];
  step: Step;
  pixel: Pixel | null;
  box: Box | null;
  layer: LayerChoice;
}

/** Of this display only. */
export interface Local {
  pointedWord: number | null;
  pointedPixel: Pixel | null;
  /** While it is dragged. */
  pointedBox: Box | null;
  /** Of the heat, 0 to 1. */
  opacity: number;
  /** One scale for all words, so that they can be compared; else each word's own maximum. */
  oneScale: boolean;
  /** Shares as multiples of the word's own mean over the picture. */
  relative: boolean;
  /** Of the first two words, instead of both. */
  difference: boolean;
  arrangement: Arrangement;
  shown: Shown;
  /** Latents channel by channel, instead of as a picture. */
  byChannel: boolean;
  /** The guidance that would have been, or null for the run's own. */
  guidance: number | null;
  playing: boolean;
}

export type State = Pins & Local;

export const START: State = {
  words: [],
  step: null,
  pixel: null,
  box: null,
  layer: null,
  pointedWord: null,
  pointedPixel: null,
  pointedBox: null,
  opacity: 0.9,
  oneScale: false,
  relative: true,
  difference: false,
  arrangement: "overlay",
  shown: "predicted",
  byChannel: false,
  guidance: null,
  playing: false,
};

/** A word that is shown, and its heat. */
export interface Seen {
  readonly word: number;
  readonly row: number;
  readonly heat: Heat;
  /** The share that the hottest colour stands for. */
  readonly top: number;
  /** Its place among the selected words, which gives its colour. */
  readonly place: number;
}

/** What follows from the state, computed once for all parts of the view. */
export interface Look {
  readonly state: Readonly<State>;
  /** The words whose heat is shown: the one pointed at, or those selected. */
  readonly seen: readonly Seen[];
  readonly pixel: Pixel | null;
  readonly box: Box | null;
  /** The cells that are asked about; null is the whole picture. */
  readonly cells: readonly number[] | null;
  /** By row: see `Readout.shares`. */
  readonly shares: Float32Array;
}

/** A part of a view. */
export interface Part {
  readonly element: HTMLElement;
  update(look: Look): void;
}

/** What a part is given. */
export interface Context {
  readonly run: Run;
  readonly readout: Readout;
  readonly signal: AbortSignal;
  /** Only this display; nothing leaves the page. */
  set(change: Partial<State>): void;
  /** Pins: this display, the others of the same view, and Python. */
  pin(change: Partial<Pins>): void;
  get(): Readonly<State>;
}

export function look(run: Run, readout: Readout, state: Readonly<State>): Look {
  const { step, layer, relative } = state;
  const chosen = state.pointedWord === null ? state.words : [state.pointedWord];
  const known = chosen.flatMap((word) => {
    const row = run.words[word]?.row;
    return row == null ? [] : [{ word, row, heat: readout.heat(row, step, layer) }];
  });
  // Alike: the same share, or with "relative" the same multiple of each word's mean, gets the same colour.
  const unit = (heat: Heat) => (relative ? Math.max(heat.mean, 1e-9) : 1);
  const alike = state.oneScale
    ? readout.read.reduce((most, { row }) => {
        const heat = readout.heat(row, step, layer);
        return Math.max(most, heat.top / unit(heat));
      }, 0)
    : 0;
  const seen = known.map((one) => ({
    ...one,
    top: state.oneScale ? alike * unit(one.heat) : readout.top(one.row, step, layer),
    place: Math.max(state.words.indexOf(one.word), 0),
  }));
  const pixel = state.pointedPixel ?? state.pixel;
  const box = state.pointedBox ?? (state.pointedPixel ? null : state.box);
  const cells = box ? readout.cellsIn(box) : pixel ? [readout.cellAt(pixel)] : null;
  return { state, seen, pixel: box ? null : pixel, box, cells, shares: readout.shares(cells, step, layer, relative) };
}

/** The step whose picture stands for a choice: the last of a range, the end of the run for all. */
export function lastOf(step: Step, steps: number): number {
  return step === null ? steps - 1 : typeof step === "number" ? step : step[1];
}

/** A step by its number in the run as its place among those that were kept: the nearest, if it is none of them. */
export function placeOf(step: Step, numbers: readonly number[]): Step {
  const place = (one: number) => numbers.reduce((best, number, i) => (Math.abs(number - one) < Math.abs(numbers[best]! - one) ? i : best), 0);
  return step === null ? null : typeof step === "number" ? place(step) : [place(step[0]), place(step[1])];
}

/** The other way round. */
export function numberOf(step: Step, numbers: readonly number[]): Step {
  return step === null ? null : typeof step === "number" ? numbers[step]! : [numbers[step[0]]!, numbers[step[1]]!];
}

/** Adds a word to the selection or takes it out; without `several` it becomes the only one. */
export function toggled(words: readonly number[], word: number, several: boolean): readonly number[] {
  if (several) return words.includes(word) ? words.filter((one) => one !== word) : [...words, word];
  return words.length === 1 && words[0] === word ? [] : [word];
}
