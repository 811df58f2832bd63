/** Room for labels and thumbnails: what comes first is placed, what would lie over it is left out until there is room. */

type Rect = readonly [left: number, top: number, right: number, bottom: number];
const CELL = 48;

export class Room {
  private readonly columns: number;
  private readonly cells: Rect[][];

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.columns = Math.ceil(width / CELL) + 1;
    this.cells = Array.from({ length: this.columns * (Math.ceil(height / CELL) + 1) }, () => []);
  }

  /** Takes the place if it is free and lies in the frame. */
  take(rect: Rect): boolean {
    const [left, top, right, bottom] = rect;
    if (left < 0 || top < 0 || right > this.width || bottom > this.height) return false;
    const cells = this.under(rect);
    for (const cell of cells) {
      for (const [l, t, r, b] of cell) if (left < r && right > l && top < b && bottom > t) return false;
    }
    for (const cell of cells) cell.push(rect);
    return true;
  }

  /** Takes the place, whatever else is there. */
  block(rect: Rect): void {
    for (const cell of this.under(rect)) cell.push(rect);
  }

  private under([left, top, right, bottom]: Rect): Rect[][] {
    const found: Rect[][] = [];
    for (let row = Math.floor(top / CELL); row <= Math.floor(bottom / CELL); row++) {
      for (let column = Math.floor(left / CELL); column <= Math.floor(right / CELL); column++) {
        const cell = this.cells[row * this.columns + column];
        if (cell) found.push(cell);
      }
    }
    return found;
  }
}

const LINE = 16;
const APART = 3;

/** Where the left end of a label's middle line goes: right of its mark, else left, above, below or at a corner; null if nowhere. */
export function besides(room: Room, x: number, y: number, reach: number, width: number): [number, number] | null {
  const places: [number, number][] = [
    [x + reach + APART, y],
    [x - reach - APART - width, y],
    [x - width / 2, y - reach - LINE / 2 - 1],
    [x - width / 2, y + reach + LINE / 2 + 1],
    [x + reach, y - reach - LINE / 3],
    [x + reach, y + reach + LINE / 3],
    [x - reach - width, y - reach - LINE / 3],
    [x - reach - width, y + reach + LINE / 3],
  ];
  for (const [left, middle] of places) {
    if (room.take([left - 2, middle - LINE / 2, left + width + 2, middle + LINE / 2])) return [left, middle];
  }
  return null;
}

/** A fixed order in which items get room. Shuffled, so that labels spread over the map whatever order the items came in. */
export function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  let seed = 7;
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((seed / 2 ** 32) * (i + 1));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}
