/** Cards of examples; a click records its run and opens it. */
import { button } from "../../parts/controls";
import { paint } from "../../parts/picture";
import { make } from "../../text";
import { around, type GalleryData } from "../../wire/gallery";

export interface Status {
  readonly state: "idle" | "waiting" | "running" | "done";
  readonly place?: number;
  readonly step?: number;
  readonly steps?: number;
}

export interface GalleryPanel {
  readonly element: HTMLElement;
  told(status: Status): void;
  /** Pictures that have come. */
  fill(data: GalleryData): void;
}

export function gallery(data: GalleryData, signal: AbortSignal, open: (place: number) => void, stop: () => void): GalleryPanel {
  const element = make("div", "pe-panel pe-cards");
  const shown = new Set<number>();
  const groups = new Map<string, HTMLElement>();
  const cards = data.cards.map((card, place) => {
    let list = groups.get(card.group);
    if (!list) {
      list = make("div", "pe-cards-row");
      list.setAttribute("role", "group");
      list.setAttribute("aria-label", card.group);
      groups.set(card.group, list);
      const title = make("p", "pe-title pe-cards-title", card.group.slice(0, 1).toUpperCase() + card.group.slice(1));
      element.append(title, list);
    }
    const one = make("button", "pe-tile pe-card");
    one.type = "button";
    const [frame, canvas, hint] = [make("span", "pe-tile-frame"), make("canvas", ""), make("span", "pe-card-hint", "not drawn yet")];
    canvas.width = canvas.height = 192;
    const progress = make("span", "pe-card-progress");
    frame.append(hint, canvas, progress);
    const [before, word, after] = around(card.prompt, card.word);
    const said = make("span", "pe-card-prompt");
    said.append(before, make("b", "", word), after);
    one.append(frame, make("span", "pe-card-name", card.name), said);
    one.addEventListener("click", () => open(place), { signal });
    list.append(one);
    return { one, canvas, hint, progress };
  });
  const line = make("div", "pe-bar-of-tools pe-cards-line");
  const [note, halt] = [make("span", "pe-aside"), button("Stop", "pe-choice pe-alone")];
  note.setAttribute("aria-live", "polite");
  halt.addEventListener("click", stop, { signal });
  line.append(note, halt);
  element.append(line);

  function fill(next: GalleryData): void {
    next.cards.forEach(({ bytes, name }, place) => {
      if (!bytes || shown.has(place)) return;
      shown.add(place);
      cards[place]!.hint.hidden = true;
      paint(cards[place]!.canvas, bytes, next.type, signal).catch((error) => console.warn(`The picture of ${name} can't be shown:`, error));
    });
  }
  function told(status: Status): void {
    const busy = status.state === "waiting" || status.state === "running";
    cards.forEach(({ one, progress }, place) => {
      const own = status.place === place;
      one.setAttribute("aria-pressed", String(own && status.state !== "idle"));
      one.setAttribute("aria-busy", String(own && busy));
      progress.style.transform = `scaleX(${own && busy ? Math.max(0.04, (status.step ?? 0) / Math.max(status.steps ?? 1, 1)) : 0})`;
    });
    halt.hidden = !busy;
    const name = data.cards[status.place ?? -1]?.name ?? "";
    note.textContent =
      status.state === "waiting"
        ? `${name}: waits for what runs before`
        : status.state === "running"
          ? `${name}: step ${status.step} of ${status.steps}`
          : status.state === "done"
            ? `${name} is open below.`
            : "Click an example: it is drawn, once, and its run opens below.";
  }
  fill(data);
  told({ state: "idle" });
  return { element, told, fill };
}
