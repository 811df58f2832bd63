/** A map of embeddings as Python sends it, decoded and checked. The twin of explorer/wire/atlas.py. */

export const VERSION = 1;

export interface Thumbs {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Side of a cell of the sheet, in pixels. */
  readonly cell: number;
  readonly columns: number;
  /** Place on the sheet by item; -1 is none. */
  readonly place: Int32Array;
  /** Width and height of each thumbnail in its cell. */
  readonly sizes: Uint8Array;
}

export interface Path {
  readonly name: string;
  readonly kind: string;
  readonly rows: readonly number[];
}

export interface Atlas {
  readonly count: number;
  readonly dimensions: 2 | 3;
  readonly label: (row: number) => string;
  readonly kinds: readonly string[];
  /** By item: index in `kinds`. */
  readonly kind: Uint8Array;
  /** By item: 0 text, 1 picture. */
  readonly modality: Uint8Array;
  /** (item, dimension) */
  readonly points: Float32Array;
  /** True nearest neighbours kept per item; 0 where Python finds them when asked. */
  readonly near: number;
  /** (item, neighbour) */
  readonly neighbours: Int32Array;
  /** (item, neighbour), -1 to 1 as -32767 to 32767 */
  readonly cosines: Int16Array;
  /** By item, the share of its true neighbours that are near on the map, 0 to 1 as 0 to 250; 255 where it is not known. */
  readonly kept: Uint8Array | null;
  /** (item, channel) in 8 bits, for colours by similarity; null where there are too many. */
  readonly vectors: { readonly width: number; readonly values: Int8Array } | null;
  readonly thumbs: Thumbs | null;
  readonly paths: readonly Path[];
  readonly method: string;
  readonly gap: string;
  readonly note: string;
  readonly source: string;
  readonly axes: readonly string[];
  readonly explained: readonly number[] | null;
  readonly trustworthiness: number | null;
}

interface Raw {
  kind: string;
  version: number;
  blocks: Record<string, [number, number]>;
  count: number;
  dimensions: 2 | 3;
  labels: string[] | null;
  kinds: string[];
  near: number;
  kept: boolean;
  width: number | null;
  thumbs: { type: string; cell: number; columns: number; count: number } | null;
  paths: Path[];
  method: string;
  gap: string;
  note: string;
  source: string;
  axes: string[];
  explained: number[] | null;
  trustworthiness: number | null;
}

function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The data of this map can't be read (${what}): run the cell again.`);
}

export function decode(raw: unknown, data: DataView<ArrayBuffer>): Atlas {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "atlas", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const { count, dimensions, near } = meta;
  need(Number.isInteger(count) && count > 0 && (dimensions === 2 || dimensions === 3), "an odd shape");
  const end = Object.values(meta.blocks).reduce((most, [offset, bytes]) => Math.max(most, offset + bytes), 0);
  need(data.byteLength >= end && data.byteLength < end + 4, `${data.byteLength} bytes, expected ${end}`);
  const block = (name: string, bytes?: number): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && (bytes === undefined || place[1] === bytes), `${name} does not fill its shape`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  // Numbers of several bytes must lie at a multiple of their size, which a message does not promise.
  const copy = (name: string, bytes: number) => block(name, bytes).slice().buffer;
  const kind = block("kinds", count);
  need(kind.every((one) => one < meta.kinds.length), "an item without its kind");
  const neighbours = new Int32Array(copy("neighbours", count * near * 4));
  need(neighbours.every((one) => one >= 0 && one < count), "a neighbour that is not there");
  need(meta.paths.every(({ rows }) => rows.every((row) => row >= 0 && row < count)), "a path that leaves the map");
  return {
    ...meta,
    label: labelsOf(meta, block),
    kind,
    modality: block("modalities", count),
    points: new Float32Array(copy("points", count * dimensions * 4)),
    neighbours,
    cosines: new Int16Array(copy("cosines", count * near * 2)),
    kept: meta.kept ? block("kept", count) : null,
    vectors: meta.width === null ? null : { width: meta.width, values: new Int8Array(copy("vectors", count * meta.width)) },
    thumbs: thumbsOf(meta, block, copy),
  };
}

/** Many labels come as one text and where each ends in it, and are cut out when they are looked at. */
function labelsOf(meta: Raw, block: (name: string) => Uint8Array<ArrayBuffer>): Atlas["label"] {
  const { labels, count } = meta;
  if (labels) {
    need(labels.length === count, "an item without its label");
    return (row) => labels[row] ?? "";
  }
  const ends = new Uint32Array(block("ends").slice().buffer);
  const text = block("labels");
  need(ends.length === count && (ends[count - 1] ?? 0) <= text.length, "an item without its label");
  const decoder = new TextDecoder();
  return (row) => decoder.decode(text.subarray(row ? ends[row - 1] : 0, ends[row]));
}

function thumbsOf(meta: Raw, block: (name: string, bytes?: number) => Uint8Array<ArrayBuffer>, copy: (name: string, bytes: number) => ArrayBuffer): Thumbs | null {
  if (!meta.thumbs) return null;
  const { type, cell, columns, count } = meta.thumbs;
  const rows = new Int32Array(copy("pictured", count * 4));
  const place = new Int32Array(meta.count).fill(-1);
  rows.forEach((row, i) => (place[row] = i));
  return { type, cell, columns, place, sizes: block("sizes", count * 2), bytes: block("sheet") };
}
