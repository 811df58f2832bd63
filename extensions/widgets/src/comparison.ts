/** Runs side by side. The twin of explorer/views/comparison.py. */
import { comparison, type Mode } from "./panels/comparison";
import css from "./panels/comparison/comparison.css";
import { bytesOf, filled, follow, page, widget } from "./root";
import type { Pins } from "./state";
import { decodeComparison } from "./wire/comparison";

const PINS = ["words", "step"] as const;
const SEND_AFTER = 150; // ms: one message for a burst of pins

page(css, (meta, data, signal) => comparison(decodeComparison(meta, data), signal).element);

export default widget("Comparison of runs", css, (model, root, signal) => {
  const unsent: Record<string, unknown> = {};
  let sending = 0;
  function send(change: Record<string, unknown>): void {
    Object.assign(unsent, change);
    clearTimeout(sending);
    sending = window.setTimeout(() => {
      for (const [name, value] of Object.entries(unsent)) {
        delete unsent[name];
        model.set(name, value);
      }
      model.save_changes();
    }, SEND_AFTER);
  }
  signal.addEventListener("abort", () => clearTimeout(sending));
  filled(root, () => {
    const view = comparison(
      decodeComparison(model.get("_meta"), bytesOf(model, "_data")),
      signal,
      (pins) => send(Object.fromEntries(Object.entries(pins).filter(([name]) => (PINS as readonly string[]).includes(name)))),
      (mode) => send({ mode }),
    );
    for (const name of PINS) {
      const take = () => name in unsent || view.take({ [name]: model.get(name) ?? (name === "words" ? [] : null) } as Partial<Pins>);
      follow(model, name, take, signal);
      take();
    }
    follow(model, "mode", () => view.show(model.get("mode") as Mode), signal);
    view.show(model.get("mode") as Mode);
    return view.element;
  });
});
