/** The runs so far as thumbnails; each opens its run again. */
import { button } from "./controls";
import { make } from "../text";
import { suppress } from "../shell";

export interface Thumb {
  readonly id: string;
  readonly title: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

export function strip(open: (id: string) => void): { element: HTMLElement; update(runs: readonly Thumb[], shown: string | null): void } {
  const element = make("div", "pe-history");
  element.setAttribute("role", "toolbar");
  element.setAttribute("aria-label", "Runs so far");
  const made = new Map<string, HTMLButtonElement>();
  element.addEventListener("keydown", (event) => {
    const all = [...element.querySelectorAll("button")];
    const from = all.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    all[to]?.focus();
  });
  return {
    element,
    update(runs, shown) {
      element.hidden = runs.length === 0;
      for (const [id, one] of made) {
        if (runs.some((run) => run.id === id)) continue;
        one.remove();
        made.delete(id);
      }
      runs.forEach(({ id, title, bytes, type }, index) => {
        let one = made.get(id);
        if (!one) {
          one = button("", "pe-run", title);
          one.setAttribute("aria-label", `Run ${index + 1}: ${title}`);
          const canvas = make("canvas", "");
          one.append(canvas);
          one.addEventListener("click", () => open(id));
          made.set(id, one);
          createImageBitmap(new Blob([bytes], { type })).then(
            (bitmap) => {
              const scale = Math.min(1, 112 / Math.max(bitmap.width, bitmap.height));
              canvas.width = Math.max(1, Math.round(bitmap.width * scale));
              canvas.height = Math.max(1, Math.round(bitmap.height * scale));
              canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
              bitmap.close();
            },
            () => undefined,
          );
          element.append(one);
        }
        one.setAttribute("aria-pressed", String(id === shown));
        one.tabIndex = id === shown || (shown === null && index === 0) ? 0 : -1;
      });
      suppress(element);
      made.get(shown ?? "")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
    },
  };
}
