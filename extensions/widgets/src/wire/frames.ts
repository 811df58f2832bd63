/** A path between runs, decoded and checked. The twin of explorer/wire/frames.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Key {
  readonly prompt: string;
  readonly seed: number;
  readonly guidance: number;
}

export interface PathWord {
  readonly text: string;
  /** Which of the prompts have it, counted in the order of the keys. */
  readonly prompts: readonly number[];
}

export interface PathFrame {
  /** 0 is the first key, 1 the second; in a grid down and right, 0 to 1. */
  readonly at: readonly number[];
  readonly key: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Path {
  readonly title: string;
  readonly keys: readonly Key[];
  readonly method: string;
  readonly spacing: string;
  readonly closed: boolean;
  readonly shape: readonly [rows: number, columns: number] | null;
  readonly asked: number;
  readonly picture: { readonly type: string; readonly width: number; readonly height: number };
  readonly frames: readonly PathFrame[];
  readonly words: readonly PathWord[];
  readonly height: number;
  readonly width: number;
  /** By word: what a byte of 255 stands for, a share of a position's attention. */
  readonly scales: readonly number[];
  /** A word's map in a frame, (y, x), or null where the frame's prompt lacks it. */
  map(frame: number, word: number): Uint8Array | null;
  /** The change from each frame to the next; null in a grid. */
  readonly curve: readonly number[] | null;
  readonly unevenness: number | null;
  /** Whether Python can write films. */
  readonly film: boolean;
}

type Raw = Omit<Path, "frames" | "height" | "width" | "scales" | "map"> & {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  frames: { at: number[]; key: boolean; span: [number, number] }[];
  maps: { height: number; width: number; rows: (number | null)[][]; scales: number[] };
};

/** Views on the one buffer: nothing is copied. */
export function decodeFrames(raw: unknown, data: DataView<ArrayBuffer>): Path {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "frames", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const block = (name: string): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && place[0] + place[1] <= data.byteLength, `${name} is missing`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  const [pictures, maps] = [block("pictures"), block("maps")];
  const { height, width, rows, scales } = meta.maps;
  const cells = height * width;
  need(meta.frames.length > 0 && rows.length === meta.frames.length, "no frames");
  need(scales.length === meta.words.length && rows.every((row) => row.length === meta.words.length), "a word without its scale");
  need(rows.every((row) => row.every((one) => one === null || (one + 1) * cells <= maps.length)), "a map lies beyond the end");
  need(meta.frames.every(({ span: [offset, bytes] }) => offset + bytes <= pictures.length), "a picture lies beyond the end");
  return {
    ...meta,
    height,
    width,
    scales,
    frames: meta.frames.map(({ at, key, span: [offset, bytes] }) => ({ at, key, bytes: pictures.subarray(offset, offset + bytes) })),
    map(frame, word) {
      const row = rows[frame]?.[word];
      return row == null ? null : maps.subarray(row * cells, (row + 1) * cells);
    },
  };
}
