import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import view from "./app";
import { FakeModel } from "./fixtures/model";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

function show() {
  const empty = new DataView(new ArrayBuffer(0));
  const model = new FakeModel({
    ...{ _meta: {}, _data: empty, _live: empty, _thumbs: empty, _history: [], _shown: "", _preview: "", _status: { state: "idle" }, map: null, _mapping: { state: "idle" } },
    ...{ prompt: "", negative_prompt: "", seed: 7, locked: false, steps: 25, guidance: 4, width: 128, height: 128, sampler: "DDIM" },
    _choices: { model: "miniature", samplers: ["DDIM", "Euler"], sizes: [[128, 128], [64, 64]], examples: ["a red <b>castle</b>"], quick: true },
  });
  const el = document.body.appendChild(document.createElement("div"));
  const controller = new AbortController();
  view.render({ model: model as never, el, signal: controller.signal, host: {} as never });
  const find = <T extends HTMLElement>(selector: string) => el.querySelector<T>(selector)!;
  return { model, el, controller, find, prompt: find<HTMLTextAreaElement>("textarea"), go: find<HTMLButtonElement>(".pe-primary") };
}
const enter = (on: Element) => on.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));

describe("the app", () => {
  it("asks for a run with all settings on Enter", () => {
    const { model, prompt } = show();
    prompt.value = "a red castle";
    enter(prompt);
    const settings = { prompt: "a red castle", negative_prompt: "", seed: 7, locked: false, steps: 25, guidance: 4, width: 128, height: 128, sampler: "DDIM" };
    expect(model.sent).toEqual([{ do: "generate", settings }]);
  });

  it("turns Generate into Stop while a run is under way, and tells its progress", () => {
    const { model, find, go } = show();
    model.set("_status", { state: "running", step: 5, steps: 25, left: 3.2 });
    expect(go.textContent).toBe("Stop");
    expect(find(".pe-status").textContent).toBe("Step 5 of 25, about 4 s left");
    expect(find(".pe-progress").getAttribute("aria-valuenow")).toBe("20");
    go.click();
    expect(model.sent).toEqual([{ do: "stop" }]);
    model.set("_status", { state: "failed", message: "It <b>broke</b>: try again." });
    expect(find(".pe-error").textContent).toBe("It <b>broke</b>: try again.");
    expect(go.textContent).toBe("Generate");
  });

  it("can be typed in before the model is there, and offers what the model takes once it is", () => {
    const { model, find, prompt } = show();
    const offered = model.get("_choices") as object;
    model.set("_choices", { ...offered, samplers: [], sizes: [] });
    model.set("_status", { state: "loading" });
    expect(find(".pe-status").textContent).toBe("Loading miniature: you can type meanwhile");
    expect(find(".pe-options").hidden).toBe(true);
    prompt.value = "a red castle";
    enter(prompt);
    expect(model.sent).toEqual([{ do: "generate", settings: { prompt: "a red castle", negative_prompt: "" } }]);
    model.set("_status", { state: "waiting", loading: true });
    expect(find(".pe-status").textContent).toBe("Loading miniature: your picture comes next");
    model.set("_choices", offered);
    expect(find(".pe-options").hidden).toBe(false);
    expect([...find<HTMLSelectElement>("select[aria-label=Sampler]").options].map((one) => one.value)).toEqual(["DDIM", "Euler"]);
  });

  it("rolls a new seed for another picture, unless it is locked", () => {
    const { model, el, go } = show();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    model.set("_shown", "a");
    const seed = () => (model.sent.at(-1) as { settings: { seed: number } }).settings.seed;
    go.click();
    expect(seed()).toBe(5000);
    const [die, lock] = [...el.querySelectorAll<HTMLButtonElement>(".pe-seed button")];
    lock!.click();
    vi.spyOn(Math, "random").mockReturnValue(0.25);
    go.click();
    expect(seed()).toBe(5000);
    die!.click();
    go.click();
    expect(seed()).toBe(2500);
  });

  it("follows the typing once it rests", () => {
    const { model, prompt, find } = show();
    const follow = find<HTMLInputElement>(".pe-options .pe-check");
    follow.checked = true;
    follow.dispatchEvent(new Event("change"));
    model.sent.length = 0;
    for (const text of ["a", "a r", "a red"]) {
      prompt.value = text;
      prompt.dispatchEvent(new Event("input"));
      vi.advanceTimersByTime(200);
    }
    expect(model.sent.length).toBe(0);
    vi.advanceTimersByTime(500);
    expect(model.sent.length).toBe(1);
  });

  it("offers examples as text, and nothing else of a prompt becomes markup", () => {
    const { model, el, find } = show();
    find<HTMLButtonElement>(".pe-example").click();
    expect((model.sent[0] as { settings: { prompt: string } }).settings.prompt).toBe("a red <b>castle</b>");
    expect(el.querySelector("b, img, script")).toBeNull();
  });

  it("leaves nothing behind", () => {
    const { model, controller } = show();
    controller.abort();
    expect(model.count()).toBe(0);
  });
});
