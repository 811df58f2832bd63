/** The colours of heat: magma, safe for the colour-blind. The twin of explorer/views/palette.py. */

/** Ten stops of matplotlib's magma (CC0, https://bids.github.io/colormap/). */
export const STOPS = [
  "000004", "180f3d", "440f76", "721f81", "9e2f7f", "cd4071", "f1605d", "fd9668", "feca8d", "fcfdbf",
] as const;

/** How much of the picture a cold and a hot place cover: cold ones darken it a little, so that hot ones stand out. */
export const FAINTEST = 0.22;
export const STRONGEST = 0.86;

export type Colour = [red: number, green: number, blue: number];

/** The colour of a value from 0 to 1. */
export function colourOf(value: number): Colour {
  const place = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1);
  const lower = Math.min(Math.floor(place), STOPS.length - 2);
  const share = place - lower;
  const channel = (stop: number, at: number) => parseInt(STOPS[stop]!.slice(at, at + 2), 16);
  const mixed = (at: number) => Math.round(channel(lower, at) * (1 - share) + channel(lower + 1, at) * share);
  return [mixed(0), mixed(2), mixed(4)];
}

/** 256 RGBA entries, the cover as alpha. */
export const TABLE: Uint8ClampedArray = (() => {
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    table.set([...colourOf(i / 255), 255 * (FAINTEST + ((STRONGEST - FAINTEST) * i) / 255)], i * 4);
  }
  return table;
})();

/** For a legend, opaque. */
export function gradient(): string {
  return `linear-gradient(to right, ${STOPS.map((stop) => `#${stop}`).join(", ")})`;
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
