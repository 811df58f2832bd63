import { describe, expect, it } from "vitest";
import { coloured, difference, lab, topOf } from "./lab";
import { paths } from "./fixtures/paths";

const pixel = (...rgb: number[]) => Uint8ClampedArray.from([...rgb, 255]);

describe("colour differences", () => {
  it("are those of Python", () => {
    for (const { rgb, lab: expected } of paths.colours) [...lab(pixel(...rgb))].forEach((one, i) => expect(one).toBeCloseTo(expected[i]!, 2));
  });
  it("are 0 for alike and 100 from black to white", () => {
    expect([...difference(pixel(9, 8, 7), pixel(9, 8, 7))]).toEqual([0]);
    expect(difference(pixel(0, 0, 0), pixel(255, 255, 255))[0]).toBeCloseTo(100, 2);
  });
  it("have a scale with a round end that few places are above", () => {
    const values = new Float32Array(1000).fill(3);
    expect(topOf(values)).toBe(10);
    values.fill(35, 0, 100);
    expect(topOf(values)).toBe(40);
    values.fill(3).fill(90, 0, 5);
    expect(topOf(values)).toBe(10);
    expect([...coloured(Float32Array.from([0, 99]), 40)]).toEqual([0, 0, 4, 255, 252, 253, 191, 255]);
  });
});
