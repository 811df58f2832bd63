/** The prompt as buttons in reading order; a bar beneath each word is its share of attention. */
import { wordColour } from "../colour";
import { type Context, type Look, type Part, toggled } from "../state";
import { direction, make, visible } from "../text";
import type { Word } from "../wire";

export function chips(context: Context): Part {
  const { run, signal } = context;
  const element = make("div", "pe-prompt");
  const line = make("div", "pe-words");
  line.setAttribute("role", "toolbar");
  line.setAttribute("aria-label", "Words of the prompt");
  line.dir = direction(run.prompt);
  element.append(line);

  const buttons: { button: HTMLButtonElement; bar: HTMLElement; row: number | null }[] = [];
  let group: HTMLElement | null = null;
  const unwanted = make("span", "pe-unwanted");
  unwanted.append(make("span", "pe-label", "Kept out:"));
  run.words.forEach((word, index) => {
    const before = run.words[index - 1];
    // What stands together in the prompt ("castle,") stays together, also at the end of a line.
    if (!group || !before || before.end < word.start || before.negative !== word.negative) {
      (word.negative ? unwanted : line).append((group = make("span", "pe-group")));
    }
    const { button, bar } = wordButton(word, run.limit);
    group.append(button);
    buttons.push({ button, bar, row: word.row });
    button.addEventListener("pointerenter", () => context.set({ pointedWord: index }), { signal });
    button.addEventListener("focus", () => (roam(index), context.set({ pointedWord: index })), { signal });
    button.addEventListener("blur", () => context.get().pointedWord === index && context.set({ pointedWord: null }), { signal });
    button.addEventListener("click", (event) => toggle(index, event.shiftKey || event.ctrlKey || event.metaKey), { signal });
  });
  if (unwanted.childElementCount > 1) line.append(unwanted);
  // Only here, not on each word: between two words the heat would flicker.
  line.addEventListener("pointerleave", () => context.set({ pointedWord: null }), { signal });
  const own = run.words.filter((word) => !word.negative);
  for (const note of [cutNote(own, run.omitted, run.limit), unknownNote(own)]) if (note) element.append(make("p", "pe-note", note));
  if (!run.words.length) line.append(make("span", "pe-note", "The prompt is empty."));

  function toggle(index: number, several: boolean): void {
    if (buttons[index]?.row == null) return;
    context.pin({ words: toggled(context.get().words, index, several) });
  }

  // One stop for the Tab key; arrows go from word to word.
  function roam(index: number): void {
    buttons.forEach(({ button }, i) => (button.tabIndex = i === index ? 0 : -1));
  }
  roam(0);
  line.addEventListener(
    "keydown",
    (event) => {
      const from = buttons.findIndex(({ button }) => button === event.target);
      const forward = line.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
      const backward = line.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
      const moves: Record<string, number> = { [forward]: from + 1, [backward]: from - 1, Home: 0, End: buttons.length - 1 };
      const to = moves[event.key];
      if (from < 0 || to === undefined) return;
      event.preventDefault();
      buttons[to]?.button.focus();
    },
    { signal },
  );

  return {
    element,
    update({ state, seen, shares }: Look) {
      const most = shares.reduce((top, share) => Math.max(top, share), 1e-9);
      buttons.forEach(({ button, bar, row }, index) => {
        const chosen = state.words.indexOf(index);
        button.setAttribute("aria-pressed", String(chosen >= 0));
        button.classList.toggle("pe-shown", seen.some(({ word }) => word === index));
        // One word is shown in the colours of heat; several have a colour each.
        button.style.setProperty("--pe-own", chosen >= 0 && state.words.length > 1 ? wordColour(chosen) : "var(--pe-accent)");
        bar.style.transform = `scaleY(${row === null ? 0 : (shares[row] ?? 0) / most})`;
      });
    },
  };
}

function wordButton(word: Word, limit: number): { button: HTMLButtonElement; bar: HTMLElement } {
  const button = make("button", "pe-word");
  button.type = "button";
  const text = make("span", "pe-text");
  text.dir = "auto";
  // A tokenizer may drop or change characters, or split where there is no ink; then only the word is shown, as it was typed.
  if (word.pieces.length > 1 && word.pieces.join("") === word.text && word.pieces.every((piece) => visible(piece) === piece)) {
    text.append(...word.pieces.map((piece) => make("span", "pe-piece", piece)));
    button.title = `The model has no token of its own for this word and reads ${word.pieces.length} pieces: ${word.pieces.join(" | ")}`;
  } else {
    text.textContent = visible(word.text);
    text.classList.toggle("pe-code", text.textContent !== word.text);
  }
  const bar = make("span", "pe-bar");
  button.append(text, bar);
  if (word.row === null) button.setAttribute("aria-disabled", "true");
  if (word.unknown) {
    button.classList.add("pe-unknown");
    button.title = "The model was never taught this word: it reads it, but it means nothing to it.";
    button.append(make("span", "pe-hidden", " (unknown to the model)"));
  }
  if (word.cut) {
    button.classList.add("pe-cut");
    button.title = `Cut off: the text encoder reads ${limit} tokens, and ${word.row === null ? "this word" : "part of this word"} lies beyond.`;
    button.append(make("span", "pe-hidden", " (cut off)"));
  }
  return { button, bar };
}

function unknownNote(words: readonly Word[]): string {
  const names = [...new Set(words.filter((word) => word.unknown).map((word) => visible(word.text)))];
  if (!names.length) return "";
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  return `The model was never taught: ${names.slice(0, 6).join(", ")}${more}.`;
}

function cutNote(words: readonly Word[], omitted: number, limit: number): string {
  const cut = words.filter((word) => word.cut).length + omitted;
  if (!cut) return "";
  const more = omitted ? ` (${omitted.toLocaleString("en")} are not shown)` : "";
  return `${cut.toLocaleString("en")} ${cut === 1 ? "word was" : "words were"} cut off${more}: the text encoder reads ${limit} tokens.`;
}
