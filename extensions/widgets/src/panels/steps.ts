/** How the picture comes about: film, player, curves. */
import { BANDS } from "../colour";
import { Frames } from "../frames";
import { chart } from "../parts/chart";
import { choice, switchOf } from "../parts/controls";
import { filmstrip } from "../parts/filmstrip";
import { scrubber } from "../parts/scrubber";
import { type Context, lastOf, type Look, type Part, type Shown } from "../state";
import { make, percent, stepLabel } from "../text";

const KINDS: readonly [Shown, string, string][] = [
  ["predicted", "Predicted picture", "What the model takes the finished picture to be"],
  ["latents", "Noisy latent", "What the step started from"],
  ["noise", "Noise", "What the model took for noise"],
  ["push", "Guidance", "What guidance added, about the picture's mean colour"],
];

export function stepsPanel(context: Context): Part {
  const { run, signal } = context;
  const frames = new Frames(run, signal);
  const element = make("div", "pe-panel pe-panel-steps");
  const tools = make("div", "pe-bar-of-tools");
  const kinds = KINDS.filter(([kind]) => frames.has(kind));
  const kind = choice<Shown>("What of a step", kinds, (shown) => context.set({ shown }), signal);
  const channels = switchOf("Channels", "The latent's channels, one by one, in grey", (byChannel) => context.set({ byChannel }), signal);
  tools.append(kind.element, channels.element);

  const stage = make("div", "pe-stage");
  const frame = make("div", "pe-frame pe-still");
  frame.style.aspectRatio = `${run.picture.width} / ${run.picture.height}`;
  const large = make("canvas", "pe-picture");
  const size = 384 / Math.max(run.picture.width, run.picture.height);
  large.width = Math.max(1, Math.round(run.picture.width * size));
  large.height = Math.max(1, Math.round(run.picture.height * size));
  frame.append(large);
  frame.setAttribute("role", "img");
  const note = make("p", "pe-note");
  const film = filmstrip(context, frames);
  const slider = scrubber(context, false);
  stage.append(frame, note);

  const curves = make("div", "pe-curves");
  const charts: Part[] = [];
  if (run.curves && run.steps > 1) {
    const { change, bands, agreement } = run.curves;
    const most = change.reduce<number>((top, one) => Math.max(top, one ?? 0), 0.05);
    const name = ([low, high]: readonly [number, number]) => (low === bands[0]?.[0] ? "rough layout" : high >= Math.max(...bands.map((b) => b[1])) ? "fine detail" : `${low} to ${high} cycles`);
    charts.push(
      chart(
        context,
        "From rough to fine",
        "How alike each band of detail is to the finished picture’s; 100 % is settled.",
        bands.map((band, i) => ({ name: name(band), values: agreement[i]!, colour: `#${BANDS[i % BANDS.length]}` })),
        [0, 1],
        (one) => percent(Math.max(one, 0)),
      ),
      chart(context, "Change", "How much the predicted picture changed from the step before.", [{ name: "change", values: change, colour: "var(--pe-accent)" }], [0, most], percent),
    );
  }
  curves.append(...charts.map((one) => one.element));
  const settled = settling(context);
  if (run.steps > 1) curves.append(settled.element);

  const row = make("div", "pe-steps-body");
  row.append(stage, curves);
  const reel = make("div", "pe-reel");
  reel.append(film.element, slider.element);
  element.append(tools, reel, row);

  let last: Look | null = null;
  frames.onArrival(() => last && update(last));
  function update(seen: Look): void {
    last = seen;
    const { shown, byChannel, step } = seen.state;
    kind.show(shown);
    channels.box.checked = byChannel;
    const now = lastOf(step, run.steps);
    const pen = large.getContext("2d");
    if (pen) {
      if (byChannel) mosaic(pen, frames, shown, now, run.fields?.channels ?? 0);
      else {
        const drawable = frames.of(shown, now);
        pen.imageSmoothingEnabled = true;
        pen.imageSmoothingQuality = "high";
        if (frames.absent(shown, now)) pen.clearRect(0, 0, large.width, large.height);
        if (drawable) pen.drawImage(drawable, 0, 0, large.width, large.height);
      }
    }
    const what = KINDS.find(([one]) => one === shown)!;
    const number = run.numbers[now]! + 1;
    frame.setAttribute("aria-label", `${what[1]}: ${stepLabel(now, run.steps, run.numbers)}`);
    if (frames.absent(shown, now)) note.textContent = `Not known at step ${number}: step ${number - 1}, which it started from, was not kept.`;
    else note.textContent = `${what[2]}, at step ${number}.${frames.exact(shown) || byChannel ? "" : " Drawn from the latent with a small linear decoder, so it is blurred."}`;
    film.update(seen);
    slider.update(seen);
    settled.update(seen);
    for (const one of charts) one.update(seen);
  }
  return { element, update };
}

/** The channels of a field as tiles. */
function mosaic(pen: CanvasRenderingContext2D, frames: Frames, shown: Shown, step: number, count: number): void {
  const { width, height } = pen.canvas;
  const across = Math.ceil(Math.sqrt(count));
  const down = Math.ceil(count / Math.max(across, 1));
  pen.clearRect(0, 0, width, height);
  pen.imageSmoothingEnabled = false;
  const gap = 4;
  const [wide, tall] = [(width - gap * (across - 1)) / across, (height - gap * (down - 1)) / down];
  for (let channel = 0; channel < count; channel++) {
    const drawable = frames.channel(shown, step, channel);
    if (drawable) pen.drawImage(drawable, (channel % across) * (wide + gap), Math.floor(channel / across) * (tall + gap), wide, tall);
  }
}

/** When each word's map became what it is at the end: a line of ticks, the words beside them. */
function settling(context: Context): Part {
  const { run, readout, signal } = context;
  const element = make("section", "pe-chart");
  const head = make("div", "pe-head");
  head.append(make("span", "pe-title", "When each word settled"), make("span", "pe-aside", "step"));
  const list = make("ol", "pe-settled");
  const words = readout.read.filter(({ word }) => /[\p{L}\p{N}]/u.test(run.words[word]!.text));
  const rows = words.slice(0, 12).map(({ word, row }) => {
    const entry = make("li", "pe-settle");
    const step = run.attention.settled[row] ?? 0;
    const name = make("span", "pe-name", run.words[word]!.text);
    name.dir = "auto";
    const track = make("span", "pe-track pe-thin");
    const bar = make("span", "pe-fill");
    bar.style.transform = `scaleX(${(step + 1) / (run.numbers.at(-1)! + 1)})`;
    track.append(bar);
    entry.append(name, track, make("span", "pe-share", String(step + 1)));
    entry.addEventListener("pointerenter", () => context.set({ pointedWord: word }), { signal });
    list.append(entry);
    return { entry, word };
  });
  list.addEventListener("pointerleave", () => context.set({ pointedWord: null }), { signal });
  element.append(head, list, make("p", "pe-note", "The step from which on the word’s map stays alike (correlation of 0.9) to its last one."));
  return {
    element,
    update({ seen }) {
      for (const { entry, word } of rows) entry.classList.toggle("pe-shown", seen.some((one) => one.word === word));
    },
  };
}
