/** What a person looks at on a path, and who may run more frames of it. */
import { along, type Weight, within } from "../../blend";
import type { Path } from "../../wire/frames";

export interface PathState {
  /** In frames, from 0; on a closed path it goes to their number, which is the first again. */
  place: number;
  /** In a grid: down and right, 0 to 1. */
  spot: readonly [down: number, right: number];
  words: readonly number[];
  pointed: number | null;
  /** The first and last frame of the part that is marked. */
  range: readonly [number, number] | null;
  playing: boolean;
  /** Of the heat, 0 to 1. */
  opacity: number;
}

export const START: PathState = { place: 0, spot: [0, 0], words: [], pointed: null, range: null, playing: false, opacity: 0.9 };

/** Of the work that Python does for this view; the twin of `_status` in explorer/views/interpolation.py. */
export interface WorkStatus {
  readonly state: "idle" | "waiting" | "running" | "stopping" | "stopped" | "writing" | "done" | "failed";
  /** Frames done and wanted. */
  readonly done?: number;
  readonly wanted?: number;
  readonly step?: number;
  readonly steps?: number;
  readonly message?: string;
  /** What was written. */
  readonly file?: string;
  /** Whether more frames can be run. */
  readonly able?: boolean;
}

/** The kernel, where there is one. */
export interface Kernel {
  status(): WorkStatus;
  refine(between: readonly [number, number], frames: number): void;
  write(kind: string): void;
  stop(): void;
}

export interface PathContext {
  readonly path: Path;
  readonly signal: AbortSignal;
  readonly kernel: Kernel | null;
  get(): Readonly<PathState>;
  set(change: Partial<PathState>): void;
  /** Tells Python the frame and the words. */
  pin(): void;
}

/** What of a path is shown at a place. */
export function weightsOf(path: Path, { place, spot }: Readonly<PathState>): Weight[] {
  if (!path.shape) return along(place, path.frames.length, path.closed);
  const [rows, columns] = path.shape;
  const places = new Map(path.frames.map(({ at }, i) => [`${Math.round(at[0]! * (rows - 1))} ${Math.round(at[1]! * (columns - 1))}`, i]));
  return within(spot[0], spot[1], path.shape, (row, column) => places.get(`${row} ${column}`));
}

/** The frame that has the largest share. */
export function nearest(weights: readonly Weight[]): number {
  return weights.reduce((best, one) => (one.share > best.share ? one : best), weights[0]!).frame;
}

/** The share that each key has in a place: a frame lies between two keys, or in a grid between four. */
export function keyShares(path: Path, weights: readonly Weight[]): number[] {
  const shares = path.keys.map(() => 0);
  for (const { frame, share } of weights) {
    const { at } = path.frames[frame]!;
    if (path.shape) {
      const [down, right] = at as [number, number];
      [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right].forEach((own, i) => (shares[i]! += own * share));
    } else {
      for (const own of along(at[0]!, path.keys.length, path.closed)) shares[own.frame]! += own.share * share;
    }
  }
  return shares;
}

/** The gap with the largest change, or null. */
export function jump(path: Path): number | null {
  if (!path.curve?.length) return null;
  return path.curve.reduce((best, change, gap) => (change > path.curve![best]! ? gap : best), 0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
