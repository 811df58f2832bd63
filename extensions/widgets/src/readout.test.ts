import { describe, expect, it } from "vitest";
import { golden, message } from "./fixtures/golden";
import { Readout, resize } from "./readout";
import { decode } from "./wire";

const run = decode(golden.meta, message());
const readout = new Readout(run);
const { attention } = run;
const rounding = Math.max(...attention.scales) / 255; // of the bytes

describe("Readout", () => {
  it.each(golden.ranked)("ranks the words at ($x, $y), step $step, as Python's words_at", ({ x, y, step, words }) => {
    const ranked = readout.ranked(readout.shares([readout.cellAt([x, y])], step));
    expect(ranked.length).toBe(words.length);
    const expected = new Map(words);
    ranked.forEach(({ word, share }, place) => {
      expect(Math.abs(share - expected.get(word)!)).toBeLessThan(rounding);
      // The same order, but where two shares are closer than a byte can tell.
      expect(Math.abs(expected.get(word)! - words[place]![1])).toBeLessThan(rounding);
    });
  });

  it.each(golden.heat)("has the map of word $word at step $step, layer $layer, of Python's heat", ({ word, step, layer, values }) => {
    const row = run.words[word]!.row!;
    const { map, top, mean } = readout.heat(row, step, layer);
    values.forEach((value, cell) => expect(Math.abs(map[cell]! - value)).toBeLessThan(rounding));
    expect(top).toBeCloseTo(Math.max(...values), 2);
    expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 2);
  });

  it("has one top for all steps of a word, so that steps can be compared", () => {
    expect(readout.top(2, 0)).toBe(readout.top(2, 2));
    expect(readout.top(2, null)).toBeLessThan(readout.top(2, 0));
  });

  it("goes from cells to pixels and back on a picture that is not square", () => {
    for (let cell = 0; cell < readout.cells; cell++) expect(readout.cellAt(readout.pixelOf(cell))).toBe(cell);
    expect(readout.cellAt([47, 31])).toBe(readout.cells - 1);
    expect(readout.cellsIn([0, 0, 48, 32]).length).toBe(readout.cells);
    expect(readout.cellsIn([20, 9, 21, 10])).toEqual([readout.cellAt([20, 9])]);
  });

  it("averages over the picture, and over a part of it", () => {
    const { map } = readout.heat(2, 1);
    const mean = map.reduce((sum, share) => sum + share, 0) / readout.cells;
    expect(readout.shares(null, 1)[2]).toBeCloseTo(mean, 6);
    expect(readout.shares([3, 4], 1)[2]).toBeCloseTo((map[3]! + map[4]!) / 2, 6);
  });

  it("tells multiples of a word's own mean, so that a word that draws much everywhere does not lead", () => {
    const cells = [readout.cellAt([20, 9])];
    const [absolute, relative] = [readout.shares(cells, null), readout.shares(cells, null, null, true)];
    run.attention.scales.forEach((_, row) => expect(relative[row]).toBeCloseTo(absolute[row]! / readout.heat(row, null).mean, 4));
    const whole = readout.shares(null, null, null, true);
    expect(whole[2]).toBeCloseTo(readout.heat(2, null).top / readout.heat(2, null).mean, 4);
  });

  it("leaves the negative prompt's words out of the ranking, and keeps their maps", () => {
    const words = run.words.map((word, i) => ({ ...word, negative: i > 4 }));
    const other = new Readout({ ...run, words });
    expect(other.ranked(other.shares(null, null)).every(({ word }) => word <= 4)).toBe(true);
    expect(other.heat(6, null).top).toBeGreaterThan(0);
  });
});

it("resizes by pixel centres", () => {
  const map = Float32Array.from([0, 1]);
  expect([...resize(map, 1, 2, 1, 4)]).toEqual([0, 0.25, 0.75, 1]);
  expect(resize(map, 1, 2, 1, 2)).toBe(map);
});
