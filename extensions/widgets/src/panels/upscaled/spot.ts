/** The place under the loupe: its middle, as shares of the picture, and how wide it is. */

export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Of the picture's longer side, 0 to 1. */
  readonly size: number;
}

/** A spot that lies in the picture as a whole. aspect: width / height. */
export function within({ x, y, size }: Spot, aspect: number): Spot {
  const [wide, tall] = sides(size, aspect);
  const clamp = (value: number, half: number): number => Math.min(Math.max(value, half), 1 - half);
  return { x: clamp(x, wide / 2), y: clamp(y, tall / 2), size };
}

/** The loupe's width and height as shares of the picture's; it is a square of pixels, cut where the picture is narrower. */
export function sides(size: number, aspect: number): [wide: number, tall: number] {
  return aspect >= 1 ? [size, Math.min(size * aspect, 1)] : [Math.min(size / aspect, 1), size];
}

/** The part of a picture of some size that the loupe shows, in its pixels. */
export function part({ x, y, size }: Spot, width: number, height: number): [left: number, top: number, wide: number, tall: number] {
  const [wide, tall] = sides(size, width / height);
  return [(x - wide / 2) * width, (y - tall / 2) * height, wide * width, tall * height];
}

/** Where an arrow key leads; null for other keys. */
export function moved(spot: Spot, key: string, far: boolean, aspect: number): Spot | null {
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!by) return null;
  const step = spot.size * (far ? 0.5 : 0.125);
  return within({ ...spot, x: spot.x + by[0]! * step, y: spot.y + by[1]! * step * aspect }, aspect);
}
