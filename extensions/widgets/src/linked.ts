/** Several runs on one selection: what is pointed at or chosen in one is so in all. Each run has a context of its own. */
import { Readout, type Box, type Step } from "./readout";
import { type Context, type Look, look, type Pins, type Pixel, START, type State } from "./state";
import type { Compared } from "./wire/comparison";
import type { Run } from "./wire";

const NOWHERE = -1; // a chosen word that a run lacks keeps its place, and so the others their colours

export class Linked {
  readonly contexts: readonly Context[];
  /** For each run the index of the word, or null. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** Words are rows, steps and pixels those of the first run. */
  private readonly shared: State = { ...START };
  private readonly readouts: readonly Readout[];
  private readonly runs: readonly Run[];

  constructor(
    compared: Compared,
    signal: AbortSignal,
    private readonly changed: () => void,
    private readonly pinned: (pins: Partial<Pins>) => void,
  ) {
    this.runs = compared.runs.map(({ run }) => run);
    this.rows = [...compared.rows, ...unwanted(this.runs)];
    this.readouts = this.runs.map((run) => new Readout(run));
    this.contexts = this.runs.map((run, i) => ({
      run,
      readout: this.readouts[i]!,
      signal,
      get: () => this.stateOf(i),
      set: (change) => this.set(this.fromRun(i, change)),
      pin: (change) => this.pin(this.fromRun(i, change)),
    }));
  }

  get state(): Readonly<State> {
    return this.shared;
  }
  set(change: Partial<State>): void {
    Object.assign(this.shared, change);
    this.changed();
  }
  pin(change: Partial<Pins>): void {
    this.set(change);
    this.pinned(change);
  }

  /** What follows from the state, for each run. A word has one scale in all of them, so that its maps can be compared. */
  looks(): Look[] {
    const all = this.runs.map((run, i) => look(run, this.readouts[i]!, this.stateOf(i)));
    const tops = new Map<number, number>();
    const rowOf = (i: number, word: number) => this.rows.findIndex((row) => row[i] === word);
    all.forEach(({ seen }, i) => seen.forEach(({ word, top }) => tops.set(rowOf(i, word), Math.max(tops.get(rowOf(i, word)) ?? 0, top))));
    return all.map((one, i) => ({ ...one, seen: one.seen.map((seen) => ({ ...seen, top: tops.get(rowOf(i, seen.word))! })) }));
  }

  /** Whether only some of the runs have the word. */
  single(run: number, word: number): boolean {
    return this.rows.some((row) => row[run] === word && row.some((other) => other === null));
  }

  private stateOf(run: number): State {
    const { words, pointedWord, step, pixel, box, pointedPixel, pointedBox, ...rest } = this.shared;
    const wordOf = (row: number) => this.rows[row]?.[run] ?? NOWHERE;
    const [from, to] = [this.runs[0]!, this.runs[run]!];
    return {
      ...rest,
      words: words.map(wordOf),
      pointedWord: pointedWord === null ? null : wordOf(pointedWord),
      step: steps(step, from.steps, to.steps),
      pixel: pixel && place(pixel, from, to),
      pointedPixel: pointedPixel && place(pointedPixel, from, to),
      box: box && part(box, from, to),
      pointedBox: pointedBox && part(pointedBox, from, to),
    };
  }

  private fromRun(run: number, change: Partial<State>): Partial<State> {
    const found: Partial<State> = { ...change };
    const rowOf = (word: number) => this.rows.findIndex((row) => row[run] === word);
    const [from, to] = [this.runs[run]!, this.runs[0]!];
    if (change.words) {
      const lacking = this.shared.words.filter((row) => this.rows[row]?.[run] == null);
      found.words = change.words.map((word) => (word === NOWHERE ? lacking.shift()! : rowOf(word))).filter((row) => row >= 0);
    }
    if (change.pointedWord != null) found.pointedWord = rowOf(change.pointedWord);
    if (change.step !== undefined) found.step = steps(change.step, from.steps, to.steps);
    for (const name of ["pixel", "pointedPixel"] as const) if (change[name]) found[name] = place(change[name], from, to);
    for (const name of ["box", "pointedBox"] as const) if (change[name]) found[name] = part(change[name], from, to);
    return found;
  }
}

/** The same share of another run's steps. */
function steps(step: Step, from: number, to: number): Step {
  const moved = (one: number) => (from === to ? one : Math.round((one * (to - 1)) / Math.max(from - 1, 1)));
  return step === null ? null : typeof step === "number" ? moved(step) : [moved(step[0]), moved(step[1])];
}
function place([x, y]: Pixel, from: Run, to: Run): Pixel {
  const moved = (at: number, old: number, size: number) => Math.min(Math.floor(((at + 0.5) * size) / old), size - 1);
  return [moved(x, from.picture.width, to.picture.width), moved(y, from.picture.height, to.picture.height)];
}
function part([left, top, right, bottom]: Box, from: Run, to: Run): Box {
  const [x, y] = [to.picture.width / from.picture.width, to.picture.height / from.picture.height];
  const [l, t] = [Math.floor(left * x), Math.floor(top * y)];
  return [l, t, Math.max(l + 1, Math.round(right * x)), Math.max(t + 1, Math.round(bottom * y))];
}

/** The words of the negative prompts, by their text: they are not aligned by Python. */
function unwanted(runs: readonly Run[]): (number | null)[][] {
  const rows = new Map<string, (number | null)[]>();
  runs.forEach(({ words }, i) => {
    const times = new Map<string, number>();
    words.forEach(({ text, negative }, index) => {
      if (!negative) return;
      const before = times.get(text) ?? 0;
      times.set(text, before + 1);
      const key = `${before} ${text}`;
      const row = rows.get(key) ?? runs.map(() => null);
      row[i] = index;
      rows.set(key, row);
    });
  });
  return [...rows.values()];
}
