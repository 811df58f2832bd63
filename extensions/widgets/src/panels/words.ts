/** The prompt as the text encoder reads it: pieces, what was cut off, each word's part in the picture. */
import { Sheet } from "../heat";
import { chips } from "../parts/chips";
import { type Context, type Look, type Part, toggled } from "../state";
import { make, percent, times, visible } from "../text";
import { paint } from "../parts/picture";

export function wordsPanel(context: Context): Part {
  const { run, readout, signal } = context;
  const element = make("div", "pe-panel pe-panel-words");
  const prompt = chips(context);
  const table = make("table", "pe-table");
  const head = make("tr", "");
  for (const [text, name] of [["", "pe-thumb"], ["Word", ""], ["Read as", ""], ["Position", "pe-number"], ["Mean share", "pe-number"], ["Stands out", "pe-number"], ["Settled at", "pe-number"]] as const) {
    const cell = make("th", name, text);
    if (!text) cell.append(make("span", "pe-hidden", "Heat map"));
    cell.scope = "col";
    head.append(cell);
  }
  const header = make("thead", "");
  header.append(head);
  const body = make("tbody", "");
  table.append(header, body);
  const wrap = make("div", "pe-scroll");
  wrap.append(table);
  element.append(prompt.element, wrap);

  const { height, width } = run.attention;
  const base = make("canvas", "");
  base.width = base.height = 40;
  const rows = run.words.map((word, index) => {
    const line = make("tr", "");
    line.tabIndex = -1;
    const cell = (name = "", text = "") => {
      const one = make("td", name, text);
      line.append(one);
      return one;
    };
    const frame = make("span", "pe-mini");
    const [under, over] = [make("canvas", ""), make("canvas", "")];
    under.width = under.height = 40;
    frame.append(under, over);
    cell("pe-thumb").append(frame);
    const name = cell("pe-word-cell", visible(word.text));
    name.dir = "auto";
    const pieces = cell("pe-pieces");
    for (const piece of word.pieces) pieces.append(make("bdi", "pe-token", visible(piece)));
    if (word.negative) pieces.append(make("span", "pe-flag", "negative prompt"));
    if (word.unknown) pieces.append(make("span", "pe-flag", "unknown to the model"));
    if (word.cut) pieces.append(make("span", "pe-flag", "cut off"));
    else if (word.pieces.length > 1) pieces.append(make("span", "pe-flag", "no token of its own"));
    cell("pe-number", word.places.length ? (word.places.length > 1 ? `${word.places[0]}–${word.places.at(-1)}` : String(word.places[0])) : "–");
    const [share, out] = [cell("pe-number"), cell("pe-number")];
    cell("pe-number", word.row === null ? "–" : `step ${(run.attention.settled[word.row] ?? 0) + 1}`);
    line.addEventListener("pointerenter", () => word.row !== null && context.set({ pointedWord: index }), { signal });
    line.addEventListener(
      "click",
      (event) => word.row !== null && context.pin({ words: toggled(context.get().words, index, event.shiftKey || event.ctrlKey || event.metaKey) }),
      { signal },
    );
    line.classList.toggle("pe-cut", word.cut);
    body.append(line);
    return { line, share, out, under, row: word.row, sheet: word.row === null ? null : new Sheet(over, height, width, 40) };
  });
  body.addEventListener("pointerleave", () => context.set({ pointedWord: null }), { signal });
  paint(base, run.picture.bytes, run.picture.type, signal).then(
    () => rows.forEach(({ under, row }) => row !== null && under.getContext("2d")?.drawImage(base, 0, 0)),
    () => undefined,
  );

  return {
    element,
    update(seen: Look) {
      const { step, layer } = seen.state;
      prompt.update(seen);
      rows.forEach(({ line, share, out, row, sheet }, index) => {
        const marked = seen.state.words.includes(index);
        line.classList.toggle("pe-shown", seen.seen.some(({ word }) => word === index));
        line.classList.toggle("pe-marked", marked);
        if (row === null) return void (share.textContent = out.textContent = "–");
        const heat = readout.heat(row, step, layer);
        share.textContent = percent(heat.mean);
        out.textContent = heat.mean > 1e-9 ? times(heat.top / heat.mean) : "–";
        sheet?.draw(heat.map, heat.top);
      });
    },
  };
}
