/** A model without a kernel: the same traits, kept in the page. */
import type { Model, Traits } from "./shell";

export class LocalModel implements Model {
  private readonly state: Traits;
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(traits: Pick<Traits, "_meta" | "_data">) {
    this.state = { word: null, words: [], step: null, pixel: null, box: null, layer: null, _preview: "", ...traits };
  }
  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.state[name];
  }
  set<K extends keyof Traits>(name: K, value: Traits[K]): void {
    if (this.state[name] === value) return;
    this.state[name] = value;
    this.listeners.get(`change:${name}`)?.forEach((listener) => listener());
  }
  on(name: string, listener: () => void): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener));
  }
  off(name: string, listener: () => void): void {
    this.listeners.get(name)?.delete(listener);
  }
  save_changes(): void {
    // Nobody else to tell.
  }
}
