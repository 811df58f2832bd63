/** One run: its name, its picture under its heat at the step that is shown, and the words that drive a place. */
import { Frames } from "../../frames";
import { picture } from "../../parts/picture";
import { type Context, lastOf, type Look, type Part } from "../../state";
import { make, percent, times, visible } from "../../text";

const RANKED = 3;

export class Plate {
  readonly picture: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** The words that drive the place that is pointed at. */
  readonly readings = make("div", "pe-readings");
  private readonly figure = make("figure", "pe-plate");
  private readonly head = make("div", "pe-head");
  private readonly words = make("p", "pe-note");
  private readonly part: Part;
  private readonly frames: Frames;
  private finished: ImageBitmap | null = null;
  private shown = "";
  private last: Look | null = null;

  /** arrived: called when a picture has been decoded. */
  constructor(
    private readonly context: Context,
    name: string,
    arrived: () => void,
  ) {
    const { run, signal } = context;
    this.part = picture(context);
    this.frames = new Frames(run, signal);
    this.picture = this.part.element;
    this.canvas = this.picture.querySelector<HTMLCanvasElement>("canvas.pe-picture")!;
    this.head.append(make("span", "pe-title", name));
    this.readings.append(make("span", "pe-title", name));
    const again = (): void => {
      this.shown = "";
      if (this.last) this.update(this.last);
      arrived();
    };
    createImageBitmap(new Blob([run.picture.bytes], { type: run.picture.type })).then(
      (bitmap) => {
        if (signal.aborted) return bitmap.close();
        this.finished = bitmap;
        again();
      },
      (error) => console.warn("The picture can't be shown:", error),
    );
    this.frames.onArrival(again);
    signal.addEventListener("abort", () => this.finished?.close());
  }

  /** Name, picture and reading, beside the others. */
  whole(): HTMLElement {
    this.figure.replaceChildren(this.head, this.picture, this.words);
    return this.figure;
  }

  /** Name and reading, where the picture lies elsewhere. */
  aside(): HTMLElement {
    this.readings.append(this.words);
    return this.readings;
  }

  update(look: Look): void {
    this.last = look;
    this.part.update(look);
    this.paint(look);
    const { run, readout } = this.context;
    const { pixel, box, shares, state } = look;
    const text = (share: number) => (state.relative ? times(share) : percent(share));
    const first = readout.ranked(shares).slice(0, RANKED).map(({ word, share }) => `${visible(run.words[word]!.text)} ${text(share)}`);
    this.words.textContent = pixel || box ? `Here: ${first.join(" · ")}` : "Point at a picture to see which words drive that place.";
  }

  /** The picture, or what it was taken to be at the step that is shown. */
  private paint({ state: { step } }: Look): void {
    const now = step === null ? null : lastOf(step, this.context.run.steps);
    const key = String(now);
    if (key === this.shown) return;
    const drawable = now === null ? this.finished : this.frames.of("predicted", now);
    const pen = this.canvas.getContext("2d");
    if (!drawable || !pen) return;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(drawable, 0, 0, this.canvas.width, this.canvas.height);
    this.shown = key;
  }
}
