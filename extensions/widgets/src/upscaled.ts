/** An enlargement, looked at closely. The twin of explorer/views/upscaled.py. */
import { upscaled } from "./panels/upscaled";
import css from "./panels/upscaled/upscaled.css";
import { bytesOf, filled, page, widget } from "./root";
import { decodeUpscaled } from "./wire/upscaled";

page(css, (meta, data, signal) => upscaled(decodeUpscaled(meta, data), signal));

export default widget("An enlargement", css, (model, root, signal) => {
  filled(root, () => upscaled(decodeUpscaled(model.get("_meta"), bytesOf(model, "_data")), signal));
});
