/** The words that drive a point, a part or the whole picture, ranked. Its rows are always there, so that nothing moves. */
import { wordColour } from "../colour";
import type { Context, Look, Part } from "../state";
import { make, percent, times, visible } from "../text";
import { choice } from "./controls";

const SHOWN = 6;

export function ranking(context: Context): Part {
  const { run, readout, signal } = context;
  const element = make("section", "pe-ranking");
  const head = make("div", "pe-head");
  const title = make("span", "pe-title", "Strongest words");
  const place = make("span", "pe-aside");
  const kind = choice(
    "Shares",
    [
      [true, "Relative", "How many times its own mean over the picture each word draws here"],
      [false, "Absolute", "The share of the attention that each word draws; small words such as “a” often draw much of it everywhere"],
    ],
    (relative) => context.set({ relative }),
    signal,
  );
  head.append(title, place, kind.element);
  const list = make("ol", "pe-list");
  const rows = Array.from({ length: Math.min(SHOWN, readout.read.length) }, () => {
    const row = make("li", "pe-row");
    const [name, track, bar, share] = [make("span", "pe-name"), make("span", "pe-track"), make("span", "pe-fill"), make("span", "pe-share")];
    name.dir = "auto";
    track.append(bar);
    row.append(name, track, share);
    list.append(row);
    let word: number | null = null;
    row.addEventListener("pointerenter", () => word !== null && context.set({ pointedWord: word }), { signal });
    return { row, name, bar, share, put: (index: number) => (word = index) };
  });
  list.addEventListener("pointerleave", () => context.set({ pointedWord: null }), { signal });
  element.append(head, list);

  return {
    element,
    update({ shares, pixel, box, state, seen }: Look) {
      const ranked = readout.ranked(shares);
      const most = ranked[0]?.share || 1;
      const { relative } = state;
      if (box) place.textContent = `in ${box[2] - box[0]} × ${box[3] - box[1]} px${state.pointedBox === null ? ", pinned" : ""}`;
      else if (pixel) place.textContent = `at x ${pixel[0]}, y ${pixel[1]}${state.pointedPixel === null ? ", pinned" : ""}`;
      else place.textContent = relative ? "where each is strongest" : "over the whole picture";
      rows.forEach(({ row, name, bar, share, put }, i) => {
        const one = ranked[i]!;
        put(one.word);
        name.textContent = visible(run.words[one.word]!.text);
        share.textContent = relative ? times(one.share) : percent(one.share);
        bar.style.transform = `scaleX(${one.share / most})`;
        const chosen = state.words.indexOf(one.word);
        bar.style.background = chosen >= 0 && state.words.length > 1 ? wordColour(chosen) : "";
        row.classList.toggle("pe-shown", seen.some(({ word }) => word === one.word));
      });
      kind.show(relative);
    },
  };
}
