/** The side panel: the runs of the current kernel, and the trace files of the file browser's folder. */
import { PathExt } from "@jupyterlab/coreutils";
import type { FileBrowser } from "@jupyterlab/filebrowser";
import type { TranslationBundle } from "@jupyterlab/translation";
import { MimeData } from "@lumino/coreutils";
import { Drag } from "@lumino/dragdrop";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { icon } from "./icon";
import type { Run, Runs } from "./runs";
import type { Listed, Server } from "./server";

/** What the panel asks of JupyterLab. */
export interface Actions {
  /** The app's tab. */
  app(): void;
  /** A trace file in the viewer. */
  open(path: string): void;
  /** Code as a new cell below the current one. */
  insert(code: string): void;
  /** The code that opens a trace file from the current notebook. */
  opening(path: string): string;
}

interface Card {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly picture: string;
  readonly wrong: boolean;
  readonly hint: string;
  /** What a drop in a notebook inserts; null where a file must be written first. */
  readonly code: (() => string) | null;
  act(): void;
}

const CELLS = "application/vnd.jupyter.cells"; // what notebooks take when it is dropped on them
const FAR = 5; // pixels: less is a click

export class SidePanel extends Widget {
  private readonly lists: { runs: HTMLElement; files: HTMLElement };
  private readonly folder: HTMLElement;
  private readonly kernel: HTMLElement;
  private readonly wrong: HTMLElement;
  private shown = "";
  private asked = 0;

  constructor(
    private readonly runs: Runs,
    private readonly server: Server,
    private readonly browser: FileBrowser | null,
    private readonly actions: Actions,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.id = "prompt-explorer-panel";
    this.addClass("pe-lab-panel");
    Object.assign(this.title, { icon, caption: trans.__("Prompt Explorer: runs and traces") });
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", this.title.caption);
    const open = made("button", "pe-lab-open", trans.__("Open the app"));
    open.addEventListener("click", () => actions.app());
    const [runsHead, filesHead] = [made("h2", "", trans.__("Runs")), made("h2", "", trans.__("Traces"))];
    this.kernel = made("span", "pe-lab-where", "");
    this.folder = made("span", "pe-lab-where", "");
    runsHead.append(this.kernel);
    filesHead.append(this.folder);
    this.lists = { runs: made("ul", "pe-lab-cards", ""), files: made("ul", "pe-lab-cards", "") };
    this.lists.runs.setAttribute("aria-label", trans.__("Runs of the current kernel"));
    this.lists.files.setAttribute("aria-label", trans.__("Trace files of this folder"));
    this.wrong = made("p", "pe-lab-note", "");
    this.wrong.setAttribute("role", "alert");
    this.node.append(open, this.wrong, runsHead, this.lists.runs, filesHead, this.lists.files);
    runs.changed.connect(this.showRuns, this);
    browser?.model.pathChanged.connect(this.showFiles, this);
    browser?.model.refreshed.connect(this.showFiles, this);
    this.showRuns();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.showFiles();
  }

  private showRuns(): void {
    const { trans } = this;
    this.kernel.textContent = this.runs.name;
    const cards = this.runs.now.map((run): Card => {
      const own = run.code === "";
      return {
        key: run.key,
        title: run.prompt || trans.__("empty prompt"),
        about: own ? trans.__("seed %1", run.seed) : `${run.code} · ${trans.__("seed %1", run.seed)}`,
        picture: `data:image/jpeg;base64,${run.picture}`,
        wrong: false,
        hint: own ? trans.__("Save as a trace file") : trans.__("Insert into the notebook (or drag it there)"),
        code: own ? null : () => run.code,
        act: () => void (own ? this.save(run) : this.actions.insert(run.code)),
      };
    });
    this.fill(this.lists.runs, cards, trans.__("None yet. What you record in a notebook, or generate in the app, is listed here."));
  }

  /** A run of the app's kernel becomes a file, which every notebook can open. */
  private async save(run: Run): Promise<void> {
    this.wrong.textContent = "";
    try {
      await this.runs.save(run.key);
      await this.browser?.model.refresh();
      await this.showFiles();
    } catch (error) {
      this.wrong.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  private async showFiles(): Promise<void> {
    if (!this.isVisible) return;
    const turn = ++this.asked;
    const { trans } = this;
    const folder = this.browser?.model.path ?? "";
    this.folder.textContent = PathExt.basename(folder);
    let files: Listed[];
    try {
      files = await this.server.traces(folder);
    } catch (error) {
      if (turn === this.asked) this.fill(this.lists.files, [], error instanceof Error ? error.message : String(error));
      this.shown = "";
      return;
    }
    const text = JSON.stringify(files);
    if (turn !== this.asked || text === this.shown) return;
    this.shown = text; // the file browser looks every few seconds; what is the same stays as it is
    const cards = files.map(
      (file): Card => ({
        key: file.path,
        title: file.error ? file.name : file.prompt || trans.__("empty prompt"),
        about: file.error ?? `${file.name} · ${trans.__("seed %1", file.seed ?? "")}`,
        picture: file.error ? "" : this.server.thumbnail(file),
        wrong: file.error !== undefined,
        hint: trans.__("Open in the viewer (or drag it into a notebook)"),
        code: file.error ? null : () => this.actions.opening(file.path),
        act: () => this.actions.open(file.path),
      }),
    );
    this.fill(this.lists.files, cards, trans.__("No trace files in this folder. A run is saved with trace.save(\"name\")."));
  }

  private fill(list: HTMLElement, cards: readonly Card[], empty: string): void {
    const focused = list.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["key"] : undefined;
    if (cards.length === 0) return list.replaceChildren(made("li", "pe-lab-none", empty));
    list.replaceChildren(...cards.map((card) => this.card(card)));
    if (focused !== undefined) [...list.querySelectorAll<HTMLElement>("button")].find((one) => one.dataset["key"] === focused)?.focus();
  }

  private card(card: Card): HTMLElement {
    const item = made("li", "", "");
    const button = made("button", "pe-lab-card", "");
    button.dataset["key"] = card.key;
    button.title = card.hint;
    button.classList.toggle("pe-lab-wrong", card.wrong);
    if (card.picture) {
      const picture = document.createElement("img");
      Object.assign(picture, { src: card.picture, alt: "", loading: "lazy", draggable: false, className: "pe-lab-thumb" });
      button.append(picture);
    } else {
      button.append(made("span", "pe-lab-thumb", ""));
    }
    const texts = made("span", "pe-lab-texts", "");
    const [title, about] = [made("span", "pe-lab-title", card.title), made("span", "pe-lab-about", card.about)];
    title.dir = "auto";
    texts.append(title, about);
    button.append(texts);
    button.addEventListener("click", () => card.act());
    const { code } = card;
    if (code) draggable(button, code);
    item.append(button);
    return item;
  }
}

/** Lumino's own kind of drag, which notebooks take as cells. */
function draggable(element: HTMLElement, code: () => string): void {
  element.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    const controller = new AbortController();
    const { signal } = controller;
    window.addEventListener("pointerup", () => controller.abort(), { signal });
    window.addEventListener(
      "pointermove",
      (move) => {
        if (Math.abs(move.clientX - down.clientX) + Math.abs(move.clientY - down.clientY) < FAR) return;
        controller.abort();
        const source = code();
        const mimeData = new MimeData();
        mimeData.setData(CELLS, [{ cell_type: "code", source, metadata: {}, outputs: [], execution_count: null }]);
        mimeData.setData("text/plain", source);
        const dragImage = element.cloneNode(true) as HTMLElement;
        dragImage.classList.add("pe-lab-dragged");
        dragImage.style.width = `${element.offsetWidth}px`;
        const drag = new Drag({ mimeData, dragImage, proposedAction: "copy", supportedActions: "copy", source: element });
        void drag.start(move.clientX, move.clientY).then(() => drag.dispose());
      },
      { signal },
    );
  });
}

export function made<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
