/** A run that is opened in a view of several: a widget of its own, made in Python when it is asked for. */
import { button } from "./parts/controls";
import { type AnyModel, follow } from "./root";
import { make } from "./text";

const OF_IPYWIDGETS = "IPY_MODEL_"; // how ipywidgets writes a reference to a widget
const OF_ANYWIDGET = "anywidget:"; // and how anywidget reads it

/** What anywidget lends for widgets within widgets. */
export interface Host {
  getWidget(reference: string): Promise<{ render(options: { el: HTMLElement; signal: AbortSignal }): Promise<void> }>;
}

/** Shows the widget that a trait refers to, and its successors; empty where there is none. shown: called with each change. */
export function child(model: AnyModel, host: Host, trait: string, signal: AbortSignal, shown: (any: boolean) => void = () => undefined): HTMLElement {
  const element = make("div", "pe-child");
  let own = new AbortController();
  signal.addEventListener("abort", () => own.abort());
  async function show(): Promise<void> {
    own.abort();
    own = new AbortController();
    const mine = own.signal;
    element.replaceChildren();
    const reference = model.get(trait) as string | null;
    shown(Boolean(reference));
    if (!reference) return;
    const widget = await host.getWidget(reference.replace(OF_IPYWIDGETS, OF_ANYWIDGET));
    if (mine.aborted) return;
    await widget.render({ el: element, signal: mine });
  }
  const arrived = (): void => void show().catch((error) => console.warn("The view can't be shown:", error));
  follow(model, trait, arrived, signal);
  arrived();
  return element;
}

/** The run that is open, with a button that closes it, and what went wrong. */
export function openedRun(model: AnyModel, host: Host, signal: AbortSignal): HTMLElement {
  const element = make("div", "pe-opened");
  const bar = make("div", "pe-bar-of-tools");
  const close = button("Close this run", "pe-choice pe-alone");
  close.addEventListener("click", () => model.send({ do: "open", place: [] }), { signal });
  bar.append(close);
  const error = make("p", "pe-error");
  error.setAttribute("role", "alert");
  element.append(error, bar, child(model, host, "opened", signal, (any) => (bar.hidden = !any)));
  const tell = (): void => void (error.textContent = String(model.get("_error") ?? ""));
  follow(model, "_error", tell, signal);
  tell();
  return element;
}
