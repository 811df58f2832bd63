/** The runs that the current kernel holds, asked of explorer/lab.py. */
import type { ISessionContext } from "@jupyterlab/apputils";
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";

export interface Run {
  readonly key: string;
  /** What shows it in this kernel; "" for a run of the app's own tab. */
  readonly code: string;
  readonly prompt: string;
  readonly seed: string;
  /** A JPEG, base64. */
  readonly picture: string;
}

// A kernel in which nobody has imported the package is not made to.
const ASK = '(lambda here: here and __import__("explorer.lab").lab.Runs())(__import__("sys").modules.get("explorer"))';
const SETTLES = 400; // ms

export class Runs {
  private context: ISessionContext | null = null;
  private kernel: Kernel.IKernelConnection | null = null;
  private readonly own = new Set<string>();
  private timer = 0;
  private found: readonly Run[] = [];
  private readonly signal = new Signal<this, void>(this);

  get changed(): ISignal<this, void> {
    return this.signal;
  }
  get now(): readonly Run[] {
    return this.found;
  }
  get name(): string {
    return this.context?.name ?? "";
  }

  /** Follow the kernel of what is open; null where nothing with a kernel is. */
  follow(context: ISessionContext | null): void {
    if (context !== this.context) {
      this.context?.kernelChanged.disconnect(this.listen, this);
      this.context = context;
      context?.kernelChanged.connect(this.listen, this);
    }
    this.listen();
  }

  /** Write a run to a file in the folder where the kernel works; its name. */
  async save(key: string): Promise<string> {
    const text = await this.asked(`__import__("explorer.lab").lab.save(${JSON.stringify(key)})`);
    return String(text["text/plain"] ?? "").slice(1, -1); // Python shows a text in quotes
  }

  private listen(): void {
    const kernel = this.context?.session?.kernel ?? null;
    if (kernel === this.kernel) return;
    this.kernel?.iopubMessage.disconnect(this.heard, this);
    this.kernel = kernel;
    this.found = [];
    this.signal.emit();
    kernel?.iopubMessage.connect(this.heard, this);
    if (kernel) this.soon();
  }

  /** After a cell has run, or the app has told of a new run. */
  private heard(_: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void {
    // What the app tells from its worker has for a parent whatever was asked last, which may be our own question.
    const told = KernelMessage.isCommMsgMsg(message) && "_history" in ((message.content.data["state"] as object | undefined) ?? {});
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    const own = parent.msg_id !== undefined && this.own.has(parent.msg_id);
    const ended = !own && KernelMessage.isStatusMsg(message) && message.content.execution_state === "idle" && parent.msg_type === "execute_request";
    if (ended || told) this.soon();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.refresh(), SETTLES);
  }

  private async refresh(): Promise<void> {
    const { kernel } = this;
    try {
      const data = (await this.asked(ASK))["application/json"] as { runs?: Run[] } | undefined;
      if (kernel !== this.kernel) return;
      this.found = data?.runs ?? [];
    } catch {
      this.found = []; // a kernel of another language, or one that has ended: it holds no runs
    }
    this.signal.emit();
  }

  private async asked(expression: string): Promise<Record<string, unknown>> {
    if (!this.kernel) return {};
    const future = this.kernel.requestExecute({ code: "", silent: true, store_history: false, user_expressions: { asked: expression } });
    this.own.add(future.msg.header.msg_id);
    const { content } = await future.done;
    const answer = content.status === "ok" ? (content.user_expressions["asked"] as { status: string; data?: Record<string, unknown>; evalue?: string }) : null;
    if (answer?.status !== "ok") throw new Error(answer?.evalue ?? "The kernel did not answer: restart it.");
    return answer.data ?? {};
  }
}
