/** The traits of explorer/views/map.py, and a model of them without a kernel. */

/** A typed word, where it landed. */
export interface Placed {
  readonly text: string;
  readonly point: readonly number[];
  readonly neighbours: readonly (readonly [row: number, cosine: number])[];
  /** In 8 bits, as `Atlas.vectors`; empty where those were not sent. */
  readonly vector: readonly number[];
}

export interface Told {
  readonly state: "idle" | "waiting" | "failed";
  readonly message?: string;
}

export interface MapTraits {
  readonly _meta: unknown;
  readonly _data: DataView<ArrayBuffer>;
  readonly _preview: string;
  /** The pinned item. */
  item: number | null;
  selected: readonly number[];
  /** Whether words can be typed. */
  readonly _live: boolean;
  /** Whether Python answers at all. */
  readonly _kernel: boolean;
  readonly _placed: readonly Placed[];
  readonly _told: Told;
  /** Of a large map, asked for: an item's neighbours, and the cosines of all items with it in `_alike` (int8, 127 is 1). */
  readonly _near: { readonly row?: number; readonly neighbours?: readonly (readonly [number, number])[] };
  readonly _alike: DataView<ArrayBuffer>;
}

export interface MapModel {
  get<K extends keyof MapTraits>(name: K): MapTraits[K];
  set<K extends keyof MapTraits>(name: K, value: MapTraits[K]): void;
  on(name: `change:${string}`, listener: () => void): void;
  off(name: `change:${string}`, listener: () => void): void;
  save_changes(): void;
  send(content: unknown): void;
}

/** For a page without a kernel: nothing is placed, nobody is asked. */
export function localMap(meta: unknown, data: DataView<ArrayBuffer>): MapModel {
  const empty = new DataView(new ArrayBuffer(0));
  const state: MapTraits = {
    ...{ _meta: meta, _data: data, _preview: "", _live: false, _kernel: false, _placed: [], _told: { state: "idle" }, _near: {}, _alike: empty },
    ...{ item: null, selected: [] },
  };
  return {
    get: (name) => state[name],
    set: (name, value) => void (state[name] = value),
    on: () => undefined,
    off: () => undefined,
    save_changes: () => undefined,
    send: () => undefined,
  };
}
