/** The offline page: the views of some runs without a kernel. The twin of explorer/views/page.py. */
import { LocalModel } from "./local";
import { localMap } from "./panels/map/model";
import { mountMap } from "./panels/map/panel";
import { tabs } from "./panels/tabs";
import { strip } from "./parts/history";
import { mount, sheetOf } from "./shell";
import { make } from "./text";

interface Saved {
  meta: { kind: string; prompt: string; picture: { type: string; width: number; height: number }; blocks: Record<string, [number, number]> };
  settings: string;
}

function bytes(id: string): DataView<ArrayBuffer> {
  const text = atob(document.getElementById(id)?.textContent ?? "");
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return new DataView(found.buffer);
}

function start(main: HTMLElement): void {
  const runs = JSON.parse(document.getElementById("runs")?.textContent ?? "[]") as Saved[];
  const root = make("div", "pe");
  root.setAttribute("role", "group");
  const title = make("p", "pe-page-prompt");
  title.dir = "auto";
  const about = make("p", "pe-note");
  const body = make("div", "");
  const tab = { tab: 0 };
  let controller = new AbortController();
  const thumbs = runs.flatMap(({ meta }, i) => {
    if (meta.kind !== "trace") return [];
    const [offset, length] = meta.blocks["picture"]!;
    const data = bytes(`data-${i}`);
    return [{ id: String(i), title: meta.prompt, bytes: new Uint8Array(data.buffer, offset, length), type: meta.picture.type }];
  });
  const history = strip((id) => open(Number(id)));
  root.append(sheetOf(), title, about, ...(runs.length > 1 ? [history.element] : []), body);
  main.replaceChildren(root);

  function open(index: number): void {
    controller.abort();
    controller = new AbortController();
    body.replaceChildren();
    const { meta, settings } = runs[index]!;
    if (meta.kind === "atlas") {
      title.textContent = document.title;
      mountMap(localMap(meta, bytes(`data-${index}`)), body, controller.signal);
      return;
    }
    title.textContent = meta.prompt;
    about.textContent = settings;
    root.setAttribute("aria-label", `Views of the prompt: ${meta.prompt}`);
    history.update(thumbs, String(index));
    mount(new LocalModel({ _meta: meta, _data: bytes(`data-${index}`) }), body, controller.signal, (context) => tabs(context, tab));
  }
  open(0);
}

const main = document.getElementById("views");
if (main) start(main);
