/** What each word did: the picture without it, what changed, where it drew attention; or what each added. */
import { gradient } from "../../colour";
import { Sheet } from "../../heat";
import { button } from "../../parts/controls";
import { paint } from "../../parts/picture";
import { make, percent, visible } from "../../text";
import type { EffectRow, EffectsData } from "../../wire/effects";

/** open: shows the run of a row; null where there is no kernel. */
export function effects(data: EffectsData, signal: AbortSignal, open: ((row: number) => void) | null = null): HTMLElement {
  return data.kind === "effects" ? words(data, signal, open) : growth(data, signal, open);
}

function words(data: EffectsData, signal: AbortSignal, open: ((row: number) => void) | null): HTMLElement {
  const element = make("div", "pe-panel pe-effects");
  const whole = frame(data, signal, data.whole, `The picture with all words: ${data.prompt}`);
  const first = make("figure", "pe-plate pe-effects-whole");
  first.append(whole.element, make("figcaption", "pe-note", data.prompt));
  const table = make("table", "pe-table pe-effects-table");
  const head = make("tr", "");
  for (const text of ["Word", "Without it", "What changed", "Where it looked", "Change", "Agreement"]) {
    const cell = make("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const [top, body] = [make("thead", ""), make("tbody", "")];
  top.append(head);
  const most = Math.max(...data.rows.map(({ size }) => size ?? 0), 1e-9);
  const spots = [whole];
  data.rows.forEach((row, i) => {
    const line = make("tr", "");
    const name = make("th", "pe-word-cell", visible(row.text));
    name.scope = "row";
    name.dir = "auto";
    const without = frame(data, signal, row.bytes, `The picture without ${row.text}`);
    const changed = frame(data, signal, data.whole, `Where leaving out ${row.text} changed the picture`);
    new Sheet(changed.over, data.changes[0], data.changes[1], 128).draw(Float32Array.from(row.change), 255);
    const looked = frame(data, signal, data.whole, `Where ${row.text} drew attention, at most ${percent(row.scale)}`);
    if (row.heat && data.heat) new Sheet(looked.over, data.heat[0], data.heat[1], 128).draw(Float32Array.from(row.heat), 255);
    spots.push(without, changed, looked);
    const cells = [without, changed, looked].map(({ element: picture }) => {
      const cell = make("td", "pe-effects-picture");
      cell.append(picture);
      return cell;
    });
    if (open) {
      const opener = button("Open this run", "pe-choice pe-alone");
      opener.setAttribute("aria-label", `Open the run without ${row.text}`);
      opener.addEventListener("click", () => open(i), { signal });
      name.append(opener);
    }
    line.append(name, ...cells, bar(row.size ?? 0, most, (row.size ?? 0).toFixed(1)), agreement(row));
    body.append(line);
  });
  table.append(top, body);
  point(spots, signal);
  const wrap = make("div", "pe-scroll pe-effects-scroll");
  wrap.append(table);
  element.append(first, wrap, legend(data.top), note("Change: the mean colour difference of all pixels; 2 is just visible, black to white is 100. Agreement: how well what changed goes with where the word looked, from −1 to 1. It need not be high."));
  return element;
}

function growth(data: EffectsData, signal: AbortSignal, open: ((row: number) => void) | null): HTMLElement {
  const element = make("div", "pe-panel pe-effects");
  const list = make("ol", "pe-growth");
  const spots: Frame[] = [];
  data.rows.forEach((row, i) => {
    const item = make("li", "pe-growth-step");
    const title = make("div", "pe-head");
    const word = make("bdi", "pe-title", `${i ? "+ " : ""}${visible(row.text)}`);
    title.append(word, make("span", "pe-aside", row.size === null ? "" : `changed ${row.size.toFixed(1)}`));
    const picture = frame(data, signal, row.bytes, `The picture for: ${row.prompt}`);
    const sheet = new Sheet(picture.over, data.changes[0], data.changes[1], 192);
    const change = Float32Array.from(row.change);
    item.title = row.prompt;
    // What a word changed, only while one asks: else the pictures could not be seen.
    const show = (on: boolean): void => sheet.draw(on && i > 0 ? change : null, 255);
    item.addEventListener("pointerenter", () => show(true), { signal });
    item.addEventListener("pointerleave", () => show(false), { signal });
    item.addEventListener("focusin", () => show(true), { signal });
    item.addEventListener("focusout", () => show(false), { signal });
    spots.push(picture);
    item.append(title, picture.element);
    if (open) {
      const opener = button("Open this run", "pe-choice pe-alone");
      opener.setAttribute("aria-label", `Open the run of: ${row.prompt}`);
      opener.addEventListener("click", () => open(i), { signal });
      item.append(opener);
    } else item.tabIndex = 0;
    list.append(item);
  });
  point(spots, signal);
  element.append(list, legend(data.top), note("Point at a picture to see what its word changed since the picture before, as a colour difference; 2 is just visible."));
  return element;
}

interface Frame {
  readonly element: HTMLElement;
  readonly over: HTMLCanvasElement;
  readonly spot: HTMLElement;
}

function frame(data: EffectsData, signal: AbortSignal, bytes: Uint8Array<ArrayBuffer>, alt: string): Frame {
  const element = make("div", "pe-frame pe-still");
  element.style.aspectRatio = `${data.picture.width} / ${data.picture.height}`;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", alt);
  const [base, over] = [make("canvas", "pe-picture"), make("canvas", "pe-heat")];
  const scale = Math.min(1, 384 / Math.max(data.picture.width, data.picture.height));
  base.width = Math.max(1, Math.round(data.picture.width * scale));
  base.height = Math.max(1, Math.round(data.picture.height * scale));
  const spot = make("div", "pe-spot");
  spot.hidden = true;
  element.append(base, over, spot);
  paint(base, bytes, data.picture.type, signal).catch((error) => console.warn("The picture can't be shown:", error));
  return { element, over, spot };
}

/** What is pointed at in one picture is shown in all. */
function point(frames: readonly Frame[], signal: AbortSignal): void {
  const show = (x: number | null, y = 0): void =>
    frames.forEach(({ spot }) => {
      spot.hidden = x === null;
      if (x !== null) Object.assign(spot.style, { left: `${x * 100}%`, top: `${y * 100}%` });
    });
  for (const { element } of frames) {
    element.addEventListener(
      "pointermove",
      (event) => {
        const rect = element.getBoundingClientRect();
        show((event.clientX - rect.left) / Math.max(rect.width, 1), (event.clientY - rect.top) / Math.max(rect.height, 1));
      },
      { signal },
    );
    element.addEventListener("pointerleave", () => show(null), { signal });
  }
}

function bar(value: number, most: number, text: string): HTMLElement {
  const cell = make("td", "pe-effects-bar");
  const [track, own] = [make("span", "pe-track"), make("span", "pe-fill")];
  own.style.transform = `scaleX(${Math.max(value, 0) / most})`;
  track.append(own);
  cell.append(make("span", "pe-share", text), track);
  return cell;
}

function agreement({ agreement: value }: EffectRow): HTMLElement {
  if (value === null) return make("td", "pe-effects-bar", "–");
  return bar(value, 1, value.toFixed(2).replace("-", "−"));
}

function legend(top: number): HTMLElement {
  const element = make("div", "pe-effects-legend");
  const colours = make("div", "pe-colours");
  colours.style.background = gradient();
  const ends = make("div", "pe-ends");
  ends.append(make("span", "", "0, alike"), make("span", "", "colour difference"), make("span", "", `${top} or more`));
  element.append(colours, ends);
  return element;
}

function note(text: string): HTMLElement {
  return make("p", "pe-note", text);
}
