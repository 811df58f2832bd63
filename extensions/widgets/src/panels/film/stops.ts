/** Where the one slider can stand, and which checkpoint of each film that is. */

export type Way = "pictures" | "checkpoints";

/** What is needed of a film here. */
export interface Counted {
  readonly seen: readonly number[];
}

/** The slider's stops: numbers of training pictures, or of checkpoints. */
export function stopsOf(films: readonly Counted[], by: Way): readonly number[] {
  if (by === "checkpoints" || films.length === 1) return Array.from({ length: Math.max(...films.map(({ seen }) => seen.length)) }, (_, i) => i);
  return [...new Set(films.flatMap(({ seen }) => seen))].sort((a, b) => a - b);
}

/** The checkpoint of a film at a stop: the last that had not seen more, its last one where the film has ended. */
export function checkpointAt(film: Counted, stop: number, by: Way, several: boolean): number {
  if (by === "checkpoints" || !several) return Math.min(stop, film.seen.length - 1);
  const later = film.seen.findIndex((seen) => seen > stop);
  return Math.max(later < 0 ? film.seen.length - 1 : later - 1, 0);
}

/** The place, among the stops, of a film's checkpoint. */
export function placeOf(stops: readonly number[], film: Counted, checkpoint: number, by: Way, several: boolean): number {
  if (by === "checkpoints" || !several) return Math.min(checkpoint, stops.length - 1);
  return Math.max(stops.indexOf(film.seen[checkpoint]!), 0);
}

/** Who is winning: by the share, of drawn and unseen pictures alike, about which the discriminator is right. */
export function winner(right: number | null): string {
  if (right === null) return "Nothing was measured at this checkpoint.";
  const said = `It is right about ${Math.round(right * 100)} of 100 pictures`;
  if (right >= 0.8) return `The discriminator is winning: it tells what was drawn from what is real. ${said}.`;
  if (right >= 0.6) return `Nobody is winning clearly: the discriminator has doubts. ${said}.`;
  return `The discriminator can't tell: it has learned nothing yet, or what is drawn passes as real. ${said}; guessing gives 50.`;
}

/** How many pictures to put into a row, of at most so many: as few places as possible shall stay empty. */
export function across(count: number, most: number): number {
  if (count <= most) return Math.max(count, 1);
  let best = most;
  for (let one = most; one > most / 2; one--) if (one - (count % one || one) < best - (count % best || best)) best = one;
  return best;
}

/** The mean of what was measured; null where nothing was. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((one): one is number => one !== null);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
}

/** "12,800 pictures seen · 3.2 minutes" */
export function whenOf(seen: number, minutes: number | null): string {
  const count = `${seen.toLocaleString("en-US")} ${seen === 1 ? "picture" : "pictures"} seen`;
  if (minutes === null) return count;
  const time = minutes < 1 ? `${Math.round(minutes * 60)} seconds` : `${minutes < 10 ? minutes.toFixed(1) : Math.round(minutes)} minutes`;
  return `${count} · ${time}`;
}
