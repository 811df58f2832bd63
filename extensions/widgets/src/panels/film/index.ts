/** One training or several, under one slider. */
import { choice, fill, iconButton, range } from "../../parts/controls";
import { make } from "../../text";
import type { Film } from "../../wire/film";
import { curves } from "./curves";
import { reality, stage } from "./stage";
import { checkpointAt, placeOf, stopsOf, type Way, whenOf } from "./stops";
import { winning } from "./winning";
import { learned } from "./words";

const ALL_OF_IT = 7000; // ms for a whole training
const FASTEST = 120; // ms a checkpoint

export interface FilmPanel {
  readonly element: HTMLElement;
  /** What another display, or Python, has chosen. */
  take(checkpoint: number, by: Way): void;
  /** The checkpoint of the first film that is shown. */
  now(): number;
  /** How several films are lined up. */
  by(): Way;
}

/** pinned: called when the slider is let go, with the first film's checkpoint and how the films are lined up. */
export function film(films: readonly Film[], signal: AbortSignal, pinned: (checkpoint: number, by: Way) => void = () => undefined, first: number | null = null): FilmPanel {
  const several = films.length > 1;
  const element = make("div", "pe-panel pe-film-panel");
  const [label, aside] = [make("span", "pe-title"), make("span", "pe-aside")];
  const head = make("div", "pe-head");
  head.append(label, aside);
  const play = iconButton("play", "Play the training");
  const slider = range("Checkpoint of the training", 0, 0);
  const line = make("div", "pe-scrub");
  line.append(play, slider);
  let by: Way = "pictures";
  const ways = choice<Way>(
    "Line up the films by",
    [
      ["pictures", "Pictures seen", "Of each film what it drew after as many training pictures"],
      ["checkpoints", "Checkpoints", "The first beside the first, whatever they had seen"],
    ],
    (next) => (show(at(0), next), pinned(at(0), by)),
    signal,
  );
  if (several) line.append(ways.element);
  const steps = make("div", "pe-steps");
  steps.append(head, line);

  let stops: readonly number[] = [];
  let place = 0;
  const at = (one: number): number => checkpointAt(films[one]!, stops[place]!, by, several);

  const columns = films.map((one, i) => {
    const column = make("section", "pe-film-column");
    column.setAttribute("aria-label", one.name);
    const top = make("div", "pe-head");
    const when = make("span", "pe-aside");
    top.append(make("span", "pe-title", one.name), when);
    const parts = [stage(one, signal, several ? 4 : 6)];
    column.append(...(several ? [top] : []), make("p", "pe-note", one.about), parts[0]!.element);
    const bars = winning(one);
    const real = reality(one, signal);
    if (bars) (parts.push(bars), column.append(bars.element));
    if (real) {
      const note = make("p", "pe-note", "Real drawings that the discriminator never saw, and how real it finds each:");
      parts.push(real);
      column.append(note, real.element);
    }
    const axis = {
      count: one.seen.length,
      place: (checkpoint: number) => placeOf(stops, one, checkpoint, by, several) / Math.max(stops.length - 1, 1),
      go: (checkpoint: number) => (stop(), move(placeOf(stops, one, checkpoint, by, several))),
      done: () => pinned(at(0), by),
    };
    const charts = make("div", "pe-film-charts");
    column.append(charts);
    if (one.words.length) {
      const words = learned(one);
      parts.push(words);
      column.append(words.element);
    }
    let own: ReturnType<typeof curves>[] = [];
    let gone = new AbortController();
    signal.addEventListener("abort", () => gone.abort());
    return {
      element: column,
      /** The axis has other stops. */
      rebuild() {
        gone.abort();
        gone = new AbortController();
        own = one.charts.map((chart) => curves({ ...chart, ends: endsOf(films, chart.title, chart.ends) }, axis, gone.signal));
        charts.replaceChildren(...own.map((chart) => chart.element));
      },
      update() {
        const checkpoint = at(i);
        when.textContent = whenOf(one.seen[checkpoint]!, one.minutes[checkpoint] ?? null);
        for (const part of parts) part.update(checkpoint);
        for (const chart of own) chart.update(place / Math.max(stops.length - 1, 1), checkpoint);
      },
    };
  });
  const body = make("div", "pe-film-columns");
  body.style.setProperty("--pe-columns", String(films.length));
  body.append(...columns.map((column) => column.element));
  element.append(steps, body);

  function move(next: number): void {
    place = Math.min(Math.max(next, 0), stops.length - 1);
    const [one, checkpoint] = [films[0]!, at(0)];
    label.textContent =
      several && by === "pictures" ? `${stops[place]!.toLocaleString("en-US")} pictures seen` : `Checkpoint ${stops[place]! + 1} of ${stops.length}`;
    aside.textContent = several ? "" : whenOf(one.seen[checkpoint]!, one.minutes[checkpoint] ?? null);
    slider.value = String(place);
    slider.setAttribute("aria-valuetext", `${label.textContent}, ${aside.textContent}`);
    fill(slider);
    for (const column of columns) column.update();
  }
  function show(checkpoint: number, way: Way): void {
    by = way;
    stops = stopsOf(films, by);
    slider.max = String(stops.length - 1);
    slider.disabled = play.disabled = stops.length === 1;
    for (const column of columns) column.rebuild();
    ways.show(by);
    move(placeOf(stops, films[0]!, checkpoint, by, several));
  }

  slider.addEventListener("input", () => (stop(), move(slider.valueAsNumber)), { signal });
  slider.addEventListener("change", () => pinned(at(0), by), { signal });
  let timer = 0;
  const pace = (): number => Math.max(FASTEST, ALL_OF_IT / stops.length);
  function next(): void {
    if (place + 1 >= stops.length) return stop();
    move(place + 1);
    timer = window.setTimeout(next, pace());
  }
  function stop(): void {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    play.put("play", "Play the training");
    pinned(at(0), by);
  }
  play.addEventListener(
    "click",
    () => {
      if (timer) return stop();
      if (place + 1 >= stops.length) move(0);
      play.put("pause", "Pause");
      timer = window.setTimeout(next, pace());
    },
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  document.addEventListener("pe-palette", () => move(place), { signal });
  show(first ?? films[0]!.seen.length - 1, by);
  return { element, take: (checkpoint, way) => (way === by ? move(placeOf(stops, films[0]!, checkpoint, by, several)) : show(checkpoint, way)), now: () => at(0), by: () => by };
}

/** Charts of one title have one scale, so that films can be compared. */
export function endsOf(films: readonly Pick<Film, "charts">[], title: string, own: readonly [number, number]): readonly [number, number] {
  const all = films.flatMap(({ charts }) => charts.filter((chart) => chart.title === title).map(({ ends }) => ends));
  return [Math.min(own[0], ...all.map(([low]) => low)), Math.max(own[1], ...all.map(([, high]) => high))];
}
