import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { golden, message } from "./fixtures/golden";
import { FakeModel, lendPixels } from "./fixtures/model";
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

function show(meta: unknown = golden.meta) {
  const model = new FakeModel({ _meta: meta, _data: message(), _preview: "", word: null, words: [], step: null, pixel: null, box: null, layer: null });
  const el = document.body.appendChild(document.createElement("div"));
  const controller = new AbortController();
  view.render({ model: model as never, el, signal: controller.signal });
  const tab = (name: string) => [...el.querySelectorAll<HTMLButtonElement>(".pe-tab")].find((one) => one.textContent === name)!;
  const text = (selector: string) => el.querySelector(selector)?.textContent ?? "";
  return { model, el, controller, tab, text };
}

describe("the views of a run", () => {
  it("share one selection", () => {
    const { model, el, tab, text } = show();
    el.querySelectorAll<HTMLButtonElement>(".pe-word")[6]!.click();
    tab("Words").click();
    expect(text("tr.pe-marked .pe-word-cell")).toBe("narwhal");
    tab("Steps").click();
    const slider = el.querySelector<HTMLInputElement>(".pe-scrub > input")!;
    slider.value = "2";
    slider.dispatchEvent(new Event("input"));
    slider.dispatchEvent(new Event("change"));
    tab("Attention").click();
    expect(text(".pe-steps .pe-title")).toBe("Step 2 of 3");
    vi.runAllTimers();
    expect(model.state).toMatchObject({ words: [6], step: 1 });
  });

  it("are reached with the arrow keys", () => {
    const { el, tab } = show();
    const press = (key: string) => el.querySelector(".pe-tabs")!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press("ArrowRight");
    expect(tab("Steps").getAttribute("aria-selected")).toBe("true");
    press("End");
    expect(tab("Words").tabIndex).toBe(0);
    expect(tab("Steps").tabIndex).toBe(-1);
    const bare = el.querySelectorAll(":is(.pe, button, input, select, [tabindex]):not([data-lm-suppress-shortcuts])");
    expect([...bare].map((one) => one.outerHTML.slice(0, 90))).toEqual([]);
  });

  it("play the steps to the end and pin the last", () => {
    const { model, el, tab, text } = show();
    tab("Steps").click();
    el.querySelector<HTMLButtonElement>(".pe-scrub .pe-icon")!.click();
    expect(text(".pe-steps .pe-title")).toBe("Step 1 of 3");
    vi.runAllTimers();
    expect(text(".pe-steps .pe-title")).toBe("Step 3 of 3");
    expect(model.state.step).toBe(2);
  });

  it("show a range of steps", () => {
    const { model, el, text } = show();
    [...el.querySelectorAll<HTMLButtonElement>(".pe-choice")].find((one) => one.textContent === "Range")!.click();
    const [from, to] = [...el.querySelectorAll<HTMLInputElement>(".pe-dual input")];
    from!.value = "1";
    to!.value = "3";
    to!.dispatchEvent(new Event("input"));
    to!.dispatchEvent(new Event("change"));
    expect(text(".pe-steps .pe-title")).toBe("Steps 1 to 3 of 3");
    vi.runAllTimers();
    expect(model.state.step).toEqual([0, 2]);
  });

  it("tell what guidance would have been", () => {
    const { el, tab, text } = show();
    tab("Guidance").click();
    const slider = el.querySelector<HTMLInputElement>(".pe-two-sliders > .pe-steps > input")!;
    slider.value = "6.5";
    slider.dispatchEvent(new Event("input"));
    expect(text(".pe-two-sliders > .pe-steps:last-child .pe-title")).toBe("Guidance 6.5");
    expect(text(".pe-two-sliders > .pe-steps:last-child .pe-aside")).toBe("the run was made with 4.0");
  });

  it("say why there is no guidance to take apart", () => {
    const fields = golden.meta.fields as { limits: Record<string, unknown> };
    const { push: _, ...limits } = fields.limits;
    const { tab, text } = show({ ...golden.meta, guidance: 1, fields: { ...fields, limits } });
    tab("Guidance").click();
    expect(text(".pe-empty")).toMatch(/^This run was made without guidance/);
  });

  it("leave nothing behind", () => {
    const { model, controller, tab } = show();
    tab("Steps").click();
    controller.abort();
    expect(model.count()).toBe(0);
  });
});
