/** The article's examples. The twin of explorer/views/gallery.py. */
import { openedRun } from "./child";
import { gallery, type GalleryPanel, type Status } from "./panels/gallery";
import css from "./panels/gallery/gallery.css";
import { bytesOf, filled, follow, widget } from "./root";
import { make } from "./text";
import { decodeGallery } from "./wire/gallery";

export default widget("The article's examples", css, (model, root, signal, host) => {
  const body = make("div", "");
  root.append(body, openedRun(model, host, signal));
  const decoded = () => decodeGallery(model.get("_meta"), bytesOf(model, "_data"));
  let panel: GalleryPanel | null = null;
  filled(body, () => {
    panel = gallery(decoded(), signal, (place) => model.send({ do: "open", place: [place] }), () => model.send({ do: "stop" }));
    return panel.element;
  });
  const told = (): void => panel?.told((model.get("_status") ?? { state: "idle" }) as Status);
  follow(model, "_status", told, signal);
  follow(model, "_data", () => panel?.fill(decoded()), signal);
  told();
});
