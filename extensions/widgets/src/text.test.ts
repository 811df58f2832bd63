import { expect, it } from "vitest";
import { direction, percent, stepLabel, timeLabel, visible } from "./text";

it("writes shares as a person would", () => {
  expect([0, 0.0004, 0.034, 0.05, 0.0999, 0.123, 1].map(percent)).toEqual(
    ["0 %", "<0.1 %", "3.4 %", "5 %", "10 %", "12 %", "100 %"].map((text) => text.replace(" ", "\u202f")),
  );
});

it("names what has no ink", () => {
  expect(visible("castle")).toBe("castle");
  expect(visible("\u200b")).toBe("U+200B");
  expect(visible("\u200b\u202e\u0000\u0001")).toBe("U+200B U+202E U+0000 …");
  expect(visible("👩‍🔬")).toBe("👩‍🔬");
  expect(visible("\ufffd")).toBe("\ufffd");
});

it("reads from the side of the first letter", () => {
  expect(direction("12 a קסם")).toBe("ltr");
  expect(direction("«قلعة» castle")).toBe("rtl");
  expect(direction("")).toBe("ltr");
});

it("says which step, and how noisy", () => {
  expect(stepLabel(6, 25)).toBe("Step 7 of 25");
  expect(stepLabel(null, 25)).toBe("All 25 steps, mean");
  expect(stepLabel(null, 1)).toBe("The only step");
  expect(timeLabel(654.33, 1.856)).toBe("timestep 654 · noise σ 1.86");
  expect(timeLabel(null, null)).toBe("");
});
