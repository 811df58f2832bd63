import { describe, expect, it } from "vitest";
import { golden, message } from "./fixtures/golden";
import { decode } from "./wire";

const meta = golden.meta as Record<string, never> & { attention: object; blocks: Record<string, [number, number]> };

describe("decode", () => {
  it("reads what Python sent, as views on the one buffer", () => {
    const data = message();
    const run = decode(golden.meta, data);
    expect([run.steps, run.attention.height, run.attention.width]).toEqual([3, 4, 6]);
    expect(run.words.map((word) => word.text)).toEqual(["a", "red", "castle", ",", "a", "blue", "narwhal"]);
    expect(run.attention.maps.buffer).toBe(data.buffer);
    expect(run.picture.bytes.buffer).toBe(data.buffer);
    expect([...run.picture.bytes.subarray(1, 4)].map((c) => String.fromCharCode(c)).join("")).toBe("PNG");
    expect(run.attention.maps.length).toBe(7 * 3 * 4 * 6);
    expect(run.layers!.layers.map(({ grid }) => grid)).toEqual(["4x6", "4x6", "2x3", "2x3"]);
    expect(run.layers!.ranges).toEqual([[0, 0], [1, 1], [2, 2]]);
    expect(run.pictures!.files.length).toBe(3);
    expect(Object.keys(run.fields!.values).sort()).toEqual(["latents", "noise", "predicted", "push"]);
    expect(run.fields!.weights.length).toBe((9 * 4 + 1) * 48);
    expect(run.masks[0]!.pixels.reduce((sum, one) => sum + one, 0)).toBe(32);
    expect(run.curves!.change.length).toBe(3);
  });

  it.each([
    ["another version", { version: 1 }, "its version is 1, expected 2"],
    ["another kind", { kind: "steps" }, "its kind is steps"],
    ["an odd shape", { attention: { ...meta.attention, shape: [7, 0, 4, 6] } }, "an odd shape"],
    ["another shape", { attention: { ...meta.attention, shape: [7, 3, 4, 7] } }, "maps does not fill its shape"],
    ["a missing scale", { attention: { ...meta.attention, scales: [1] } }, "a word without its scale"],
    ["a missing step", { timesteps: [] }, "a step without its time"],
    ["no attention", { attention: null }, "no shape"],
    ["a missing block", { blocks: { ...meta.blocks, sketch: [0, 4] } }, "sketch does not fill its shape"],
  ])("refuses %s in one sentence", (_, change, reason) => {
    expect(() => decode({ ...golden.meta, ...change }, message())).toThrow(reason);
  });

  it("refuses a truncated buffer and no description", () => {
    const whole = message();
    const short = new DataView(whole.buffer, whole.byteOffset, whole.byteLength - 4);
    expect(() => decode(golden.meta, short)).toThrow(/bytes, expected .*: run the cell again\./);
    expect(() => decode(null, whole)).toThrow("no description");
  });
});
