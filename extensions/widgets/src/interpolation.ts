/** A path between runs. The twin of explorer/views/interpolation.py. */
import { interpolation, type InterpolationPanel } from "./panels/interpolation";
import css from "./panels/interpolation/interpolation.css";
import { type Kernel, type PathState, START, type WorkStatus } from "./panels/interpolation/state";
import { bytesOf, filled, follow, page, widget } from "./root";
import { decodeFrames } from "./wire/frames";

const SEND_AFTER = 150; // ms

page(css, (meta, data, signal) => interpolation(decodeFrames(meta, data), signal).element);

export default widget("A path between pictures", css, (model, root, signal) => {
  const kernel: Kernel = {
    status: () => (model.get("_status") ?? { state: "idle" }) as WorkStatus,
    refine: (between, frames) => model.send({ do: "refine", between, frames }),
    write: (kind) => model.send({ do: "export", kind }),
    stop: () => model.send({ do: "stop" }),
  };
  const state: PathState = { ...START, place: Number(model.get("frame") ?? 0), words: (model.get("words") as number[] | null) ?? [] };
  let panel: InterpolationPanel | null = null;
  let places: readonly number[] = [];
  let shown = new AbortController();
  let sending = 0;
  signal.addEventListener("abort", () => (shown.abort(), clearTimeout(sending)));

  function show(): void {
    shown.abort();
    shown = new AbortController();
    panel = null;
    filled(root, () => {
      const path = decodeFrames(model.get("_meta"), bytesOf(model, "_data"));
      // New frames lie between the old ones: the place that was looked at stays.
      const now = path.shape ? [] : path.frames.map(({ at }) => at[0]!);
      if (places.length && now.length) state.place = moved(state.place, places, now);
      state.range = null;
      places = now;
      panel = interpolation(path, shown.signal, kernel, send, state);
      return panel.element;
    });
  }
  let own = { frame: -1, words: "" };
  function send(pins: { frame: number; words: readonly number[] }): void {
    clearTimeout(sending);
    sending = window.setTimeout(() => {
      own = { frame: pins.frame, words: JSON.stringify(pins.words) };
      model.set("frame", pins.frame);
      model.set("words", pins.words);
      model.save_changes();
    }, SEND_AFTER);
  }
  follow(model, "_data", show, signal);
  follow(model, "_status", () => panel?.told(), signal);
  follow(model, "frame", () => Number(model.get("frame")) !== own.frame && panel?.take({ place: Number(model.get("frame")) }), signal);
  follow(model, "words", () => JSON.stringify(model.get("words")) !== own.words && panel?.take({ words: (model.get("words") as number[] | null) ?? [] }), signal);
  show();
});

/** The same place on the way, counted in the frames of a path that has more of them. */
export function moved(place: number, before: readonly number[], now: readonly number[]): number {
  const first = Math.min(Math.floor(place), before.length - 1);
  const [low, high] = [before[first]!, before[Math.min(first + 1, before.length - 1)]!];
  const at = low + (high - low) * (place - first);
  const next = now.findIndex((one) => one >= at - 1e-9);
  if (next <= 0) return Math.max(next, 0);
  const gap = now[next]! - now[next - 1]!;
  return gap > 0 ? next - 1 + (at - now[next - 1]!) / gap : next;
}
