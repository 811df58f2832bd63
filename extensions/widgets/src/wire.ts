/** What Python sends, decoded and checked. The twin of explorer/wire.py. */

export const VERSION = 1;

export interface Word {
  readonly text: string;
  /** Characters of the prompt, counted in code points as Python does. */
  readonly start: number;
  readonly end: number;
  readonly pieces: readonly string[];
  /** Some of it lies beyond the text encoder's limit. */
  readonly cut: boolean;
  /** Its row in `maps`, or null if the model did not read it. */
  readonly row: number | null;
}

export interface Picture {
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Attention {
  readonly prompt: string;
  readonly words: readonly Word[];
  /** Words beyond the limit that were not even sent. */
  readonly omitted: number;
  readonly limit: number;
  readonly steps: number;
  readonly height: number;
  readonly width: number;
  /** (row, step, y, x); a byte stands for byte / 255 * scales[row], a share of the position's attention. */
  readonly maps: Uint8Array;
  readonly scales: readonly number[];
  readonly timesteps: readonly (number | null)[];
  readonly sigmas: readonly (number | null)[];
  readonly picture: Picture;
}

function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The data of this view can't be read (${what}): run the cell again.`);
}

type Meta = Omit<Attention, "steps" | "height" | "width" | "maps" | "picture"> & {
  version: number;
  kind: string;
  shape: [number, number, number, number];
  picture: Omit<Picture, "bytes"> & { offset: number; bytes: number };
};

/** Typed arrays that are views on the one buffer: nothing is copied. */
export function decode(raw: unknown, data: DataView<ArrayBuffer> | Uint8Array<ArrayBuffer>): Attention {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Meta;
  need(meta.kind === "attention", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  need(Array.isArray(meta.shape) && meta.shape.length === 4, "no shape");
  const [rows, steps, height, width] = meta.shape;
  need(meta.shape.every((n) => Number.isInteger(n) && n >= 0) && steps > 0 && height > 0 && width > 0, "an odd shape");
  const { offset, bytes, type, alt, width: across, height: down } = meta.picture;
  need(offset === rows * steps * height * width, "the maps don't fill their shape");
  need(data.byteLength === offset + bytes, `${data.byteLength} bytes, expected ${offset + bytes}`);
  need(meta.scales.length === rows, "a word without its scale");
  need(meta.timesteps.length === steps && meta.sigmas.length === steps, "a step without its time");
  need(
    meta.words.every(({ row }) => row === null || (Number.isInteger(row) && row >= 0 && row < rows)),
    "a word without its map",
  );
  return {
    prompt: meta.prompt,
    words: meta.words,
    omitted: meta.omitted,
    limit: meta.limit,
    steps,
    height,
    width,
    maps: new Uint8Array(data.buffer, data.byteOffset, offset),
    scales: meta.scales,
    timesteps: meta.timesteps,
    sigmas: meta.sigmas,
    picture: { type, alt, width: across, height: down, bytes: new Uint8Array(data.buffer, data.byteOffset + offset, bytes) },
  };
}
