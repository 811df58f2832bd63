/** The article's examples, decoded and checked. The twin of explorer/wire/gallery.py. */
import { need } from "./need";

export const VERSION = 1;

export interface Card {
  readonly name: string;
  readonly group: string;
  readonly prompt: string;
  /** The word of the prompt that stands for the example. */
  readonly word: string;
  /** WebP; null where its run is not recorded yet. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

export interface GalleryData {
  readonly type: string;
  readonly cards: readonly Card[];
}

type Raw = Omit<GalleryData, "cards"> & {
  version: number;
  kind: string;
  blocks: Record<string, [number, number]>;
  cards: (Omit<Card, "bytes"> & { span: [number, number] | null })[];
};

export function decodeGallery(raw: unknown, data: DataView<ArrayBuffer>): GalleryData {
  need(typeof raw === "object" && raw !== null, "no description");
  const meta = raw as Raw;
  need(meta.kind === "gallery", `its kind is ${meta.kind}`);
  need(meta.version === VERSION, `its version is ${meta.version}, expected ${VERSION}`);
  const place = meta.blocks["pictures"];
  need(place !== undefined && place[0] + place[1] <= data.byteLength, "the pictures are missing");
  const pictures = new Uint8Array(data.buffer, data.byteOffset + place[0], place[1]);
  return {
    type: meta.type,
    cards: meta.cards.map(({ span, ...card }) => {
      need(!span || span[0] + span[1] <= pictures.length, "a picture lies beyond the end");
      return { ...card, bytes: span && pictures.subarray(span[0], span[0] + span[1]) };
    }),
  };
}

/** A prompt in three parts, the middle one the word that it is about; of two places the first. */
export function around(prompt: string, word: string): readonly [before: string, word: string, after: string] {
  const at = word ? prompt.indexOf(word) : -1;
  return at < 0 ? [prompt, "", ""] : [prompt.slice(0, at), word, prompt.slice(at + word.length)];
}
