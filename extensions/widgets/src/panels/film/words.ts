/** Which words a training learned, the earliest first, and how well it knows each by now. */
import { make, percent } from "../../text";
import type { Film } from "../../wire/film";

export interface Learned {
  readonly element: HTMLElement;
  update(checkpoint: number): void;
}

export function learned(film: Film): Learned {
  const element = make("section", "pe-film-learned");
  const head = make("div", "pe-head");
  const count = make("span", "pe-aside");
  head.append(make("span", "pe-title", "Words, the earliest learned first"), count);
  const list = make("ol", "pe-film-words");
  list.tabIndex = 0;
  list.setAttribute("aria-label", "Words, the earliest learned first");
  const rows = film.words.map((word) => {
    const row = make("li", "pe-film-word");
    const [name, track, fill] = [make("bdi", "pe-name", word.text), make("span", "pe-track"), make("span", "pe-fill")];
    const share = make("span", "pe-share");
    const since = word.learned === null ? "not by the end" : `after ${film.seen[word.learned]!.toLocaleString("en-US")}`;
    track.append(fill);
    row.append(name, make("span", "pe-aside", word.kind), track, share, make("span", "pe-aside", since));
    row.title = word.learned === null ? `${word.text} is not right in half of its prompts by the end` : `${word.text} is right in at least half of its prompts from here on: ${since} training pictures`;
    list.append(row);
    return { word, row, fill, share };
  });
  element.append(head, list, make("p", "pe-note", "The bar is the share of the prompts with the word in whose pictures the oracle finds it, as the mean of three checkpoints; the number is of training pictures."));
  return {
    element,
    update(checkpoint) {
      let known = 0;
      for (const { word, row, fill, share } of rows) {
        const right = word.right[checkpoint] ?? 0;
        const by = word.learned !== null && word.learned <= checkpoint;
        if (by) known++;
        row.classList.toggle("pe-shown", by);
        fill.style.transform = `scaleX(${right})`;
        share.textContent = percent(right);
      }
      count.textContent = `${known} of ${rows.length} learned by now`;
    },
  };
}
