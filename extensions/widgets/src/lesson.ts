/** A training that runs while one watches. The twin of explorer/views/lesson.py. */
import { film, type FilmPanel } from "./panels/film";
import filmCss from "./panels/film/film.css";
import css from "./panels/lesson/lesson.css";
import { loss, pointsOf } from "./panels/lesson/loss";
import { button } from "./parts/controls";
import { bytesOf, filled, follow, widget } from "./root";
import { make } from "./text";
import { decodeFilms } from "./wire/film";

interface Status {
  readonly state: "idle" | "running" | "ended" | "failed";
  readonly about: string;
  readonly seen: number;
  readonly seconds: number;
  readonly total: number;
  readonly message: string;
}

export default widget("A lesson", filmCss + css, (model, root, signal) => {
  const element = make("div", "pe-panel pe-lesson");
  const top = make("div", "pe-lesson-top");
  const act = button("Start", "pe-primary");
  const head = make("div", "pe-head");
  const [title, aside] = [make("span", "pe-title"), make("span", "pe-aside")];
  head.append(title, aside);
  const progress = make("div", "pe-progress pe-lesson-progress");
  const bar = make("div", "pe-progress-fill");
  progress.append(bar);
  top.append(act, head, progress);
  const error = make("p", "pe-error");
  error.setAttribute("role", "alert");
  const graph = loss(signal);
  const pictures = make("div", "");
  element.append(top, error, graph.element, pictures);
  root.append(element);

  const status = (): Status => (model.get("_status") ?? { state: "idle" }) as Status;
  let asked = false;
  act.addEventListener(
    "click",
    () => {
      const running = status().state === "running";
      asked = running;
      model.send({ do: running ? "stop" : "start" });
      if (running) act.textContent = "Stopping…";
    },
    { signal },
  );
  function told(): void {
    const { state, about, seen, seconds, total, message } = status();
    const running = state === "running";
    if (!running) asked = false;
    act.textContent = running ? (asked ? "Stopping…" : "Stop") : state === "idle" ? "Start" : "Start anew";
    act.classList.toggle("pe-stop", running);
    title.textContent = `It learns: ${about}`;
    aside.textContent =
      state === "idle" ? `takes ${Math.round(total)} seconds` : `${Math.round(seconds)} of ${Math.round(total)} seconds · ${seen.toLocaleString("en-US")} pictures seen${running ? "" : " · ended"}`;
    bar.style.transform = `scaleX(${Math.min(seconds / Math.max(total, 1), 1)})`;
    error.textContent = message ?? "";
    graph.element.hidden = state === "idle";
  }
  let own = new AbortController();
  signal.addEventListener("abort", () => own.abort());
  let panel: FilmPanel | null = null;
  let last = 0;
  function filmed(): void {
    const data = bytesOf(model, "_data");
    // Who looks at an earlier moment goes on looking at it.
    const kept = panel && panel.now() < last ? panel.now() : null;
    own.abort();
    own = new AbortController();
    panel = null;
    if (!data.byteLength) return pictures.replaceChildren(make("p", "pe-note", status().state === "running" ? "The training set is drawn; the first pictures come in some seconds." : ""));
    filled(pictures, () => {
      const films = decodeFilms(model.get("_meta"), data);
      last = films[0]!.seen.length - 1;
      panel = filmOf(films, own.signal, kept);
      return panel.element;
    });
  }
  follow(model, "_status", told, signal);
  follow(model, "_errors", () => graph.put(pointsOf(bytesOf(model, "_errors"))), signal);
  follow(model, "_data", filmed, signal);
  graph.put(pointsOf(bytesOf(model, "_errors")));
  told();
  filmed();
});

function filmOf(films: ReturnType<typeof decodeFilms>, signal: AbortSignal, kept: number | null): FilmPanel {
  // The loss is above, at every step.
  return film(films.map((one) => ({ ...one, charts: [] })), signal, undefined, kept);
}
