/** What the colours stand for, and how the heat is laid over the picture. */
import { gradient, wordColour } from "../colour";
import type { Context, Look, Part } from "../state";
import { make, percent, times, visible } from "../text";
import { choice, fill, labelled, range, switchOf } from "./controls";

export function legend(context: Context): Part {
  const { run, signal } = context;
  const element = make("section", "pe-legend");
  const head = make("div", "pe-head");
  const [name, hint] = [make("bdi", "pe-title"), make("span", "pe-aside")];
  head.append(name, hint);
  const colours = make("div", "pe-colours");
  const ends = make("div", "pe-ends");
  const [low, middle, high] = [make("span", ""), make("span", ""), make("span", "")];
  ends.append(low, middle, high);

  const controls = make("div", "pe-controls");
  const strength = range("Opacity of the heat", 0, 100);
  strength.addEventListener("input", () => context.set({ opacity: strength.valueAsNumber / 100 }), { signal });
  const scale = choice(
    "Scale of the colours",
    [
      [false, "Each word", "The hottest colour is each word's own maximum"],
      [true, "All alike", "The hottest colour is the same for all words, so that they can be compared"],
    ],
    (oneScale) => context.set({ oneScale }),
    signal,
  );
  const difference = switchOf("Difference", "What each of two words has more of than the other", (on) => context.set({ difference: on }), signal);
  controls.append(labelled("Opacity", strength), labelled("Scale", scale.element), difference.element);
  const truth = make("p", "pe-note");
  element.append(head, colours, ends, truth, controls);

  return {
    element,
    update({ state, seen }: Look) {
      const text = (i: number) => visible(run.words[seen[i]!.word]!.text);
      const apart = state.difference && seen.length === 2;
      name.textContent = !seen.length ? "Heat" : seen.length === 1 ? text(0) : apart ? `${text(0)} or ${text(1)}` : `${seen.length} words`;
      hint.textContent = !seen.length
        ? "point at a word to see where it looks"
        : state.pointedWord !== null && !state.words.includes(state.pointedWord)
          ? "click to pin, Shift for several"
          : "pinned, Esc lets go";
      const top = seen.length === 1 ? seen[0]!.top : 0;
      if (apart) {
        const [one, other] = seen.map(({ place }) => wordColour(place));
        colours.style.background = `linear-gradient(to right, ${one}, var(--pe-line), ${other})`;
        [low.textContent, middle.textContent, high.textContent] = [`more ${text(0)}`, "alike", `more ${text(1)}`];
      } else if (seen.length > 1) {
        const bands = seen.map(({ place }, i) => `${wordColour(place)} ${(i / seen.length) * 100}% ${((i + 1) / seen.length) * 100}%`);
        colours.style.background = `linear-gradient(to right, ${bands.join(", ")})`;
        [low.textContent, middle.textContent, high.textContent] = [text(0), seen.slice(1, -1).map((_, i) => text(i + 1)).join(" · "), text(seen.length - 1)];
      } else {
        colours.style.background = gradient();
        low.textContent = "0\u202f%";
        middle.textContent = "share of a point's attention";
        const mean = seen[0]?.heat.mean ?? 0;
        high.textContent = top > 0 ? percent(top) + (state.relative && mean > 1e-9 ? `, ${times(top / mean)} its mean` : "") : "its maximum";
      }
      const drawn = seen.filter(({ word }) => run.masks.some((mask) => mask.words.includes(word)));
      truth.hidden = drawn.length === 0;
      truth.textContent = `The outline is where ${drawn.map(({ word }) => visible(run.words[word]!.text)).join(", ")} truly is.`;
      strength.value = String(Math.round(state.opacity * 100));
      strength.setAttribute("aria-valuetext", `${strength.value} percent`);
      fill(strength);
      scale.show(state.oneScale);
      difference.box.checked = state.difference;
      difference.element.hidden = state.words.length !== 2;
    },
  };
}
