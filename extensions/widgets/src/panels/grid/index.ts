/** Settings against each other: tiled pictures with headers; a click opens the run. */
import { make } from "../../text";
import { paint } from "../../parts/picture";
import type { GridData } from "../../wire/grid";

/** open: shows the run of a cell. */
export function grid(data: GridData, signal: AbortSignal, open: (row: number, column: number) => void): HTMLElement {
  const wrap = make("div", "pe-panel pe-grid-wrap");
  const table = make("table", "pe-grid");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", "Runs by their settings");
  const head = make("tr", "");
  head.append(make("td", ""));
  for (const text of data.columns) {
    const cell = make("th", "", text);
    cell.scope = "col";
    head.append(cell);
  }
  const [top, body] = [make("thead", ""), make("tbody", "")];
  top.append(head);
  const { width, height } = data.picture;
  const side = Math.max(64, Math.min(220, Math.floor(920 / Math.max(data.columns.length, 1))));
  const scale = (2 * side) / Math.max(width, height);
  const buttons = new Map<string, HTMLButtonElement>();
  data.rows.forEach((text, row) => {
    const line = make("tr", "");
    const name = make("th", "", text);
    name.scope = "row";
    line.append(name);
    data.columns.forEach((other, column) => {
      const cell = make("td", "");
      const one = make("button", "pe-grid-cell");
      one.type = "button";
      one.style.aspectRatio = `${width} / ${height}`;
      one.style.width = `${Math.round(side * Math.min(1, width / height))}px`;
      const own = data.cells.find((at) => at.row === row && at.column === column);
      if (own) {
        const canvas = make("canvas", "");
        canvas.width = Math.max(1, Math.min(width, Math.round(width * scale)));
        canvas.height = Math.max(1, Math.min(height, Math.round(height * scale)));
        paint(canvas, own.bytes, data.picture.type, signal).catch((error) => console.warn("The picture can't be shown:", error));
        one.append(canvas);
        one.title = own.prompt;
        one.setAttribute("aria-label", `${text}, ${other}: ${own.prompt}`);
        one.addEventListener("click", () => choose(row, column), { signal });
      } else {
        one.disabled = true;
        one.setAttribute("aria-label", `${text}, ${other}: not run`);
      }
      one.tabIndex = buttons.size ? -1 : 0;
      buttons.set(`${row} ${column}`, one);
      cell.append(one);
      line.append(cell);
    });
    body.append(line);
  });
  table.append(top, body);

  function choose(row: number, column: number): void {
    for (const [key, one] of buttons) one.setAttribute("aria-pressed", String(key === `${row} ${column}`));
    open(row, column);
  }
  // One stop for the Tab key; arrows go from cell to cell.
  table.addEventListener(
    "keydown",
    (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const from = [...buttons].find(([, one]) => one === event.target)?.[0].split(" ").map(Number);
      if (!by || !from) return;
      event.preventDefault();
      let [row, column] = [from[0]! + by[0]!, from[1]! + by[1]!];
      while (buttons.get(`${row} ${column}`)?.disabled) [row, column] = [row + by[0]!, column + by[1]!];
      const next = buttons.get(`${row} ${column}`);
      if (!next) return;
      for (const one of buttons.values()) one.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    },
    { signal },
  );
  wrap.append(table, make("p", "pe-note", "Click a picture to open its run below."));
  return wrap;
}
