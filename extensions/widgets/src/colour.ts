/** The colours of heat: magma, safe for the colour-blind. The twin of explorer/views/palette.py. */

/** Ten stops of matplotlib's magma (CC0, https://bids.github.io/colormap/). */
export const STOPS = [
  "000004", "180f3d", "440f76", "721f81", "9e2f7f", "cd4071", "f1605d", "fd9668", "feca8d", "fcfdbf",
] as const;

/** How much of the picture a cold and a hot place cover: cold ones darken it a little, so that hot ones stand out. */
export const FAINTEST = 0.22;
export const STRONGEST = 0.86;

export type Colour = [red: number, green: number, blue: number];

/** Of similarity on a map: cividis, which looks almost the same to the colour-blind (Nuñez et al. 2018). */
export const CIVIDIS = [
  "00224e", "123570", "3b496c", "575d6d", "707173", "8a8678", "a59c74", "c3b369", "e1cc55", "fee838",
] as const;

/** The colour of a value from 0 to 1. */
export function colourOf(value: number, stops: readonly string[] = STOPS): Colour {
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const lower = Math.min(Math.floor(place), stops.length - 2);
  const share = place - lower;
  const channel = (stop: number, at: number) => parseInt(stops[stop]!.slice(at, at + 2), 16);
  const mixed = (at: number) => Math.round(channel(lower, at) * (1 - share) + channel(lower + 1, at) * share);
  return [mixed(0), mixed(2), mixed(4)];
}

/** matplotlib's viridis (CC0), which some prefer; see `chosen`. */
export const VIRIDIS = [
  "440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725",
] as const;

/** The colours of heat on this page: magma, unless JupyterLab's setting (extensions/lab/src/settings.ts) names others. */
export function chosen(): readonly string[] {
  const name = document.body?.dataset["pePalette"];
  return name === "viridis" ? VIRIDIS : name === "cividis" ? CIVIDIS : STOPS;
}

/** 256 RGBA entries, the cover as alpha. */
export const TABLE: Uint8ClampedArray = tableOf(STOPS);

const tables = new Map<readonly string[], Uint8ClampedArray>([[STOPS, TABLE]]);

/** As `TABLE`, of other colours. */
export function tableFor(stops: readonly string[]): Uint8ClampedArray {
  const table = tables.get(stops) ?? tableOf(stops);
  tables.set(stops, table);
  return table;
}

function tableOf(stops: readonly string[]): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    table.set([...colourOf(i / 255, stops), 255 * (FAINTEST + ((STRONGEST - FAINTEST) * i) / 255)], i * 4);
  }
  return table;
}

/** For a legend, opaque. */
export function gradient(stops: readonly string[] = chosen()): string {
  return `linear-gradient(to right, ${stops.map((stop) => `#${stop}`).join(", ")})`;
}

/** Of the words that are selected together (Okabe & Ito 2008, safe for the colour-blind; black left out). */
export const WORDS = ["e69f00", "56b4e9", "009e73", "f0e442", "cc79a7", "d55e00", "0072b2"] as const;

/** Of frequency bands, coarse to fine: they can be told apart and seen in both themes. */
export const BANDS = ["4a6fd0", "2a9d8f", "c9952a", "d9653b", "b5489a", "7a5cc9"] as const;

export function wordColour(place: number): string {
  return `#${WORDS[place % WORDS.length]}`;
}

export function channels(hex: string): Colour {
  const at = hex.startsWith("#") ? 1 : 0;
  return [0, 2, 4].map((i) => parseInt(hex.slice(at + i, at + i + 2), 16)) as Colour;
}
