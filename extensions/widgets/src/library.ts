/** The training pictures, searched. The twin of explorer/views/library.py. */
import { type Item, library, type Status, told } from "./panels/library";
import css from "./panels/library/library.css";
import { bytesOf, filled, follow, widget } from "./root";
import { cutter } from "./wire/copies";
import { need } from "./wire/need";

interface Meta {
  readonly kind: string;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly count: number;
  readonly type?: string;
  readonly more?: boolean;
  readonly blocks?: Record<string, [number, number]>;
  readonly items?: readonly { readonly seed: number; readonly caption: string; readonly span: [number, number] }[];
}

export default widget("The training pictures", css, (model, root, signal) => {
  const meta = (): Meta => {
    const found = model.get("_meta") as Meta | null;
    need(found?.kind === "library", "no library");
    return found;
  };
  filled(root, () => {
    const panel = library(meta().choices, signal, (text, names) => model.send({ do: "search", text, names }));
    const say = (): void => {
      const { items = [], more = false, count } = meta();
      const status = (model.get("_status") ?? { state: "waiting" }) as Status;
      panel.say(told(status, items.length, more, count));
    };
    function show(): void {
      const { items = [], blocks, type } = meta();
      const data = bytesOf(model, "_data");
      const cut = blocks && data.byteLength ? cutter(blocks, data) : null;
      panel.show(cut ? items.map(({ span, ...one }): Item => ({ ...one, bytes: cut(span) })) : [], type ?? "image/webp");
      say();
    }
    follow(model, "_data", show, signal);
    follow(model, "_status", say, signal);
    show();
    return panel.element;
  });
});
