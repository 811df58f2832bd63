/** The map of embeddings. The twin of explorer/views/map.py. */
import type { MapModel } from "./panels/map/model";
import { mountMap } from "./panels/map/panel";
import { sheetOf } from "./shell";
import { hidePreview } from "./sibling";
import { make } from "./text";

function render({ model, el, signal }: { model: MapModel; el: HTMLElement; signal: AbortSignal }): void {
  const root = make("div", "pe");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Map of embeddings");
  el.append(root);
  root.append(sheetOf());
  mountMap(model, root, signal);
  hidePreview(el, model.get("_preview"), signal);
}

export default { render };
