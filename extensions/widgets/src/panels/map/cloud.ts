/**
 * Very many items, as pixels. Each adds its share of ink to the pixels it covers, so that crowded places are darker, in the
 * colour of whoever came last.
 *
 * Not WebGL: without a graphics card, as on servers and in classrooms, Chromium draws points in software, 100,000 of
 * them at 3 frames a second where this makes 50 (a million: 0.5 and 19), and a page may hold few WebGL contexts.
 */
import { HIDDEN } from "./near";
import { DIM, type Palette } from "./shade";
import type { Screen } from "./space";

const INK = 0.55; // of one item; less where there are a great many
const MANY = 200_000;
const FAINT = 0.16;

export class Cloud {
  private cells = new Uint16Array(0);
  private image: ImageData | null = null;
  private inks = new Uint32Array(65_536);
  private key = "";

  constructor(private readonly canvas: HTMLCanvasElement) {}

  clear(): void {
    this.canvas.hidden = true;
  }

  /** stride: only every so manieth item, with as much more ink, while things move. */
  draw(screen: Screen, shade: Uint8Array, palette: Palette, width: number, height: number, ratio: number, stride: number): void {
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    this.canvas.hidden = false;
    const [wide, tall] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    if (!this.image || this.image.width !== wide || this.image.height !== tall) {
      this.canvas.width = wide;
      this.canvas.height = tall;
      this.image = pen.createImageData(wide, tall);
      this.cells = new Uint16Array(wide * tall);
    }
    this.mix(palette, shade.length, stride);
    const { cells, inks } = this;
    cells.fill(0);
    const side = shade.length > MANY ? 1 : shade.length > 30_000 ? 2 : 3;
    const size = Math.max(1, Math.round(side * ratio));
    const reach = size >> 1;
    const { x, y } = screen;
    for (let i = 0; i < shade.length; i += stride) {
      const level = shade[i]!;
      if (level === HIDDEN) continue;
      const [column, row] = [Math.floor(x[i]! * ratio) - reach, Math.floor(y[i]! * ratio) - reach];
      if (column < 0 || row < 0 || column + size > wide || row + size > tall) continue;
      const colour = level << 8;
      for (let v = 0, at = row * wide + column; v < size; v++, at += wide) {
        for (let u = at; u < at + size; u++) {
          const ink = cells[u]! & 255;
          cells[u] = colour | (ink < 255 ? ink + 1 : 255);
        }
      }
    }
    const out = new Uint32Array(this.image.data.buffer);
    for (let i = 0; i < out.length; i++) out[i] = inks[cells[i]!]!;
    pen.putImageData(this.image, 0, 0);
  }

  /** The pixel of each level and amount of ink: the high and the low byte of a cell. */
  private mix(palette: Palette, count: number, stride: number): void {
    const key = `${palette.key}/${palette.levels}/${count > MANY}/${stride}`;
    if (key === this.key) return;
    this.key = key;
    const share = 1 - (1 - (count > MANY ? INK / 2 : INK)) ** stride;
    for (let level = 0; level < palette.levels; level++) {
      const [red, green, blue] = palette.colour(level);
      for (let ink = 1; ink < 256; ink++) {
        const alpha = 1 - (1 - share) ** ink;
        for (const [at, part] of [[level, 1], [level | DIM, FAINT]] as const) // prettier-ignore
          this.inks[(at << 8) | ink] = ((Math.round(255 * alpha * part) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
      }
    }
  }
}
