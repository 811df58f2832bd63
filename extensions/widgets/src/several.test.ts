import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import comparisonView from "./comparison";
import { FakeModel, lendPixels } from "./fixtures/model";
import { paths, sent } from "./fixtures/paths";
import interpolationView from "./interpolation";
import { Linked } from "./linked";
import { decodeComparison } from "./wire/comparison";
import { decodeFrames } from "./wire/frames";

beforeAll(lendPixels);
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, "warn").mockImplementation(() => undefined); // no images here
});
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("what Python sends", () => {
  it("of a path is read as views on the one buffer", () => {
    const path = decodeFrames(paths.path.meta, sent(paths.path));
    expect(path.words.map(({ text }) => text)).toEqual(["a", "red", "blue", "castle"]);
    expect(path.frames.map(({ at }) => at[0])).toEqual([0, 0.25, 0.75, 1]);
    expect(path.map(0, 1)!.length).toBe(24);
    expect([path.map(0, 2), path.map(3, 1)]).toEqual([null, null]);
    expect(Math.max(...path.map(0, 3)!)).toBe(255);
  });
  it.each([
    ["another version", { version: 2 }, "its version is 2, expected 1"],
    ["another kind", { kind: "trace" }, "its kind is trace"],
    ["no frames", { frames: [] }, "no frames"],
    ["a picture too far", { frames: (paths.path.meta["frames"] as object[]).map((one) => ({ ...one, span: [0, 1e9] })) }, "a picture lies beyond the end"],
  ])("of a path with %s is refused in one sentence", (_, change, reason) => {
    expect(() => decodeFrames({ ...paths.path.meta, ...change }, sent(paths.path))).toThrow(reason);
  });
  it("of a comparison is refused where a word is missing", () => {
    const rows = [[99, null]];
    expect(() => decodeComparison({ ...paths.comparison.meta, rows }, sent(paths.comparison))).toThrow("a word that is not there");
  });
});

describe("linked runs", () => {
  const start = () => {
    const compared = decodeComparison(paths.comparison.meta, sent(paths.comparison));
    const pinned: unknown[] = [];
    return { linked: new Linked(compared, new AbortController().signal, () => undefined, (pins) => pinned.push(pins)), pinned };
  };
  // "a red castle in snow" and "a blue castle in the snow"
  it("share words by their rows, and a word of one leaves the other without", () => {
    const { linked, pinned } = start();
    linked.contexts[1]!.pin({ words: [2] });
    expect(linked.contexts[0]!.get().words).toEqual([2]);
    linked.contexts[1]!.pin({ words: [2, 1] });
    const [one, other] = linked.looks();
    expect(one!.seen.map(({ word }) => word)).toEqual([2]);
    expect(other!.seen.map(({ word, place }) => [word, place])).toEqual([[2, 0], [1, 1]]);
    expect(one!.seen[0]!.top).toBe(other!.seen[0]!.top); // one scale, so that they can be compared
    linked.contexts[0]!.pin({ words: [...linked.contexts[0]!.get().words, 4] });
    expect(linked.contexts[1]!.get().words).toEqual([2, 1, 5]);
    expect(pinned.length).toBe(3);
    expect([linked.single(0, 1), linked.single(0, 2)]).toEqual([true, false]);
  });
  it("share places and steps by their share", () => {
    const { linked } = start();
    linked.contexts[1]!.set({ pointedPixel: [47, 31], step: 4 });
    expect(linked.contexts[0]!.get()).toMatchObject({ pointedPixel: [47, 31], step: 2 });
    linked.contexts[0]!.set({ step: [0, 1] });
    expect(linked.contexts[1]!.get().step).toEqual([0, 2]);
  });
});

function shown(view: typeof comparisonView, { meta, data }: typeof paths.path, more: object) {
  const model = new FakeModel({ _meta: meta, _data: sent({ meta, data }), _preview: "", words: [], ...more });
  const el = document.body.appendChild(document.createElement("div"));
  const controller = new AbortController();
  view.render({ model: model as never, el, signal: controller.signal, host: {} as never });
  return { model, el, controller };
}

describe("the comparison", () => {
  const show = () => shown(comparisonView, paths.comparison, { step: null, mode: "beside" });
  it("marks the words that not all prompts have, and tells Python what is pinned", () => {
    const { model, el } = show();
    expect([...el.querySelectorAll(".pe-only .pe-text")].map((one) => one.textContent)).toEqual(["red", "blue", "the"]);
    el.querySelectorAll<HTMLButtonElement>(".pe-word")[2]!.click();
    vi.advanceTimersByTime(200);
    expect([...el.querySelectorAll(".pe-word[aria-pressed=true] .pe-text")].map((one) => one.textContent)).toEqual(["castle", "castle"]);
    expect(model.state["words"]).toEqual([3]);
    expect([...el.querySelectorAll(".pe-settings th[scope=row]")].map((one) => one.textContent)).toEqual(["Seed", "Steps"]);
  });
  it("is arranged from both sides, and leaves nothing behind", () => {
    const { model, el, controller } = show();
    model.set("mode", "swipe");
    expect(el.querySelector(".pe-swipe-handle")!.getAttribute("aria-valuetext")).toBe("50 percent one, the rest two");
    [...el.querySelectorAll<HTMLButtonElement>(".pe-choice")].find((one) => one.textContent === "Difference")!.click();
    vi.advanceTimersByTime(200);
    expect(model.state["mode"]).toBe("difference");
    const bare = el.querySelectorAll(":is(.pe, button, input, select, [tabindex]):not([data-lm-suppress-shortcuts])");
    expect([...bare].map((one) => one.outerHTML.slice(0, 90))).toEqual([]);
    controller.abort();
    expect(model.count()).toBe(0);
  });
});

describe("the path", () => {
  const show = (able = true) => shown(interpolationView, paths.path, { frame: 0, _status: { state: "idle", able } });
  const slider = (el: Element) => el.querySelector<HTMLInputElement>(".pe-way input[type=range]")!;
  it("goes from frame to frame by keys, and tells Python where it stays", () => {
    const { model, el } = show();
    slider(el).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    vi.advanceTimersByTime(200);
    expect(model.state["frame"]).toBe(1);
    expect([...el.querySelectorAll(".pe-keys .pe-share")].map((one) => one.textContent)).toEqual(["75\u202f%", "25\u202f%"]);
    slider(el).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true, bubbles: true, cancelable: true }));
    el.querySelector<HTMLButtonElement>(".pe-action")!.click();
    expect(model.sent).toEqual([{ do: "refine", between: [1, 2], frames: 1 }]);
  });
  it("offers the largest step, tells how far the work is, and stops it", () => {
    const { model, el } = show();
    expect(el.querySelector(".pe-action")!.textContent).toBe("Refine the largest step, 2 to 3");
    model.set("_status", { state: "running", able: true, done: 1, wanted: 4, step: 5, steps: 10 });
    expect(el.querySelector(".pe-work .pe-note")!.textContent).toBe("1 of 4 new frames, step 5 of 10");
    expect(el.querySelector(".pe-work .pe-progress")!.getAttribute("aria-valuenow")).toBe("38");
    [...el.querySelectorAll<HTMLButtonElement>(".pe-work button")].find((one) => one.textContent === "Stop")!.click();
    expect(model.sent).toEqual([{ do: "stop" }]);
    model.set("_status", { state: "failed", message: "It <b>broke</b>.", able: true });
    expect(el.querySelector(".pe-error")!.textContent).toBe("It <b>broke</b>.");
  });
  it("asks for no frames where nobody can run them, and leaves nothing behind", () => {
    const { model, el, controller } = show(false);
    expect(el.querySelector(".pe-action")).toBeNull();
    controller.abort();
    expect(model.count()).toBe(0);
  });
  it("that can't be read is one sentence", () => {
    const { el } = shown(interpolationView, { ...paths.path, meta: { ...paths.path.meta, version: 9 } }, { frame: 0 });
    expect(el.querySelector(".pe-empty")!.textContent).toContain("its version is 9, expected 1");
  });
});
