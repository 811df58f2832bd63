/** Nearest training pictures, decoded and checked. The twin of explorer/wire/copies.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Match {
  readonly seed: number;
  readonly caption: string;
  readonly likeness: number;
  readonly copied: boolean;
  /** How the searched picture had to be mirrored and moved. */
  readonly how: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Measure {
  readonly by: string;
  readonly name: string;
  readonly about: string;
  readonly among: number;
  readonly seconds: number;
  readonly matches: readonly Match[];
}

export interface CopiesData {
  readonly type: string;
  readonly prompt: string;
  readonly copied: boolean;
  /** The likeness from which on the measure for copies calls a picture one. */
  readonly limit: number;
  readonly picture: Uint8Array<ArrayBuffer>;
  readonly measures: readonly Measure[];
}

type Span = [number, number];
type Raw = Omit<CopiesData, "picture" | "measures"> & {
  version: number;
  kind: string;
  blocks: Record<string, Span>;
  picture: Span;
  measures: (Omit<Measure, "matches"> & { matches: (Omit<Match, "bytes"> & { span: Span })[] })[];
};

export function decodeCopies(raw: unknown, data: DataView<ArrayBuffer>): CopiesData {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "copies", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const cut = cutter(meta.blocks, data);
  return {
    ...meta,
    picture: cut(meta.picture),
    measures: meta.measures.map((measure) => ({ ...measure, matches: measure.matches.map(({ span, ...match }) => ({ ...match, bytes: cut(span) })) })),
  };
}

/** Cuts files out of the block `pictures`. */
export function cutter(blocks: Record<string, Span>, data: DataView<ArrayBuffer>): (span: Span) => Uint8Array<ArrayBuffer> {
  const place = blocks["pictures"];
  need(place !== undefined && place[0] + place[1] <= data.byteLength, "the pictures are missing");
  const pictures = new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  return ([offset, bytes]) => {
    need(offset + bytes <= pictures.length, "a picture lies beyond the end");
    return pictures.subarray(offset, offset + bytes);
  };
}
