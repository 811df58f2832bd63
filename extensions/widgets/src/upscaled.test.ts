import { describe, expect, it } from "vitest";
import { widest } from "./panels/upscaled";
import { moved, part, sides, within } from "./panels/upscaled/spot";
import { decodeUpscaled, levelAt } from "./wire/upscaled";

describe("the loupe", () => {
  it("stays in the picture as a whole", () => {
    expect(within({ x: 0, y: 1, size: 0.2 }, 1)).toEqual({ x: 0.1, y: 0.9, size: 0.2 });
    expect(within({ x: 0.5, y: 0.5, size: 0.2 }, 2)).toEqual({ x: 0.5, y: 0.5, size: 0.2 });
  });
  it("shows the same place of pictures of different sizes, as a square of pixels", () => {
    const spot = { x: 0.5, y: 0.25, size: 0.25 };
    expect(part(spot, 128, 128)).toEqual([48, 16, 32, 32]);
    expect(part(spot, 512, 512)).toEqual([192, 64, 128, 128]);
    expect(part({ ...spot, y: 0.5 }, 400, 200)).toEqual([150, 50, 100, 100]);
    expect(sides(0.25, 0.5)).toEqual([0.5, 0.25]);
    expect(sides(0.9, 2)).toEqual([0.9, 1]);
  });
  it("moves with the arrow keys, far with Shift, and not out", () => {
    const spot = { x: 0.5, y: 0.5, size: 0.2 };
    expect(moved(spot, "ArrowRight", false, 1)).toEqual({ x: 0.525, y: 0.5, size: 0.2 });
    expect(moved(spot, "ArrowUp", true, 1)).toEqual({ x: 0.5, y: 0.4, size: 0.2 });
    expect(moved({ ...spot, x: 0.9 }, "ArrowRight", true, 1)!.x).toBe(0.9);
    expect(moved(spot, "a", false, 1)).toBeNull();
  });
  it("begins where the seeds disagree most", () => {
    const guesses = new Uint8Array(32 * 64);
    guesses.fill(9, 20 * 64, 21 * 64);
    guesses[20 * 64 + 50] = 200;
    expect(widest({ maps: { guesses }, size: [32, 64] })).toEqual({ x: 12.5 / 16, y: 10.5 / 16 });
  });
});

it("an enlargement is decoded and checked", () => {
  const bytes = new Uint8Array([1, 2, 3, 0, 0, 0, 0, 0, 51, 102, 204, 255]);
  const meta = {
    version: 1, kind: "upscaled", prompt: "p", seeds: 2, size: [2, 2], top: 20, told: null, mean: { guesses: 3 }, maps: ["guesses"],
    pictures: [{ key: "small", name: "Small", width: 1, height: 1, score: null }],
    blocks: { small: [0, 3], guesses: [8, 4] },
  };
  const found = decodeUpscaled(meta, new DataView(bytes.buffer));
  expect([...found.pictures[0]!.bytes]).toEqual([1, 2, 3]);
  expect([levelAt(found, "guesses", 0, 0), levelAt(found, "guesses", 0.99, 0), levelAt(found, "guesses", 1, 1), levelAt(found, "error", 0, 0)]).toEqual([4, 8, 20, null]);
  expect(() => decodeUpscaled({ ...meta, size: [3, 2] }, new DataView(bytes.buffer))).toThrow("guesses does not fill its shape");
  expect(() => decodeUpscaled({ ...meta, blocks: {} }, new DataView(bytes.buffer))).toThrow("guesses is missing");
});
