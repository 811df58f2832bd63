/** What a person has chosen in JupyterLab's settings: the twin of schema/plugin.json. */
import type { ISettingRegistry } from "@jupyterlab/settingregistry";

export const PLUGIN = "prompt-explorer:plugin";

export interface Chosen {
  readonly model: string;
  readonly keep: string;
  readonly palette: string;
}

const USUAL: Chosen = { model: "miniature", keep: "everything", palette: "magma" };

export class Settings {
  /** Once they are read. */
  readonly ready: Promise<void>;
  private chosen = USUAL;

  constructor(registry: ISettingRegistry | null) {
    this.ready = registry ? registry.load(PLUGIN).then((settings) => this.take(settings), (error) => console.error(error)) : Promise.resolve();
  }

  get now(): Chosen {
    return this.chosen;
  }

  private take(settings: ISettingRegistry.ISettings): void {
    const read = () => {
      this.chosen = { ...USUAL, ...(settings.composite as Partial<Chosen>) };
      // All views of the page read their colours there (extensions/widgets/src/colour.ts).
      document.body.dataset["pePalette"] = this.chosen.palette;
      document.dispatchEvent(new Event("pe-palette"));
    };
    settings.changed.connect(read);
    read();
  }
}
