/** Below the map: a way through it, step by step, and in plain words how far the picture can be trusted. */
import { fill, range } from "../../parts/controls";
import { make, percent, visible } from "../../text";
import type { Atlas } from "../../wire/atlas";

export interface Paths {
  readonly element: HTMLElement;
  update(path: number, stop: number | null): void;
}

/** A slider over the items of a path; null where the map has none. */
export function paths(atlas: Atlas, chosen: (path: number, stop: number | null) => void, signal: AbortSignal): Paths | null {
  if (!atlas.paths.length) return null;
  const element = make("div", "pe-map-path");
  const select = make("select", "pe-select");
  select.setAttribute("aria-label", "Path through the map");
  atlas.paths.forEach(({ name, kind }, i) => {
    const one = make("option", "", `${kind === "steps" ? "Steps" : "Interpolation"}: ${visible(name)}`);
    one.value = String(i);
    select.append(one);
  });
  const slider = range("Place on the path", 1, 2);
  const [label, place] = [make("bdi", "pe-title"), make("span", "pe-aside")];
  const head = make("div", "pe-head");
  head.append(select, label, place);
  element.append(head, slider);
  const path = () => Number(select.value);
  select.addEventListener("change", () => chosen(path(), 0), { signal });
  slider.addEventListener("input", () => chosen(path(), slider.valueAsNumber - 1), { signal });
  return {
    element,
    update(index, stop) {
      const { rows } = atlas.paths[index]!;
      select.value = String(index);
      slider.max = String(Math.max(rows.length, 1));
      slider.disabled = rows.length < 2;
      slider.value = String((stop ?? 0) + 1);
      const row = rows[stop ?? 0];
      label.textContent = stop === null || row === undefined ? "" : visible(atlas.label(row));
      place.textContent = stop === null ? "slide to walk along the path" : `${stop + 1} of ${rows.length}`;
      slider.setAttribute("aria-valuetext", `${place.textContent}: ${label.textContent}`);
      fill(slider);
    },
  };
}

/** What was done to get from the vectors to this picture, and what was lost. */
export function notes(atlas: Atlas): HTMLElement {
  const element = make("div", "pe-map-notes");
  const add = (text: string) => text && element.append(make("p", "pe-note", text));
  add(atlas.note ? visible(atlas.note) : methodLine(atlas));
  add(atlas.note ? numbersLine(atlas) : trustLine(atlas));
  return element;
}

/** What the note of a map says in words, in numbers. */
export function numbersLine({ explained, trustworthiness, source, method }: Atlas): string {
  const parts: string[] = [];
  if (explained?.length) parts.push(`the axes show ${explained.map(percent).join(", ")} of the variance`);
  if (trustworthiness !== null) parts.push(`trustworthiness ${trustworthiness.toFixed(2)} of 1`);
  if (source) parts.push(`vectors of ${source}`);
  if (!parts.length) return "";
  const line = parts.join(" · ");
  return `${line[0]!.toUpperCase()}${line.slice(1)}.${farLine(method)}`;
}

function farLine(method: string): string {
  return method === "t-SNE" || method === "UMAP" ? " Only what is near means something: distances between groups and their sizes do not." : "";
}

export function methodLine({ method, explained, axes, source, gap, count }: Atlas): string {
  const parts = [`${method} of ${count.toLocaleString("en")} ${count === 1 ? "vector" : "vectors"}${source ? ` of ${source}` : ""}`];
  if (explained?.length) {
    const all = explained.reduce((sum, one) => sum + one, 0);
    parts.push(`the axes show ${explained.map(percent).join(", ")}, together ${percent(all)} of the variance`);
  } else if (axes.length && method === "axes") parts.push(`across: ${axes[0]}; up: ${axes[1] ?? ""}`);
  if (gap && gap !== "as it is") parts.push(`words and pictures ${gap}`);
  return `${parts.join(" · ")}.`;
}

export function trustLine({ trustworthiness, method }: Atlas): string {
  if (trustworthiness === null) return "";
  const word = trustworthiness >= 0.95 ? "Neighbours on the map are mostly true neighbours." : trustworthiness >= 0.85 ? "Many neighbours on the map are true ones, not all." : "Many neighbours on the map are not true ones: read the list, not the picture.";
  return `Trustworthiness ${trustworthiness.toFixed(2)} of 1. ${word}${farLine(method)}`;
}
