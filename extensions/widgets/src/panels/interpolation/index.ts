/** A path between runs: scrub it, watch each word's heat travel, see where it jumps, and run more frames there. */
import { wordColour } from "../../colour";
import { fill, iconButton, labelled, range } from "../../parts/controls";
import { toggled } from "../../state";
import { make, percent, visible } from "../../text";
import type { Key, Path } from "../../wire/frames";
import { pad } from "./pad";
import { Pictures, stage } from "./stage";
import { type Kernel, keyShares, nearest, type PathContext, type PathState, START, weightsOf } from "./state";
import { strip } from "./strip";
import { work } from "./work";

const FRAME = 350; // ms from one frame to the next, in a player
const STILL = 700; // for those who want less motion: frame by frame, no fading

export interface Pinned {
  readonly frame: number;
  readonly words: readonly number[];
}
export interface InterpolationPanel {
  readonly element: HTMLElement;
  take(change: Partial<PathState>): void;
  /** The kernel's status has changed. */
  told(): void;
}

/** kept: the state, which outlives a panel when frames are added. */
export function interpolation(
  path: Path,
  signal: AbortSignal,
  kernel: Kernel | null = null,
  pinned: (pins: Pinned) => void = () => undefined,
  kept: PathState = { ...START },
): InterpolationPanel {
  const context: PathContext = {
    path,
    signal,
    kernel,
    get: () => kept,
    set(change) {
      Object.assign(kept, change);
      update();
    },
    pin: () => pinned({ frame: nearest(weightsOf(path, kept)), words: kept.words }),
  };
  const pictures = new Pictures(path, signal);
  const element = make("div", "pe-panel pe-interpolation");
  const shown = stage(context, pictures);
  const way = path.shape ? null : strip(context, pictures);
  const map = path.shape ? pad(context, pictures) : null;
  const words = chips(context);
  const keys = shares(path);
  const tasks = work(context, pictures);

  const body = make("div", "pe-body");
  const left = make("div", "pe-stage");
  left.style.setProperty("--pe-width", `${shown.width}px`);
  left.append(shown.element);
  const side = make("div", "pe-side");
  side.append(words.element, keys.element);
  if (map) side.append(map.element);
  const opacity = range("Opacity of the heat", 0, 100);
  opacity.addEventListener("input", () => context.set({ opacity: opacity.valueAsNumber / 100 }), { signal });
  const controls = make("div", "pe-controls");
  controls.append(labelled("Heat", opacity));
  side.append(controls, tasks.element);
  body.append(left, side);
  element.append(body);
  const play = iconButton("play", "Play the path");
  if (way) {
    const reel = make("div", "pe-way-reel");
    const player = make("div", "pe-way-player");
    player.append(play);
    reel.append(player, way.element);
    element.append(reel);
  }

  let timer = 0;
  let before = 0;
  const still = (): boolean => window.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
  const end = path.frames.length - (path.closed ? 0 : 1);
  play.disabled = end < 1;
  play.addEventListener(
    "click",
    () => {
      if (kept.playing) return stop();
      context.set({ playing: true, place: kept.place >= end && !path.closed ? 0 : kept.place });
      before = performance.now();
      if (still()) timer = window.setTimeout(next, STILL);
      else timer = requestAnimationFrame(go);
    },
    { signal },
  );
  function go(now: number): void {
    if (!kept.playing) return;
    const place = kept.place + Math.max(now - before, 0) / FRAME;
    before = now;
    if (place >= end && !path.closed) return stop(end);
    context.set({ place: place % (path.closed ? path.frames.length : Infinity) });
    timer = requestAnimationFrame(go);
  }
  function next(): void {
    if (!kept.playing) return;
    const place = Math.floor(kept.place) + 1;
    if (place > end && !path.closed) return stop(end);
    context.set({ place: place % (end + 1) });
    timer = window.setTimeout(next, STILL);
  }
  function stop(place = kept.place): void {
    context.set({ playing: false, place });
    context.pin();
  }
  signal.addEventListener("abort", () => {
    kept.playing = false;
    clearTimeout(timer);
    cancelAnimationFrame(timer);
  });

  function update(): void {
    const weights = weightsOf(path, kept);
    shown.update(kept, weights);
    way?.update(kept);
    map?.update(kept);
    words.update(kept, weights);
    keys.update(keyShares(path, weights));
    tasks.update(kept);
    opacity.value = String(Math.round(kept.opacity * 100));
    fill(opacity);
    play.put(kept.playing ? "pause" : "play", kept.playing ? "Pause" : "Play the path");
  }
  pictures.onArrival(() => {
    way?.paint();
    map?.paint();
    update();
  });
  element.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      context.set({ words: [], pointed: null, range: null });
      context.pin();
    },
    { signal },
  );
  kept.place = Math.min(kept.place, end);
  update();
  tasks.told();
  return { element, take: context.set, told: tasks.told };
}

/** The words of all prompts; the bar is how much of its most a word draws here. */
function chips(context: PathContext): { element: HTMLElement; update(state: Readonly<PathState>, weights: ReturnType<typeof weightsOf>): void } {
  const { path, signal } = context;
  const element = make("div", "pe-prompt");
  const line = make("div", "pe-words");
  line.setAttribute("role", "toolbar");
  line.setAttribute("aria-label", "Words of the prompts");
  const all = new Set(path.words.flatMap(({ prompts }) => prompts)).size;
  const cells = path.height * path.width;
  const means = path.frames.map((_, frame) => path.words.map((_, word) => (path.map(frame, word)?.reduce((sum, one) => sum + one, 0) ?? 0) / cells));
  const tops = path.words.map((_, word) => Math.max(...means.map((row) => row[word]!), 1e-9));
  const buttons = path.words.map((word, index) => {
    const one = make("button", `pe-word${word.prompts.length < all ? " pe-only" : ""}`);
    one.type = "button";
    one.tabIndex = index ? -1 : 0;
    const text = make("span", "pe-text", visible(word.text));
    text.dir = "auto";
    const bar = make("span", "pe-bar");
    one.append(text, bar);
    if (word.prompts.length < all) {
      one.title = "Not in all of the prompts";
      one.append(make("span", "pe-hidden", " (not in all of the prompts)"));
    }
    const unread = path.frames.every((_, frame) => path.map(frame, index) === null);
    if (unread) one.setAttribute("aria-disabled", "true");
    one.addEventListener("pointerenter", () => context.set({ pointed: index }), { signal });
    one.addEventListener("focus", () => (buttons.forEach(({ one: other }, i) => (other.tabIndex = i === index ? 0 : -1)), context.set({ pointed: index })), { signal });
    one.addEventListener("blur", () => context.get().pointed === index && context.set({ pointed: null }), { signal });
    one.addEventListener(
      "click",
      (event) => {
        if (unread) return;
        context.set({ words: toggled(context.get().words, index, event.shiftKey || event.ctrlKey || event.metaKey) });
        context.pin();
      },
      { signal },
    );
    line.append(one);
    return { one, bar };
  });
  line.addEventListener("pointerleave", () => context.set({ pointed: null }), { signal });
  line.addEventListener(
    "keydown",
    (event) => {
      const from = buttons.findIndex(({ one }) => one === event.target);
      const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (from < 0 || to === undefined) return;
      event.preventDefault();
      buttons[to]?.one.focus();
    },
    { signal },
  );
  element.append(line);
  return {
    element,
    update({ words, pointed }, weights) {
      buttons.forEach(({ one, bar }, index) => {
        const place = words.indexOf(index);
        one.setAttribute("aria-pressed", String(place >= 0));
        one.classList.toggle("pe-shown", pointed === index);
        one.style.setProperty("--pe-own", place >= 0 && words.length > 1 ? wordColour(place) : "var(--pe-accent)");
        const here = weights.reduce((sum, { frame, share }) => sum + means[frame]![index]! * share, 0);
        bar.style.transform = `scaleY(${here / tops[index]!})`;
      });
    },
  };
}

/** What each key has of the place that is shown. */
function shares(path: Path): { element: HTMLElement; update(shares: readonly number[]): void } {
  const element = make("ol", "pe-list pe-keys");
  const differs = (of: (key: Key) => unknown) => new Set(path.keys.map(of)).size > 1;
  const [prompts, seeds, guidances] = [differs((key) => key.prompt), differs((key) => key.seed), differs((key) => key.guidance)];
  const rows = path.keys.map((key) => {
    const row = make("li", "pe-row");
    const parts = [prompts || !(seeds || guidances) ? key.prompt : "", seeds ? `seed ${key.seed}` : "", guidances ? `guidance ${key.guidance}` : ""];
    const name = make("span", "pe-name", parts.filter(Boolean).join(", "));
    name.dir = "auto";
    name.title = key.prompt;
    const [track, bar, share] = [make("span", "pe-track"), make("span", "pe-fill"), make("span", "pe-share")];
    track.append(bar);
    row.append(name, track, share);
    element.append(row);
    return { bar, share };
  });
  return {
    element,
    update(all) {
      rows.forEach(({ bar, share }, i) => {
        bar.style.transform = `scaleX(${all[i] ?? 0})`;
        share.textContent = percent(all[i] ?? 0);
      });
    },
  };
}

