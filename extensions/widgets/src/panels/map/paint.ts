/** Draws the map: points, thumbnails, labels and paths below; what is pointed at above, so that a hover redraws little. */
import { direction, visible } from "../../text";
import { Cloud } from "./cloud";
import { besides, Room, shuffled } from "./labels";
import { type Corner, HIDDEN, type Neighbour } from "./near";
import { DIM, type Palette, type Shape } from "./shade";
import type { Screen } from "./space";
import type { Atlas } from "../../wire/atlas";

const DOTS = 3000; // items in the frame up to which each is drawn as a dot of its own
const CLEAR = 600; // items in the frame up to which labels keep off other items' points
const TRIED = 450; // items that are asked for room, at most
const LABELS = 160; // more can't be read
const KEPT = 1500; // labels, as small pictures
const FRESH = 8; // labels that are drawn for the first time in one frame while things move; the others wait
const EDGE = 3;
const LONGEST = 30; // characters of a label
const FONT = 12;

export interface Guest {
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly screen: Screen;
  readonly shade: Uint8Array;
  readonly palette: Palette;
  readonly zoom: number;
  /** They get room first. */
  readonly first: readonly number[];
  /** The path that is drawn strongly, or -1. */
  readonly path: number;
  readonly guests: readonly Guest[];
  readonly moving: boolean;
  /** Of very many, only every so manieth item is drawn while things move. */
  readonly stride: number;
  /** Of the axes, in three dimensions: where their ends point. */
  readonly tripod: readonly (readonly [string, number, number])[];
}

export interface Above {
  readonly at: Corner | null;
  readonly text: string;
  readonly neighbours: readonly Neighbour[];
  readonly lasso: readonly Corner[];
  readonly stop: Corner | null;
}

interface Inks {
  readonly ink: string;
  readonly ground: string;
  readonly muted: string;
  readonly accent: string;
  readonly font: string;
}

export class Painter {
  private readonly layers: readonly HTMLCanvasElement[];
  private readonly cloud: Cloud;
  private readonly order: Uint32Array;
  private readonly widths = new Map<string, number>();
  private readonly dots = new Map<string, HTMLCanvasElement>();
  private readonly texts = new Map<string, HTMLCanvasElement>();
  private readonly probe = document.createElement("span");
  private readonly labels = new Map<number, string>();
  /** Of the pen; to read it back takes longer than to measure a word. */
  private font = "";
  private sheet: ImageBitmap | null = null;
  private scene: Scene | null = null;
  /** Where labels lie, so that they stay there when they are pointed out. */
  private readonly written = new Map<number, readonly [number, number]>();
  /** Of thumbnails on the whole map, in pixels: half of them are no nearer to the next. */
  private spacing = 0;

  constructor(
    private readonly frame: HTMLElement,
    private readonly atlas: Atlas,
    signal: AbortSignal,
    arrived: () => void,
  ) {
    this.layers = ["cloud", "base", "above"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = `pe-map-${name}`;
      canvas.setAttribute("aria-hidden", "true");
      frame.append(canvas);
      return canvas;
    });
    this.probe.className = "pe-map-probe";
    frame.append(this.probe);
    this.cloud = new Cloud(this.layers[0]!);
    this.order = shuffled(atlas.count);
    const { thumbs } = atlas;
    if (!thumbs) return;
    createImageBitmap(new Blob([thumbs.bytes], { type: thumbs.type })).then(
      (bitmap) => {
        if (signal.aborted) return bitmap.close();
        this.sheet = bitmap;
        signal.addEventListener("abort", () => bitmap.close());
        arrived();
      },
      (error) => console.warn("The thumbnails can't be shown:", error),
    );
  }

  /** The colours of the theme, from the page. */
  private inks(): Inks {
    const [frame, probe] = [getComputedStyle(this.frame), getComputedStyle(this.probe)];
    return { ink: frame.color, ground: frame.backgroundColor, muted: probe.color, accent: probe.backgroundColor, font: frame.fontFamily || "sans-serif" };
  }

  private pen(layer: number, { width, height }: Pick<Scene, "width" | "height">): CanvasRenderingContext2D | null {
    const canvas = this.layers[layer]!;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [wide, tall] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
    const pen = canvas.getContext("2d");
    pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen?.clearRect(0, 0, width, height);
    return pen;
  }

  draw(scene: Scene): void {
    this.scene = scene;
    const pen = this.pen(1, scene);
    if (!pen) return;
    const inks = this.inks();
    const seen = this.seen(scene);
    if (seen === null) {
      const ratio = this.atlas.count > 200_000 ? 1 : Math.min(devicePixelRatio || 1, 2);
      this.cloud.draw(scene.screen, scene.shade, scene.palette, scene.width, scene.height, ratio, scene.stride);
    } else {
      this.cloud.clear();
      this.points(pen, scene, seen, inks);
    }
    this.axes(pen, scene, inks);
    this.atlas.paths.forEach((_, i) => this.path(pen, scene, i, inks));
    const room = new Room(scene.width, scene.height);
    const { width, height } = scene;
    for (const corner of [[0, 0, 130, 22], [width - 130, height - 22, width, height]] as const) room.block(corner); // the axes' names
    for (const { x, y, text } of scene.guests) this.guest(pen, room, x, y, text, inks);
    this.named(pen, room, scene, seen, inks);
  }

  /** The items in the frame; null if there are too many for one dot each. Those behind come first. */
  private seen({ screen, shade, width, height }: Scene): number[] | null {
    const found: number[] = [];
    const { x, y, depth } = screen;
    for (let i = 0; i < shade.length; i++) {
      if (shade[i] === HIDDEN || x[i]! < -8 || y[i]! < -8 || x[i]! > width + 8 || y[i]! > height + 8) continue;
      if (found.length === DOTS) return null;
      found.push(i);
    }
    if (depth) found.sort((one, other) => depth[one]! - depth[other]!);
    return found;
  }

  private points(pen: CanvasRenderingContext2D, { screen, shade, palette }: Scene, seen: readonly number[], inks: Inks): void {
    const radius = seen.length > 1200 ? 2.5 : seen.length > 300 ? 3.5 : 4.5;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const { x, y, depth } = screen;
    for (const i of seen) {
      const level = shade[i]!;
      const nearer = depth ? Math.round((1 + 0.35 * depth[i]!) * 8) / 8 : 1;
      const dot = this.dot(palette, level & ~DIM, radius * nearer, ratio, inks);
      pen.globalAlpha = level & DIM ? 0.22 : depth ? 0.7 + 0.3 * Math.max(depth[i]!, 0) : 1;
      pen.drawImage(dot, x[i]! - dot.width / ratio / 2, y[i]! - dot.height / ratio / 2, dot.width / ratio, dot.height / ratio);
    }
    pen.globalAlpha = 1;
  }

  private dot(palette: Palette, level: number, radius: number, ratio: number, { ink }: Inks): HTMLCanvasElement {
    const key = `${palette.key}/${level}/${radius}/${ratio}/${ink}`;
    let dot = this.dots.get(key);
    if (!dot) {
      if (this.dots.size > 800) this.dots.clear();
      dot = document.createElement("canvas");
      dot.width = dot.height = Math.ceil((radius + 2) * 2 * ratio);
      const pen = dot.getContext("2d");
      if (pen) {
        pen.scale(ratio, ratio);
        outline(pen, palette.shape(level), dot.width / ratio / 2, dot.height / ratio / 2, radius);
        pen.fillStyle = `rgb(${palette.colour(level).join(" ")})`;
        pen.fill();
        pen.strokeStyle = ink;
        pen.globalAlpha = 0.55; // yellow on white would else be lost
        pen.lineWidth = 0.75;
        pen.stroke();
      }
      this.dots.set(key, dot);
    }
    return dot;
  }

  private named(pen: CanvasRenderingContext2D, room: Room, scene: Scene, seen: readonly number[] | null, inks: Inks): void {
    const { screen, shade, width, height, zoom } = scene;
    const { thumbs, modality } = this.atlas;
    if (thumbs) this.spacing ||= spacing(screen, thumbs.place) / zoom;
    const side = Math.min(Math.max(this.spacing * zoom * 1.1, 24), 64);
    const inFrame = (i: number) => shade[i] !== HIDDEN && screen.x[i]! > 0 && screen.y[i]! > 0 && screen.x[i]! < width && screen.y[i]! < height;
    const asked: number[] = scene.first.filter(inFrame);
    const already = new Set(asked);
    for (const i of this.order) {
      if (asked.length >= TRIED) break;
      if (inFrame(i) && !already.has(i)) asked.push(i);
    }
    const reach = seen === null ? 2 : 5;
    // Thumbnails first: a label finds another side of its point, a picture has only one place.
    const text: number[] = [];
    for (const i of asked) {
      const place = thumbs?.place[i] ?? -1;
      if (place < 0 || !thumbs || !this.sheet) {
        text.push(i);
        continue;
      }
      const [tw, th] = [thumbs.sizes[place * 2]!, thumbs.sizes[place * 2 + 1]!];
      const scale = side / Math.max(tw, th, 1);
      const [w, h] = [tw * scale, th * scale];
      const [left, top] = [screen.x[i]! - w / 2, screen.y[i]! - h / 2];
      if (!room.take([left - 2, top - 2, left + w + 2, top + h + 2])) continue;
      const dim = (shade[i]! & DIM) !== 0;
      pen.globalAlpha = dim ? 0.3 : 1;
      pen.fillStyle = `rgb(${scene.palette.colour(shade[i]! & ~DIM).join(" ")})`;
      pen.fillRect(left - 2, top - 2, w + 4, h + 4);
      const { cell, columns } = thumbs;
      pen.drawImage(this.sheet, (place % columns) * cell, Math.floor(place / columns) * cell, tw, th, left, top, w, h);
      pen.globalAlpha = 1;
    }
    // A label may lie beside another point, not on it.
    const radius = reach - 1;
    for (const i of seen !== null && seen.length <= CLEAR ? seen : []) {
      const [x, y] = [screen.x[i]!, screen.y[i]!];
      room.block([x - radius, y - radius, x + radius, y + radius]);
    }
    this.begin(pen, inks);
    this.written.clear();
    let fresh = scene.moving ? FRESH : Infinity;
    for (const i of text) {
      if (this.written.size === LABELS) break;
      if (modality[i] === 1 && thumbs) continue; // a picture's name is shown when it is pointed at
      const label = this.label(i);
      if (!this.texts.has(this.key(label, inks)) && fresh-- <= 0) continue;
      const place = besides(room, screen.x[i]!, screen.y[i]!, reach, this.width(pen, label));
      if (!place) continue;
      this.written.set(i, place);
      this.write(pen, label, place, inks, shade[i]! & DIM ? 0.35 : 1);
    }
  }

  private path(pen: CanvasRenderingContext2D, { screen, shade, path }: Scene, index: number, inks: Inks): void {
    const rows = this.atlas.paths[index]!.rows.filter((row) => shade[row] !== HIDDEN);
    const strong = index === path;
    pen.strokeStyle = pen.fillStyle = strong ? inks.accent : inks.muted;
    pen.lineWidth = strong ? 2 : 1.25;
    pen.globalAlpha = strong ? 1 : 0.6;
    for (let i = 1; i < rows.length; i++) {
      const [from, to] = [rows[i - 1]!, rows[i]!];
      arrow(pen, screen.x[from]!, screen.y[from]!, screen.x[to]!, screen.y[to]!);
    }
    pen.globalAlpha = 1;
  }

  private axes(pen: CanvasRenderingContext2D, { width, height, tripod }: Scene, inks: Inks): void {
    const { axes } = this.atlas;
    pen.font = `11px ${inks.font}`;
    pen.fillStyle = pen.strokeStyle = inks.muted;
    pen.textBaseline = "alphabetic";
    pen.lineWidth = 1;
    if (tripod.length) {
      for (const [name, x, y] of tripod) {
        arrow(pen, 56, height - 56, 56 + x, height - 56 - y);
        pen.textAlign = Math.abs(x) < 8 ? "center" : x > 0 ? "left" : "right";
        pen.fillText(short(name.replace(/\s*\(.*\)$/, "")), 56 + x * 1.3, height - 52 - y * 1.3 + (Math.abs(x) < 8 ? Math.sign(-y) * 6 : 0));
      }
      return;
    }
    pen.textAlign = "right";
    if (axes[0]) pen.fillText(`${short(axes[0])} →`, width - 8, height - 8);
    pen.textAlign = "left";
    if (axes[1]) pen.fillText(`↑ ${short(axes[1])}`, 8, 16);
  }

  private guest(pen: CanvasRenderingContext2D, room: Room, x: number, y: number, text: string, inks: Inks): void {
    outline(pen, "diamond", x, y, 6);
    pen.fillStyle = inks.accent;
    pen.fill();
    pen.strokeStyle = inks.ground;
    pen.lineWidth = 1.5;
    pen.stroke();
    this.begin(pen, inks, "600");
    const label = short(text);
    const place = besides(room, x, y, 6, this.width(pen, label)) ?? [x + 9, y];
    this.write(pen, label, place, inks, 1);
  }

  /** What is pointed at, its lines to its neighbours, the lasso. */
  above({ at, text, neighbours, lasso, stop }: Above): void {
    const { scene } = this;
    const pen = scene && this.pen(2, scene);
    if (!scene || !pen) return;
    const inks = this.inks();
    const { screen, shade } = scene;
    if (stop) ring(pen, stop, 11, inks.accent, 3);
    if (at) {
      const shown = neighbours.filter(({ row }) => shade[row] !== HIDDEN);
      pen.strokeStyle = inks.accent;
      for (const { row, cosine } of shown) {
        pen.globalAlpha = 0.35 + 0.5 * Math.max(cosine, 0);
        pen.lineWidth = 1.5;
        pen.beginPath();
        pen.moveTo(...at);
        pen.lineTo(screen.x[row]!, screen.y[row]!);
        pen.stroke();
        pen.globalAlpha = 1;
        ring(pen, [screen.x[row]!, screen.y[row]!], 6, inks.accent, 1.5);
      }
      ring(pen, at, 8, inks.accent, 2.5);
      this.begin(pen, inks);
      // Pictures are known by sight, and their names would cover them.
      const named = shown.map((one) => one.row).filter((one) => (this.atlas.thumbs?.place[one] ?? -1) < 0);
      const room = new Room(scene.width, scene.height);
      const write = (label: string, [x, y]: Corner, weight: string, there?: readonly [number, number]) => {
        this.begin(pen, inks, weight);
        const wide = this.width(pen, label);
        const place = there ?? besides(room, x, y, 9, wide);
        if (!place) return;
        pen.fillStyle = inks.ground;
        pen.globalAlpha = 0.88;
        pen.fillRect(place[0] - 3, place[1] - 8, wide + 6, 16);
        pen.globalAlpha = 1;
        this.write(pen, label, place, inks, 1);
      };
      const placeOf = (one: number): Corner => [screen.x[one]!, screen.y[one]!];
      // Those that have their place on the map already keep it; the others find room beside them.
      const there = new Map(named.flatMap((one) => (this.written.has(one) ? [[one, this.written.get(one)!] as const] : [])));
      this.begin(pen, inks);
      for (const [one, [x, y]] of there) room.block([x - 3, y - 8, x + this.width(pen, this.label(one)) + 3, y + 8]);
      write(short(text), at, "600");
      for (const one of named) write(this.label(one), placeOf(one), "400", there.get(one));
    }
    if (lasso.length > 1) {
      pen.beginPath();
      lasso.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
      pen.fillStyle = pen.strokeStyle = inks.accent;
      pen.globalAlpha = 0.12;
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = 1.5;
      pen.setLineDash([5, 4]);
      pen.stroke();
      pen.setLineDash([]);
    }
  }

  /** A thumbnail in a small canvas, for the card; false if the item has none. */
  thumb(row: number, canvas: HTMLCanvasElement): boolean {
    const { thumbs } = this.atlas;
    const place = thumbs?.place[row] ?? -1;
    if (!thumbs || !this.sheet || place < 0) return false;
    const [w, h] = [thumbs.sizes[place * 2]!, thumbs.sizes[place * 2 + 1]!];
    [canvas.width, canvas.height] = [w, h];
    canvas.getContext("2d")?.drawImage(this.sheet, (place % thumbs.columns) * thumbs.cell, Math.floor(place / thumbs.columns) * thumbs.cell, w, h, 0, 0, w, h);
    return true;
  }

  private begin(pen: CanvasRenderingContext2D, { font }: Inks, weight = "400"): void {
    pen.font = this.font = `${weight} ${FONT}px ${font}`;
  }

  /** As it is written on the map. Cut out of a long text where there are very many, so it is kept. */
  private label(row: number): string {
    let label = this.labels.get(row);
    if (label === undefined) {
      if (this.labels.size > 20_000) this.labels.clear();
      this.labels.set(row, (label = short(this.atlas.label(row))));
    }
    return label;
  }

  private width(pen: CanvasRenderingContext2D, label: string): number {
    const key = this.font + label;
    let width = this.widths.get(key);
    if (width === undefined) {
      if (this.widths.size > 20_000) this.widths.clear();
      this.widths.set(key, (width = pen.measureText(label).width));
    }
    return width;
  }

  private key(label: string, { ink, ground }: Pick<Inks, "ink" | "ground">): string {
    return `${this.font}/${ink}/${ground}/${label}`;
  }

  /** Drawn once and kept: an outlined text takes Chromium a tenth of a millisecond, and there are hundreds in each frame. */
  private write(pen: CanvasRenderingContext2D, label: string, [x, y]: readonly [number, number], { ink, ground }: Inks, alpha: number): void {
    const key = this.key(label, { ink, ground });
    const ratio = Math.min(devicePixelRatio || 1, 2);
    let text = this.texts.get(key);
    if (!text) {
      if (this.texts.size > KEPT) this.texts.clear();
      text = document.createElement("canvas");
      text.width = Math.ceil((this.width(pen, label) + 2 * EDGE) * ratio);
      text.height = 20 * ratio;
      const own = text.getContext("2d");
      if (own) {
        own.scale(ratio, ratio);
        own.font = this.font;
        own.textBaseline = "middle";
        own.lineJoin = "round";
        own.direction = direction(label);
        own.textAlign = "left";
        own.strokeStyle = ground;
        own.lineWidth = 3;
        own.strokeText(label, EDGE, 10);
        own.fillStyle = ink;
        own.fillText(label, EDGE, 10);
      }
      this.texts.set(key, text);
    }
    pen.globalAlpha = alpha;
    pen.drawImage(text, x - EDGE, y - 10, text.width / ratio, text.height / ratio);
    pen.globalAlpha = 1;
  }
}

/** The median distance from a thumbnail to the next one, of at most some hundred. */
function spacing({ x, y }: Screen, place: Int32Array): number {
  const rows: number[] = [];
  place.forEach((one, row) => one >= 0 && rows.push(row));
  const some = rows.filter((_, i) => i % Math.ceil(rows.length / 300) === 0);
  if (some.length < 2) return 64;
  const nearest = some.map((row) => rows.reduce((least, other) => (other === row ? least : Math.min(least, Math.hypot(x[row]! - x[other]!, y[row]! - y[other]!))), Infinity));
  return nearest.sort((one, other) => one - other)[nearest.length >> 1]!;
}

export function short(text: string): string {
  const shown = visible(text).replace(/\s+/gu, " ");
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1)}…` : shown;
}

function outline(pen: CanvasRenderingContext2D, shape: Shape, x: number, y: number, radius: number): void {
  pen.beginPath();
  if (shape === "circle") pen.arc(x, y, radius, 0, 2 * Math.PI);
  else if (shape === "square") pen.rect(x - radius * 0.88, y - radius * 0.88, radius * 1.76, radius * 1.76);
  else {
    const corners = shape === "triangle" ? [-90, 30, 150] : [-90, 0, 90, 180];
    for (const corner of corners) {
      const angle = (corner * Math.PI) / 180;
      pen.lineTo(x + Math.cos(angle) * radius * 1.2, y + Math.sin(angle) * radius * 1.2);
    }
    pen.closePath();
  }
}

function ring(pen: CanvasRenderingContext2D, [x, y]: Corner, radius: number, colour: string, width: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function arrow(pen: CanvasRenderingContext2D, ax: number, ay: number, bx: number, by: number): void {
  pen.beginPath();
  pen.moveTo(ax, ay);
  pen.lineTo(bx, by);
  pen.stroke();
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 14) return;
  // In the middle: at its end, the arrow's head would lie under the next item.
  const [mx, my] = length > 40 ? [(ax + bx) / 2, (ay + by) / 2] : [bx, by];
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  pen.beginPath();
  pen.moveTo(mx + ux * 5, my + uy * 5);
  pen.lineTo(mx - ux * 3 - uy * 4, my - uy * 3 + ux * 4);
  pen.lineTo(mx - ux * 3 + uy * 4, my - uy * 3 - ux * 4);
  pen.fill();
}
