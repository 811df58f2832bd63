import { describe, expect, it } from "vitest";
import { golden, message } from "./fixtures/golden";
import { decode } from "./wire";

describe("decode", () => {
  it("reads what Python sent, as views on the one buffer", () => {
    const data = message();
    const attention = decode(golden.meta, data);
    expect([attention.steps, attention.height, attention.width]).toEqual([3, 4, 6]);
    expect(attention.words.map((word) => word.text)).toEqual(["a", "red", "castle", ",", "a", "blue", "narwhal"]);
    expect(attention.maps.buffer).toBe(data.buffer);
    expect(attention.picture.bytes.buffer).toBe(data.buffer);
    expect([...attention.picture.bytes.subarray(1, 4)].map((c) => String.fromCharCode(c)).join("")).toBe("PNG");
    expect(attention.maps.length).toBe(7 * 3 * 4 * 6);
  });

  it.each([
    ["another version", { version: 2 }, "its version is 2, expected 1"],
    ["another kind", { kind: "steps" }, "its kind is steps"],
    ["an odd shape", { shape: [7, 0, 4, 6] }, "an odd shape"],
    ["another shape", { shape: [7, 3, 4, 7] }, "the maps don't fill their shape"],
    ["a missing scale", { scales: [1] }, "a word without its scale"],
    ["a missing step", { timesteps: [] }, "a step without its time"],
  ])("refuses %s in one sentence", (_, change, reason) => {
    expect(() => decode({ ...golden.meta, ...change }, message())).toThrow(reason);
  });

  it("refuses a truncated buffer and no description", () => {
    const whole = message();
    const short = new DataView(whole.buffer, whole.byteOffset, whole.byteLength - 1);
    expect(() => decode(golden.meta, short)).toThrow(/bytes, expected .*: run the cell again\./);
    expect(() => decode(null, whole)).toThrow("no description");
  });
});
