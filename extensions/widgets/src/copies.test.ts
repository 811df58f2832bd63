import { expect, it } from "vitest";
import { verdict } from "./panels/copies";
import { told } from "./panels/library";
import { decodeCopies } from "./wire/copies";

const match = { seed: 7, caption: "a dog", likeness: 0.97, copied: true, how: "mirrored" };
const measure = { by: "copy", name: "Copy measure", about: "", among: 64000, seconds: 0.4 };

it("the verdict is that of the measure for copies, and of no other", () => {
  const near = { ...match, bytes: new Uint8Array() };
  expect(verdict({ copied: true, limit: 0.9, measures: [{ ...measure, matches: [near] }] })).toContain("This is a copy: the outlines of one of 64,000 training pictures lie on it (mirrored)");
  expect(verdict({ copied: false, limit: 0.9, measures: [{ ...measure, matches: [{ ...near, likeness: 0.4 }] }] })).toContain("like it by 0.40; a copy is from 0.90 on");
  expect(verdict({ copied: false, limit: 0.9, measures: [{ ...measure, by: "pixels", matches: [near] }] })).toBe("The measure for copies was not asked.");
});

it("each match has its picture", () => {
  const meta = { version: 1, kind: "copies", type: "image/webp", prompt: "", copied: true, picture: [0, 2], blocks: { pictures: [1, 5] }, measures: [{ ...measure, matches: [{ ...match, span: [2, 3] }] }] };
  const found = decodeCopies(meta, new DataView(Uint8Array.from([9, 1, 2, 3, 4, 5]).buffer));
  expect([[...found.picture], [...found.measures[0]!.matches[0]!.bytes]]).toEqual([[1, 2], [3, 4, 5]]);
  meta.measures[0]!.matches[0]!.span = [2, 9];
  expect(() => decodeCopies(meta, new DataView(new ArrayBuffer(6)))).toThrow("a picture lies beyond the end");
});

it("a search says how far it has looked, and why there is nothing", () => {
  expect(told({ state: "running", searched: 0 }, 0, false, 64000)).toBe("Searching …");
  expect(told({ state: "running", searched: 2000 }, 3, true, 64000)).toBe("3 found so far in 2,000 of 64,000 pictures …");
  expect(told({ state: "done", searched: 9000 }, 48, true, 64000)).toBe("48 or more found in 9,000 of 64,000 pictures.");
  expect(told({ state: "done", searched: 64000, note: "This pair is held out." }, 0, false, 64000)).toBe("None found in 64,000 of 64,000 pictures. This pair is held out.");
  expect(told({ state: "failed", message: "No." }, 0, false, 1)).toBe("No.");
});
