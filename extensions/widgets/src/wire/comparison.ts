/** Several runs side by side, decoded and checked. The twin of explorer/wire/comparison.py. */
import { decode, type Run } from "../wire";
import { need } from "./need";

export const VERSION = 1;

export interface Compared {
  readonly runs: readonly { readonly name: string; readonly run: Run }[];
  /** The words aligned: for each run the index of the word, or null where it lacks it. */
  readonly rows: readonly (readonly (number | null)[])[];
  /** In what the runs differ, with each run's value. */
  readonly settings: readonly { readonly name: string; readonly values: readonly string[] }[];
}

type Raw = Pick<Compared, "rows" | "settings"> & {
  version: number;
  kind: string;
  runs: { name: string; meta: unknown; offset: number; bytes: number }[];
};

export function decodeComparison(raw: unknown, data: DataView<ArrayBuffer>): Compared {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "comparison", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  need(meta.runs.length > 1, "fewer than two runs");
  const runs = meta.runs.map(({ name, meta: own, offset, bytes }) => {
    need(offset + bytes <= data.byteLength, `${name} lies beyond the end`);
    return { name, run: decode(own, new DataView(data.buffer, data.byteOffset + offset, bytes)) };
  });
  const whole = meta.rows.every((row) => row.length === runs.length && row.every((word, i) => word === null || runs[i]!.run.words[word] !== undefined));
  need(whole, "a word that is not there");
  return { runs, rows: meta.rows, settings: meta.settings };
}
