/** Traces of which only some steps, or each head, were kept. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { golden, message } from "./fixtures/golden";
import { FakeModel, lendPixels } from "./fixtures/model";
import { moduleOf } from "./readout";
import { numberOf, placeOf } from "./state";
import { stepLabel } from "./text";
import view from "./trace";

beforeAll(lendPixels);
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined); // no images here
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

function show(meta: unknown, traits: Record<string, unknown> = {}) {
  const model = new FakeModel({ _meta: meta, _data: message(), _preview: "", word: null, words: [], step: null, pixel: null, box: null, layer: null, ...traits });
  const el = document.body.appendChild(document.createElement("div"));
  view.render({ model: model as never, el, signal: new AbortController().signal });
  const button = (name: string) => [...el.querySelectorAll<HTMLButtonElement>("button")].find((one) => one.textContent === name)!;
  const text = (selector: string) => el.querySelector(selector)?.textContent ?? "";
  const all = (selector: string) => [...el.querySelectorAll(selector)].map((one) => one.textContent);
  return { model, el, button, text, all };
}

describe("steps with gaps", () => {
  const gaps = () => {
    const meta = structuredClone(golden.meta) as { numbers: number[]; pictures: unknown; fields: { absent: number[] }; curves: { change: (number | null)[] } };
    meta.numbers = [1, 2, 20];
    meta.fields.absent = [0, 2];
    meta.curves.change = [null, 0.5, null];
    return meta;
  };

  it("are named by their numbers, and sent by them", () => {
    const { model, el, text, all } = show(gaps(), { step: 20 });
    expect(text(".pe-steps .pe-title")).toBe("Step 21, 3 of 3 kept");
    const slider = el.querySelector<HTMLInputElement>(".pe-scrub > input")!;
    slider.value = "2";
    slider.dispatchEvent(new Event("change"));
    vi.runAllTimers();
    expect(model.state.step).toBe(2);
    model.set("step", [1, 20]);
    expect(text(".pe-steps .pe-title")).toBe("Steps 2 to 21, 3 of 3 kept");
    el.querySelectorAll<HTMLButtonElement>(".pe-word")[2]!.click();
    [...el.querySelectorAll<HTMLButtonElement>(".pe-choice")].find((one) => one.textContent === "Steps")!.click();
    expect(all(".pe-tile-name")).toEqual(["Step 2", "Step 3", "Step 21"]);
  });

  it("say what is not known of them", () => {
    const { el, button, text, all } = show(gaps(), { step: 20 });
    button("Steps").click();
    expect(all(".pe-film-number")).toEqual(["2", "3", "21"]);
    [...el.querySelectorAll<HTMLButtonElement>(".pe-choice")].find((one) => one.textContent === "Noisy latent")!.click();
    expect(text(".pe-stage .pe-note")).toBe("Not known at step 21: step 20, which it started from, was not kept.");
    const slider = el.querySelector<HTMLInputElement>(".pe-scrub > input")!;
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    expect(text(".pe-stage .pe-note")).toBe("What the step started from, at step 3. Drawn from the latent with a small linear decoder, so it is blurred.");
    // A change that is known at one step only is a dot; where the steps lie is told by their numbers.
    const paths = [...el.querySelectorAll(".pe-line")].map((one) => one.getAttribute("d")!);
    expect(paths.at(-1)).toMatch(/^M25\.7 [\d.]+h0$/);
  });

  it("are found by number, the nearest where one was not kept", () => {
    const numbers = [1, 2, 20];
    expect([0, 2, 9, 30].map((one) => placeOf(one, numbers))).toEqual([0, 1, 1, 2]);
    expect(placeOf([2, 20], numbers)).toEqual([1, 2]);
    expect(numberOf([0, 2], numbers)).toEqual([1, 20]);
    expect([placeOf(null, numbers), numberOf(null, numbers)]).toEqual([null, null]);
    expect(stepLabel(null, 3, numbers)).toBe("All 3 steps kept, mean");
    expect(stepLabel(0, 1, [4])).toBe("Step 5, 1 of 1 kept");
    expect(stepLabel(1, 3, [0, 1, 2])).toBe("Step 2 of 3");
  });
});

it("says what an outline is, where a drawing is known", () => {
  const { el, all } = show(golden.meta);
  const truths = () => [...el.querySelectorAll<HTMLElement>(".pe-legend .pe-note")].filter((one) => !one.hidden).map((one) => one.textContent);
  expect(all(".pe-word")).toContain("castle");
  expect(truths()).toEqual([]);
  el.querySelectorAll<HTMLButtonElement>(".pe-word")[2]!.click();
  expect(truths()).toEqual(["The outline is where castle truly is."]);
  el.querySelectorAll<HTMLButtonElement>(".pe-word")[1]!.click();
  expect(truths()).toEqual([]);
});

describe("heads", () => {
  const heads = () => {
    const meta = structuredClone(golden.meta) as unknown as { layers: { layers: { name: string; grid: string }[] } };
    const own = meta.layers.layers;
    own.forEach((layer, i) => (layer.name = `${own[i - (i % 2)]!.name.replace(/ head.*/, "")} head ${i % 2}`));
    return meta;
  };

  it("are small multiples of one layer, and a layer is the mean of its heads", () => {
    const meta = heads();
    const names = meta.layers.layers.map(({ name }) => name);
    const modules = [...new Set(names.map(moduleOf))];
    expect(modules.length).toBe(names.length / 2);
    const { model, el, button, text, all } = show(meta);
    el.querySelectorAll<HTMLButtonElement>(".pe-word")[2]!.click();
    button("Heads").click();
    expect(all(".pe-tile-name")).toEqual(["Head 0", "Head 1"]);
    expect(text(".pe-gallery .pe-note")).toMatch(/^“castle” head by head in .+, each on its own scale\./);
    el.querySelectorAll<HTMLButtonElement>(".pe-tile")[1]!.click();
    vi.runAllTimers();
    expect(model.state.layer).toBe(names[1]);
    expect(el.querySelectorAll(".pe-tile")[1]!.getAttribute("aria-pressed")).toBe("true");
    model.set("layer", modules[1]);
    expect([...el.querySelectorAll<HTMLElement>(".pe-tile")].map((one) => one.title)).toEqual(names.slice(2, 4));
    button("Layers").click();
    expect(all(".pe-tile").length).toBe(modules.length);
    const options = [...el.querySelectorAll<HTMLOptionElement>("select.pe-select option")].map(({ value }) => value);
    for (const one of [...names, ...modules]) expect(options).toContain(one);
    expect(el.querySelector<HTMLSelectElement>("select.pe-select")!.value).toBe(modules[1]);
  });

  it("are not offered where none were kept", () => {
    expect(show(golden.meta).button("Heads")).toBeUndefined();
    expect(moduleOf("a head 0 to a head 3")).toBe("a head 0 to a head 3");
  });
});
