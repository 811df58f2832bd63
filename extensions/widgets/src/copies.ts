/** Is it copied? The twin of explorer/views/copies.py. */
import { copies } from "./panels/copies";
import css from "./panels/copies/copies.css";
import { bytesOf, filled, page, widget } from "./root";
import { decodeCopies } from "./wire/copies";

page(css, (meta, data, signal) => copies(decodeCopies(meta, data), signal));

export default widget("Is it copied?", css, (model, root, signal) => {
  filled(root, () => copies(decodeCopies(model.get("_meta"), bytesOf(model, "_data")), signal));
});
