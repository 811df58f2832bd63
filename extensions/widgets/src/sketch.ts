/** Latents as rough pictures: the linear decoder of explorer/analysis/sketch.py, applied. */
import type { Fields } from "./wire";

/** RGBA bytes (y, x) of a latent (channel, y, x), `factor` pixels per cell and side. */
export function draw(latent: Float32Array, { channels, height, width, weights, factor }: Fields): ImageData {
  const across = width * factor;
  const image = new ImageData(across, height * factor);
  const columns = factor * factor * 3;
  const cell = new Float32Array(columns);
  const constant = 9 * channels * columns;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      cell.set(weights.subarray(constant, constant + columns));
      let row = 0;
      for (let dy = -1; dy <= 1; dy++) {
        const top = Math.min(Math.max(y + dy, 0), height - 1) * width;
        for (let dx = -1; dx <= 1; dx++) {
          const at = top + Math.min(Math.max(x + dx, 0), width - 1);
          for (let channel = 0; channel < channels; channel++, row += columns) {
            const value = latent[channel * height * width + at]!;
            for (let k = 0; k < columns; k++) cell[k]! += value * weights[row + k]!;
          }
        }
      }
      for (let j = 0, k = 0; j < factor; j++) {
        let to = ((y * factor + j) * across + x * factor) * 4;
        for (let i = 0; i < factor; i++, k += 3, to += 4) {
          image.data[to] = cell[k]!;
          image.data[to + 1] = cell[k + 1]!;
          image.data[to + 2] = cell[k + 2]!;
          image.data[to + 3] = 255;
        }
      }
    }
  }
  return image;
}

/** A field of one step in its own units: (channel, y, x). */
export function values(fields: Fields, name: keyof Fields["values"], step: number): Float32Array | null {
  const bytes = fields.values[name];
  const limits = fields.limits[name];
  if (!bytes || !limits) return null;
  const cells = fields.height * fields.width;
  const found = new Float32Array(fields.channels * cells);
  for (let channel = 0, to = 0, from = step * fields.channels * cells; channel < fields.channels; channel++) {
    const [low, high] = limits[channel]!;
    const unit = (high - low) / 255;
    for (let cell = 0; cell < cells; cell++, to++, from++) found[to] = low + unit * bytes[from]!;
  }
  return found;
}

/** The predicted x0 that another guidance would have led to: unconditional + guidance * push. */
export function guided(predicted: Float32Array, push: Float32Array, own: number, other: number): Float32Array {
  return predicted.map((value, i) => value + (other - own) * push[i]!);
}
