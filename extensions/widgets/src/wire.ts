/** What Python sends, decoded and checked. The twin of explorer/wire. */

export const VERSION = 2;

export interface Word {
  readonly text: string;
  /** Characters of the prompt, counted in code points as Python does. */
  readonly start: number;
  readonly end: number;
  readonly pieces: readonly string[];
  /** The pieces' rows in the text encoder's sequence. */
  readonly places: readonly number[];
  /** Some of it lies beyond the text encoder's limit. */
  readonly cut: boolean;
  /** Outside the language of a model that was taught a closed one. */
  readonly unknown?: boolean;
  /** Its row in the maps, or null if the model did not read it. */
  readonly row: number | null;
  /** A word of the negative prompt, which the unconditional prediction reads. */
  readonly negative?: boolean;
}

export interface Picture {
  readonly type: string;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Attention {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  /** (row, step, y, x); a byte stands for byte / 255 * scales[row], a share of the position's attention. */
  readonly maps: Uint8Array;
  readonly scales: readonly number[];
  /** By row: the number of the step from which on the map stays as it is at the end. */
  readonly settled: readonly number[];
}

export interface Layer {
  readonly name: string;
  /** "16x16": height x width of the queries. */
  readonly grid: string;
  readonly height: number;
  readonly width: number;
  /** (row, range, y, x), as `Attention.maps`. */
  readonly maps: Uint8Array;
  readonly scales: readonly number[];
}

export interface Layers {
  /** First and last step of each range. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly layers: readonly Layer[];
}

export type FieldName = "latents" | "predicted" | "noise" | "push";

export interface Fields {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** (step, channel, y, x); `latents` has one step more, and begins with the noise that the run started from. */
  readonly values: Readonly<Partial<Record<FieldName, Uint8Array>>>;
  /** What bytes 0 and 255 of each channel stand for. */
  readonly limits: Readonly<Partial<Record<FieldName, readonly (readonly [number, number])[]>>>;
  /** The linear decoder of explorer/analysis/sketch.py. */
  readonly weights: Float32Array;
  readonly factor: number;
  /** Steps whose start was not kept: without a noisy latent and a noise prediction. */
  readonly absent: readonly number[];
}

export interface Curves {
  readonly change: readonly (number | null)[];
  /** Cycles per picture, from and to. */
  readonly bands: readonly (readonly [number, number])[];
  /** (band, step) */
  readonly power: readonly (readonly (number | null)[])[];
  readonly agreement: readonly (readonly (number | null)[])[];
}

export interface Mask {
  readonly words: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
}

/** One run. What a view did not ask for is null. */
export interface Run {
  readonly prompt: string;
  readonly negative: string;
  readonly words: readonly Word[];
  /** Words beyond the limit that were not even sent. */
  readonly omitted: number;
  readonly limit: number;
  readonly steps: number;
  /** Which of the run's steps these are, from 0; with gaps where only some were kept. Everything else counts the kept ones. */
  readonly numbers: readonly number[];
  readonly timesteps: readonly (number | null)[];
  readonly sigmas: readonly (number | null)[];
  readonly seed: string;
  readonly guidance: number;
  readonly scheduler: string;
  readonly model: string;
  readonly picture: Picture;
  readonly attention: Attention;
  readonly layers: Layers | null;
  readonly fields: Fields | null;
  readonly pictures: { readonly type: string; readonly width: number; readonly height: number; readonly files: readonly Uint8Array<ArrayBuffer>[] } | null;
  readonly curves: Curves | null;
  readonly masks: readonly Mask[];
}

function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The data of this view can't be read (${what}): run the cell again.`);
}

type Raw = Omit<Run, "attention" | "layers" | "fields" | "pictures" | "picture" | "masks"> & {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  picture: Omit<Picture, "bytes">;
  attention: { shape: [number, number, number, number]; scales: number[]; settled: number[] } | null;
  layers: { ranges: [number, number][]; layers: (Omit<Layer, "maps"> & { offset: number })[] } | null;
  fields: { channels: number; height: number; width: number; factor: number; limits: Fields["limits"]; absent: number[] } | null;
  pictures: { type: string; width: number; height: number; spans: [number, number][] } | null;
  masks: (Omit<Mask, "pixels"> & { offset: number })[];
};

/** Typed arrays that are views on the one buffer: nothing is copied (but a few weights, if the buffer lies at an odd place). */
export function decode(raw: unknown, data: DataView<ArrayBuffer> | Uint8Array<ArrayBuffer>): Run {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "trace", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  need(Number.isInteger(meta.steps) && meta.steps > 0, "no steps");
  need(meta.numbers.length === meta.steps, "a step without its number");
  need(meta.timesteps.length === meta.steps && meta.sigmas.length === meta.steps, "a step without its time");
  const end = Object.values(meta.blocks).reduce((most, [offset, bytes]) => Math.max(most, offset + bytes), 0);
  need(data.byteLength >= end && data.byteLength < end + 4, `${data.byteLength} bytes, expected ${end}`);
  const block = (name: string, bytes?: number): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && (bytes === undefined || place[1] === bytes), `${name} does not fill its shape`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  const attention = attentionOf(meta, block);
  return {
    ...meta,
    picture: { ...meta.picture, bytes: block("picture") },
    attention,
    layers: layersOf(meta, attention.rows, block),
    fields: fieldsOf(meta, block),
    pictures: meta.pictures && {
      ...meta.pictures,
      files: meta.pictures.spans.map(([offset, bytes]) => block("pictures").subarray(offset, offset + bytes)),
    },
    masks: meta.masks.map((mask) => ({ ...mask, pixels: block("masks").subarray(mask.offset, mask.offset + mask.height * mask.width) })),
  };
}

type Block = (name: string, bytes?: number) => Uint8Array<ArrayBuffer>;

function attentionOf(meta: Raw, block: Block): Attention {
  need(meta.attention !== null && meta.attention.shape.length === 4, "no shape");
  const { shape, scales, settled } = meta.attention;
  const [rows, steps, height, width] = shape;
  need(shape.every((n) => Number.isInteger(n) && n >= 0) && steps === meta.steps && height > 0 && width > 0, "an odd shape");
  need(scales.length === rows && settled.length === rows, "a word without its scale");
  need(
    meta.words.every(({ row }) => row === null || (Number.isInteger(row) && row >= 0 && row < rows)),
    "a word without its map",
  );
  return { rows, height, width, scales, settled, maps: block("maps", rows * steps * height * width) };
}

function layersOf(meta: Raw, rows: number, block: Block): Layers | null {
  if (!meta.layers) return null;
  const { ranges, layers } = meta.layers;
  const all = block("layers");
  return {
    ranges,
    layers: layers.map(({ offset, ...layer }) => {
      const bytes = rows * ranges.length * layer.height * layer.width;
      need(offset + bytes <= all.length, `the layer ${layer.name} lies beyond the end`);
      return { ...layer, maps: all.subarray(offset, offset + bytes) };
    }),
  };
}

function fieldsOf(meta: Raw, block: Block): Fields | null {
  if (!meta.fields) return null;
  const { channels, height, width, factor, limits, absent } = meta.fields;
  const values: Partial<Record<FieldName, Uint8Array>> = {};
  for (const name of Object.keys(limits) as FieldName[]) {
    values[name] = block(name, (meta.steps + (name === "latents" ? 1 : 0)) * channels * height * width);
  }
  const bytes = block("sketch", (9 * channels + 1) * factor * factor * 3 * 4);
  // Floats must lie at a multiple of four, which a message does not promise.
  return { channels, height, width, factor, limits, absent, values, weights: new Float32Array(bytes.slice().buffer) };
}
