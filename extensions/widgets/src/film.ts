/** Recordings of trainings. The twin of explorer/views/film.py. */
import { film, type FilmPanel } from "./panels/film";
import css from "./panels/film/film.css";
import type { Way } from "./panels/film/stops";
import { bytesOf, filled, follow, page, widget } from "./root";
import { decodeFilms } from "./wire/film";

const SEND_AFTER = 150; // ms: one message for a burst of pins

page(css, (meta, data, signal) => film(decodeFilms(meta, data), signal).element);

export default widget("A training, watched", css, (model, root, signal) => {
  let panel: FilmPanel | null = null;
  let sending = 0;
  signal.addEventListener("abort", () => clearTimeout(sending));
  const chosen = (): [number, Way] => [Number(model.get("checkpoint") ?? 0), model.get("by") === "checkpoints" ? "checkpoints" : "pictures"];
  filled(root, () => {
    panel = film(decodeFilms(model.get("_meta"), bytesOf(model, "_data")), signal, (checkpoint, by) => {
      clearTimeout(sending);
      sending = window.setTimeout(() => {
        sending = 0;
        model.set("checkpoint", checkpoint);
        model.set("by", by);
        model.save_changes();
      }, SEND_AFTER);
    });
    panel.take(...chosen());
    return panel.element;
  });
  const take = (): void => {
    if (!panel || sending) return;
    // An echo of what is shown must not move the slider: several stops can stand for one checkpoint.
    const [checkpoint, by] = chosen();
    if (panel.now() !== checkpoint || by !== panel.by()) panel.take(checkpoint, by);
  };
  for (const name of ["checkpoint", "by"]) follow(model, name, take, signal);
});
