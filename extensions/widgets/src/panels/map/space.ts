/** Where items lie on the screen: pan and zoom, and a turn in three dimensions. */
import type { Atlas } from "../../wire/atlas";

export interface View {
  readonly zoom: number;
  /** Pan, in pixels. */
  readonly x: number;
  readonly y: number;
  /** Turns, in radians; of three dimensions only. */
  readonly yaw: number;
  readonly pitch: number;
}

export const HOME: View = { zoom: 1, x: 0, y: 0, yaw: -0.6, pitch: 0.35 };
const FURTHEST = 0.4;
const NEAREST = 4000;
const FILLED = 0.86; // of the frame at the start
const PERSPECTIVE = 0.22; // how much smaller the far side is

export interface Screen {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** -1 (far) to 1 (near), in three dimensions. */
  readonly depth: Float32Array | null;
}

export class Space {
  private readonly centre: readonly number[];
  private readonly half: readonly number[];

  constructor(private readonly atlas: Pick<Atlas, "points" | "dimensions" | "count" | "method">) {
    const { points, dimensions, count, method } = atlas;
    const [low, high] = [new Array<number>(dimensions).fill(Infinity), new Array<number>(dimensions).fill(-Infinity)];
    for (let i = 0; i < count * dimensions; i++) {
      const axis = i % dimensions;
      low[axis] = Math.min(low[axis]!, points[i]!);
      high[axis] = Math.max(high[axis]!, points[i]!);
    }
    this.centre = low.map((one, axis) => (one + high[axis]!) / 2);
    const half = low.map((one, axis) => (high[axis]! - one) / 2);
    const most = Math.max(...half) || 1; // one point, or all on one spot
    // Axes of one's own have units of their own; a projection's distances mean something only on one scale.
    this.half = method === "axes" ? half.map((one) => one || 1) : half.map((one) => (dimensions === 3 ? most : Math.max(one, most * 1e-3)));
  }

  get turns(): boolean {
    return this.atlas.dimensions === 3;
  }

  screen(): Screen {
    const { count } = this.atlas;
    return { x: new Float32Array(count), y: new Float32Array(count), depth: this.turns ? new Float32Array(count) : null };
  }

  project(view: View, width: number, height: number, into: Screen): void {
    const { points, count } = this.atlas;
    const { x, y, depth } = into;
    const [mx, my] = [width / 2 + view.x, height / 2 + view.y];
    if (!depth) {
      const [sx, sy] = this.scales(width, height, view.zoom) as [number, number];
      const [ox, oy] = [mx - this.centre[0]! * sx, my + this.centre[1]! * sy];
      for (let i = 0, at = 0; i < count; i++, at += 2) {
        x[i] = points[at]! * sx + ox;
        y[i] = oy - points[at + 1]! * sy;
      }
      return;
    }
    for (let i = 0, at = 0; i < count; i++, at += 3) {
      const [px, py, near] = this.turned(points[at]!, points[at + 1]!, points[at + 2]!, view, width, height);
      x[i] = mx + px;
      y[i] = my - py;
      depth[i] = near;
    }
  }

  /** One point, which need not be an item. */
  at(point: readonly number[], view: View, width: number, height: number): [number, number] {
    const [mx, my] = [width / 2 + view.x, height / 2 + view.y];
    if (this.turns) {
      const [px, py] = this.turned(point[0]!, point[1]!, point[2] ?? 0, view, width, height);
      return [mx + px, my - py];
    }
    const [sx, sy] = this.scales(width, height, view.zoom) as [number, number];
    return [mx + (point[0]! - this.centre[0]!) * sx, my - (point[1]! - this.centre[1]!) * sy];
  }

  private scales(width: number, height: number, zoom: number): number[] {
    const own = [width, height].map((side, axis) => (side * FILLED * zoom) / (2 * this.half[axis]!));
    return this.atlas.method === "axes" ? own : own.map(() => Math.min(...own));
  }

  private turned(x: number, y: number, z: number, view: View, width: number, height: number): [number, number, number] {
    const [ux, uy, uz] = [x, y, z].map((one, axis) => (one - this.centre[axis]!) / this.half[axis]!) as [number, number, number];
    const [cy, sy, cp, sp] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
    const across = cy * ux + sy * uz;
    const away = cy * uz - sy * ux;
    const [up, near] = [cp * uy - sp * away, sp * uy + cp * away];
    // The corners of a cube are 1.7 from its middle.
    const scale = (Math.min(width, height) * FILLED * view.zoom) / 2 / 1.3 / (1 - PERSPECTIVE * Math.max(Math.min(near, 2), -2));
    return [across * scale, up * scale, near / 1.74];
  }
}

/** Zoomed so that what lies under (x, y) stays there. */
export function zoomed(view: View, factor: number, x: number, y: number, width: number, height: number): View {
  const zoom = Math.min(Math.max(view.zoom * factor, FURTHEST), NEAREST);
  const by = zoom / view.zoom;
  const [dx, dy] = [x - width / 2, y - height / 2];
  return { ...view, zoom, x: (view.x - dx) * by + dx, y: (view.y - dy) * by + dy };
}

export function panned(view: View, dx: number, dy: number): View {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

export function turned(view: View, dx: number, dy: number): View {
  return { ...view, yaw: view.yaw + dx * 0.008, pitch: Math.min(Math.max(view.pitch + dy * 0.008, -1.5), 1.5) };
}

/** Panned, where needed, so that a place lies well inside the frame. */
export function shown(view: View, x: number, y: number, width: number, height: number, margin = 40): View {
  const dx = x < margin ? margin - x : x > width - margin ? width - margin - x : 0;
  const dy = y < margin ? margin - y : y > height - margin ? height - margin - y : 0;
  return dx || dy ? panned(view, dx, dy) : view;
}
