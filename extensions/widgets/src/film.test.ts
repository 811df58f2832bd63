import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { sent } from "./fixtures/paths";
import { endsOf } from "./panels/film";
import { nearest, value } from "./panels/film/curves";
import { across, checkpointAt, mean, placeOf, stopsOf, whenOf, winner } from "./panels/film/stops";
import { rightAt } from "./panels/film/winning";
import { decodeFilms, mapOf } from "./wire/film";

/** Written by `python -m tests.views.golden_film`. */
const golden = JSON.parse(readFileSync(resolve(import.meta.dirname, "fixtures/film.json"), "utf-8")) as { meta: Record<string, unknown>; data: string };
const films = () => decodeFilms(golden.meta, sent(golden));

describe("one slider for several films", () => {
  const short = { seen: [0, 50, 3000] };
  const long = { seen: [0, 100, 400, 1600] };
  it("stands at every number of pictures at which one of them was looked at", () => {
    expect(stopsOf([long, short], "pictures")).toEqual([0, 50, 100, 400, 1600, 3000]);
    expect(stopsOf([long, short], "checkpoints")).toEqual([0, 1, 2, 3]);
    expect(stopsOf([long], "pictures")).toEqual([0, 1, 2, 3]);
  });
  it("shows of each the last checkpoint that had not seen more", () => {
    const at = (stop: number) => [long, short].map((film) => checkpointAt(film, stop, "pictures", true));
    expect([0, 50, 100, 400, 1600, 3000].map(at)).toEqual([[0, 0], [0, 1], [1, 1], [2, 1], [3, 1], [3, 2]]);
    expect(checkpointAt({ seen: [20, 30] }, 5, "pictures", true)).toBe(0); // before its first
  });
  it("by checkpoints stays at the end of the shorter one", () => {
    expect([0, 2, 3].map((stop) => checkpointAt(short, stop, "checkpoints", true))).toEqual([0, 2, 2]);
  });
  it("finds the place of a checkpoint again", () => {
    const stops = stopsOf([long, short], "pictures");
    for (const film of [long, short]) {
      film.seen.forEach((_, i) => expect(checkpointAt(film, stops[placeOf(stops, film, i, "pictures", true)]!, "pictures", true)).toBe(i));
    }
  });
});

describe("a film as Python sends it", () => {
  it("is decoded, whatever place the message has", () => {
    const [one, other] = films();
    expect([one!.name, other!.name]).toEqual(["tiny", "other"]);
    expect(one!.sheets.map((sheet) => String.fromCharCode(...sheet.subarray(0, 4)))).toEqual(["RIFF", "RIFF", "RIFF", "RIFF"]);
    expect(one!.charts.map(({ title }) => title)).toEqual(["Loss", "What the prompt asked for"]);
    expect(one!.charts[0]!.lines[0]!.values[0]).toBeNull();
    expect(one!.words.map(({ text, learned }) => [text, learned])).toEqual([["castle", 2], ["dog", null]]);
    expect(other!.verdicts!.drawn).toEqual([[0, 0], [0.2, 0.3], [0.4, 0.6]]);
    expect(other!.verdicts!.captions).toHaveLength(2);
    expect(other!.maps).toBeNull();
  });
  it("says where a word looked at a checkpoint", () => {
    const one = films()[0]!;
    const map = mapOf(one, 2, 0, 1)!;
    expect(map).toHaveLength(24);
    expect([map[0], map[8], map[9], map[15], map[16]]).toEqual([0, 90, 90, 90, 0]);
    expect(one.maps!.tops).toEqual([[120, 120], [120, 7]]);
    expect(mapOf(one, 2, 1, 1)).toBeNull(); // the prompt has one word only
  });
  it("that can't be read is told in one sentence", () => {
    const meta = golden.meta as { films: { spans: unknown[] }[] };
    expect(() => decodeFilms({ ...meta, version: 7 }, sent(golden))).toThrow("its version is 7, expected 1): run the cell again.");
    expect(() => decodeFilms({ ...meta, films: [] }, sent(golden))).toThrow("no film");
    expect(() => decodeFilms({ ...meta, films: [{ ...meta.films[0]!, spans: [] }] }, sent(golden))).toThrow("a checkpoint without its pictures");
  });
});

it("who is winning follows from how often the discriminator is right", () => {
  expect(winner(0.97)).toContain("The discriminator is winning");
  expect(winner(0.97)).toContain("97 of 100");
  expect(winner(0.7)).toContain("Nobody is winning");
  expect(winner(0.5)).toContain("can't tell");
  expect(winner(null)).toContain("Nothing was measured");
  expect(rightAt([[1, 0.5], [0.5, 0.5]], 0)).toBe(0.75);
  expect(rightAt([[1, null], [0.5, 0.5]], 1)).toBeNull();
  expect(rightAt([null, [1]], 0)).toBeNull();
});

it("rows are as full as they can be", () => {
  expect([1, 4, 6, 8, 9, 10, 12].map((count) => across(count, 6))).toEqual([1, 4, 6, 4, 5, 5, 6]);
  expect([8, 12, 9].map((count) => across(count, 4))).toEqual([4, 4, 3]);
});

it("numbers are short, and what was not measured is a dash", () => {
  expect([value(0.1234, true), value(1.23456, false), value(-0.5, false), value(null, true)]).toEqual(["12\u202f%", "1.23", "−0.5", "–"]);
  expect(mean([0.5, null, 1])).toBe(0.75);
  expect(mean([null])).toBeNull();
  expect(whenOf(12800, 3.21)).toBe("12,800 pictures seen · 3.2 minutes");
  expect(whenOf(1, 0.5)).toBe("1 picture seen · 30 seconds");
  expect(whenOf(0, null)).toBe("0 pictures seen");
});

it("a press in a chart goes to the nearest checkpoint, and charts of one title share a scale", () => {
  const axis = { count: 3, place: (i: number) => [0, 0.1, 1][i]! };
  expect([-1, 0.04, 0.06, 0.5, 0.6, 2].map((place) => nearest(axis, place))).toEqual([0, 0, 1, 1, 2, 2]);
  const chart = (ends: [number, number]) => ({ charts: [{ title: "Loss", about: "", lines: [], ends, share: false }] });
  expect(endsOf([chart([0, 1]), chart([-1, 3])], "Loss", [0, 1])).toEqual([-1, 3]);
  expect(endsOf([chart([0, 1]), chart([-1, 3])], "Variety", [0, 1])).toEqual([0, 1]);
});
