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
