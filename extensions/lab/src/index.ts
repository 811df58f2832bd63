/** Prompt Explorer in JupyterLab: the app in a tab, a panel of runs and trace files, a viewer, settings. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, type ISessionContext, ISessionContextDialogs, SessionContextDialogs, WidgetTracker } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import type { DocumentWidget } from "@jupyterlab/docregistry";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { IPropertyInspectorProvider } from "@jupyterlab/property-inspector";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { AppTab } from "./app";
import { icon } from "./icon";
import { SidePanel } from "./panel";
import { inspect } from "./properties";
import { Runs } from "./runs";
import { Server } from "./server";
import { PLUGIN, Settings } from "./settings";
import { FACTORY, FILE_TYPE, fileType, NoContent, type TraceViewer, ViewerFactory } from "./viewer";

const DOMAIN = "prompt_explorer";
const OPEN = "prompt-explorer:open";

const main: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "The app in a tab of its own, a panel of runs and trace files, and the settings.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ILauncher, ICommandPalette, ILayoutRestorer, ISettingRegistry, ITranslator, ISessionContextDialogs, IDefaultFileBrowser, IPropertyInspectorProvider],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    dialogs: ISessionContextDialogs | null,
    browser: IDefaultFileBrowser | null,
    inspectors: IPropertyInspectorProvider | null,
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { commands, shell, serviceManager } = app;
    const settings = new Settings(registry);
    const server = new Server(trans);
    const tracker = new WidgetTracker<AppTab>({ namespace: "prompt-explorer" });
    const given = { manager: serviceManager, rendermime, settings, trans, dialogs: dialogs ?? new SessionContextDialogs({ translator: translator ?? nullTranslator }) };

    commands.addCommand(OPEN, {
      label: trans.__("Prompt Explorer"),
      caption: trans.__("Type a prompt, watch the picture come about, see what each word does"),
      icon: (args) => (args["isPalette"] ? undefined : icon),
      execute: async (args) => {
        const folder = typeof args["cwd"] === "string" ? args["cwd"] : (browser?.model.path ?? "");
        const path = typeof args["path"] === "string" ? args["path"] : free(folder, tracker);
        const tab = tracker.find((one) => one.path === path) ?? new AppTab(given, path);
        if (!tab.isAttached) {
          shell.add(tab, "main", { type: "Prompt Explorer" });
          await tracker.add(tab);
        }
        shell.activateById(tab.id);
        return tab;
      },
    });
    launcher?.add({ command: OPEN, category: trans.__("Other"), rank: 0.5 });
    palette?.addItem({ command: OPEN, category: trans.__("Prompt Explorer"), args: { isPalette: true } });
    if (restorer) void restorer.restore(tracker, { command: OPEN, args: ({ path }) => ({ path }), name: ({ path }) => path });

    const runs = new Runs();
    const follow = () => {
      const context = contextOf(shell.currentWidget);
      // Who looks at a file, the launcher or the panel itself has still the kernel that was there before.
      if (context) runs.follow(context);
    };
    shell.currentChanged?.connect(follow);
    void app.restored.then(follow);
    const panel = new SidePanel(runs, server, browser, {
      app: () => void commands.execute(OPEN),
      open: (path) => void commands.execute("docmanager:open", { path, factory: FACTORY }),
      insert: (code) => void insert(app, code),
      opening: (path) => {
        const notebook = (shell.currentWidget as { context?: { path?: string } } | null)?.context?.path ?? "";
        return `import explorer\n\nexplorer.open(${JSON.stringify(PathExt.relative(PathExt.dirname(notebook), path))})`;
      },
    }, trans);
    shell.add(panel, "left", { rank: 450, type: "Prompt Explorer" });
    restorer?.add(panel, panel.id);
    if (browser && inspectors) inspect(browser, inspectors, server, trans);
  },
};

const viewer: JupyterFrontEndPlugin<void> = {
  id: "prompt-explorer:viewer",
  description: "Opens trace files, without a kernel.",
  autoStart: true,
  optional: [ILayoutRestorer, ITranslator],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { docRegistry } = app;
    docRegistry.addFileType(fileType(trans));
    docRegistry.addModelFactory(new NoContent());
    const factory = new ViewerFactory(new Server(trans), trans);
    const tracker = new WidgetTracker<DocumentWidget<TraceViewer>>({ namespace: FILE_TYPE });
    factory.widgetCreated.connect((_, widget) => {
      widget.context.pathChanged.connect(() => void tracker.save(widget));
      void tracker.add(widget);
    });
    docRegistry.addWidgetFactory(factory);
    if (restorer) {
      void restorer.restore(tracker, {
        command: "docmanager:open",
        args: ({ context }) => ({ path: context.path, factory: FACTORY }),
        name: ({ context }) => context.path,
      });
    }
  },
};

/** A session's path in a folder that no open tab has. */
function free(folder: string, tracker: WidgetTracker<AppTab>): string {
  for (let count = 1; ; count++) {
    const path = PathExt.join(folder, count === 1 ? "Prompt Explorer" : `Prompt Explorer ${count}`);
    if (!tracker.find((one) => one.path === path)) return path;
  }
}

/** The session of a notebook, a console or the app. */
function contextOf(widget: unknown): ISessionContext | null {
  const { sessionContext, session } = (widget ?? {}) as { sessionContext?: ISessionContext; session?: unknown };
  return widget instanceof AppTab ? (session as ISessionContext) : (sessionContext ?? null);
}

/** Into the notebook that is open, else nowhere: where to would be a guess. */
async function insert({ commands, shell }: JupyterFrontEnd, code: string): Promise<void> {
  const cells = () => (shell.currentWidget as { content?: { activeCell?: { model: { sharedModel: { setSource(text: string): void } } } } } | null)?.content;
  if (!cells()?.activeCell) return;
  await commands.execute("notebook:insert-cell-below");
  cells()?.activeCell?.model.sharedModel.setSource(code);
}

export default [main, viewer];
