/** The viewer of `.trace.safetensors`: every view, and no kernel. */
import { ABCWidgetFactory, DocumentRegistry, DocumentWidget, TextModelFactory } from "@jupyterlab/docregistry";
import type { Contents } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";
import { icon } from "./icon";
import { type Packed, type Server, SUFFIX } from "./server";

export const FILE_TYPE = "prompt-explorer-trace";
export const FACTORY = "Prompt Explorer";
const FIRST = "attention,layers";
const ALL = "attention,layers,fields,pictures,curves";

export function fileType(trans: TranslationBundle): Partial<DocumentRegistry.IFileType> {
  return { name: FILE_TYPE, displayName: trans.__("Trace"), extensions: [SUFFIX], mimeTypes: ["application/x-safetensors"], contentType: "file", fileFormat: "base64", icon };
}

/** A model that does not load its file: the viewer asks for what it shows. */
export class NoContent extends TextModelFactory {
  override get name(): string {
    return FILE_TYPE;
  }
  override get fileFormat(): Contents.FileFormat {
    return null;
  }
}

export class ViewerFactory extends ABCWidgetFactory<DocumentWidget<TraceViewer>> {
  constructor(
    private readonly server: Server,
    private readonly trans: TranslationBundle,
  ) {
    super({ name: FACTORY, label: trans.__("Prompt Explorer"), modelName: FILE_TYPE, fileTypes: [FILE_TYPE], defaultFor: [FILE_TYPE], readOnly: true });
  }
  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<TraceViewer> {
    const widget = new DocumentWidget({ content: new TraceViewer(context, this.server, this.trans), context });
    widget.title.icon = icon;
    widget.toolbar.hide(); // nothing to save, nothing to run
    return widget;
  }
}

export class TraceViewer extends Widget {
  private readonly state = { tab: 0 };
  private controller = new AbortController();
  private modified: string | undefined;

  constructor(
    private readonly context: DocumentRegistry.Context,
    private readonly server: Server,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.addClass("pe-lab-viewer");
    this.node.tabIndex = -1;
    void context.ready.then(() => this.read());
    context.fileChanged.connect((_, model) => {
      if (this.modified && model.last_modified !== this.modified) void this.read();
    });
  }

  override dispose(): void {
    this.controller.abort();
    super.dispose();
  }

  private async read(): Promise<void> {
    if (this.isDisposed) return;
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    this.modified = this.context.contentsModel?.last_modified;
    this.say(this.trans.__("Reading the trace …"), "status");
    try {
      const [views, packed] = await Promise.all([import("./views"), this.server.trace(this.context.path, FIRST, signal)]);
      if (signal.aborted) return;
      this.put(views, packed, signal);
    } catch (error) {
      if (!signal.aborted) this.say(error instanceof Error ? error.message : String(error), "alert");
    }
  }

  private put(views: typeof import("./views"), packed: Packed, signal: AbortSignal): void {
    const { make, mount, tabs, LocalModel, sheetOf } = views;
    const root = make("div", "pe");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", this.trans.__("Views of the prompt: %1", packed.meta.prompt));
    const title = make("p", "pe-page-prompt", packed.meta.prompt);
    title.dir = "auto";
    const reading = make("p", "pe-lab-note", this.trans.__("Reading …"));
    reading.setAttribute("role", "status");
    reading.hidden = true;
    const body = make("div", "pe-lab-body");
    root.append(sheetOf(), title, make("p", "pe-note", packed.settings), reading, body);
    this.node.replaceChildren(root);

    // The attention tab opens at once; what the others show is read when one of them is first opened.
    let asked = false;
    const { state } = this;
    const open = {
      get tab() {
        return state.tab;
      },
      set tab(index: number) {
        state.tab = index;
        if (index > 0) void rest();
        reading.hidden = !asked || index === 0 || whole;
        body.classList.toggle("pe-lab-waiting", !reading.hidden);
      },
    };
    let whole = false;
    let model = new LocalModel({ _meta: packed.meta, _data: packed.data });
    let mounted = new AbortController();
    signal.addEventListener("abort", () => mounted.abort());
    mount(model, body, mounted.signal, (context) => tabs(context, open));

    const rest = async (): Promise<void> => {
      if (asked) return;
      asked = true;
      try {
        const { meta, data } = await this.server.trace(this.context.path, ALL, signal);
        if (signal.aborted) return;
        whole = true;
        mounted.abort();
        mounted = new AbortController();
        const pins = model;
        model = new LocalModel({ _meta: meta, _data: data });
        for (const name of ["word", "words", "step", "pixel", "box", "layer"] as const) model.set(name, pins.get(name) as never);
        const focused = body.contains(document.activeElement);
        body.replaceChildren();
        mount(model, body, mounted.signal, (context) => tabs(context, open));
        if (focused) body.querySelector<HTMLElement>("[role=tab][aria-selected=true]")?.focus();
      } catch (error) {
        if (!signal.aborted) this.say(error instanceof Error ? error.message : String(error), "alert");
      }
    };
    if (state.tab > 0) open.tab = state.tab; // read anew, on a tab that needs more
  }

  private say(text: string, role: string): void {
    const note = document.createElement("p");
    note.className = "pe-lab-note";
    note.setAttribute("role", role);
    note.textContent = text;
    this.node.replaceChildren(note);
  }
}
