/** Settings against each other. The twin of explorer/views/grid.py. */
import { openedRun } from "./child";
import { grid } from "./panels/grid";
import css from "./panels/grid/grid.css";
import { bytesOf, filled, widget } from "./root";
import { make } from "./text";
import { decodeGrid } from "./wire/grid";

export default widget("A grid of runs", css, (model, root, signal, host) => {
  const body = make("div", "");
  root.append(body, openedRun(model, host, signal));
  filled(body, () => grid(decodeGrid(model.get("_meta"), bytesOf(model, "_data")), signal, (row, column) => model.send({ do: "open", place: [row, column] })));
});
