/** A box to type a word in, which then lands on the map; and what is selected. */
import { button } from "../../parts/controls";
import { make, visible } from "../../text";
import type { Told } from "./model";
import type { Atlas } from "../../wire/atlas";

const LONGEST = 1000; // characters: more than any text encoder reads
const LISTED = 12;

export interface Typing {
  readonly element: HTMLElement;
  update(told: Told): void;
}

export function typing(send: (text: string) => void, signal: AbortSignal): Typing {
  const element = make("div", "pe-map-typing");
  const fields = make("div", "pe-fields");
  const box = make("input", "pe-input");
  Object.assign(box, { type: "text", placeholder: "Type a word: where does it land?", maxLength: LONGEST, spellcheck: false, autocomplete: "off" });
  box.setAttribute("aria-label", "A word or prompt to put on the map");
  fields.append(box);
  const note = make("p", "pe-note");
  note.setAttribute("role", "status");
  element.append(fields, note);
  // Not a form: in a notebook of JupyterLab, Enter submits none.
  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      const text = box.value.trim();
      if (!text) return;
      send(text);
      box.select();
    },
    { signal },
  );
  return {
    element,
    update({ state, message }) {
      note.textContent = state === "waiting" ? "On its way …" : state === "failed" ? (message ?? "") : "";
      note.classList.toggle("pe-error", state === "failed");
    },
  };
}

export interface Chosen {
  readonly element: HTMLElement;
  update(selected: readonly number[]): void;
}

export function chosen(atlas: Atlas, go: (row: number, pin: boolean) => void, clear: () => void, signal: AbortSignal): Chosen {
  const element = make("section", "pe-map-chosen");
  const head = make("div", "pe-head");
  const title = make("span", "pe-title");
  const none = button("Clear", "pe-choice pe-alone", "Nothing is selected any more");
  none.addEventListener("click", clear, { signal });
  head.append(title, none);
  const list = make("div", "pe-examples");
  element.append(head, list);
  element.hidden = true;
  let shown: readonly number[] = [];
  return {
    element,
    update(selected) {
      if (selected === shown) return;
      shown = selected;
      element.hidden = !selected.length;
      title.textContent = `${selected.length.toLocaleString("en")} selected`;
      list.replaceChildren(
        ...selected.slice(0, LISTED).map((row) => {
          const one = button(visible(atlas.label(row)), "pe-example pe-map-chip");
          one.dir = "auto";
          one.dataset.lmSuppressShortcuts = "true";
          one.addEventListener("click", () => go(row, true), { signal });
          return one;
        }),
        ...(selected.length > LISTED ? [make("span", "pe-note", `and ${(selected.length - LISTED).toLocaleString("en")} more`)] : []),
      );
    },
  };
}
