import { expect, it } from "vitest";
import { taps } from "./heat";
import { layerName } from "./parts/gallery";

const resample = (values: number[], to: number) => {
  const { places, weights } = taps(values.length, to);
  return Array.from({ length: to }, (_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + weights[i * 4 + k]! * values[places[i * 4 + k]!]!, 0));
};

it("keeps a flat map flat and passes through the cells' own values", () => {
  for (const value of resample([0.3, 0.3, 0.3], 24)) expect(value).toBeCloseTo(0.3, 6);
  const values = [0.1, 0.9, 0.4, 0.2];
  const fine = resample(values, 4 * 9); // an odd factor has a sample in the middle of each cell
  values.forEach((value, cell) => expect(fine[cell * 9 + 4]).toBeCloseTo(value, 6));
});

it("gives the same size back unchanged, and copes with a single cell", () => {
  resample([0.1, 0.9, 0.4], 3).forEach((value, i) => expect(value).toBeCloseTo([0.1, 0.9, 0.4][i]!, 6));
  expect(resample([0.5], 4)).toEqual([0.5, 0.5, 0.5, 0.5]);
});

it("names layers shortly", () => {
  expect(layerName("down_blocks.0.attentions.1.transformer_blocks.0.attn2")).toBe("down 0.1");
  expect(layerName("mid_block.attentions.0.transformer_blocks.0.attn2")).toBe("middle 0");
  expect(layerName("up_blocks.2.attentions.0.transformer_blocks.1.attn2 head 3")).toBe("up 2.0.1 head 3");
  expect(layerName("single_transformer_blocks.12.attn")).toBe("single 12");
  expect(layerName("x".repeat(40)).length).toBe(22);
});
