/** The training pictures: a search box, names to choose from, and what was found. */
import { button } from "../../parts/controls";
import { paint } from "../../parts/picture";
import { suppress } from "../../shell";
import { make } from "../../text";

export interface Item {
  readonly seed: number;
  readonly caption: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Status {
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly searched?: number;
  readonly note?: string;
  readonly message?: string;
}

/** What the search has to say. */
export function told(status: Status, found: number, more: boolean, count: number): string {
  const searched = `${(status.searched ?? 0).toLocaleString("en-US")} of ${count.toLocaleString("en-US")} pictures`;
  if (status.state === "failed") return status.message ?? "";
  if (status.state === "done") return found ? `${found}${more ? " or more" : ""} found in ${searched}.` : `None found in ${searched}. ${status.note ?? ""}`.trim();
  return status.searched ? `${found} found so far in ${searched} …` : "Searching …";
}

export interface LibraryPanel {
  readonly element: HTMLElement;
  show(items: readonly Item[], type: string): void;
  say(text: string): void;
}

/** search: called with words and names when something is asked. */
export function library(choices: Readonly<Record<string, readonly string[]>>, signal: AbortSignal, search: (text: string, names: Record<string, string>) => void): LibraryPanel {
  const element = make("div", "pe-panel pe-library");
  const form = make("form", "pe-library-form");
  form.setAttribute("role", "search");
  const box = make("input", "pe-input");
  Object.assign(box, { type: "search", placeholder: 'Words of the caption, such as: red castle, or "red castle"', maxLength: 200 });
  box.setAttribute("aria-label", "Words of the caption");
  const fields = make("div", "pe-fields");
  fields.append(box);
  const go = button("Search", "pe-primary");
  go.type = "submit";
  const names = make("div", "pe-options");
  const selects = Object.entries(choices).map(([kind, options]) => {
    const select = make("select", "pe-select");
    select.setAttribute("aria-label", kind);
    select.append(new Option(`any ${kind}`, ""), ...options.map((name) => new Option(name, name)));
    select.addEventListener("change", ask, { signal });
    names.append(select);
    return [kind, select] as const;
  });
  const ways = make("div", "pe-ask");
  ways.append(fields, go);
  form.append(ways, names);
  const line = make("p", "pe-note");
  line.setAttribute("aria-live", "polite");
  const grid = make("div", "pe-library-grid");
  grid.setAttribute("role", "list");
  element.append(form, line, grid);
  function ask(): void {
    search(box.value, Object.fromEntries(selects.flatMap(([kind, select]) => (select.value ? [[kind, select.value]] : []))));
  }
  // JupyterLab takes Enter away from forms, also where its shortcuts are suppressed.
  box.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && (event.preventDefault(), ask()), { signal });
  form.addEventListener("submit", (event) => (event.preventDefault(), ask()), { signal });
  return {
    element,
    say: (text) => void (line.textContent = text),
    show(items, type) {
      const tiles = items.map(({ seed, caption, bytes }) => {
        const tile = make("div", "pe-library-tile");
        tile.setAttribute("role", "listitem");
        const frame = make("div", "pe-tile-frame");
        frame.setAttribute("role", "img");
        frame.setAttribute("aria-label", caption);
        frame.style.aspectRatio = "1";
        const canvas = make("canvas", "");
        canvas.width = canvas.height = 128;
        frame.append(canvas);
        paint(canvas, bytes, type, signal).catch((error) => console.warn("The picture can't be shown:", error));
        const text = make("span", "pe-library-caption", caption);
        tile.title = `${caption} (seed ${seed})`;
        tile.append(frame, text);
        return tile;
      });
      grid.replaceChildren(...tiles);
      suppress(grid);
    },
  };
}
