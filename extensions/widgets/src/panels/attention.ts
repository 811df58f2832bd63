/** Which words look where: the picture under its heat, the prompt, the ranking, small multiples. */
import { chips } from "../parts/chips";
import { choice, labelled } from "../parts/controls";
import { gallery, layerName } from "../parts/gallery";
import { legend } from "../parts/legend";
import { picture } from "../parts/picture";
import { ranking } from "../parts/ranking";
import { scrubber } from "../parts/scrubber";
import { moduleOf } from "../readout";
import type { Arrangement, Context, Look, Part } from "../state";
import { make } from "../text";

export function attentionPanel(context: Context): Part {
  const { run, signal } = context;
  const [prompt, frame, slider, list, scale, tiles] = [chips(context), picture(context), scrubber(context), ranking(context), legend(context), gallery(context)];
  const stage = make("div", "pe-stage");
  stage.style.setProperty("--pe-width", `${frame.width}px`);
  stage.append(frame.element, slider.element);

  const bar = make("div", "pe-bar-of-tools");
  const options: [Arrangement, string, string][] = [
    ["overlay", "Overlay", "The heat over the picture"],
    ["beside", "Side by side", "The heat beside the picture"],
    ["words", "Words", "All words, small"],
  ];
  if (run.steps > 1) options.push(["steps", "Steps", "One word over the steps"]);
  const layers = run.layers?.layers ?? [];
  const modules = Array.from(new Set(layers.map(({ name }) => moduleOf(name))));
  if (modules.length > 1) options.push(["layers", "Layers", "One word, layer by layer"]);
  if (modules.length < layers.length) options.push(["heads", "Heads", "One word, head by head, in one layer"]);
  const arrangement = choice<Arrangement>("Arrangement", options, (one) => context.set({ arrangement: one }), signal);
  bar.append(arrangement.element);

  const select = make("select", "pe-select");
  select.setAttribute("aria-label", "Layers");
  if (layers.length > 1) {
    const option = (value: string, text: string, into: HTMLElement = select) => {
      const one = make("option", "", text);
      one.value = value;
      into.append(one);
    };
    option("", "All layers");
    for (const grid of new Set(layers.map((one) => one.grid))) option(grid, `All ${grid.replace("x", " × ")}`);
    for (const module of modules) {
      const own = layers.filter(({ name }) => moduleOf(name) === module);
      const label = `${layerName(module)} · ${own[0]!.grid.replace("x", " × ")}`;
      option(module, own[0]!.name === module ? label : `${label}, all heads`);
      if (own[0]!.name !== module) for (const { name } of own) option(name, layerName(name));
    }
    select.addEventListener("change", () => context.pin({ layer: select.value || null }), { signal });
    bar.append(labelled("Layers", select));
  }

  const body = make("div", "pe-body");
  const side = make("div", "pe-side");
  side.append(prompt.element, bar, list.element, scale.element);
  body.append(stage, side, tiles.element);
  const parts = [prompt, frame, slider, list, scale, tiles];
  return {
    element: body,
    update(seen: Look) {
      const { arrangement: now, layer } = seen.state;
      arrangement.show(now);
      select.value = layer ?? "";
      body.classList.toggle("pe-wide", now === "beside");
      for (const part of parts) part.update(seen);
    },
  };
}
