import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "./attention";
import { golden, message } from "./fixtures/golden";
import { FakeModel as Model } from "./fixtures/model";

const fresh = (meta: unknown = golden.meta) => new Model({ _meta: meta, _data: message(), _preview: "", word: null, words: [], step: null, pixel: null, box: null, layer: null });

function show(model: Model) {
  const el = document.body.appendChild(document.createElement("div"));
  const controller = new AbortController();
  view.render({ model, el, signal: controller.signal } as never);
  const words = [...el.querySelectorAll<HTMLButtonElement>(".pe-word")];
  return { el, controller, words, text: (name: string) => el.querySelector(name)?.textContent ?? "" };
}

const press = (on: Element, key: string) => on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined); // no images here
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("the attention view", () => {
  it("shows the prompt word by word, with its pieces", () => {
    const { words, el } = show(fresh());
    expect(words.map((word) => word.textContent)).toEqual(["a", "red", "castle", ",", "a", "blue", "narwhal"]);
    expect(words[6]!.querySelectorAll(".pe-piece").length).toBe(2);
    expect(words[2]!.parentElement).toBe(words[3]!.parentElement); // "castle,"
    const bare = el.querySelectorAll(":is(.pe, button, input, [tabindex]):not([data-lm-suppress-shortcuts])");
    expect(bare.length).toBe(0);
  });

  it("asks nobody while a person looks around", () => {
    const model = fresh();
    const { words, el, text } = show(model);
    words[6]!.dispatchEvent(new Event("pointerenter"));
    expect(text(".pe-legend .pe-title")).toBe("narwhal");
    const slider = el.querySelector<HTMLInputElement>(".pe-scrub > input")!;
    slider.value = "3";
    slider.dispatchEvent(new Event("input"));
    expect(text(".pe-steps .pe-title")).toBe("Step 3 of 3");
    press(el.querySelector(".pe-frame")!, "ArrowLeft");
    expect(text(".pe-ranking .pe-aside")).toMatch(/^at x \d+, y \d+$/);
    vi.runAllTimers();
    expect(model.saved).toBe(0);
    expect(model.state).toMatchObject({ word: null, words: [], step: null, pixel: null });
  });

  it("sends what is pinned, once for a burst", () => {
    const model = fresh();
    const { words, el } = show(model);
    words[1]!.click();
    words[2]!.click();
    const slider = el.querySelector<HTMLInputElement>(".pe-scrub > input")!;
    slider.value = "2";
    slider.dispatchEvent(new Event("change"));
    expect(model.saved).toBe(0);
    vi.runAllTimers();
    expect(model.state).toMatchObject({ word: 2, words: [2], step: 1, pixel: null });
    expect(model.saved).toBe(1);
    words[2]!.click();
    vi.runAllTimers();
    expect(model.state.word).toBeNull();
  });

  it("is not undone by a late echo from the kernel", () => {
    const model = fresh();
    const { words } = show(model);
    words[1]!.click();
    vi.runAllTimers();
    words[2]!.click();
    model.set("word", 5); // while the new pin waits
    expect(words[2]!.getAttribute("aria-pressed")).toBe("true");
    vi.runAllTimers();
    expect(model.state.word).toBe(2);
    model.set("word", 5);
    expect(words[5]!.getAttribute("aria-pressed")).toBe("true");
  });

  it("selects several words with Shift, each in its own colour", () => {
    const model = fresh();
    const { words, text } = show(model);
    const shift = (word: number) => words[word]!.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    words[2]!.click();
    shift(6);
    expect(text(".pe-legend .pe-title")).toBe("2 words");
    vi.runAllTimers();
    expect(model.state).toMatchObject({ word: 2, words: [2, 6] });
    expect(words[2]!.style.getPropertyValue("--pe-own")).not.toBe(words[6]!.style.getPropertyValue("--pe-own"));
    shift(2);
    vi.runAllTimers();
    expect(model.state).toMatchObject({ word: 6, words: [6] });
  });

  it("follows a link that carries only the first word", () => {
    const model = fresh();
    const { words } = show(model);
    model.set("word", 5);
    expect(words[5]!.getAttribute("aria-pressed")).toBe("true");
    model.set("word", null);
    expect(words.every((word) => word.getAttribute("aria-pressed") === "false")).toBe(true);
  });

  it("shows one layer, and small maps of all", () => {
    const model = fresh();
    const { el } = show(model);
    const select = el.querySelector<HTMLSelectElement>(".pe-select")!;
    expect([...select.options].length).toBe(1 + 2 + 4);
    select.value = "2x3";
    select.dispatchEvent(new Event("change"));
    vi.runAllTimers();
    expect(model.state.layer).toBe("2x3");
    const choose = (name: string) => [...el.querySelectorAll<HTMLButtonElement>(".pe-choice")].find((one) => one.textContent === name)!.click();
    choose("Words");
    expect(el.querySelectorAll(".pe-tile").length).toBe(7);
    el.querySelectorAll<HTMLButtonElement>(".pe-tile")[2]!.click();
    choose("Steps");
    expect([...el.querySelectorAll(".pe-tile-name")].map((one) => one.textContent)).toEqual(["Step 1", "Step 2", "Step 3"]);
  });

  it("ranks a dragged part of the picture", () => {
    const model = fresh();
    const { el, text } = show(model);
    const frame = el.querySelector<HTMLElement>(".pe-frame")!;
    frame.getBoundingClientRect = () => ({ left: 0, top: 0, width: 480, height: 320 }) as DOMRect;
    frame.setPointerCapture = () => undefined;
    const move = (type: string, clientX: number, clientY: number) => frame.dispatchEvent(new PointerEvent(type, { clientX, clientY, button: 0, bubbles: true }));
    move("pointerdown", 100, 100);
    move("pointermove", 200, 180);
    expect(text(".pe-ranking .pe-aside")).toBe("in 11 × 9 px");
    move("pointerup", 200, 180);
    vi.runAllTimers();
    expect(model.state.box).toEqual([10, 10, 21, 19]);
  });

  it("lets go on Escape", () => {
    const model = fresh();
    const { words, el } = show(model);
    words[2]!.click();
    press(el.querySelector(".pe-frame")!, "ArrowRight");
    press(el.querySelector(".pe-frame")!, "Enter");
    vi.runAllTimers();
    expect(model.state).toMatchObject({ word: 2, pixel: [28, 20] });
    press(words[2]!, "Escape");
    vi.runAllTimers();
    expect(model.state).toMatchObject({ word: null, pixel: null });
  });

  it("goes from word to word with the arrows and has one stop for Tab", () => {
    const { words } = show(fresh());
    words[0]!.focus();
    press(words[0]!, "ArrowRight");
    expect(document.activeElement).toBe(words[1]);
    press(words[1]!, "End");
    expect(document.activeElement).toBe(words[6]);
    expect(words.filter((word) => word.tabIndex === 0)).toEqual([words[6]]);
  });

  it("follows Python and a second display of the same view", () => {
    const model = fresh();
    const [one, other] = [show(model), show(model)];
    one.words[5]!.click();
    vi.runAllTimers();
    expect(other.words[5]!.getAttribute("aria-pressed")).toBe("true");
    model.set("step", 0);
    expect(one.text(".pe-steps .pe-title")).toBe("Step 1 of 3");
    expect(one.text(".pe-steps .pe-aside")).toMatch(/^timestep 981 · noise σ 14\.6$/);
  });

  it("speaks what is looked at, after a rest", () => {
    const { words, el } = show(fresh());
    words[2]!.dispatchEvent(new Event("pointerenter"));
    const spoken = el.querySelector("[aria-live=polite]")!;
    expect(spoken.textContent).toBe("");
    vi.runAllTimers();
    expect(spoken.textContent).toMatch(/^castle: at most .*%, on average .*% of a point's attention$/);
  });

  it("leaves no listener behind", () => {
    const model = fresh();
    const { controller, words } = show(model);
    expect(model.count()).toBe(6);
    controller.abort();
    expect(model.count()).toBe(0);
    words[2]!.click();
    vi.runAllTimers();
    expect(model.saved).toBe(0);
  });

  it("marks words that were cut off and says why", () => {
    const words = (golden.meta.words as object[]).map((word, i) => (i < 6 ? word : { ...word, cut: true, row: null }));
    const model = fresh({ ...golden.meta, words, omitted: 1234 });
    const shown = show(model);
    expect(shown.words[6]!.title).toBe("Cut off: the text encoder reads 77 tokens, and this word lies beyond.");
    expect(shown.text(".pe-prompt .pe-note")).toBe("1,235 words were cut off (1,234 are not shown): the text encoder reads 77 tokens.");
    shown.words[6]!.click();
    vi.runAllTimers();
    expect(model.state.word).toBeNull();
  });

  it("marks words that the model was never taught", () => {
    const words = (golden.meta.words as object[]).map((word, i) => (i === 2 ? { ...word, unknown: true } : word));
    const shown = show(fresh({ ...golden.meta, words }));
    const { text } = (golden.meta.words as { text: string }[])[2]!;
    expect(shown.words[2]!.classList.contains("pe-unknown")).toBe(true);
    expect(shown.words[2]!.textContent).toContain("(unknown to the model)");
    expect(shown.text(".pe-prompt .pe-note")).toBe(`The model was never taught: ${text}.`);
  });

  it("says in one sentence what it can't read", () => {
    const { el } = show(fresh({ ...golden.meta, version: 9 }));
    expect(el.textContent).toBe("The data of this view can't be read (its version is 9, expected 2): run the cell again.");
  });
});
