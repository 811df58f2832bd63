/** Recordings of trainings, decoded and checked. The twin of explorer/wire/film.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Curve {
  readonly name: string;
  /** One per checkpoint; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  readonly about: string;
  readonly lines: readonly Curve[];
  /** The values at the bottom and the top. */
  readonly ends: readonly [number, number];
  /** Whether the values are shares. */
  readonly share: boolean;
}

export interface LearnedWord {
  readonly text: string;
  readonly kind: string;
  /** The checkpoint from which on it is right, or null. */
  readonly learned: number | null;
  readonly right: readonly (number | null)[];
}

export interface Film {
  readonly name: string;
  readonly about: string;
  readonly prompts: readonly string[];
  /** Training pictures, by checkpoint. */
  readonly seen: readonly number[];
  readonly minutes: readonly (number | null)[];
  readonly picture: { readonly type: string; readonly width: number; readonly height: number };
  /** By checkpoint: the pictures of all prompts beside one another. */
  readonly sheets: readonly Uint8Array<ArrayBuffer>[];
  readonly charts: readonly Chart[];
  /** What a discriminator said, by checkpoint and picture, and the unseen drawings that it judged. */
  readonly verdicts: {
    readonly drawn: readonly (readonly (number | null)[])[];
    readonly real: readonly (readonly (number | null)[])[] | null;
    readonly captions: readonly string[];
    readonly sheet: Uint8Array<ArrayBuffer> | null;
  } | null;
  readonly words: readonly LearnedWord[];
  readonly maps: {
    /** checkpoint, prompt, word, y, x */
    readonly shape: readonly [number, number, number, number, number];
    readonly words: readonly (readonly string[])[];
    readonly tops: readonly (readonly number[])[];
    readonly values: Uint8Array;
  } | null;
}

type Raw = {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  films: (Omit<Film, "sheets" | "verdicts" | "maps"> & {
    spans: [number, number][];
    verdicts: Omit<NonNullable<Film["verdicts"]>, "sheet"> | null;
    maps: Omit<NonNullable<Film["maps"]>, "values"> | null;
  })[];
};

export function decodeFilms(raw: unknown, data: DataView<ArrayBuffer>): readonly Film[] {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "film", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  need(meta.films.length > 0, "no film");
  const block = (name: string): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && place[0] + place[1] <= data.byteLength, `${name} is missing`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  return meta.films.map(({ spans, verdicts, maps, ...film }, i) => {
    const pictures = block(`pictures ${i}`);
    need(film.seen.length > 0 && spans.length === film.seen.length && film.minutes.length === film.seen.length, "a checkpoint without its pictures");
    need(spans.every(([offset, bytes]) => offset + bytes <= pictures.length), "pictures lie beyond the end");
    need(film.charts.every(({ lines }) => lines.every(({ values }) => values.length === film.seen.length)), "a curve of another length");
    const values = maps ? block(`maps ${i}`) : null;
    need(!maps || values!.length === maps.shape.reduce((a, b) => a * b, 1), "maps do not fill their shape");
    return {
      ...film,
      sheets: spans.map(([offset, bytes]) => pictures.subarray(offset, offset + bytes)),
      verdicts: verdicts && { ...verdicts, sheet: verdicts.real ? block(`real ${i}`) : null },
      maps: maps && { ...maps, values: values! },
    };
  });
}

/** Where a word of a prompt looks at a checkpoint, (y, x) in bytes; null where nothing was recorded. */
export function mapOf(film: Film, checkpoint: number, prompt: number, word: number): Float32Array | null {
  const { maps } = film;
  if (!maps || word >= (maps.words[prompt]?.length ?? 0)) return null;
  const [, prompts, words, height, width] = maps.shape;
  const start = ((checkpoint * prompts + prompt) * words + word) * height * width;
  return Float32Array.from(maps.values.subarray(start, start + height * width));
}
