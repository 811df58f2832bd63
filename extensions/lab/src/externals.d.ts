/** Provided by ipywidgets' own extension; only what is used of it, so that its sources need not be installed. */
declare module "@jupyter-widgets/jupyterlab-manager" {
  import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
  import type { IDisposable } from "@lumino/disposable";

  export function registerWidgetManager(context: unknown, rendermime: IRenderMimeRegistry, renderers: Iterable<never>): IDisposable;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
