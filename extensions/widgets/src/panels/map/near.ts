/** Which item is meant: under the pointer, in a direction, inside a lasso; and which are alike. */
import type { Screen } from "./space";
import type { Atlas } from "../../wire/atlas";

/** In `shade`: the item is not shown. */
export const HIDDEN = 255;

export interface Neighbour {
  readonly row: number;
  readonly cosine: number;
}

/** The shown item nearest to (x, y) within `reach` pixels, or -1. With three dimensions, of several the one in front. */
export function under(screen: Screen, shade: Uint8Array, x: number, y: number, reach: number): number {
  let [found, best] = [-1, Infinity];
  const { depth } = screen;
  for (let i = 0; i < shade.length; i++) {
    if (shade[i] === HIDDEN) continue;
    const [dx, dy] = [screen.x[i]! - x, screen.y[i]! - y];
    let far = dx * dx + dy * dy;
    if (far > reach * reach) continue;
    if (depth) far += (1 - depth[i]!) * 8;
    if (far < best) [found, best] = [i, far];
  }
  return found;
}

/** How many shown items lie on the same spot as `row`, itself included. */
export function stacked(screen: Screen, shade: Uint8Array, row: number): number {
  let count = 0;
  const [x, y] = [screen.x[row]!, screen.y[row]!];
  for (let i = 0; i < shade.length; i++) if (shade[i] !== HIDDEN && Math.abs(screen.x[i]! - x) < 1 && Math.abs(screen.y[i]! - y) < 1) count++;
  return count;
}

/** The next item from (x, y) in the direction (dx, dy), which is one of the four; -1 if there is none. */
export function towards(screen: Screen, shade: Uint8Array, x: number, y: number, dx: number, dy: number): number {
  let [found, best] = [-1, Infinity];
  for (let i = 0; i < shade.length; i++) {
    if (shade[i] === HIDDEN) continue;
    const [ox, oy] = [screen.x[i]! - x, screen.y[i]! - y];
    const along = ox * dx + oy * dy;
    const aside = Math.abs(ox * dy) + Math.abs(oy * dx);
    if (along < 1 || aside > along) continue;
    const far = along + 2 * aside;
    if (far < best) [found, best] = [i, far];
  }
  return found;
}

/** The next or the last shown item in the order of the map: a way to reach those that lie on one spot. */
export function following(shade: Uint8Array, row: number, by: 1 | -1): number {
  const { length } = shade;
  for (let tried = 1; tried <= length; tried++) {
    const one = (((row + by * tried) % length) + length) % length;
    if (shade[one] !== HIDDEN) return one;
  }
  return -1;
}

export type Corner = readonly [x: number, y: number];

/** The shown items inside a polygon (even-odd rule). */
export function inside(screen: Screen, shade: Uint8Array, polygon: readonly Corner[]): number[] {
  if (polygon.length < 3) return [];
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let i = 0; i < shade.length; i++) {
    const [x, y] = [screen.x[i]!, screen.y[i]!];
    if (shade[i] === HIDDEN || x < left || x > right || y < top || y > bottom) continue;
    let within = false;
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay, bx, by] = [xs[a]!, ys[a]!, xs[b]!, ys[b]!];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
    }
    if (within) found.push(i);
  }
  return found;
}

export function boxOf([ax, ay]: Corner, [bx, by]: Corner): Corner[] {
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]]; // prettier-ignore
}

/** The true nearest neighbours that were sent along. */
export function neighboursOf(atlas: Atlas, row: number): Neighbour[] {
  const { near, neighbours, cosines } = atlas;
  return Array.from({ length: near }, (_, i) => ({ row: neighbours[row * near + i]!, cosine: cosines[row * near + i]! / 32767 })).filter((one) => one.row !== row);
}

/** The cosine of every item with a vector of 8 bits, by default an item's: for colours, right to about 0.01. */
export function similarities({ vectors, count }: Atlas, row: number, own = vectors?.values.subarray(row * vectors.width, (row + 1) * vectors.width)): Float32Array | null {
  if (!vectors || own?.length !== vectors.width) return null;
  const { width, values } = vectors;
  const length = Math.sqrt(own.reduce((sum, one) => sum + one * one, 0));
  const found = new Float32Array(count);
  for (let i = 0, at = 0; i < count; i++) {
    let [dot, square] = [0, 0];
    for (let c = 0; c < width; c++, at++) {
      dot += own[c]! * values[at]!;
      square += values[at]! * values[at]!;
    }
    if (length && square) found[i] = dot / (length * Math.sqrt(square));
  }
  return found;
}
