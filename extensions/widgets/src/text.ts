/** Words and numbers as text. Prompts are untrusted: they reach the page only as text nodes. */
import type { Step } from "./readout";

/** A share as a percentage, with a thin space that does not break. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return "<0.1\u202f%";
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0)}\u202f%`;
}

/** Text that can be seen: what has no ink (zero width, control) is named by its code points. */
export function visible(text: string): string {
  if (/[^\p{C}\p{Z}\p{M}\ufe0f]/u.test(text)) return text;
  const points = Array.from(text, (c) => `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`);
  return points.length > 3 ? `${points.slice(0, 3).join(" ")} …` : points.join(" ");
}

/** The reading direction of a text: that of its first letter. */
export function direction(text: string): "ltr" | "rtl" {
  const letter = /\p{L}/u.exec(text)?.[0] ?? "";
  return /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(letter) ? "rtl" : "ltr";
}

/** How many times something, with a sign of its own. */
export function times(factor: number): string {
  return `${factor >= 9.95 ? factor.toFixed(0) : factor.toFixed(1)}×`;
}

/** "Step 7 of 25". numbers: see `Run.numbers`; where steps were left out, "Step 21, 2 of 3 kept". */
export function stepLabel(step: Step, steps: number, numbers?: readonly number[]): string {
  const gaps = numbers !== undefined && numbers[steps - 1] !== steps - 1;
  const name = (one: number) => (numbers?.[one] ?? one) + 1;
  if (step === null) return steps === 1 ? (gaps ? `Step ${name(0)}, the only one kept` : "The only step") : `All ${steps} steps${gaps ? " kept" : ""}, mean`;
  if (typeof step !== "number") return `Steps ${name(step[0])} to ${name(step[1])}${gaps ? `, ${step[1] - step[0] + 1} of ${steps} kept` : ` of ${steps}`}`;
  return gaps ? `Step ${name(step)}, ${step + 1} of ${steps} kept` : `Step ${name(step)} of ${steps}`;
}

export function timeLabel(timestep: number | null | undefined, sigma: number | null | undefined): string {
  const parts = [];
  if (timestep != null) parts.push(`timestep ${Math.round(timestep)}`);
  if (sigma != null) parts.push(`noise σ ${sigma >= 10 ? sigma.toFixed(1) : sigma.toFixed(2)}`);
  return parts.join(" · ");
}

/** A new element with a class and, perhaps, a text. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text?: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}
