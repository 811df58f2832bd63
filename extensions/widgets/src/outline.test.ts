import { expect, it } from "vitest";
import { outline } from "./outline";

it("goes around a mask, straight runs in one piece", () => {
  // . # #
  // . # .
  const edges = outline(Uint8Array.from([0, 1, 1, 0, 1, 0]), 2, 3);
  expect(edges).toContainEqual([1, 0, 3, 0]); // above both
  expect(edges).toContainEqual([2, 1, 3, 1]); // below the right one
  expect(edges).toContainEqual([1, 0, 1, 2]); // along the left side
  const length = edges.reduce((sum, [x1, y1, x2, y2]) => sum + Math.abs(x2 - x1) + Math.abs(y2 - y1), 0);
  expect(length).toBe(8);
});

it("draws nothing around nothing, and the border around all", () => {
  expect(outline(new Uint8Array(6), 2, 3)).toEqual([]);
  expect(outline(new Uint8Array(6).fill(1), 2, 3).length).toBe(4);
});
