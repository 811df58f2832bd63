import { describe, expect, it } from "vitest";
import { along, mixed, opacities, within } from "./blend";
import { moved } from "./interpolation";

describe("a place between frames", () => {
  it("is made of the two it lies between", () => {
    expect(along(2, 5, false)).toEqual([{ frame: 2, share: 1 }]);
    expect(along(2.25, 5, false)).toEqual([{ frame: 2, share: 0.75 }, { frame: 3, share: 0.25 }]);
    expect(along(9, 5, false)).toEqual([{ frame: 4, share: 1 }]);
    expect(along(-1, 5, false)).toEqual([{ frame: 0, share: 1 }]);
  });
  it("of a closed path leads back to the first", () => {
    expect(along(4.5, 5, true)).toEqual([{ frame: 4, share: 0.5 }, { frame: 0, share: 0.5 }]);
    expect(along(5, 5, true)).toEqual([{ frame: 0, share: 1 }]);
  });
  it("in a grid is made of four, and of those that were run", () => {
    const all = (row: number, column: number) => row * 3 + column;
    expect(within(0.25, 0.25, [3, 3], all).map(({ frame, share }) => [frame, share])).toEqual([[0, 0.25], [1, 0.25], [3, 0.25], [4, 0.25]]);
    expect(within(1, 1, [3, 3], all)).toEqual([{ frame: 8, share: 1 }]);
    const some = (row: number, column: number) => (row === 0 && column === 1 ? 7 : undefined);
    expect(within(0.25, 0.25, [3, 3], some)).toEqual([{ frame: 7, share: 1 }]);
    expect(within(1, 0, [3, 3], some)).toEqual([{ frame: 7, share: 1 }]);
    expect(within(0.5, 0.5, [3, 3], () => undefined)).toEqual([]);
    expect(within(0.5, 1, [2, 1], all)).toEqual([{ frame: 0, share: 0.5 }, { frame: 3, share: 0.5 }]);
  });
});

it("maps are mixed by their shares, and a word that a frame lacks fades", () => {
  const maps = [Uint8Array.from([200, 0]), null];
  const weights = [{ frame: 0, share: 0.25 }, { frame: 1, share: 0.75 }];
  expect([...mixed(weights, (frame) => maps[frame] ?? null, 2)]).toEqual([50, 0]);
});

it("pictures that are drawn over one another have their shares in the end", () => {
  const weights = [0.1, 0.2, 0.3, 0.4].map((share, frame) => ({ frame, share }));
  const left = weights.map(() => 0);
  opacities(weights).forEach((alpha, i) => {
    for (let j = 0; j < left.length; j++) left[j] = left[j]! * (1 - alpha) + (i === j ? alpha : 0);
  });
  left.forEach((share, i) => expect(share).toBeCloseTo(weights[i]!.share, 6));
});

it("a place stays where it was when frames come between", () => {
  expect(moved(1.5, [0, 0.5, 1], [0, 0.5, 0.75, 1])).toBeCloseTo(2);
  expect(moved(2, [0, 0.5, 1], [0, 0.5, 0.75, 1])).toBeCloseTo(3);
  expect(moved(0.5, [0, 1], [0, 0.25, 1])).toBeCloseTo(1 + 1 / 3);
});
