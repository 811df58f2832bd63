/** What a person looks at: what is pinned, which Python knows too, and what is only pointed at. */
import { Readout, type Step } from "./readout";
import type { Attention } from "./wire";

export type Pixel = readonly [x: number, y: number];

export interface State {
  word: number | null;
  step: Step;
  pixel: Pixel | null;
  pointedWord: number | null;
  pointedPixel: Pixel | null;
  /** Of the heat, 0 to 1. */
  opacity: number;
  /** One scale for all words, so that they can be compared; else each word's own maximum. */
  oneScale: boolean;
}

/** What follows from the state, computed once for all parts of the view. */
export interface Look {
  readonly state: Readonly<State>;
  /** The word whose heat is shown. */
  readonly word: number | null;
  readonly map: Float32Array | null;
  /** The share that the hottest colour stands for; 0 if none is shown. */
  readonly top: number;
  readonly pixel: Pixel | null;
  readonly cell: number | null;
  /** By row: at the cell, or on average over the picture. */
  readonly shares: Float32Array;
}

/** A part of the view. */
export interface Part {
  readonly element: HTMLElement;
  update(look: Look): void;
}

/** What a part is given. */
export interface Context {
  readonly attention: Attention;
  readonly readout: Readout;
  readonly signal: AbortSignal;
  /** Only this display; nothing leaves the page. */
  set(change: Partial<State>): void;
  /** Pins: this display, the others of the same view, and Python. */
  pin(change: Partial<Pick<State, "word" | "step" | "pixel">>): void;
  get(): Readonly<State>;
}

export function look(attention: Attention, readout: Readout, state: Readonly<State>): Look {
  const word = state.pointedWord ?? state.word;
  const row = word === null ? null : (attention.words[word]?.row ?? null);
  const pixel = state.pointedPixel ?? state.pixel;
  const cell = pixel && readout.cellAt(pixel);
  return {
    state,
    word: row === null ? null : word,
    map: row === null ? null : readout.map(row, state.step),
    top: row === null && !state.oneScale ? 0 : readout.top(state.oneScale ? null : row, state.step),
    pixel,
    cell,
    shares: readout.shares(cell, state.step),
  };
}
