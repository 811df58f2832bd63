/** The item that is looked at: what it is, how far to trust its place, and its nearest neighbours by true cosine. */
import { button } from "../../parts/controls";
import { make, visible } from "../../text";
import type { Neighbour } from "./near";
import { mark } from "./tools";
import type { Atlas } from "../../wire/atlas";

const SHOWN = 10;

export interface Seen {
  readonly row: number | null;
  readonly text: string;
  readonly kind: string;
  readonly pinned: boolean;
  readonly neighbours: readonly Neighbour[];
  /** How many items lie on its spot. */
  readonly stacked: number;
  /** Instead of neighbours that are not known. */
  readonly instead: string;
}

export interface Card {
  readonly element: HTMLElement;
  update(seen: Seen | null): void;
}

export function card(atlas: Atlas, thumb: (row: number, canvas: HTMLCanvasElement) => boolean, go: (row: number, pin: boolean) => void, signal: AbortSignal): Card {
  const element = make("section", "pe-map-card");
  const head = make("div", "pe-map-item");
  const picture = make("canvas", "pe-map-thumb");
  picture.setAttribute("aria-hidden", "true");
  const texts = make("div", "pe-map-texts");
  const [name, kind] = [make("bdi", "pe-title"), make("span", "pe-aside")];
  texts.append(name, kind);
  head.append(picture, texts);
  const trust = make("p", "pe-note pe-map-trust");
  const title = make("div", "pe-label pe-map-nearest", "Nearest by cosine");
  const list = make("ol", "pe-list");
  const rows = Array.from({ length: SHOWN }, () => {
    const entry = make("li", "");
    const row = button("", "pe-row pe-map-row");
    const [label, track, bar, share] = [make("span", "pe-name"), make("span", "pe-track"), make("span", "pe-fill"), make("span", "pe-share")];
    label.dir = "auto";
    track.append(bar);
    row.append(label, track, share);
    entry.append(row);
    list.append(entry);
    let item = -1;
    row.addEventListener("click", () => item >= 0 && go(item, true), { signal });
    return { entry, row, label, bar, share, put: (one: number) => (item = one) };
  });
  element.append(head, trust, title, list);

  return {
    element,
    update(seen) {
      head.classList.toggle("pe-map-none", seen === null);
      name.textContent = seen ? visible(seen.text) : "Point at something";
      kind.textContent = seen ? `${seen.kind}${seen.pinned ? ", pinned: Esc lets go" : ", click to pin"}` : "and see what is truly near it";
      picture.hidden = !(seen && seen.row !== null && thumb(seen.row, picture));
      trust.textContent = seen ? trustOf(atlas, seen) : "";
      title.hidden = !seen;
      title.textContent = seen?.neighbours.length ? "Nearest by cosine" : (seen?.instead ?? "");
      rows.forEach(({ entry, row, label, bar, share, put }, i) => {
        const one = seen?.neighbours[i];
        put(one?.row ?? -1);
        entry.hidden = !one;
        if (!one) return;
        label.replaceChildren(mark(atlas.kind[one.row]!), ` ${visible(atlas.label(one.row))}`);
        share.textContent = one.cosine.toFixed(2);
        bar.style.transform = `scaleX(${Math.max(one.cosine, 0)})`;
        row.title = atlas.label(one.row);
      });
    },
  };
}

/** "3 of its 10 true neighbours are near it here." */
export function trustOf(atlas: Atlas, { row, stacked }: Pick<Seen, "row" | "stacked">): string {
  const parts: string[] = [];
  if (stacked > 1) parts.push(`${stacked.toLocaleString("en")} items lie on this spot: Page Down goes to the next.`);
  if (row !== null && atlas.kept && atlas.kept[row] !== 255) {
    const share = atlas.kept[row]! / 250;
    if (atlas.near) {
      const near = Math.round(share * atlas.near);
      parts.unshift(`${near} of its ${atlas.near} true neighbours ${near === 1 ? "is" : "are"} near it here.`);
    } else parts.unshift(`${Math.round(share * 100)}\u202f% of its true neighbours are near it here.`);
  }
  return parts.join(" ");
}
