import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeModel } from "./fixtures/model";
import view from "./map";
import { besides, Room, shuffled } from "./panels/map/labels";
import { boxOf, following, HIDDEN, inside, neighboursOf, similarities, stacked, towards, under } from "./panels/map/near";
import { DIM, limits, shades } from "./panels/map/shade";
import { HOME, Space, shown, turned, zoomed } from "./panels/map/space";
import { trustOf } from "./panels/map/card";
import { methodLine, numbersLine, trustLine } from "./panels/map/below";
import { decode } from "./wire/atlas";

interface Golden {
  meta: Record<string, unknown> & { labels: string[]; paths: { rows: number[] }[] };
  data: string;
  near: [number, number][][];
  alike: number[];
}
/** Written by `python -m tests.views.golden_map`. */
const golden: Golden = JSON.parse(readFileSync(resolve(import.meta.dirname, "fixtures/atlas.json"), "utf-8"));
function message(): DataView<ArrayBuffer> {
  const bytes = Buffer.from(golden.data, "base64");
  const buffer = new ArrayBuffer(bytes.length + 5); // at an odd place in a larger buffer, as it arrives
  new Uint8Array(buffer).set(bytes, 5);
  return new DataView(buffer, 5);
}
const atlas = decode(golden.meta, message());
const screenOf = (...places: [number, number][]) => ({ x: Float32Array.from(places, ([x]) => x), y: Float32Array.from(places, ([, y]) => y), depth: null });

describe("the map's data", () => {
  it("is what Python sent", () => {
    expect(Array.from({ length: atlas.count }, (_, i) => atlas.label(i))).toEqual(golden.meta.labels);
    golden.near.forEach((near, row) => {
      const found = neighboursOf(atlas, row);
      expect(found.map((one) => one.row)).toEqual(near.map(([one]) => one));
      found.forEach(({ cosine }, i) => expect(cosine).toBeCloseTo(near[i]![1], 4));
    });
    const alike = similarities(atlas, 0)!;
    golden.alike.forEach((cosine, i) => expect(Math.abs(alike[i]! - cosine)).toBeLessThan(0.012));
  });

  it("reads very many labels out of one text", () => {
    const texts = ["one", "zwei ä", "三"].map((text) => new TextEncoder().encode(text));
    const all = Buffer.concat(texts);
    const meta = { ...golden.meta, labels: null, count: 3, near: 0, kept: false, width: null, thumbs: null, paths: [] };
    const [points, ends] = [new Uint8Array(24), new Uint8Array(Uint32Array.from([3, 10, 13]).buffer)];
    const parts: [string, Uint8Array][] = [["points", points], ["kinds", new Uint8Array(3)], ["modalities", new Uint8Array(3)], ["neighbours", new Uint8Array(0)], ["cosines", new Uint8Array(0)], ["labels", all], ["ends", ends]]; // prettier-ignore
    let offset = 0;
    const blocks: Record<string, [number, number]> = {};
    for (const [name, bytes] of parts) [blocks[name], offset] = [[offset, bytes.length], offset + bytes.length];
    const data = new DataView(new Uint8Array(Buffer.concat(parts.map(([, bytes]) => bytes))).buffer);
    const found = decode({ ...meta, blocks }, data);
    expect([0, 1, 2].map((row) => found.label(row))).toEqual(["one", "zwei ä", "三"]);
  });

  it("refuses what it can't read", () => {
    expect(() => decode({ ...golden.meta, version: 99 }, message())).toThrow("its version is 99");
    expect(() => decode({ ...golden.meta, count: 7 }, message())).toThrow("does not fill its shape");
    expect(() => decode({ ...golden.meta, paths: [{ name: "", kind: "steps", rows: [9999] }] }, message())).toThrow("a path that leaves the map");
  });
});

describe("where items lie", () => {
  const flat = new Space({ points: Float32Array.from([0, 0, 2, 1]), dimensions: 2, count: 2, method: "PCA" });
  it("keeps proportions, and puts the second axis upwards", () => {
    const screen = flat.screen();
    flat.project(HOME, 400, 400, screen);
    expect(screen.x[1]! - screen.x[0]!).toBeCloseTo(2 * (screen.y[0]! - screen.y[1]!), 3);
    expect(screen.y[1]!).toBeLessThan(screen.y[0]!);
    expect(flat.at([2, 1], HOME, 400, 400)[0]).toBeCloseTo(screen.x[1]!, 3);
  });
  it("zooms about the pointer", () => {
    const before = flat.at([2, 1], HOME, 400, 300);
    const view = zoomed(HOME, 3, ...before, 400, 300);
    expect(flat.at([2, 1], view, 400, 300)[0]).toBeCloseTo(before[0], 3);
    expect(flat.at([2, 1], view, 400, 300)[1]).toBeCloseTo(before[1], 3);
    expect(view.zoom).toBe(3);
  });
  it("turns three dimensions without moving their middle", () => {
    const solid = new Space({ points: Float32Array.from([-1, -1, -1, 1, 1, 1]), dimensions: 3, count: 2, method: "PCA" });
    const screen = solid.screen();
    solid.project(turned(HOME, 300, 100), 400, 400, screen);
    const middle = solid.at([0, 0, 0], turned(HOME, 300, 100), 400, 400);
    expect(middle).toEqual([200, 200]);
    expect(Math.sign(screen.depth![0]!)).toBe(-Math.sign(screen.depth![1]!));
  });
  it("shows one point, and many on one spot", () => {
    for (const count of [1, 3]) {
      const one = new Space({ points: new Float32Array(count * 2).fill(5), dimensions: 2, count, method: "PCA" });
      const screen = one.screen();
      one.project(HOME, 400, 300, screen);
      expect([...screen.x, ...screen.y]).toEqual([...new Array(count).fill(200), ...new Array(count).fill(150)]);
    }
  });
  it("brings a place into the frame", () => {
    expect(shown(HOME, 100, 100, 400, 300)).toBe(HOME);
    expect(shown(HOME, -60, 100, 400, 300).x).toBe(100);
  });
});

describe("which item is meant", () => {
  const screen = screenOf([10, 10], [50, 10], [52, 60], [50, 10.2]);
  const shade = new Uint8Array(4);
  it("is the nearest that is shown", () => {
    expect(under(screen, shade, 12, 12, 10)).toBe(0);
    expect(under(screen, shade, 200, 200, 10)).toBe(-1);
    expect(under(screen, Uint8Array.from([HIDDEN, 0, 0, 0]), 12, 12, 10)).toBe(-1);
    expect(under(screen, Uint8Array.from([HIDDEN, 0, 0, 0]), 12, 12, Infinity)).toBe(3);
  });
  it("lies in the direction of an arrow key", () => {
    expect(towards(screen, shade, 10, 10, 1, 0)).toBe(1);
    expect(towards(screen, shade, 50, 10, 0, 1)).toBe(2);
    expect(towards(screen, shade, 50, 10, 0, -1)).toBe(-1);
  });
  it("can be reached though it lies on another", () => {
    expect(stacked(screen, shade, 1)).toBe(2);
    expect(following(shade, 3, 1)).toBe(0);
    expect(following(Uint8Array.from([0, HIDDEN, 0, 0]), 0, 1)).toBe(2);
    expect(following(shade, 0, -1)).toBe(3);
  });
  it("lies inside a lasso, also one that is not convex", () => {
    const lasso: [number, number][] = [[0, 0], [60, 0], [60, 70], [48, 70], [48, 20], [0, 20]]; // prettier-ignore
    expect(inside(screen, shade, lasso)).toEqual([0, 1, 2, 3]);
    expect(inside(screen, shade, [[0, 0], [60, 0], [60, 20], [0, 20]])).toEqual([0, 1, 3]); // prettier-ignore
    expect(inside(screen, shade, boxOf([60, 70], [45, 55]))).toEqual([2]);
    expect(inside(screen, Uint8Array.from([0, 0, HIDDEN, 0]), boxOf([60, 70], [45, 55]))).toEqual([]);
  });
});

describe("labels", () => {
  it("find room beside their points, and are left out where there is none", () => {
    const room = new Room(200, 100);
    expect(besides(room, 50, 50, 4, 60)).toEqual([57, 50]);
    expect(besides(room, 52, 50, 4, 40)![0]).toBeLessThan(52); // the right is taken
    room.block([0, 0, 200, 100]);
    expect(besides(room, 100, 50, 4, 60)).toBeNull();
    expect(new Room(50, 50).take([40, 10, 60, 20])).toBe(false);
  });
  it("come in an order that is the same each time and spreads over all", () => {
    expect([...shuffled(500)].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(shuffled(500)).toEqual(shuffled(500));
    expect(Math.max(...shuffled(500).slice(0, 20))).toBeGreaterThan(350);
  });
});

describe("colours", () => {
  it("dim what is not selected and leave out what is hidden", () => {
    const shade = shades(atlas, new Set([atlas.kind[0]!]), new Set([20]), null, null);
    expect(shade[0]).toBe(HIDDEN);
    expect(shade[20]! & DIM).toBe(0);
    expect(shade[21]! & DIM).toBe(DIM);
  });
  it("spread over the similarities of the others", () => {
    const values = Float32Array.from([1, 0.1, 0.2, 0.35]);
    expect(limits(values, 0)[1]).toBeCloseTo(0.35, 5);
    const shade = shades({ ...atlas, count: 4, kind: new Uint8Array(4) }, new Set(), new Set(), values, 0);
    expect([...shade]).toEqual([99, 0, 40, 99]);
  });
});

it("says how far the picture can be trusted", () => {
  const kept = Uint8Array.from([75, 255]);
  expect(trustOf({ ...atlas, kept, near: 10 }, { row: 0, stacked: 1 })).toBe("3 of its 10 true neighbours are near it here.");
  expect(trustOf({ ...atlas, kept, near: 10 }, { row: 1, stacked: 1 })).toBe("");
  expect(trustOf({ ...atlas, kept, near: 0 }, { row: 0, stacked: 1000 })).toBe("30\u202f% of its true neighbours are near it here. 1,000 items lie on this spot: Page Down goes to the next.");
  expect(trustLine({ ...atlas, trustworthiness: 0.7, method: "t-SNE" })).toMatch(/not true ones.*distances between groups/);
  expect(methodLine(atlas)).toMatch(/^PCA of 61 vectors of a fake model · the axes show 34\u202f%, 21\u202f%, together 55\u202f% of the variance · words and pictures centred\.$/);
  expect(numbersLine({ ...atlas, trustworthiness: 0.7, method: "t-SNE" })).toMatch(/^The axes show 34\u202f%, 21\u202f% of the variance · trustworthiness 0\.70 of 1 · vectors of a fake model\. Only what is near/);
  expect(numbersLine({ ...atlas, explained: null, trustworthiness: null, source: "" })).toBe("");
});

describe("the view", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(console, "warn").mockImplementation(() => undefined); // no images here
  });
  afterEach(() => {
    vi.useRealTimers();
    document.body.replaceChildren();
  });
  function show(change: Record<string, unknown> = {}) {
    const empty = new DataView(new ArrayBuffer(0));
    const model = new FakeModel({ _meta: golden.meta, _data: message(), _preview: "", item: null, selected: [], _live: true, _kernel: true, _placed: [], _told: { state: "idle" }, _near: {}, _alike: empty, ...change });
    const el = document.body.appendChild(document.createElement("div"));
    const controller = new AbortController();
    view.render({ model: model as never, el, signal: controller.signal });
    vi.runAllTimers();
    const find = <T extends HTMLElement>(selector: string) => el.querySelector<T>(selector)!;
    const press = (key: string) => find(".pe-map").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    return { model, el, controller, find, press, rows: () => [...el.querySelectorAll<HTMLElement>(".pe-map-card li:not([hidden]) .pe-name")].map((one) => one.textContent!.trim()) };
  }

  it("lists true neighbours for what the keys go to, and asks nobody", () => {
    const { model, press, find, rows } = show();
    press("PageDown");
    expect(find(".pe-map-card .pe-title").textContent).toBe(golden.meta.labels[0]);
    expect(rows()).toEqual(golden.near[0]!.map(([row]) => golden.meta.labels[row]));
    press("ArrowRight");
    press("+");
    vi.runAllTimers();
    expect(model.sent).toEqual([]);
    expect(model.saved).toBe(0);
  });

  it("pins and selects, once for a burst, and lets go", () => {
    const { model, press } = show();
    press("PageDown");
    press("PageDown");
    press("Enter");
    press(" ");
    expect(model.saved).toBe(0);
    vi.runAllTimers();
    expect(model.saved).toBe(1);
    expect(model.state).toMatchObject({ item: 1, selected: [1] });
    press("Escape");
    vi.runAllTimers();
    expect(model.state).toMatchObject({ item: null, selected: [] });
  });

  it("hides a kind, or all others", () => {
    const { el } = show();
    const kinds = [...el.querySelectorAll<HTMLButtonElement>(".pe-map-kind")];
    const pressed = () => kinds.map((one) => one.getAttribute("aria-pressed"));
    kinds[0]!.click();
    expect(pressed()).toEqual(["false", ...kinds.slice(1).map(() => "true")]);
    kinds[2]!.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    expect(pressed().filter((one) => one === "true").length).toBe(1);
    kinds[2]!.dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    expect(pressed().every((one) => one === "true")).toBe(true);
  });

  it("sends a typed word, and shows where it landed", () => {
    const { model, find, rows } = show();
    const box = find<HTMLInputElement>(".pe-map-typing input");
    box.value = " <b>teddy</b> ";
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    expect(model.sent).toEqual([{ do: "place", text: "<b>teddy</b>" }]);
    model.set("_told", { state: "waiting" });
    expect(find(".pe-map-typing .pe-note").textContent).toBe("On its way …");
    model.set("_told", { state: "failed", message: "It <i>failed</i>: try again." });
    expect(find(".pe-map-typing .pe-note").textContent).toBe("It <i>failed</i>: try again.");
    model.set("_placed", [{ text: "<b>teddy</b>", point: [0, 0], neighbours: [[2, 0.91], [0, 0.5]], vector: [] }]); // prettier-ignore
    expect(find(".pe-map-card .pe-title").textContent).toBe("<b>teddy</b>");
    expect(rows()).toEqual([golden.meta.labels[2], golden.meta.labels[0]]);
    vi.runAllTimers();
    expect(model.state.item).toBeNull(); // it is no item of the Atlas
    expect(document.querySelector(".pe b, .pe i")).toBeNull();
  });

  it("has no box without a model, and walks along a path", () => {
    const { find } = show({ _live: false });
    expect(find(".pe-map-typing")).toBeNull();
    const slider = find<HTMLInputElement>(".pe-map-path input");
    slider.value = "3";
    slider.dispatchEvent(new Event("input"));
    expect(find(".pe-map-card .pe-title").textContent).toBe(golden.meta.labels[golden.meta.paths[0]!.rows[2]!]);
    expect(find(".pe-map-path .pe-aside").textContent).toBe("3 of 5");
  });

  it("asks for the neighbours of a pinned item where they were not sent", () => {
    const { near: _, ...rest } = golden.meta;
    const blocks = golden.meta["blocks"] as Record<string, [number, number]>;
    const { model, press, rows } = show({ _meta: { ...rest, near: 0, blocks: { ...blocks, neighbours: [0, 0], cosines: [0, 0] } } });
    press("PageDown");
    expect(model.sent).toEqual([]);
    press("Enter");
    expect(model.sent).toEqual([{ do: "near", row: 0 }]);
    model.set("_near", { row: 0, neighbours: [[4, 0.7]] }); // prettier-ignore
    expect(rows()).toEqual([golden.meta.labels[4]]);
  });

  it("leaves no listener behind", () => {
    const { model, controller } = show();
    controller.abort();
    expect(model.count()).toBe(0);
  });

  it("says what it can't show", () => {
    const { el } = show({ _meta: {} });
    expect(el.textContent).toContain("The data of this map can't be read");
  });
});
