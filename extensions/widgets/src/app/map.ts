/** The app's tab "Map": the words and pictures of its runs. The map is a widget of its own, made in Python when asked for. */
import type { MapModel } from "../panels/map/model";
import { mountMap } from "../panels/map/panel";
import type { Tab } from "../panels/tabs";
import { button } from "../parts/controls";
import { make } from "../text";
import type { AppModel } from "./model";

/** One tab for all runs: it stays as it is while they come and go. */
export function mapTab(model: AppModel, signal: AbortSignal): Tab {
  const element = make("div", "pe-panel pe-panel-map");
  const ask = make("div", "pe-map-runs");
  const note = make("p", "pe-note");
  note.setAttribute("role", "status");
  const go = button("Map the runs", "pe-example");
  const body = make("div", "");
  ask.append(note, go);
  element.append(ask, body);
  go.addEventListener("click", () => model.send({ do: "map" }), { signal });

  let controller = new AbortController();
  signal.addEventListener("abort", () => controller.abort());
  async function show(): Promise<void> {
    const id = model.get("map");
    controller.abort();
    controller = new AbortController();
    const own = controller.signal;
    body.replaceChildren();
    if (!id) return;
    const child = (await model.widget_manager.get_model(id.slice("IPY_MODEL_".length))) as MapModel;
    if (!own.aborted) mountMap(child, body, own);
  }
  function tell(): void {
    const { state, message, runs = 0 } = model.get("_mapping");
    const now = (model.get("_history") ?? []).length;
    go.disabled = state === "waiting";
    go.textContent = state === "done" ? "Map them again" : "Map the runs";
    note.classList.toggle("pe-error", state === "failed");
    note.textContent = {
      idle: "See how the words and pictures of your runs lie together, as CLIP reads them.",
      waiting: "Reading the words and pictures …",
      failed: message ?? "The map could not be made.",
      done: now > runs ? `${runs} of ${now} runs are on this map.` : "",
    }[state];
    ask.hidden = state === "done" && now <= runs;
  }
  const follow = (trait: `change:${string}`, listener: () => void) => {
    model.on(trait, listener);
    signal.addEventListener("abort", () => model.off(trait, listener));
  };
  const arrived = () => void show().catch((error) => console.warn("The map can't be shown:", error));
  follow("change:map", arrived);
  follow("change:_mapping", tell);
  follow("change:_history", tell);
  tell();
  arrived();
  return ["Map", () => ({ element, update: () => undefined })];
}
