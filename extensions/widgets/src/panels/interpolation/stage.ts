/** The picture at a place of the path: neighbouring frames faded into one another, and the words' heat with them. */
import { mixed, opacities, type Weight } from "../../blend";
import { channels, wordColour } from "../../colour";
import { Sheet } from "../../heat";
import { make } from "../../text";
import type { Path } from "../../wire/frames";
import { type PathContext, type PathState, keyShares } from "./state";

const LARGEST = 512;
const SMALLEST = 384;

/** The decoded pictures of a path. */
export class Pictures {
  private readonly bitmaps: (ImageBitmap | undefined)[];
  private readonly listeners = new Set<() => void>();

  constructor(path: Path, signal: AbortSignal) {
    this.bitmaps = new Array<ImageBitmap | undefined>(path.frames.length);
    const decoded = path.frames.map(async ({ bytes }, i) => {
      const bitmap = await createImageBitmap(new Blob([bytes], { type: path.picture.type }));
      if (signal.aborted) bitmap.close();
      else this.bitmaps[i] = bitmap;
    });
    Promise.all(decoded).then(
      () => this.listeners.forEach((listener) => listener()),
      (error) => console.warn("The pictures of the path can't be shown:", error),
    );
    signal.addEventListener("abort", () => this.bitmaps.forEach((bitmap) => bitmap?.close()));
  }
  onArrival(listener: () => void): void {
    this.listeners.add(listener);
  }
  of(frame: number): ImageBitmap | undefined {
    return this.bitmaps[frame];
  }
  /** Draws a place: each frame with its share. */
  draw(canvas: HTMLCanvasElement, weights: readonly Weight[]): void {
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.imageSmoothingQuality = "high";
    const layers = opacities(weights);
    weights.forEach(({ frame }, i) => {
      const bitmap = this.bitmaps[frame];
      if (!bitmap) return;
      pen.globalAlpha = layers[i]!;
      pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    });
    pen.globalAlpha = 1;
  }
}

export interface Stage {
  readonly element: HTMLElement;
  readonly width: number;
  update(state: Readonly<PathState>, weights: readonly Weight[]): void;
}

export function stage(context: PathContext, pictures: Pictures): Stage {
  const { path } = context;
  const { width, height } = path.picture;
  const side = Math.min(LARGEST, Math.max(SMALLEST, width, height));
  const scale = side / Math.max(width, height);
  const frame = make("div", "pe-frame pe-still");
  frame.style.aspectRatio = `${width} / ${height}`;
  frame.setAttribute("role", "img");
  const [base, over] = [make("canvas", "pe-picture"), make("canvas", "pe-heat")];
  base.width = Math.max(1, Math.round(width * scale));
  base.height = Math.max(1, Math.round(height * scale));
  frame.append(base, over);
  const sheet = new Sheet(over, path.height, path.width);
  const cells = path.height * path.width;
  return {
    element: frame,
    width: Math.round(width * scale),
    update(state, weights) {
      pictures.draw(base, weights);
      const shown = state.pointed === null ? state.words : [state.pointed];
      const map = (word: number) => mixed(weights, (one) => path.map(one, word), cells);
      if (shown.length <= 1) sheet.draw(shown.length ? map(shown[0]!) : null, 255);
      else sheet.drawMany(shown.map((word, i) => ({ map: map(word), top: 255, colour: channels(wordColour(i)) })));
      over.style.opacity = String(state.opacity);
      const shares = keyShares(path, weights);
      const most = shares.indexOf(Math.max(...shares));
      frame.setAttribute("aria-label", `The picture at this place, ${Math.round(shares[most]! * 100)} percent ${path.keys[most]!.prompt}`);
    },
  };
}
