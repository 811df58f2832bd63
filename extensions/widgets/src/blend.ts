/** What lies between frames: which of them a place is made of, and their maps mixed. */

export interface Weight {
  readonly frame: number;
  /** The shares of a place sum to 1. */
  readonly share: number;
}

/** place: counted in frames, from 0. closed: after the last frame comes the first, so that `place` goes to `count`. */
export function along(place: number, count: number, closed: boolean): Weight[] {
  const at = Math.min(Math.max(place, 0), closed ? count : count - 1);
  const lower = Math.floor(at);
  const share = at - lower;
  const weights = [{ frame: lower % count, share: 1 - share }];
  if (share > 0) weights.push({ frame: (lower + 1) % count, share });
  return weights;
}

/**
 * A place in a grid, down and right, 0 to 1 each. frameAt: the frame of a row and a column, undefined where it was not
 * run; the others take its share.
 */
export function within(
  down: number,
  right: number,
  [rows, columns]: readonly [number, number],
  frameAt: (row: number, column: number) => number | undefined,
): Weight[] {
  const [y, x] = [clamp(down) * (rows - 1), clamp(right) * (columns - 1)];
  const [top, left] = [Math.min(Math.floor(y), Math.max(rows - 2, 0)), Math.min(Math.floor(x), Math.max(columns - 2, 0))];
  const found: Weight[] = [];
  for (const [row, tall] of [[top, 1 - (y - top)], [top + 1, y - top]] as const) {
    for (const [column, wide] of [[left, 1 - (x - left)], [left + 1, x - left]] as const) {
      const frame = row < rows && column < columns ? frameAt(row, column) : undefined;
      if (frame !== undefined && tall * wide > 0) found.push({ frame, share: tall * wide });
    }
  }
  const all = found.reduce((sum, { share }) => sum + share, 0);
  if (all > 0) return found.map(({ frame, share }) => ({ frame, share: share / all }));
  return nearest(y, x, rows, columns, frameAt);
}

function nearest(y: number, x: number, rows: number, columns: number, frameAt: (row: number, column: number) => number | undefined): Weight[] {
  let best: { frame: number; far: number } | null = null;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const frame = frameAt(row, column);
      const far = (row - y) ** 2 + (column - x) ** 2;
      if (frame !== undefined && (!best || far < best.far)) best = { frame, far };
    }
  }
  return best ? [{ frame: best.frame, share: 1 }] : [];
}

/** Maps of the same size in the shares of their frames; a frame that lacks the map counts as 0. */
export function mixed(weights: readonly Weight[], mapOf: (frame: number) => Uint8Array | null, cells: number): Float32Array {
  const found = new Float32Array(cells);
  for (const { frame, share } of weights) {
    const map = mapOf(frame);
    if (map) for (let cell = 0; cell < cells; cell++) found[cell]! += map[cell]! * share;
  }
  return found;
}

/** The opacity with which each picture is drawn over those before it, so that all have their share in the end. */
export function opacities(weights: readonly Weight[]): number[] {
  let drawn = 0;
  return weights.map(({ share }) => {
    drawn += share;
    return drawn > 0 ? share / drawn : 0;
  });
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}
