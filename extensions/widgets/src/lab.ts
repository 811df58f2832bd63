/** Colour differences as people see them: CIE L*a*b*, CIE 1976. The twin of explorer/analysis/colour.py and effects.py. */
import { colourOf } from "./colour";

const TO_XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
] as const;
const LINEAR = Float32Array.from({ length: 256 }, (_, i) => {
  const value = i / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
const WEIGHTS = TO_XYZ.map((row) => {
  const white = row[0] + row[1] + row[2]; // sRGB's, D65
  return row.map((one) => one / white);
});

/** RGBA pixels of sRGB to L*, a*, b* of each. */
export function lab(pixels: Uint8ClampedArray): Float32Array {
  const found = new Float32Array((pixels.length / 4) * 3);
  const bent = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const [wx, wy, wz] = WEIGHTS as [number[], number[], number[]];
  for (let at = 0, to = 0; at < pixels.length; at += 4, to += 3) {
    const [r, g, b] = [LINEAR[pixels[at]!]!, LINEAR[pixels[at + 1]!]!, LINEAR[pixels[at + 2]!]!];
    const x = bent(wx[0]! * r + wx[1]! * g + wx[2]! * b);
    const y = bent(wy[0]! * r + wy[1]! * g + wy[2]! * b);
    const z = bent(wz[0]! * r + wz[1]! * g + wz[2]! * b);
    found[to] = 116 * y - 16;
    found[to + 1] = 500 * (x - y);
    found[to + 2] = 200 * (y - z);
  }
  return found;
}

/** How much each pixel of two pictures of the same size differs: 2 is just visible, black to white is 100. */
export function difference(one: Uint8ClampedArray, other: Uint8ClampedArray): Float32Array {
  const [a, b] = [lab(one), lab(other)];
  return Float32Array.from({ length: a.length / 3 }, (_, i) => Math.hypot(a[i * 3]! - b[i * 3]!, a[i * 3 + 1]! - b[i * 3 + 1]!, a[i * 3 + 2]! - b[i * 3 + 2]!));
}

const TOPS = [10, 20, 40, 80, 120] as const;

/** A round end of the scale, which hardly any place (one in a hundred) is above; so that scales can be compared. */
export function topOf(differences: Float32Array): number {
  const counts = new Uint32Array(256);
  for (const one of differences) counts[Math.min(Math.round(one), 255)]!++;
  let above = differences.length * 0.01;
  let value = 255;
  while (value > 0 && above - counts[value]! > 0) above -= counts[value--]!;
  return TOPS.find((top) => value <= top) ?? 120;
}

/** Differences in the colours of heat, opaque, as RGBA. */
export function coloured(differences: Float32Array, top: number): Uint8ClampedArray<ArrayBuffer> {
  const found = new Uint8ClampedArray(differences.length * 4);
  differences.forEach((one, i) => {
    found.set(TABLE[Math.min(Math.round((one / top) * 255), 255)]!, i * 4);
  });
  return found;
}
const TABLE = Array.from({ length: 256 }, (_, i) => [...colourOf(i / 255), 255]);
