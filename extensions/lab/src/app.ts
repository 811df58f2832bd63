/** The app in a tab of its own, on a kernel of its own. */
import { registerWidgetManager } from "@jupyter-widgets/jupyterlab-manager";
import { type ISessionContextDialogs, MainAreaWidget, SessionContext, Toolbar } from "@jupyterlab/apputils";
import { OutputArea, OutputAreaModel, SimplifiedOutputArea } from "@jupyterlab/outputarea";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { ServiceManager } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { refreshIcon, Toolbar as Spacer, ToolbarButton } from "@jupyterlab/ui-components";
import { Signal } from "@lumino/signaling";
import { Panel, Widget } from "@lumino/widgets";
import { icon } from "./icon";
import type { Settings } from "./settings";

export interface Given {
  readonly manager: ServiceManager.IManager;
  readonly rendermime: IRenderMimeRegistry;
  readonly dialogs: ISessionContextDialogs;
  readonly settings: Settings;
  readonly trans: TranslationBundle;
}

/** `path`: of its session, in the folder where its kernel works; a session that runs there already is taken up again. */
export class AppTab extends MainAreaWidget<Panel> {
  readonly session: SessionContext;
  private readonly area: SimplifiedOutputArea;
  private readonly note = new Widget({ node: document.createElement("p") });

  constructor(
    private readonly given: Given,
    readonly path: string,
  ) {
    super({ content: new Panel() });
    const { manager, dialogs, trans } = given;
    this.addClass("pe-lab-app");
    Object.assign(this.title, { label: trans.__("Prompt Explorer"), icon, closable: true });
    this.session = new SessionContext({
      kernelManager: manager.kernels,
      sessionManager: manager.sessions,
      specsManager: manager.kernelspecs,
      path,
      name: trans.__("Prompt Explorer"),
      type: "prompt-explorer",
      kernelPreference: { language: "python", autoStartDefault: true, shutdownOnDispose: true },
    });
    const rendermime = given.rendermime.clone();
    this.area = new SimplifiedOutputArea({ model: new OutputAreaModel({ trusted: true }), rendermime, promptOverlay: false });
    this.note.node.setAttribute("role", "status");
    this.note.addClass("pe-lab-note");
    this.content.addClass("pe-lab-content");
    this.content.addWidget(this.note);
    this.content.addWidget(this.area);
    this.toolbar.node.setAttribute("aria-label", trans.__("Kernel of Prompt Explorer"));
    this.toolbar.addItem("restart", new ToolbarButton({ icon: refreshIcon, tooltip: trans.__("Restart the kernel and load the app anew"), onClick: () => void this.restart() }));
    this.toolbar.addItem("spacer", Spacer.createSpacerItem());
    this.toolbar.addItem("kernel", Toolbar.createKernelNameItem(this.session, dialogs));
    this.session.statusChanged.connect((_, status) => {
      if (status === "autorestarting") this.say(trans.__("The kernel ended by itself, perhaps for want of memory: press Restart to load the app anew."));
    });
    this.session.kernelChanged.connect((_, { oldValue, newValue }) => {
      if (oldValue && newValue) void this.load(); // another kernel was chosen
    });
    void this.start(rendermime);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    super.dispose();
    this.session.dispose();
  }

  private async start(rendermime: IRenderMimeRegistry): Promise<void> {
    const { dialogs, settings, trans } = this.given;
    this.say(trans.__("Starting Python …"));
    try {
      await settings.ready;
      if (await this.session.initialize()) await dialogs.selectKernel(this.session);
      if (!this.session.session?.kernel) return this.say(trans.__("No kernel was chosen: choose one at the upper right."));
      // It asks for a notebook's context, and uses no more of it than this.
      const context = { sessionContext: this.session, saveState: new Signal(this), model: { getMetadata: () => undefined } };
      registerWidgetManager(context, rendermime, []);
      await this.load();
    } catch (error) {
      this.say(trans.__("The kernel could not be started (%1): choose another one at the upper right.", String(error instanceof Error ? error.message : error)));
    }
  }

  private async restart(): Promise<void> {
    if (await this.given.dialogs.restart(this.session)) await this.load();
  }

  private async load(): Promise<void> {
    const { settings, trans } = this.given;
    const { model, keep } = settings.now;
    this.say(trans.__("Starting the app …"));
    this.area.model.clear();
    // JSON's strings are Python's too.
    const code = `import explorer.lab\nexplorer.lab.show(model=${JSON.stringify(model)}, keep=${JSON.stringify(keep)})`;
    const reply = await OutputArea.execute(code, this.area, this.session);
    if (this.isDisposed || !reply) return;
    if (reply.content.status === "ok") return this.say("");
    this.area.model.clear();
    const { ename = "", evalue = "" } = reply.content as { ename?: string; evalue?: string };
    this.say(this.sentence(ename, evalue));
  }

  private sentence(ename: string, evalue: string): string {
    const { trans } = this.given;
    const kernel = this.session.kernelDisplayName;
    if (/^(ModuleNotFound|Import)Error$/.test(ename) && /\bexplorer\b/.test(evalue)) {
      return evalue.includes("explorer.lab")
        ? trans.__("The kernel %1 holds an older Prompt Explorer: run “%pip install --upgrade prompt-explorer” in a notebook on it, then press Restart.", kernel)
        : trans.__("Prompt Explorer is not installed in the kernel %1: run “%pip install prompt-explorer” in a notebook on it, then press Restart.", kernel);
    }
    // This package's own errors are a sentence each; others are named.
    return OURS.has(ename) ? evalue : trans.__("The app could not be loaded (%1): press Restart to try again.", `${ename}: ${evalue}`.slice(0, 300));
  }

  private say(text: string): void {
    this.note.node.textContent = text;
    this.note.setHidden(text === "");
  }
}

/** explorer/errors.py */
const OURS = new Set(["InvalidSetting", "MissingBundle"]);
