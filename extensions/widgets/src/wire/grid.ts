/** A grid of runs, decoded and checked. The twin of explorer/wire/grid.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly prompt: string;
  /** WebP. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface GridData {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly picture: { readonly type: string; readonly width: number; readonly height: number };
  /** Those that were run. */
  readonly cells: readonly Cell[];
}

type Raw = Omit<GridData, "cells"> & {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  cells: (Omit<Cell, "bytes"> & { span: [number, number] })[];
};

export function decodeGrid(raw: unknown, data: DataView<ArrayBuffer>): GridData {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "grid", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const place = meta.blocks["pictures"];
  need(place !== undefined && place[0] + place[1] <= data.byteLength, "the pictures are missing");
  const pictures = new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  return {
    ...meta,
    cells: meta.cells.map(({ span: [offset, bytes], ...cell }) => {
      need(cell.row < meta.rows.length && cell.column < meta.columns.length && offset + bytes <= pictures.length, "a cell lies beyond the end");
      return { ...cell, bytes: pictures.subarray(offset, offset + bytes) };
    }),
  };
}
