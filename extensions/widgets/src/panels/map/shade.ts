/** The colour of each item: by its kind, or by how alike it is to the one that is pinned. */
import { channels, CIVIDIS, colourOf, WORDS } from "../../colour";
import { HIDDEN } from "./near";
import type { Atlas } from "../../wire/atlas";

/** Added to a level: the item is not among those selected. */
export const DIM = 128;
const LEVELS = 100;

export type Shape = "circle" | "square" | "triangle" | "diamond";
const SHAPES: readonly Shape[] = ["circle", "square", "triangle", "diamond"];

/** Seven colours that the colour-blind can tell apart; what comes after them differs in shape. */
export function kindColour(kind: number): string {
  return `#${WORDS[kind % WORDS.length]}`;
}
export function kindShape(kind: number): Shape {
  return SHAPES[Math.floor(kind / WORDS.length) % SHAPES.length]!;
}

export interface Palette {
  readonly key: string;
  readonly levels: number;
  colour(level: number): readonly [number, number, number];
  shape(level: number): Shape;
}

export const byKind = (kinds: number): Palette => ({ key: "kind", levels: kinds, colour: (level) => channels(kindColour(level)), shape: kindShape });
export const bySimilarity: Palette = { key: "similarity", levels: LEVELS, colour: (level) => colourOf(level / (LEVELS - 1), CIVIDIS), shape: () => "circle" };

/** What the two ends of the ramp stand for: all but the most extreme hundredth and `row` itself, whose 1 would flatten the rest. */
export function limits(values: Float32Array, row: number | null): readonly [number, number] {
  const every = Math.ceil(values.length / 20_000);
  const sample = values.filter((_, i) => i % every === 0 && i !== row);
  sample.sort();
  const low = sample[Math.floor((sample.length - 1) * 0.01)] ?? 0;
  const high = sample[Math.ceil((sample.length - 1) * 0.99)] ?? 1;
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

/** By item: its level, with `DIM` if others are selected, or `HIDDEN`. values: the cosines with `row`, or null for kinds. */
export function shades(atlas: Atlas, hidden: ReadonlySet<number>, selected: ReadonlySet<number>, values: Float32Array | null, row: number | null): Uint8Array {
  const [low, high] = values ? limits(values, row) : [0, 1];
  const shade = new Uint8Array(atlas.count);
  for (let i = 0; i < atlas.count; i++) {
    const kind = atlas.kind[i]!;
    if (hidden.has(kind)) {
      shade[i] = HIDDEN;
      continue;
    }
    const level = values ? Math.round(Math.min(Math.max((values[i]! - low) / (high - low), 0), 1) * (LEVELS - 1)) : kind;
    shade[i] = selected.size && !selected.has(i) ? level | DIM : level;
  }
  return shade;
}
