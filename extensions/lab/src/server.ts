/** What explorer/server.py answers. */
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";

export const SUFFIX = ".trace.safetensors";

/** A trace file as its header tells it, or what is wrong with it. */
export interface Listed {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  readonly error?: string;
  readonly prompt?: string;
  readonly seed?: string;
  readonly model?: string;
  readonly steps?: number;
  readonly width?: number;
  readonly height?: number;
}

/** A run as the views take it: the twin of `packed`. */
export interface Packed {
  readonly meta: Record<string, unknown> & { readonly prompt: string };
  readonly settings: string;
  readonly data: DataView<ArrayBuffer>;
}

export class Server {
  private readonly settings = ServerConnection.makeSettings();

  constructor(private readonly trans: TranslationBundle) {}

  address(what: string, query: Record<string, string>): string {
    return URLExt.join(PageConfig.getBaseUrl(), "prompt-explorer", what) + URLExt.objectToQueryString(query);
  }

  async traces(folder: string): Promise<Listed[]> {
    return (await (await this.ask("traces", { path: folder })).json()) as Listed[];
  }

  thumbnail({ path, version }: Listed): string {
    return this.address("thumbnail", { path, version });
  }

  async trace(path: string, parts: string, signal: AbortSignal): Promise<Packed> {
    const buffer = await (await this.ask("trace", { path, parts }, signal)).arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
    return { ...(JSON.parse(text) as Omit<Packed, "data">), data: new DataView(buffer, 4 + length) };
  }

  /** Raises an Error whose message is one sentence. */
  private async ask(what: string, query: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await ServerConnection.makeRequest(this.address(what, query), { signal: signal ?? null }, this.settings);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Error(this.trans.__("JupyterLab's server does not answer: check that it runs, and open this again."));
    }
    if (answer.ok) return answer;
    const { message } = (await answer.json().catch(() => ({}))) as { message?: string };
    if (answer.status === 422 || answer.status === 501) throw new Error(message);
    if (answer.status === 404 && !message?.includes(query["path"] ?? "")) {
      throw new Error(
        this.trans.__("The server part of Prompt Explorer is not running: install prompt-explorer in the environment of JupyterLab, and restart it."),
      );
    }
    if (answer.status === 404) throw new Error(this.trans.__("There is no such file here any more: look for it in the file browser."));
    throw new Error(this.trans.__("The server refused to read this (%1): check that you may open the file.", String(answer.status)));
  }
}
