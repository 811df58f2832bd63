/** A film of the path made in the browser, for pages that have no kernel. */
import { along } from "../../blend";
import { make } from "../../text";
import type { Path } from "../../wire/frames";
import type { Pictures } from "./stage";

const RATE = 30; // pictures a second
const FRAME = 350; // ms from one frame to the next
const TYPES = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm"] as const;

/** What the browser can write; null if nothing. */
export function filmType(): string | null {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** Plays the path once into a file, in real time. told: how far it is, 0 to 1. */
export async function film(path: Path, pictures: Pictures, type: string, signal: AbortSignal, told: (share: number) => void): Promise<Blob> {
  const canvas = make("canvas", "");
  // Codecs take even sides.
  canvas.width = path.picture.width - (path.picture.width % 2);
  canvas.height = path.picture.height - (path.picture.height % 2);
  const last = path.frames.length - (path.closed ? 0 : 1);
  const parts: Blob[] = [];
  const recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: type, videoBitsPerSecond: 8_000_000 });
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  const ended = new Promise<void>((resolve) => recorder.addEventListener("stop", () => resolve()));
  pictures.draw(canvas, along(0, path.frames.length, path.closed));
  recorder.start();
  const begin = performance.now();
  await new Promise<void>((resolve) => {
    const timer = window.setInterval(() => {
      const place = Math.min((performance.now() - begin) / FRAME, last);
      pictures.draw(canvas, along(place, path.frames.length, path.closed));
      told(last > 0 ? place / last : 1);
      if (place < last && !signal.aborted) return;
      clearInterval(timer);
      resolve();
    }, 1000 / RATE);
  });
  recorder.stop();
  await ended;
  return new Blob(parts, { type });
}

export function download(blob: Blob, name: string): void {
  const link = make("a", "");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
