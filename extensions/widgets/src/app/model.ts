/** The traits of explorer/views/app.py. */
import type { Model, Traits } from "../shell";

type Of = "idle" | "waiting" | "running" | "stopping" | "stopped" | "done" | "failed";

export interface Status {
  readonly state: Of | "loading";
  readonly step?: number;
  readonly steps?: number;
  /** Seconds. */
  readonly left?: number;
  readonly seconds?: number;
  /** The step of the live picture. */
  readonly pictured?: number;
  readonly message?: string;
  /** What is waited for is the model. */
  readonly loading?: boolean;
}

export interface Changing extends Omit<Status, "state"> {
  readonly state: Of;
  readonly done?: number;
  readonly wanted?: number;
}

export interface Listed {
  readonly id: string;
  readonly title: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Settings {
  prompt: string;
  negative_prompt: string;
  seed: number;
  locked: boolean;
  steps: number;
  guidance: number;
  width: number;
  height: number;
  sampler: string;
}

export interface AppTraits extends Traits, Settings {
  readonly _choices: {
    readonly model: string;
    /** Empty until the model is loaded, as are the sizes. */
    readonly samplers: readonly string[];
    readonly sizes: readonly (readonly [number, number])[];
    readonly examples: readonly string[];
    /** Whether a run is so short that the picture can follow the typing. */
    readonly quick: boolean;
  };
  readonly _status: Status;
  readonly _live: DataView<ArrayBuffer>;
  readonly _history: readonly Listed[];
  readonly _thumbs: DataView<ArrayBuffer>;
  readonly _shown: string;
  /** Where the map's own model is found, "IPY_MODEL_" and its id. */
  readonly map: string | null;
  /** Of the change that is under way; `done` and `wanted` count runs. The twin of explorer/views/app_whatif.py. */
  readonly _changing: Changing;
  readonly _mapping: { readonly state: "idle" | "waiting" | "done" | "failed"; readonly message?: string; readonly runs?: number };
}

export interface AppModel extends Model {
  get<K extends keyof AppTraits>(name: K): AppTraits[K];
  set<K extends keyof AppTraits>(name: K, value: AppTraits[K]): void;
  send(content: unknown): void;
  readonly widget_manager: { get_model(id: string): Promise<unknown> };
}

export const busy = (state: Status["state"]): boolean => state === "waiting" || state === "running" || state === "stopping";
