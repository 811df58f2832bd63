/** Sliders, buttons and switches, all native elements, so that keyboards and screen readers know them. */
import { make } from "../text";

export function range(name: string, min: number, max: number, step = 1): HTMLInputElement {
  const input = make("input", "pe-range");
  Object.assign(input, { type: "range", min: String(min), max: String(max), step: String(step) });
  input.setAttribute("aria-label", name);
  return input;
}

/** How far the slider is, for its track. */
export function fill(slider: HTMLInputElement): void {
  const [min, max] = [Number(slider.min), Number(slider.max)];
  slider.style.setProperty("--pe-fill", `${max > min ? ((slider.valueAsNumber - min) / (max - min)) * 100 : 0}%`);
}

export function button(text: string, name = "pe-button", title = ""): HTMLButtonElement {
  const found = make("button", name, text);
  found.type = "button";
  if (title) found.title = title;
  return found;
}

/** Some of several, one of which is chosen. */
export interface Choice<T> {
  readonly element: HTMLElement;
  /** Marks what is chosen. */
  show(value: T): void;
}

export function choice<T>(
  name: string,
  options: readonly (readonly [value: T, text: string, title?: string])[],
  chosen: (value: T) => void,
  signal: AbortSignal,
): Choice<T> {
  const element = make("div", "pe-pair");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", name);
  const buttons = options.map(([value, text, title]) => {
    const one = button(text, "pe-choice", title);
    one.addEventListener("click", () => chosen(value), { signal });
    element.append(one);
    return { value, one };
  });
  return { element, show: (value) => buttons.forEach(({ value: own, one }) => one.setAttribute("aria-pressed", String(own === value))) };
}

/** A label and what it names. */
export function labelled(text: string, ...what: HTMLElement[]): HTMLElement {
  const element = make("div", "pe-control");
  element.append(make("span", "pe-label", text), ...what);
  return element;
}

export function switchOf(text: string, title: string, changed: (on: boolean) => void, signal: AbortSignal): { element: HTMLElement; box: HTMLInputElement } {
  const element = make("label", "pe-switch");
  const box = make("input", "pe-check");
  box.type = "checkbox";
  box.setAttribute("role", "switch");
  element.title = title;
  element.append(box, make("span", "pe-knob"), make("span", "", text));
  box.addEventListener("change", () => changed(box.checked), { signal });
  return { element, box };
}

const ICONS = {
  play: "M5 3.2v9.6a.6.6 0 0 0 .92.5l7.4-4.8a.6.6 0 0 0 0-1l-7.4-4.8a.6.6 0 0 0-.92.5Z",
  pause: "M4.5 3h2.2v10H4.5zM9.3 3h2.2v10H9.3z",
  stop: "M4 4.6c0-.33.27-.6.6-.6h6.8c.33 0 .6.27.6.6v6.8a.6.6 0 0 1-.6.6H4.6a.6.6 0 0 1-.6-.6z",
  die: "M3.5 2h9A1.5 1.5 0 0 1 14 3.5v9a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 2 12.5v-9A1.5 1.5 0 0 1 3.5 2Zm1.75 2a1.25 1.25 0 1 0 0 2.5 1.25 1.25 0 0 0 0-2.5Zm5.5 0a1.25 1.25 0 1 0 0 2.5 1.25 1.25 0 0 0 0-2.5ZM8 6.75a1.25 1.25 0 1 0 0 2.5 1.25 1.25 0 0 0 0-2.5ZM5.25 9.5a1.25 1.25 0 1 0 0 2.5 1.25 1.25 0 0 0 0-2.5Zm5.5 0a1.25 1.25 0 1 0 0 2.5 1.25 1.25 0 0 0 0-2.5Z",
  open: "M11.4 7H7V4.4a1.9 1.9 0 0 1 3.7-.5l1.25-.35A3.2 3.2 0 0 0 5.7 4.4V7h-.6C4.5 7 4 7.5 4 8.1v4.8c0 .6.5 1.1 1.1 1.1h6.3c.6 0 1.1-.5 1.1-1.1V8.1c0-.6-.5-1.1-1.1-1.1Z",
  lock: "M11.4 7h-.2V4.7a3.2 3.2 0 0 0-6.4 0V7h-.2c-.6 0-1.1.5-1.1 1.1v4.8c0 .6.5 1.1 1.1 1.1h6.8c.6 0 1.1-.5 1.1-1.1V8.1c0-.6-.5-1.1-1.1-1.1ZM6.1 4.7a1.9 1.9 0 0 1 3.8 0V7H6.1Z",
} as const;
export type Icon = keyof typeof ICONS;
const SVG = "http://www.w3.org/2000/svg";

export function drawn<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** A button with a picture; `name` is what a screen reader hears. */
export function iconButton(icon: Icon, name: string, className = "pe-icon"): HTMLButtonElement & { put(icon: Icon, name: string): void } {
  const element = button("", className) as HTMLButtonElement & { put(icon: Icon, name: string): void };
  const svg = drawn("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", fill: "currentColor" });
  const path = drawn("path", { "fill-rule": "evenodd" });
  svg.append(path);
  element.append(svg);
  element.put = (next, label) => {
    path.setAttribute("d", ICONS[next]);
    element.setAttribute("aria-label", label);
    element.title = label;
  };
  element.put(icon, name);
  return element;
}
