/** The app: type a prompt, watch the picture come about, explore it. The twin of explorer/views/app.py. */
import { form } from "./app/form";
import { live } from "./app/live";
import { mapTab } from "./app/map";
import { busy, type AppModel, type Listed } from "./app/model";
import { whatIfTab } from "./app/whatif";
import type { Host } from "./child";
import { tabs } from "./panels/tabs";
import { button } from "./parts/controls";
import { strip } from "./parts/history";
import { mount, sheetOf, suppress } from "./shell";
import { hidePreview } from "./sibling";
import { make } from "./text";

function render({ model, el, signal, host }: { model: AppModel; el: HTMLElement; signal: AbortSignal; host: Host }): void {
  const root = make("div", "pe pe-app");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Prompt Explorer");
  el.append(root);
  const controls = form(model, signal);
  const progress = live(model, signal);
  const history = strip((id) => model.send({ do: "open", id }));
  const views = make("div", "pe-views");
  const welcome = make("div", "pe-welcome");
  welcome.append(make("p", "", "Type what should be in the picture, and press Enter. While it comes about, every step is recorded: then see which words looked where, and how noise became a picture."));
  const examples = make("div", "pe-examples");
  for (const text of model.get("_choices").examples) {
    const one = button(text, "pe-example");
    one.addEventListener("click", () => controls.ask(text), { signal });
    examples.append(one);
  }
  welcome.append(examples);
  root.append(sheetOf(), controls.element, history.element, progress.element, welcome, views);
  suppress(root);

  // A run's panels live as long as its data: a new run brings new ones, on the tab that was open.
  const open = { tab: 0 };
  const map = mapTab(model, signal);
  const whatIf = whatIfTab(model, host, signal);
  let shown = new AbortController();
  signal.addEventListener("abort", () => shown.abort());
  function show(): void {
    shown.abort();
    shown = new AbortController();
    views.replaceChildren();
    const { kind } = (model.get("_meta") ?? {}) as { kind?: string };
    if (kind) mount(model, views, shown.signal, (context) => tabs(context, open, [whatIf, map]));
    arrange();
  }
  function arrange(): void {
    const { state } = model.get("_status");
    const runs = busy(state);
    // A stopped or failed run leaves the one before in its place.
    progress.element.hidden = !runs;
    const any = views.childElementCount > 0;
    views.hidden = runs || !any;
    welcome.hidden = runs || any;
  }
  function list(): void {
    const data = model.get("_thumbs");
    const runs = (model.get("_history") ?? []).map(({ id, title, offset, bytes }: Listed) => ({
      id,
      title,
      type: "image/jpeg",
      bytes: new Uint8Array(data.buffer, data.byteOffset + offset, bytes),
    }));
    history.update(runs, model.get("_shown") || null);
  }
  const follow = (name: `change:${string}`, listener: () => void) => {
    model.on(name, listener);
    signal.addEventListener("abort", () => model.off(name, listener));
  };
  follow("change:_data", show);
  follow("change:_status", arrange);
  for (const name of ["change:_thumbs", "change:_shown"] as const) follow(name, list);
  show();
  list();
  hidePreview(el, model.get("_preview"), signal);
}

export default { render };
