/** The border of a mask: the edges between pixels that are in it and pixels that are not. */

export type Edge = readonly [x1: number, y1: number, x2: number, y2: number];

/** mask: (y, x), 0 or 1. Edges in pixels; straight runs are joined. */
export function outline(mask: Uint8Array, height: number, width: number): Edge[] {
  const inside = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  const edges: Edge[] = [];
  for (let y = 0; y <= height; y++) {
    for (let x = 0, from = -1; x <= width; x++) {
      const edge = x < width && inside(x, y) !== inside(x, y - 1);
      if (edge && from < 0) from = x;
      if (!edge && from >= 0) (edges.push([from, y, x, y]), (from = -1));
    }
  }
  for (let x = 0; x <= width; x++) {
    for (let y = 0, from = -1; y <= height; y++) {
      const edge = y < height && inside(x, y) !== inside(x - 1, y);
      if (edge && from < 0) from = y;
      if (!edge && from >= 0) (edges.push([x, from, x, y]), (from = -1));
    }
  }
  return edges;
}
