/** The map: words, pictures and styles where an embedding puts them. Ties its parts to one state and to a model. */
import { suppress } from "../../shell";
import { make, visible } from "../../text";
import { card, trustOf } from "./card";
import { gestures } from "./gestures";
import type { MapModel, MapTraits } from "./model";
import { type Corner, following, inside, type Neighbour, neighboursOf, similarities, stacked, towards, under } from "./near";
import { Painter } from "./paint";
import { notes, paths } from "./below";
import { chosen, typing } from "./place";
import { byKind, bySimilarity, limits, shades } from "./shade";
import { HOME, panned, shown, Space, turned, type View, zoomed } from "./space";
import { type Mode, tools } from "./tools";
import { type Atlas, decode } from "../../wire/atlas";

const REACH = 14; // pixels from the pointer to an item that is meant
const SEND_AFTER = 150; // ms: one message for a burst of pins
const SPEAK_AFTER = 400;
const WHOLE = 300_000; // items up to which all are drawn while things move
const SETTLED = 140; // ms
const HINT = "Point to see true neighbours, click to pin, drag to move, Shift and drag to select. The wheel zooms once you have clicked the map, or with Ctrl.";
const KEYS = "Arrow keys go from item to item, Page Up and Page Down through all, Enter pins, Space selects, plus and minus zoom, 0 shows the whole map, Escape lets go.";

interface State {
  view: View;
  /** Items from `count` on are typed words. */
  item: number | null;
  pointed: number | null;
  selected: readonly number[];
  hidden: ReadonlySet<number>;
  mode: Mode;
  lassoing: boolean;
  lasso: readonly Corner[];
  path: number;
  stop: number | null;
}

/** A map in an element. Returns it, or null where it can't be read, which is then said. */
export function mountMap(model: MapModel, root: HTMLElement, signal: AbortSignal): Atlas | null {
  let atlas: Atlas;
  try {
    atlas = decode(model.get("_meta"), model.get("_data"));
  } catch (error) {
    root.append(make("p", "pe-empty", error instanceof Error ? error.message : String(error)));
    return null;
  }
  const { count } = atlas;
  const space = new Space(atlas);
  const screen = space.screen();
  const state: State = {
    ...{ view: HOME, item: model.get("item") ?? null, pointed: null, selected: model.get("selected") ?? [], hidden: new Set<number>() },
    ...{ mode: "kind" as Mode, lassoing: false, lasso: [], path: atlas.paths.length ? 0 : -1, stop: null },
  };

  const body = make("div", "pe-map-body");
  const stage = make("div", "pe-map-stage");
  const frame = make("div", "pe-map");
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", `Map of ${count.toLocaleString("en")} items. ${KEYS}`);
  const painter = new Painter(frame, atlas, signal, () => changed("all"));
  const spoken = make("div", "pe-hidden");
  spoken.setAttribute("aria-live", "polite");
  const controls = tools(
    atlas,
    {
      mode: (mode) => (set({ mode }), ask()),
      lassoing: (lassoing) => set({ lassoing }),
      toggle(kind, only) {
        const all = atlas.kinds.map((_, i) => i);
        const others = new Set(all.filter((one) => one !== kind));
        const alone = others.size === state.hidden.size && !state.hidden.has(kind);
        const hidden = new Set(state.hidden);
        if (!hidden.delete(kind)) hidden.add(kind);
        set({ hidden: only ? (alone ? new Set() : others) : hidden });
      },
      zoom: (factor) => move(zoomed(state.view, factor, width() / 2, height() / 2, width(), height())),
      reset: () => move(HOME),
    },
    signal,
  );
  const path = paths(
    atlas,
    (index, stop) => {
      set({ path: index, stop });
      const row = stop === null ? undefined : atlas.paths[index]!.rows[stop];
      if (row !== undefined) set({ pointed: row });
    },
    signal,
  );
  const seen = card(atlas, (row, canvas) => painter.thumb(row, canvas), go, signal);
  const several = chosen(atlas, go, () => pin({ selected: [] }), signal);
  const words = model.get("_live") ? typing((text) => model.send({ do: "place", text }), signal) : null;
  stage.append(controls.bar, frame, make("p", "pe-note", HINT), ...(path ? [path.element] : []), notes(atlas));
  const side = make("div", "pe-map-side");
  side.append(...(words ? [words.element] : []), controls.legend, several.element, seen.element);
  body.append(stage, side, spoken);
  root.append(body);
  suppress(root);

  let [wide, tall] = [0, 0];
  const width = () => wide || 720;
  const height = () => tall || 520;

  // Colours by similarity to the pinned item, and the neighbours that Python found for it.
  let alike: { item: number; values: Float32Array } | null = null;
  const values = (): Float32Array | null => (state.mode === "similarity" && alike && alike.item === state.item ? alike.values : null);
  function compare(): void {
    const { item } = state;
    if (item === null || alike?.item === item) return;
    const near = model.get("_near");
    const typed = item < count ? undefined : Int8Array.from(model.get("_placed")[item - count]?.vector ?? []);
    const found = similarities(atlas, item, typed);
    if (found) alike = { item, values: found };
    else if (near.row === item) {
      const data = model.get("_alike");
      if (data.byteLength === count) alike = { item, values: Float32Array.from(new Int8Array(data.buffer, data.byteOffset, count), (one) => one / 127) };
    }
  }
  function ask(): void {
    const { item, mode } = state;
    compare();
    if (item === null || item >= count || !model.get("_kernel") || model.get("_near").row === item) return;
    if (!atlas.near || (mode === "similarity" && alike?.item !== item)) model.send({ do: "near", row: item });
  }
  function neighbours(row: number): readonly Neighbour[] {
    const pairs = row >= count ? (model.get("_placed")[row - count]?.neighbours ?? []) : model.get("_near").row === row ? (model.get("_near").neighbours ?? []) : null;
    return pairs ? pairs.map(([one, cosine]) => ({ row: one, cosine })) : neighboursOf(atlas, row);
  }
  const textOf = (row: number) => (row >= count ? (model.get("_placed")[row - count]?.text ?? "") : atlas.label(row));
  const placeOf = (row: number): Corner => {
    if (row < count) return [screen.x[row]!, screen.y[row]!];
    const point = model.get("_placed")[row - count]?.point;
    return point ? space.at(point, state.view, width(), height()) : [-100, -100];
  };

  // One frame for whatever happened since the last one.
  let shade = shades(atlas, state.hidden, new Set(state.selected), null, null);
  let dirty: "nothing" | "above" | "all" = "nothing";
  let waiting = 0;
  let [moving, resting] = [false, 0];
  function changed(what: "above" | "all"): void {
    if (dirty !== "all") dirty = what;
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      const all = dirty === "all";
      dirty = "nothing";
      if (!signal.aborted) paint(all);
    });
  }
  function paint(all: boolean): void {
    const { view, item, pointed, selected } = state;
    if (all) {
      space.project(view, width(), height(), screen);
      const stride = moving && count > WHOLE ? Math.ceil(count / WHOLE) : 1;
      const ends = state.path >= 0 ? atlas.paths[state.path]!.rows : [];
      const tripod = space.turns ? [0, 1, 2].map((axis) => arm(axis, view)) : [];
      painter.draw({
        ...{ width: width(), height: height(), screen, shade, zoom: view.zoom, path: state.path, moving, stride, tripod },
        palette: values() ? bySimilarity : byKind(atlas.kinds.length),
        first: [...(item !== null && item < count ? [item] : []), ...selected.slice(0, 40), ...ends.slice(0, 60)],
        guests: model.get("_placed").map(({ text }, i) => {
          const [x, y] = placeOf(count + i);
          return { text, x, y };
        }),
      });
    }
    const row = pointed ?? item;
    const walked = state.stop === null || state.path < 0 ? undefined : atlas.paths[state.path]!.rows[state.stop];
    painter.above({
      at: row === null ? null : placeOf(row),
      text: row === null ? "" : textOf(row),
      neighbours: row === null ? [] : neighbours(row),
      lasso: state.lasso,
      stop: walked === undefined ? null : placeOf(walked),
    });
  }
  function arm(axis: number, view: View): readonly [string, number, number] {
    const [cy, sy, cp, sp] = [Math.cos(view.yaw), Math.sin(view.yaw), Math.cos(view.pitch), Math.sin(view.pitch)];
    const [x, y] = [[cy, sp * sy], [0, cp], [sy, -sp * cy]][axis]!; // prettier-ignore
    return [atlas.axes[axis] ?? String(axis + 1), x! * 34, y! * 34];
  }

  let timer = 0;
  function set(change: Partial<State>): void {
    Object.assign(state, change);
    if ("item" in change) compare();
    const light = Object.keys(change).every((key) => key === "pointed" || key === "lasso" || key === "stop");
    if (!light) shade = shades(atlas, state.hidden, new Set(state.selected), values(), state.item);
    tell(light);
    changed(light ? "above" : "all");
  }
  function move(view: View): void {
    state.view = view;
    moving = true;
    clearTimeout(resting);
    resting = window.setTimeout(() => ((moving = false), changed("all")), SETTLED);
    changed("all");
  }
  /** Everything that is text. */
  function tell(light: boolean): void {
    const row = state.pointed ?? state.item;
    const known = row === null ? [] : neighbours(row);
    const kind = row === null ? "" : row >= count ? "typed here" : (atlas.kinds[atlas.kind[row]!] ?? "");
    const instead = known.length ? "" : model.get("_kernel") ? (row === state.item ? "Its nearest are being looked up …" : "Click to look up its nearest.") : "Its nearest were not written into this page.";
    const at = row !== null && row < count ? stacked(screen, shade, row) : 1;
    seen.update(row === null ? null : { row: row < count ? row : null, text: textOf(row), kind, pinned: row === state.item, neighbours: known, stacked: at, instead });
    path?.update(state.path, state.stop);
    clearTimeout(timer);
    timer = window.setTimeout(() => (spoken.textContent = row === null ? "" : inWords(row, kind, known)), SPEAK_AFTER);
    if (light) return;
    several.update(state.selected);
    const compared = values();
    const to = state.item === null ? "Click an item: how alike are the others to it?" : compared ? `Alike to “${visible(textOf(state.item))}”` : model.get("_kernel") ? "Being compared …" : "This page holds too little to compare all items.";
    controls.update({ mode: state.mode, lassoing: state.lassoing, hidden: state.hidden, ends: compared ? limits(compared, state.item) : null, to });
    frame.classList.toggle("pe-map-lassoing", state.lassoing);
  }
  function inWords(row: number, kind: string, known: readonly Neighbour[]): string {
    const near = known.slice(0, 3).map((one) => `${visible(atlas.label(one.row))} ${one.cosine.toFixed(2)}`);
    return [`${visible(textOf(row))}, ${kind}`, near.length ? `nearest: ${near.join(", ")}` : "", trustOf(atlas, { row: row < count ? row : null, stacked: 1 })].filter(Boolean).join(". ");
  }

  // What Python knows too. Set and sent together: a late echo of the pin before would else undo one that waits.
  const unsent: { item?: number | null; selected?: readonly number[] } = {};
  let sending = 0;
  function pin(change: { item?: number | null; selected?: readonly number[] }): void {
    set(change);
    ask();
    Object.assign(unsent, change, "item" in change && change.item != null && change.item >= count ? { item: null } : {});
    clearTimeout(sending);
    sending = window.setTimeout(() => {
      if ("item" in unsent) model.set("item", unsent.item ?? null);
      if (unsent.selected) model.set("selected", unsent.selected);
      delete unsent.item;
      delete unsent.selected;
      model.save_changes();
    }, SEND_AFTER);
  }
  function go(row: number, pinned: boolean): void {
    const [x, y] = placeOf(row);
    const view = shown(state.view, x, y, width(), height());
    if (view !== state.view) move(view);
    if (pinned) pin({ item: row });
    else set({ pointed: row });
  }
  /** A typed word first: it lies on top. */
  function meant([x, y]: Corner): number | null {
    const guests = model.get("_placed").length;
    for (let i = guests - 1; i >= 0; i--) {
      const [gx, gy] = placeOf(count + i);
      if (Math.hypot(gx - x, gy - y) < REACH) return count + i;
    }
    const found = under(screen, shade, x, y, REACH);
    return found < 0 ? null : found;
  }

  gestures(
    frame,
    {
      lassoing: () => state.lassoing,
      drag: (dx, dy, pan) => move(space.turns && !pan ? turned(state.view, dx, dy) : panned(state.view, dx, dy)),
      zoom: (factor, x, y) => move(zoomed(state.view, factor, x, y, width(), height())),
      reset: () => move(HOME),
      point(at) {
        const pointed = at && meant(at);
        if (pointed !== state.pointed) set({ pointed });
      },
      pin(at) {
        const item = meant(at);
        if (item === null) pin({ item: null });
        else pin({ item: item === state.item ? null : item });
      },
      lasso: (lasso) => set({ lasso }),
      select(corners, add) {
        const found = inside(screen, shade, corners);
        pin({ selected: add ? [...new Set([...state.selected, ...found])] : found });
      },
    },
    signal,
  );

  const arrows: Record<string, Corner> = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  frame.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const row = state.pointed ?? state.item;
      const way = arrows[event.key];
      const { key } = event;
      if (way && event.shiftKey) move(space.turns ? turned(state.view, way[0] * 24, way[1] * 24) : panned(state.view, -way[0] * 48, -way[1] * 48));
      else if (way) {
        const from: Corner = row === null ? [width() / 2, height() / 2] : placeOf(row);
        const next = row === null ? under(screen, shade, ...from, Infinity) : towards(screen, shade, ...from, ...way);
        if (next >= 0) go(next, false);
      } else if (key === "PageDown" || key === "PageUp") {
        const next = following(shade, row === null || row >= count ? -1 : row, key === "PageDown" ? 1 : -1);
        if (next >= 0) go(next, false);
      } else if (key === "+" || key === "=") move(zoomed(state.view, 1.3, ...middle(), width(), height()));
      else if (key === "-") move(zoomed(state.view, 1 / 1.3, ...middle(), width(), height()));
      else if (key === "0") move(HOME);
      else if (key === "Enter") row !== null && pin({ item: row === state.item ? null : row });
      else if (key === " ") {
        if (row !== null && row < count) pin({ selected: state.selected.includes(row) ? state.selected.filter((one) => one !== row) : [...state.selected, row] });
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  /** Zooming by key keeps in place what is looked at. */
  function middle(): Corner {
    const row = state.pointed ?? state.item;
    return row === null ? [width() / 2, height() / 2] : placeOf(row);
  }
  root.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      set({ pointed: null, stop: null });
      if (state.item !== null || state.selected.length) pin({ item: null, selected: [] });
    },
    { signal },
  );

  const follow = <K extends keyof MapTraits>(name: K, listener: () => void) => {
    model.on(`change:${name}`, listener);
    signal.addEventListener("abort", () => model.off(`change:${name}`, listener));
  };
  follow("item", () => "item" in unsent || set({ item: model.get("item") ?? null }));
  follow("selected", () => "selected" in unsent || set({ selected: model.get("selected") ?? [] }));
  follow("_near", () => set({ item: state.item }));
  follow("_told", () => words?.update(model.get("_told")));
  let placed = model.get("_placed").length;
  follow("_placed", () => {
    const now = model.get("_placed").length;
    alike = null;
    if (now > placed) go(count + now - 1, true); // look, it landed here
    else set({ item: state.item });
    placed = now;
  });

  const sized = new ResizeObserver(([entry]) => {
    if (!entry) return;
    [wide, tall] = [Math.round(entry.contentRect.width), Math.round(entry.contentRect.height)];
    changed("all");
  });
  sized.observe(frame);
  // Canvases don't follow the theme by themselves.
  const themed = new MutationObserver(() => changed("all"));
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class", "style"] });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => changed("all"), { signal });
  signal.addEventListener("abort", () => {
    sized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(waiting);
    [timer, sending, resting].forEach(clearTimeout);
  });
  tell(false);
  words?.update(model.get("_told"));
  ask();
  changed("all");
  return atlas;
}
