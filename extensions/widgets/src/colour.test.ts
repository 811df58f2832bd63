import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { BANDS, chosen, CIVIDIS, colourOf, FAINTEST, gradient, STOPS, STRONGEST, TABLE, tableFor, VIRIDIS, WORDS } from "./colour";

it("goes through its stops and keeps within the ends", () => {
  expect(colourOf(0)).toEqual([0, 0, 4]);
  expect(colourOf(1)).toEqual([0xfc, 0xfd, 0xbf]);
  expect(colourOf(3 / 9)).toEqual([0x72, 0x1f, 0x81]);
  expect(colourOf(-1)).toEqual(colourOf(0));
  expect(colourOf(2)).toEqual(colourOf(1));
});

it.each([STOPS, VIRIDIS, CIVIDIS])("grows in lightness and in cover, so that it reads without hue", (...stops) => {
  const table = tableFor(stops);
  const lightness = (i: number) => 0.2126 * table[i * 4]! + 0.7152 * table[i * 4 + 1]! + 0.0722 * table[i * 4 + 2]!;
  for (let i = 1; i < 256; i++) {
    expect(lightness(i)).toBeGreaterThan(lightness(i - 1) - 0.8);
    expect(table[i * 4 + 3]!).toBeGreaterThanOrEqual(table[i * 4 - 1]!);
  }
});

it("is magma, or what JupyterLab's setting chooses", () => {
  expect(chosen()).toBe(STOPS);
  for (const [name, stops] of [["viridis", VIRIDIS], ["cividis", CIVIDIS], ["constructor", STOPS], ["magma", STOPS]] as const) {
    document.body.dataset["pePalette"] = name;
    expect(chosen()).toBe(stops);
    expect(gradient()).toContain(`#${stops[9]}`);
  }
  delete document.body.dataset["pePalette"];
  expect(tableFor(STOPS)).toBe(TABLE);
  expect(tableFor(VIRIDIS)).toBe(tableFor(VIRIDIS));
  expect([...tableFor(VIRIDIS).slice(-4, -1)]).toEqual([0xfd, 0xe7, 0x25]);
});

it("is the palette of the static preview", () => {
  const python = readFileSync(resolve(import.meta.dirname, "../../../explorer/views/palette.py"), "utf-8");
  expect([...python.matchAll(/"([0-9a-f]{6})"/g)].map((match) => match[1])).toEqual([...STOPS, ...CIVIDIS]);
  expect([...python.slice(python.indexOf("WORDS =")).matchAll(/"([0-9A-F]{6})"/g)].map((match) => match[1]!.toLowerCase())).toEqual([...WORDS, ...BANDS]);
  expect(python).toContain(`FAINTEST, STRONGEST = ${FAINTEST}, ${STRONGEST}`);
});
