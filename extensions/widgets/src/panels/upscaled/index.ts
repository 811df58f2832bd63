/** An enlargement under the loupe: the same place in every picture, how far the seeds disagree there, and the error. */
import { gradient, tableFor, chosen } from "../../colour";
import { fill, labelled, range } from "../../parts/controls";
import { make } from "../../text";
import { levelAt, type MapName, type UpscaledData } from "../../wire/upscaled";
import { moved, part, type Spot, sides, within } from "./spot";

const LOUPE = 216; // pixels of its canvas
const MAPS: Readonly<Record<MapName, string>> = { guesses: "Where it guessed", error: "The true error" };

interface Plate {
  readonly key: string;
  readonly name: string;
  readonly note: string;
  /** Decoded, or drawn from a map. */
  source: ImageBitmap | HTMLCanvasElement | null;
}

export function upscaled(data: UpscaledData, signal: AbortSignal): HTMLElement {
  const element = make("div", "pe-panel pe-up");
  const [height, width] = data.size;
  const aspect = width / height;
  const plates: Plate[] = [
    ...data.pictures.map(({ key, name, score, width: w, height: h }) => ({
      key,
      name,
      note: key === "small" ? `${w} × ${h}` : score?.psnr != null ? `${score.psnr.toFixed(1)} dB` : "",
      source: null,
    })),
    ...(Object.keys(data.maps) as MapName[]).map((key) => ({ key, name: MAPS[key], note: `mean ${data.mean[key]!.toFixed(1)}`, source: null })),
  ];
  let spot: Spot = within({ ...widest(data), size: 0.18 }, aspect);
  let shown = data.pictures.some(({ key }) => key === "upscaler") ? "upscaler" : plates.at(-1)!.key;

  // The whole picture, in which one points.
  const stage = make("div", "pe-up-stage");
  const title = make("div", "pe-head");
  const [name, aside] = [make("span", "pe-title"), make("span", "pe-aside")];
  title.append(name, aside);
  const frame = make("div", "pe-frame");
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", "picture");
  frame.style.aspectRatio = `${width} / ${height}`;
  const base = make("canvas", "pe-picture");
  [base.width, base.height] = [width, height];
  const mark = make("div", "pe-cell");
  frame.append(base, mark);
  const zoom = range("Size of the loupe, in percent of the picture", 6, 50);
  zoom.value = String(Math.round(spot.size * 100));
  const spoken = make("p", "pe-note");
  spoken.setAttribute("aria-live", "polite");
  const tools = make("div", "pe-controls");
  tools.append(labelled("Loupe", zoom));
  stage.append(title, frame, spoken, tools);

  // The same place in each.
  const loupes = make("div", "pe-up-loupes");
  const views = plates.map((plate) => {
    const one = make("button", "pe-tile");
    one.type = "button";
    one.title = `Show ${plate.name.toLowerCase()} as a whole`;
    const [box, canvas, foot] = [make("span", "pe-tile-frame"), make("canvas", ""), make("span", "pe-tile-foot")];
    box.style.aspectRatio = "1";
    canvas.width = canvas.height = LOUPE;
    box.append(canvas);
    foot.append(make("span", "pe-tile-name", plate.name), make("span", "pe-aside", plate.note));
    one.append(box, foot);
    one.addEventListener("click", () => ((shown = plate.key), whole()), { signal });
    loupes.append(one);
    return { plate, one, canvas };
  });
  const side = make("div", "pe-up-side");
  side.append(loupes, legend(data), ...table(data));
  const body = make("div", "pe-up-body");
  body.append(stage, side);
  element.append(body);

  function whole(): void {
    const plate = plates.find(({ key }) => key === shown)!;
    const pen = base.getContext("2d");
    if (pen && plate.source) {
      pen.imageSmoothingEnabled = plate.key !== "small"; // its pixels are what it has
      pen.drawImage(plate.source, 0, 0, width, height);
    }
    name.textContent = plate.name;
    aside.textContent = plate.note;
    frame.setAttribute("aria-label", `${plate.name}: ${data.prompt}. Arrow keys move the loupe in all pictures, with Shift they go far.`);
    for (const { plate: own, one } of views) one.setAttribute("aria-pressed", String(own.key === shown));
  }
  function look(): void {
    const [wide, tall] = sides(spot.size, aspect);
    Object.assign(mark.style, { left: `${(spot.x - wide / 2) * 100}%`, top: `${(spot.y - tall / 2) * 100}%`, width: `${wide * 100}%`, height: `${tall * 100}%` });
    for (const { plate, canvas } of views) {
      const pen = canvas.getContext("2d");
      if (!pen || !plate.source) continue;
      pen.imageSmoothingEnabled = false;
      pen.clearRect(0, 0, LOUPE, LOUPE);
      pen.drawImage(plate.source, ...part(spot, plate.source.width, plate.source.height), 0, 0, LOUPE, LOUPE);
    }
    const said = (Object.keys(data.maps) as MapName[]).map((key) => `${key === "error" ? "the error is" : "the seeds disagree by"} ${levelAt(data, key, spot.x, spot.y)!.toFixed(0)}`);
    spoken.textContent = `In the middle of the loupe ${said.join(", ")} of 255.`;
    zoom.setAttribute("aria-valuetext", `${zoom.value} percent`);
    fill(zoom);
  }
  function move(next: Spot): void {
    spot = within(next, aspect);
    look();
  }

  let held = false;
  frame.addEventListener(
    "pointermove",
    (event) => {
      if (held) return;
      const rect = frame.getBoundingClientRect();
      move({ ...spot, x: (event.clientX - rect.left) / Math.max(rect.width, 1), y: (event.clientY - rect.top) / Math.max(rect.height, 1) });
    },
    { signal },
  );
  // A click holds the loupe, so that the pointer can leave for the other pictures; the next one lets it go.
  frame.addEventListener("click", () => frame.classList.toggle("pe-up-held", (held = !held)), { signal });
  frame.addEventListener(
    "keydown",
    (event) => {
      const next = moved(spot, event.key, event.shiftKey, aspect);
      if (!next) return;
      event.preventDefault();
      event.stopPropagation();
      move(next);
    },
    { signal },
  );
  zoom.addEventListener("input", () => move({ ...spot, size: zoom.valueAsNumber / 100 }), { signal });

  const paintMaps = (): void => {
    for (const plate of plates) if (plate.key in data.maps) plate.source = heat(data, plate.key as MapName);
    whole();
    look();
  };
  paintMaps();
  document.addEventListener("pe-palette", paintMaps, { signal });
  Promise.all(
    data.pictures.map(async ({ key, bytes }) => {
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/webp" }));
      if (signal.aborted) return bitmap.close();
      plates.find((plate) => plate.key === key)!.source = bitmap;
      signal.addEventListener("abort", () => bitmap.close());
    }),
  ).then(
    () => (whole(), look()),
    (error) => console.warn("The pictures can't be shown:", error),
  );
  return element;
}

/** Where the seeds disagree most: a good place to begin. Of cells of a sixteenth, so that one pixel alone does not count. */
export function widest({ maps, size: [height, width] }: Pick<UpscaledData, "maps" | "size">): { x: number; y: number } {
  const sums = new Float64Array(256);
  const values = maps.guesses;
  if (values) for (let i = 0; i < values.length; i++) sums[Math.floor((Math.floor(i / width) * 16) / height) * 16 + Math.floor(((i % width) * 16) / width)]! += values[i]!;
  const most = sums.reduce((best, sum, i) => (sum > sums[best]! ? i : best), 0);
  return { x: ((most % 16) + 0.5) / 16, y: (Math.floor(most / 16) + 0.5) / 16 };
}

/** A map in the colours of heat, without anything below it. */
function heat(data: UpscaledData, name: MapName): HTMLCanvasElement {
  const canvas = make("canvas", "");
  [canvas.height, canvas.width] = data.size;
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  const image = pen.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = new Uint32Array(tableFor(chosen()).buffer);
  data.maps[name]!.forEach((value, i) => (pixels[i] = colours[value]! | 0xff000000));
  pen.putImageData(image, 0, 0);
  return canvas;
}

function legend({ top, seeds }: UpscaledData): HTMLElement {
  const element = make("div", "pe-up-legend");
  const [colours, ends] = [make("div", "pe-colours"), make("div", "pe-ends")];
  colours.style.background = gradient();
  ends.append(make("span", "", "0"), make("span", "", "levels of 255"), make("span", "", `${top} or more`));
  const note = make("p", "pe-note", `Where it guessed: how far the pictures of ${seeds} ${seeds === 1 ? "seed" : "seeds"} differ, pixel by pixel. Click a picture to see it as a whole; click in the whole to hold the loupe.`);
  element.append(colours, ends, note);
  return element;
}

function table(data: UpscaledData): HTMLElement[] {
  const scored = data.pictures.filter(({ score }) => score !== null);
  if (!scored.length) return [make("p", "pe-note", "Nobody knows how this picture looks at that size: upscale a scene of the drawn world to see the error.")];
  const found = make("table", "pe-table pe-up-table");
  const head = make("tr", "");
  for (const [text, title] of [
    ["Enlarged by", ""],
    ["PSNR, dB", "Peak signal-to-noise ratio; more is nearer, 3 more is half the squared error"],
    ["Looks different by", "Mean colour difference over sizes; less is nearer"],
    ["SSIM", "Structural similarity, up to 1"],
  ] as const) {
    const cell = make("th", text === "Enlarged by" ? "" : "pe-number", text);
    cell.scope = "col";
    cell.title = title;
    head.append(cell);
  }
  const [top, body] = [make("thead", ""), make("tbody", "")];
  top.append(head);
  const best = (value: (one: (typeof scored)[number]) => number): number => Math.max(...scored.map(value));
  const [psnr, distance, ssim] = [best((one) => one.score!.psnr ?? Infinity), -best((one) => -one.score!.distance), best((one) => one.score!.ssim)];
  for (const { name, score } of scored) {
    const row = make("tr", "");
    const label = make("th", "", name);
    label.scope = "row";
    row.append(label);
    for (const [text, first] of [
      [score!.psnr === null ? "∞" : score!.psnr.toFixed(2), (score!.psnr ?? Infinity) === psnr],
      [score!.distance.toFixed(3), score!.distance === distance],
      [score!.ssim.toFixed(3), score!.ssim === ssim],
    ] as const) {
      row.append(make("td", first ? "pe-number pe-up-best" : "pe-number", text));
    }
    body.append(row);
  }
  found.append(top, body);
  const told = data.told === null ? [] : [make("p", "pe-note", `The guesses foretell the true error with a correlation of ${data.told.toFixed(2).replace("-", "−")} over all pixels; 1 would be perfectly, 0 not at all.`)];
  return [found, ...told];
}
