/** Small multiples: all words side by side, one word over the steps, over the layers, or over the heads of a layer. */
import { Sheet } from "../heat";
import { moduleOf } from "../readout";
import { type Arrangement, type Context, type Look, type Part, toggled } from "../state";
import { make, percent, visible } from "../text";
import { button } from "./controls";
import { paint } from "./picture";

const MOST_STEPS = 16;
const SIDE = 112;

interface Tile {
  readonly element: HTMLButtonElement;
  readonly sheet: Sheet;
  readonly name: HTMLElement;
  readonly aside: HTMLElement;
}

export function gallery(context: Context): Part {
  const { run, readout, signal } = context;
  const { height, width } = run.attention;
  const element = make("section", "pe-gallery");
  element.setAttribute("aria-label", "Small heat maps");
  const note = make("p", "pe-note");
  const grid = make("div", "pe-tiles");
  element.append(note, grid);
  const base = make("canvas", "");
  const scale = SIDE / Math.max(run.picture.width, run.picture.height);
  base.width = Math.max(1, Math.round(run.picture.width * scale));
  base.height = Math.max(1, Math.round(run.picture.height * scale));
  const waiting: HTMLCanvasElement[] = [];
  let painted = false;
  paint(base, run.picture.bytes, run.picture.type, signal).then(
    () => {
      painted = true;
      waiting.splice(0).forEach((canvas) => canvas.getContext("2d")?.drawImage(base, 0, 0));
    },
    () => undefined,
  );

  let built = "";
  let tiles: Tile[] = [];
  const steps = Array.from(new Set(Array.from({ length: Math.min(run.steps, MOST_STEPS) }, (_, i) => Math.round((i * (run.steps - 1)) / Math.max(Math.min(run.steps, MOST_STEPS) - 1, 1)))));
  const all = run.layers?.layers ?? [];
  const layers = Array.from(new Map(all.map(({ name, grid }) => [moduleOf(name), grid])), ([name, grid]) => ({ name, grid }));
  /** The heads of the layer that is chosen, or of the first. */
  const headsOf = (layer: string | null) => {
    const own = layer && layers.find(({ name }) => name === moduleOf(layer));
    return all.filter(({ name }) => moduleOf(name) === (own || layers.find((one) => one.grid === layer) || layers[0])?.name);
  };

  function tile(click: (several: boolean) => void): Tile {
    const one = button("", "pe-tile");
    const frame = make("span", "pe-tile-frame");
    const under = make("canvas", "");
    under.width = base.width;
    under.height = base.height;
    if (painted) under.getContext("2d")?.drawImage(base, 0, 0);
    else waiting.push(under);
    const over = make("canvas", "");
    frame.style.aspectRatio = `${run.picture.width} / ${run.picture.height}`;
    frame.append(under, over);
    const foot = make("span", "pe-tile-foot");
    const [name, aside] = [make("bdi", "pe-tile-name"), make("span", "pe-aside")];
    foot.append(name, aside);
    one.append(frame, foot);
    one.dataset.lmSuppressShortcuts = "true";
    one.addEventListener("click", (event) => click(event.shiftKey || event.ctrlKey || event.metaKey), { signal });
    grid.append(one);
    return { element: one, sheet: new Sheet(over, height, width, SIDE), name, aside };
  }

  function build(arrangement: Arrangement, key: string, heads: readonly { name: string }[]): void {
    built = key;
    grid.replaceChildren();
    if (arrangement === "words") {
      tiles = readout.read.map(({ word }) => tile((several) => context.pin({ words: toggled(context.get().words, word, several) })));
    } else if (arrangement === "steps") {
      tiles = steps.map((step) => tile(() => context.pin({ step: context.get().step === step ? null : step })));
    } else if (arrangement === "layers") {
      tiles = layers.map(({ name }) => tile(() => context.pin({ layer: context.get().layer === name ? null : name })));
    } else if (arrangement === "heads") {
      tiles = heads.map(({ name }) => tile(() => context.pin({ layer: context.get().layer === name ? moduleOf(name) : name })));
    } else tiles = [];
  }

  return {
    element,
    update({ state, seen }: Look) {
      const { arrangement, step, layer } = state;
      element.hidden = arrangement === "overlay" || arrangement === "beside";
      if (element.hidden) return;
      const heads = arrangement === "heads" ? headsOf(layer) : [];
      const key = `${arrangement} ${heads[0]?.name ?? ""}`;
      if (built !== key) build(arrangement, key, heads);
      const how = arrangement === "steps" ? "step by step" : arrangement === "layers" ? "layer by layer" : "head by head";
      const first = seen[0] ?? null;
      const word = first ? visible(run.words[first.word]!.text) : "";
      note.textContent =
        arrangement === "words"
          ? "Each word on its own scale. Click one to pin it, with Shift several."
          : first
            ? `“${word}” ${how}${heads[0] ? ` in ${layerName(moduleOf(heads[0].name))}` : ""}${arrangement === "steps" ? "" : ", each on its own scale"}. Click one to see only that.`
            : `Choose a word above to see it ${how}.`;
      tiles.forEach(({ element: one, sheet, name, aside }, i) => {
        if (arrangement === "words") {
          const { word: index, row } = readout.read[i]!;
          const heat = readout.heat(row, step, layer);
          sheet.draw(heat.map, state.oneScale ? Math.max(...readout.read.map((r) => readout.heat(r.row, step, layer).top)) : heat.top);
          name.textContent = visible(run.words[index]!.text);
          aside.textContent = percent(heat.top);
          one.setAttribute("aria-pressed", String(state.words.includes(index)));
        } else if (arrangement === "steps") {
          const own = steps[i]!;
          sheet.draw(first && readout.heat(first.row, own, layer).map, first ? Math.max(...steps.map((s) => readout.heat(first.row, s, layer).top)) : 0);
          name.textContent = `Step ${run.numbers[own]! + 1}`;
          aside.textContent = first ? percent(readout.heat(first.row, own, layer).mean) : "";
          one.setAttribute("aria-pressed", String(step === own));
        } else {
          const own = arrangement === "heads" ? heads[i]! : layers[i]!;
          const heat = first && readout.heat(first.row, step, own.name);
          sheet.draw(heat && heat.map, heat ? heat.top : 0);
          name.textContent = arrangement === "heads" ? `Head ${own.name.slice(moduleOf(own.name).length + 6)}` : layerName(own.name);
          aside.textContent = arrangement === "heads" ? (heat ? percent(heat.top) : "") : own.grid;
          one.title = own.name;
          one.setAttribute("aria-pressed", String(layer === own.name || (arrangement === "layers" && layer === own.grid)));
        }
      });
    },
  };
}

/** "down_blocks.0.attentions.1.transformer_blocks.0.attn2" is "down 0.1"; what is named otherwise stays. */
export function layerName(whole: string): string {
  const [name, head] = whole.split(" head ") as [string, string?];
  if (head !== undefined && moduleOf(whole) === name) return `${layerName(name)} head ${head}`;
  const found = /^(down|up)_blocks\.(\d+)\.attentions\.(\d+)\.transformer_blocks\.(\d+)/.exec(name);
  if (found) return `${found[1]} ${found[2]}.${found[3]}${found[4] === "0" ? "" : `.${found[4]}`}`;
  const middle = /^mid_block\.attentions\.(\d+)\.transformer_blocks\.(\d+)/.exec(name);
  if (middle) return `middle ${middle[1]}${middle[2] === "0" ? "" : `.${middle[2]}`}`;
  const block = /^(?:single_)?transformer_blocks\.(\d+)/.exec(name);
  if (block) return `${name.startsWith("single") ? "single" : "block"} ${block[1]}`;
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
