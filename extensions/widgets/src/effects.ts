/** What each word did, or added. The twin of explorer/views/effects.py. */
import { openedRun } from "./child";
import { effects } from "./panels/effects";
import css from "./panels/effects/effects.css";
import { bytesOf, filled, page, widget } from "./root";
import { make } from "./text";
import { decodeEffects } from "./wire/effects";

page(css, (meta, data, signal) => effects(decodeEffects(meta, data), signal));

export default widget("What each word did", css, (model, root, signal, host) => {
  const body = make("div", "");
  root.append(body, openedRun(model, host, signal));
  filled(body, () => effects(decodeEffects(model.get("_meta"), bytesOf(model, "_data")), signal, (row) => model.send({ do: "open", place: [row] })));
});
