/** The pictures of a film at a checkpoint, with what the discriminator said of each, or where a word looks. */
import { Sheet } from "../../heat";
import { button } from "../../parts/controls";
import { make, percent } from "../../text";
import { type Film, mapOf } from "../../wire/film";
import { across } from "./stops";

/** Decoded sheets of pictures: all prompts of a checkpoint beside one another. */
class Sheets {
  private readonly bitmaps: (ImageBitmap | undefined)[];
  constructor(sheets: readonly Uint8Array<ArrayBuffer>[], type: string, signal: AbortSignal, arrived: () => void) {
    this.bitmaps = new Array<ImageBitmap | undefined>(sheets.length);
    Promise.all(
      sheets.map(async (bytes, i) => {
        const bitmap = await createImageBitmap(new Blob([bytes], { type }));
        if (signal.aborted) bitmap.close();
        else this.bitmaps[i] = bitmap;
      }),
    ).then(arrived, (error) => console.warn("The pictures of the film can't be shown:", error));
    signal.addEventListener("abort", () => this.bitmaps.forEach((bitmap) => bitmap?.close()));
  }
  draw(canvas: HTMLCanvasElement, sheet: number, place: number, of: number): void {
    const [bitmap, pen] = [this.bitmaps[sheet], canvas.getContext("2d")];
    if (!bitmap || !pen) return;
    const wide = bitmap.width / of;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, wide * place, 0, wide, bitmap.height, 0, 0, canvas.width, canvas.height);
  }
}

export interface Stage {
  readonly element: HTMLElement;
  update(checkpoint: number): void;
}

/** What the discriminator says of one picture. */
function verdict(): { element: HTMLElement; put(value: number | null): void } {
  const element = make("span", "pe-film-verdict");
  const [track, fill, text] = [make("span", "pe-track"), make("span", "pe-fill"), make("span", "pe-aside")];
  track.append(fill);
  element.append(track, text);
  return {
    element,
    put(value) {
      fill.style.transform = `scaleX(${value ?? 0})`;
      text.textContent = value === null ? "–" : `${percent(value)} real`;
    },
  };
}

/** most: pictures in a row, where there is room. */
export function stage(film: Film, signal: AbortSignal, most: number): Stage {
  const element = make("div", "pe-film-grid");
  element.style.setProperty("--pe-across", String(across(film.prompts.length, most)));
  element.setAttribute("role", "list");
  const { width, height } = film.picture;
  let now = 0;
  const sheets = new Sheets(film.sheets, film.picture.type, signal, () => update(now));
  const tiles = film.prompts.map((prompt, i) => {
    const tile = make("div", "pe-film-tile");
    tile.setAttribute("role", "listitem");
    const frame = make("div", "pe-frame pe-still");
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.setAttribute("role", "img");
    const base = make("canvas", "pe-picture");
    [base.width, base.height] = [width, height];
    frame.append(base);
    const caption = make("span", "pe-film-caption", prompt);
    caption.dir = "auto";
    caption.title = prompt;
    tile.append(frame, caption);
    const said = film.verdicts ? verdict() : null;
    if (said) tile.append(said.element);
    const words = attention(film, i, frame, signal);
    if (words) tile.append(words.element);
    element.append(tile);
    return { prompt, frame, base, said, words };
  });
  function update(checkpoint: number): void {
    now = checkpoint;
    tiles.forEach(({ prompt, frame, base, said, words }, i) => {
      sheets.draw(base, checkpoint, i, film.prompts.length);
      frame.setAttribute("aria-label", `${prompt}, drawn after ${film.seen[checkpoint]} training pictures`);
      said?.put(film.verdicts?.drawn[checkpoint]?.[i] ?? null);
      words?.update(checkpoint);
    });
  }
  return { element, update };
}

/** The words of a prompt whose attention was filmed: pointing shows where one looks, a click keeps it. */
function attention(film: Film, prompt: number, frame: HTMLElement, signal: AbortSignal): Stage | null {
  const names = film.maps?.words[prompt] ?? [];
  if (!film.maps || names.length === 0) return null;
  const element = make("div", "pe-film-looks");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `Where words of “${film.prompts[prompt]}” look`);
  const over = make("canvas", "pe-heat");
  over.style.opacity = "0.9";
  frame.append(over);
  const sheet = new Sheet(over, film.maps.shape[3], film.maps.shape[4], 128);
  let [pinned, pointed, checkpoint]: [number | null, number | null, number] = [null, null, 0];
  const buttons = names.map((name, word) => {
    const one = button(name, "pe-choice", "Where it looks; click to keep");
    const point = (on: boolean) => ((pointed = on ? word : null), draw());
    one.addEventListener("pointerenter", () => point(true), { signal });
    one.addEventListener("pointerleave", () => point(false), { signal });
    one.addEventListener("focus", () => point(one.matches(":focus-visible")), { signal });
    one.addEventListener("blur", () => point(false), { signal });
    one.addEventListener("click", () => ((pinned = pinned === word ? null : word), draw()), { signal });
    element.append(one);
    return one;
  });
  function draw(): void {
    const word = pointed ?? pinned;
    // One scale for all checkpoints of a word, or one would not see it become sharp.
    sheet.draw(word === null ? null : mapOf(film, checkpoint, prompt, word), word === null ? 0 : (film.maps!.tops[prompt]?.[word] ?? 255));
    buttons.forEach((one, i) => one.setAttribute("aria-pressed", String(pinned === i)));
  }
  return { element, update: (next) => ((checkpoint = next), draw()) };
}

/** Real drawings that the discriminator never saw, with its verdict on each. */
export function reality(film: Film, signal: AbortSignal): Stage | null {
  const { verdicts } = film;
  if (!verdicts?.real || !verdicts.sheet) return null;
  const element = make("div", "pe-film-grid pe-film-real");
  element.setAttribute("role", "list");
  const of = verdicts.captions.length;
  const tiles = verdicts.captions.map((caption) => {
    const tile = make("div", "pe-film-tile");
    tile.setAttribute("role", "listitem");
    const frame = make("div", "pe-frame pe-still");
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", `A real drawing: ${caption}`);
    frame.title = caption;
    const base = make("canvas", "pe-picture");
    base.width = base.height = 128;
    frame.style.aspectRatio = "1";
    frame.append(base);
    const said = verdict();
    tile.append(frame, said.element);
    element.append(tile);
    return { base, said };
  });
  const sheets = new Sheets([verdicts.sheet], film.picture.type, signal, () => tiles.forEach(({ base }, i) => sheets.draw(base, 0, i, of)));
  return { element, update: (checkpoint) => tiles.forEach(({ said }, i) => said.put(verdicts.real?.[checkpoint]?.[i] ?? null)) };
}
