/** All views of a run in tabs. They share one selection, so what is chosen in one is chosen in all. */
import type { Context, Look, Part } from "../state";
import { make } from "../text";
import { suppress } from "../shell";
import { attentionPanel } from "./attention";
import { guidancePanel } from "./guidance";
import { stepsPanel } from "./steps";
import { wordsPanel } from "./words";

const TABS: readonly Tab[] = [
  ["Attention", attentionPanel],
  ["Steps", stepsPanel],
  ["Guidance", guidancePanel],
  ["Words", wordsPanel],
];
let count = 0;

export type Tab = readonly [name: string, panel: (context: Context) => Part];

/** shown: keeps the open tab from one run to the next. more: tabs that only some places have, such as the app. */
export function tabs(context: Context, shown: { tab: number } = { tab: 0 }, more: readonly Tab[] = []): Part {
  const { signal } = context;
  const all: readonly Tab[] = [...TABS, ...more];
  const element = make("div", "pe-tabbed");
  const list = make("div", "pe-tabs");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Views of this run");
  const id = `pe-tabs-${++count}`;
  const panel = make("div", "pe-tabpanel");
  panel.setAttribute("role", "tabpanel");
  panel.id = `${id}-panel`;
  const built = new Map<number, Part>();
  let last: Look | null = null;
  const buttons = all.map(([name], index) => {
    const button = make("button", "pe-tab", name);
    button.type = "button";
    button.id = `${id}-${index}`;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", panel.id);
    button.addEventListener("click", () => open(index), { signal });
    list.append(button);
    return button;
  });
  list.addEventListener(
    "keydown",
    (event) => {
      const to = { ArrowRight: shown.tab + 1, ArrowLeft: shown.tab - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      open((to + all.length) % all.length);
      buttons[shown.tab]!.focus();
    },
    { signal },
  );
  element.append(list, panel);

  // Each panel is built when it is first opened, so that a run shows at once.
  function open(index: number): void {
    shown.tab = index;
    let part = built.get(index);
    if (!part) {
      built.set(index, (part = all[index]![1](context)));
      suppress(part.element);
    }
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === index));
      button.tabIndex = i === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[index]!.id);
    panel.replaceChildren(part.element);
    if (last) part.update(last);
  }
  open(shown.tab);
  return {
    element,
    update(seen) {
      last = seen;
      built.get(shown.tab)!.update(seen);
    },
  };
}
