/** An enlargement, decoded and checked. The twin of explorer/wire/upscaled.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Enlarged {
  readonly key: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly score: { readonly psnr: number | null; readonly distance: number; readonly ssim: number } | null;
  /** WebP. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type MapName = "guesses" | "error";

export interface UpscaledData {
  readonly prompt: string;
  readonly seeds: number;
  /** The small one first. */
  readonly pictures: readonly Enlarged[];
  /** By name: (y, x), a byte standing for byte / 255 * top levels of 255. */
  readonly maps: Readonly<Partial<Record<MapName, Uint8Array>>>;
  readonly size: readonly [height: number, width: number];
  readonly top: number;
  /** The correlation of guesses and error. */
  readonly told: number | null;
  readonly mean: Readonly<Partial<Record<MapName, number>>>;
}

type Raw = Omit<UpscaledData, "pictures" | "maps"> & {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  pictures: Omit<Enlarged, "bytes">[];
  maps: MapName[];
};

export function decodeUpscaled(raw: unknown, data: DataView<ArrayBuffer>): UpscaledData {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "upscaled", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const block = (name: string): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && place[0] + place[1] <= data.byteLength, `${name} is missing`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  const [height, width] = meta.size;
  const maps: Partial<Record<MapName, Uint8Array>> = {};
  for (const name of meta.maps) {
    maps[name] = block(name);
    need(maps[name]!.length === height * width, `${name} does not fill its shape`);
  }
  return { ...meta, pictures: meta.pictures.map((one) => ({ ...one, bytes: block(one.key) })), maps };
}

/** A map at a place, in levels of 255; x and y from 0 to 1. null where it is not known. */
export function levelAt({ maps, size: [height, width], top }: Pick<UpscaledData, "maps" | "size" | "top">, name: MapName, x: number, y: number): number | null {
  const values = maps[name];
  if (!values) return null;
  const [row, column] = [Math.min(Math.floor(y * height), height - 1), Math.min(Math.floor(x * width), width - 1)];
  return (values[row * width + column]! / 255) * top;
}
