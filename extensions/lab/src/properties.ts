/** A preview of the trace that is selected in the file browser, in JupyterLab's property inspector. */
import { PathExt } from "@jupyterlab/coreutils";
import type { FileBrowser } from "@jupyterlab/filebrowser";
import type { IPropertyInspectorProvider } from "@jupyterlab/property-inspector";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { made } from "./panel";
import { type Server, SUFFIX } from "./server";

export function inspect(browser: FileBrowser, provider: IPropertyInspectorProvider, server: Server, trans: TranslationBundle): void {
  const inspector = provider.register(browser);
  const shown = new Widget();
  shown.addClass("pe-lab-properties");
  let turn = 0;

  const nothing = made("p", "pe-lab-note", trans.__("Select a trace file to see its picture and settings."));
  async function show(): Promise<void> {
    const mine = ++turn;
    const [first] = [...browser.selectedItems()];
    if (!first?.name.endsWith(SUFFIX)) return shown.node.replaceChildren(nothing);
    try {
      const file = (await server.traces(PathExt.dirname(first.path))).find(({ path }) => path === first.path);
      if (mine !== turn || !file) return;
      if (file.error) return shown.node.replaceChildren(made("p", "pe-lab-note", file.error));
      const picture = document.createElement("img");
      Object.assign(picture, { src: server.thumbnail(file), alt: trans.__("The generated picture: %1", file.prompt ?? "") });
      const title = made("p", "pe-lab-title", file.prompt ?? "");
      title.dir = "auto";
      const list = made("dl", "", "");
      const rows: [string, string][] = [
        [trans.__("Model"), file.model ?? ""],
        [trans.__("Seed"), file.seed ?? ""],
        [trans.__("Steps"), String(file.steps)],
        [trans.__("Size"), `${file.width} × ${file.height} px`],
      ];
      for (const [name, value] of rows) list.append(made("dt", "", name), made("dd", "", value));
      shown.node.replaceChildren(picture, title, list);
    } catch (error) {
      if (mine === turn) shown.node.replaceChildren(made("p", "pe-lab-note", error instanceof Error ? error.message : String(error)));
    }
  }
  browser.selectionChanged.connect(() => void show());
  inspector.render(shown);
  void show();
}
