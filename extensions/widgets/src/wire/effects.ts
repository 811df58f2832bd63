/** What each word did or added, decoded and checked. The twin of explorer/wire/effects.py. */
import { need } from "./need";

export const VERSION = 1;

export interface EffectRow {
  readonly text: string;
  /** The mean change of the picture; null where there is nothing before it. */
  readonly size: number | null;
  /** How well the change goes with the word's attention, -1 to 1. */
  readonly agreement: number | null;
  readonly prompt: string;
  /** WebP. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** (y, x) of colour differences; a byte of 255 stands for `top`. */
  readonly change: Uint8Array;
  /** (y, x) where the word drew attention, by its own maximum; null for a prompt that grew. */
  readonly heat: Uint8Array | null;
  /** What a byte of 255 of the heat stands for. */
  readonly scale: number;
}

export interface EffectsData {
  readonly kind: "effects" | "growth";
  readonly prompt: string;
  readonly picture: { readonly type: string; readonly width: number; readonly height: number };
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly rows: readonly EffectRow[];
  readonly top: number;
  readonly changes: readonly [height: number, width: number];
  readonly heat: readonly [height: number, width: number] | null;
}

type Raw = Omit<EffectsData, "whole" | "rows"> & {
  version: number;
  blocks: Record<string, [number, number]>;
  whole: [number, number];
  rows: (Pick<EffectRow, "text" | "size" | "agreement" | "prompt"> & { span: [number, number] })[];
  scales: number[];
};

export function decodeEffects(raw: unknown, data: DataView<ArrayBuffer>): EffectsData {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "effects" || meta.kind === "growth", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const block = (name: string): Uint8Array<ArrayBuffer> => {
    const place = meta.blocks[name];
    need(place !== undefined && place[0] + place[1] <= data.byteLength, `${name} is missing`);
    return new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  };
  const [pictures, changes] = [block("pictures"), block("changes")];
  const heat = meta.heat ? block("heat") : null;
  const cells = meta.changes[0] * meta.changes[1];
  const own = meta.heat ? meta.heat[0] * meta.heat[1] : 0;
  need(changes.length === cells * meta.rows.length && (heat?.length ?? 0) === own * meta.rows.length, "a row without its map");
  const file = ([offset, bytes]: readonly [number, number]) => pictures.subarray(offset, offset + bytes);
  return {
    ...meta,
    whole: file(meta.whole),
    rows: meta.rows.map(({ span, ...row }, i) => ({
      ...row,
      bytes: file(span),
      change: changes.subarray(i * cells, (i + 1) * cells),
      heat: heat && heat.subarray(i * own, (i + 1) * own),
      scale: meta.scales[i] ?? 0,
    })),
  };
}
