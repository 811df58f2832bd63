/** What a step looked like: its decoded picture where Python sent one, else a sketch from its latents. */
import { draw, guided, values } from "./sketch";
import type { Shown } from "./state";
import type { Run } from "./wire";

type Drawable = ImageBitmap | HTMLCanvasElement;
const KEPT = 400; // sketches of 128 x 128 are 64 kB each

export class Frames {
  private readonly bitmaps: (ImageBitmap | undefined)[];
  private readonly sketches = new Map<string, HTMLCanvasElement>();
  private readonly arrived = new Set<() => void>();

  constructor(
    private readonly run: Run,
    signal: AbortSignal,
  ) {
    const { pictures } = run;
    this.bitmaps = new Array<ImageBitmap | undefined>(run.steps);
    if (pictures) {
      Promise.all(
        pictures.files.map(async (bytes, step) => {
          const bitmap = await createImageBitmap(new Blob([bytes], { type: pictures.type }));
          if (signal.aborted) bitmap.close();
          else this.bitmaps[step] = bitmap;
        }),
      ).then(
        () => this.arrived.forEach((listener) => listener()),
        (error) => console.warn("The pictures of the steps can't be shown:", error),
      );
    }
    signal.addEventListener("abort", () => {
      this.bitmaps.forEach((bitmap) => bitmap?.close());
      this.sketches.clear();
    });
  }

  /** Tells when the decoded pictures are there. */
  onArrival(listener: () => void): void {
    this.arrived.add(listener);
  }

  /** Whether what is shown of a step is its picture as the autoencoder decoded it. */
  exact(shown: Shown): boolean {
    return shown === "predicted" && this.run.pictures !== null;
  }

  has(shown: Shown): boolean {
    return this.exact(shown) || this.run.fields?.values[shown] !== undefined;
  }

  /** Whether a step's start would be needed, and was not kept. */
  absent(shown: Shown, step: number): boolean {
    return (shown === "latents" || shown === "noise") && (this.run.fields?.absent.includes(step) ?? false);
  }

  /** A picture of a step, counted from 0; null where there is nothing to show. For latents: what the step started from. */
  of(shown: Shown, step: number): Drawable | null {
    if (this.exact(shown)) return this.bitmaps[step] ?? null;
    const { fields } = this.run;
    const latent = fields && values(fields, shown, step);
    if (!fields || !latent || this.absent(shown, step)) return null;
    // What guidance added is a difference: shown about grey, and strong enough to be seen.
    const centred = shown === "push" ? scaled(latent, this.run.guidance - 1) : latent;
    return this.sketch(`${shown}/${step}`, () => draw(centred, fields));
  }

  /** The picture that a guidance would have led to from the same sample. */
  guided(step: number, guidance: number): Drawable | null {
    const { fields } = this.run;
    const [predicted, push] = fields ? [values(fields, "predicted", step), values(fields, "push", step)] : [null, null];
    if (!fields || !predicted || !push) return null;
    return this.sketch(`guided/${step}/${guidance.toFixed(2)}`, () => draw(guided(predicted, push, this.run.guidance, guidance), fields));
  }

  /** One channel of a field, grey by its own extent. */
  channel(shown: Shown, step: number, channel: number): Drawable | null {
    const { fields } = this.run;
    const bytes = fields?.values[shown];
    if (!fields || !bytes || this.absent(shown, step)) return null;
    return this.sketch(`${shown}/${step}/${channel}`, () => {
      const cells = fields.height * fields.width;
      const image = new ImageData(fields.width, fields.height);
      for (let cell = 0, at = (step * fields.channels + channel) * cells; cell < cells; cell++, at++) {
        image.data.set([bytes[at]!, bytes[at]!, bytes[at]!, 255], cell * 4);
      }
      return image;
    });
  }

  private sketch(key: string, make: () => ImageData): HTMLCanvasElement {
    let canvas = this.sketches.get(key);
    if (!canvas) {
      if (this.sketches.size > KEPT) this.sketches.clear();
      const image = make();
      canvas = document.createElement("canvas");
      canvas.width = image.width;
      canvas.height = image.height;
      canvas.getContext("2d")?.putImageData(image, 0, 0);
      this.sketches.set(key, canvas);
    }
    return canvas;
  }
}

function scaled(values: Float32Array, factor: number): Float32Array {
  return values.map((value) => value * factor);
}
