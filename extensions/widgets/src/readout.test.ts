import { describe, expect, it } from "vitest";
import { golden, message } from "./fixtures/golden";
import { Readout } from "./readout";
import { decode } from "./wire";

const attention = decode(golden.meta, message());
const readout = new Readout(attention);
const rounding = Math.max(...attention.scales) / 255; // of the bytes

describe("Readout", () => {
  it.each(golden.ranked)("ranks the words at ($x, $y), step $step, as Python's words_at", ({ x, y, step, words }) => {
    const ranked = readout.ranked(readout.shares(readout.cellAt([x, y]), step));
    expect(ranked.length).toBe(words.length);
    const expected = new Map(words);
    ranked.forEach(({ word, share }, place) => {
      expect(Math.abs(share - expected.get(word)!)).toBeLessThan(rounding);
      // The same order, but where two shares are closer than a byte can tell.
      expect(Math.abs(expected.get(word)! - words[place]![1])).toBeLessThan(rounding);
    });
  });

  it.each(golden.heat)("has the map of word $word at step $step of Python's heat", ({ word, step, values }) => {
    const row = attention.words[word]!.row!;
    const map = readout.map(row, step);
    values.forEach((value, cell) => expect(Math.abs(map[cell]! - value)).toBeLessThan(rounding));
    if (step === null) expect(readout.top(row, step)).toBeCloseTo(Math.max(...values), 2);
  });

  it("has one top for all steps of a word, so that steps can be compared", () => {
    expect(readout.top(2, 0)).toBe(readout.top(2, 2));
    expect(readout.top(null, 0)).toBe(Math.max(...attention.scales));
    expect(readout.top(2, null)).toBeLessThan(readout.top(2, 0));
  });

  it("goes from cells to pixels and back on a picture that is not square", () => {
    for (let cell = 0; cell < readout.cells; cell++) expect(readout.cellAt(readout.pixelOf(cell))).toBe(cell);
    expect(readout.cellAt([47, 31])).toBe(readout.cells - 1);
  });

  it("averages over the picture", () => {
    const mean = readout.map(2, 1).reduce((sum, share) => sum + share, 0) / readout.cells;
    expect(readout.shares(null, 1)[2]).toBeCloseTo(mean, 6);
  });
});
