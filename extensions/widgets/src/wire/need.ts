/** Data that can't be read is told in one sentence. */
export function need(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`The data of this view can't be read (${what}): run the cell again.`);
}
