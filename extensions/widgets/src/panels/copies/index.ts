/** A picture, the training pictures nearest to it, and whether it is a copy. */
import { choice } from "../../parts/controls";
import { paint } from "../../parts/picture";
import { make } from "../../text";
import type { CopiesData, Match, Measure } from "../../wire/copies";

/** What a class is told. */
export function verdict(data: Pick<CopiesData, "copied" | "limit" | "measures">): string {
  const measure = data.measures.find(({ by }) => by === "copy");
  const best = measure?.matches[0];
  if (!measure || !best) return "The measure for copies was not asked.";
  const among = `${measure.among.toLocaleString("en-US")} training pictures`;
  if (data.copied) return `This is a copy: the outlines of one of ${among} lie on it${best.how ? ` (${best.how})` : ""}.`;
  return `No copy: of ${among}, none has its outlines. The nearest is like it by ${best.likeness.toFixed(2)}; a copy is from ${data.limit.toFixed(2)} on.`;
}

export function copies(data: CopiesData, signal: AbortSignal): HTMLElement {
  const element = make("div", "pe-panel pe-copies");
  const said = make("p", data.copied ? "pe-copies-said pe-copies-yes" : "pe-copies-said", verdict(data));
  const pair = make("div", "pe-copies-pair");
  const [own, other] = [plate("The picture"), plate("")];
  pair.append(own.element, other.element);
  const side = make("div", "pe-copies-side");
  const list = make("div", "pe-copies-list");
  const about = make("p", "pe-note");
  const measures = choice(
    "Nearest by",
    data.measures.map((measure) => [measure, measure.name, measure.about] as const),
    (measure) => show(measure),
    signal,
  );
  side.append(measures.element, about, list);
  const body = make("div", "pe-copies-body");
  body.append(pair, side);
  element.append(said, body);
  put(own.canvas, data.picture);
  own.note.textContent = data.prompt;

  function put(canvas: HTMLCanvasElement, bytes: Uint8Array<ArrayBuffer>): void {
    paint(canvas, bytes, data.type, signal).catch((error) => console.warn("The picture can't be shown:", error));
  }
  function show(measure: Measure): void {
    measures.show(measure);
    about.textContent = `${measure.about} Found among ${measure.among.toLocaleString("en-US")} in ${measure.seconds.toFixed(2)} s.`;
    const buttons = measure.matches.map((match) => {
      const one = make("button", "pe-tile");
      one.type = "button";
      const [frame, canvas, foot] = [make("span", "pe-tile-frame pe-copies-frame"), make("canvas", ""), make("span", "pe-tile-foot")];
      canvas.width = canvas.height = 128;
      frame.append(canvas);
      foot.append(make("span", "pe-tile-name", match.copied ? "a copy" : `seed ${match.seed}`), make("span", "pe-aside", match.likeness.toFixed(2)));
      one.append(frame, foot, make("span", "pe-film-caption", match.caption));
      one.title = match.caption;
      put(canvas, match.bytes);
      one.addEventListener("click", () => choose(match, one), { signal });
      return one;
    });
    list.replaceChildren(...buttons);
    for (const one of buttons) one.dataset["lmSuppressShortcuts"] = "true";
    if (measure.matches[0]) choose(measure.matches[0], buttons[0]!);
  }
  function choose(match: Match, one: HTMLElement): void {
    for (const tile of list.children) tile.setAttribute("aria-pressed", String(tile === one));
    other.name.textContent = "Training picture";
    other.aside.textContent = `likeness ${match.likeness.toFixed(2)}`;
    other.note.textContent = `${match.caption} (seed ${match.seed}${match.how ? `; the picture ${match.how}` : ""})`;
    put(other.canvas, match.bytes);
  }
  if (data.measures[0]) show(data.measures[0]);
  return element;
}

function plate(title: string) {
  const element = make("figure", "pe-copies-plate");
  const head = make("div", "pe-head");
  const [name, aside] = [make("span", "pe-title", title), make("span", "pe-aside")];
  head.append(name, aside);
  const frame = make("div", "pe-frame pe-still");
  frame.style.aspectRatio = "1";
  const canvas = make("canvas", "pe-picture");
  canvas.width = canvas.height = 192;
  frame.append(canvas);
  const note = make("figcaption", "pe-note");
  note.dir = "auto";
  element.append(head, frame, note);
  return { element, canvas, note, name, aside };
}
