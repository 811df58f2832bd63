import { expect, it } from "vitest";
import { pointsOf, smoothed, topOf } from "./panels/lesson/loss";

it("the errors are read, whatever place the message has", () => {
  const buffer = new ArrayBuffer(19);
  const view = new DataView(buffer, 3);
  [32, 1.5, 64, 0.5].forEach((value, i) => view.setFloat32(i * 4, value, true));
  expect(pointsOf(view)).toEqual([[32, 1.5], [64, 0.5]]);
  expect(pointsOf(new DataView(new ArrayBuffer(0)))).toEqual([]);
});

it("the trend is the mean of a point and those before it", () => {
  expect(smoothed([[1, 4], [2, 2], [3, 0], [4, 0]], 1)).toEqual([[1, 4], [2, 3], [3, 1], [4, 0]]);
  expect(smoothed([], 3)).toEqual([]);
});

it("the scale ends above the errors, but for a few", () => {
  const points = Array.from({ length: 200 }, (_, i) => [i, i === 0 ? 50 : 1] as const);
  expect(topOf(points)).toBeCloseTo(1.1);
  expect(topOf([[1, 2]])).toBeCloseTo(2.2);
});
