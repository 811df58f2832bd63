/** The words that drive a point, or the whole picture, ranked. Its rows are always there, so that nothing moves. */
import type { Context, Look, Part } from "./state";
import { make, percent, visible } from "./text";

const SHOWN = 6;

export function ranking(context: Context): Part {
  const { attention, readout, signal } = context;
  const element = make("section", "pe-ranking");
  const head = make("div", "pe-head");
  const title = make("span", "pe-title", "Strongest words");
  const place = make("span", "pe-aside");
  head.append(title, place);
  const list = make("ol", "pe-list");
  const read = attention.words.filter((word) => word.row !== null).length;
  const rows = Array.from({ length: Math.min(SHOWN, read) }, () => {
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
    update({ shares, pixel, word, state }: Look) {
      const ranked = readout.ranked(shares);
      const most = ranked[0]?.share || 1;
      place.textContent = pixel
        ? `at x ${pixel[0]}, y ${pixel[1]}${state.pointedPixel === null ? ", pinned" : ""}`
        : "over the whole picture";
      rows.forEach(({ row, name, bar, share, put }, i) => {
        const one = ranked[i]!;
        put(one.word);
        name.textContent = visible(attention.words[one.word]!.text);
        share.textContent = percent(one.share);
        bar.style.transform = `scaleX(${one.share / most})`;
        row.classList.toggle("pe-shown", one.word === word);
      });
    },
  };
}
