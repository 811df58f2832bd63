/** What views of several runs share: the root, its style, its name, the preview below it. */
import type { Host } from "./child";
import { sheetOf, suppress } from "./shell";
import { hidePreview } from "./sibling";
import { make } from "./text";

/** What is used of anywidget's model, or of one without a kernel. */
export interface AnyModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  on(name: `change:${string}`, listener: () => void): void;
  off(name: `change:${string}`, listener: () => void): void;
  save_changes(): void;
  send(content: unknown): void;
}

/** Calls `listener` at each change of a trait, until the signal. */
export function follow(model: AnyModel, name: string, listener: () => void, signal: AbortSignal): void {
  model.on(`change:${name}`, listener);
  signal.addEventListener("abort", () => model.off(`change:${name}`, listener));
}

export function bytesOf(model: AnyModel, name: string): DataView<ArrayBuffer> {
  return (model.get(name) as DataView<ArrayBuffer> | null) ?? new DataView(new ArrayBuffer(0));
}

/** Fills an element; data that can't be read is told in one sentence instead. */
export function filled(into: HTMLElement, build: () => HTMLElement): boolean {
  try {
    into.replaceChildren(build());
  } catch (error) {
    into.replaceChildren(make("p", "pe-empty", error instanceof Error ? error.message : String(error)));
    return false;
  }
  suppress(into);
  return true;
}

/** A widget: `build` fills its root, and may be called again for new data. */
export function widget(name: string, css: string, start: (model: AnyModel, root: HTMLElement, signal: AbortSignal, host: Host) => void) {
  return {
    render({ model, el, signal, host }: { model: AnyModel; el: HTMLElement; signal: AbortSignal; host: Host }): void {
      const root = make("div", "pe");
      root.setAttribute("role", "group");
      root.setAttribute("aria-label", name);
      const body = make("div", "");
      root.append(sheetOf(), make("style", "", css), body);
      el.append(root);
      start(model, body, signal, host);
      suppress(root);
      hidePreview(el, String(model.get("_preview") ?? ""), signal);
    },
  };
}

/** The offline page of one such view: the same bundle, which finds its data in the page (explorer/views/page.html). */
export function page(css: string, panel: (meta: unknown, data: DataView<ArrayBuffer>, signal: AbortSignal) => HTMLElement): void {
  const main = document.querySelector<HTMLElement>("main#views");
  const [about, encoded] = ["runs", "data-0"].map((id) => document.querySelector(`script#${id}:not([src])`)?.textContent);
  if (!main || !about || !encoded) return;
  const [{ meta, settings }] = JSON.parse(about) as [{ meta: unknown; settings: string }];
  const text = atob(encoded.trim());
  const data = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const root = make("div", "pe");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", document.title);
  const title = make("p", "pe-page-prompt", document.title);
  title.dir = "auto";
  const body = make("div", "");
  root.append(sheetOf(), make("style", "", css), title, make("p", "pe-note", settings), body);
  main.replaceChildren(root);
  filled(body, () => panel(meta, new DataView(data.buffer), new AbortController().signal));
}
