/** The static preview that Python publishes below the view: hidden while the view lives. */

/** Hides the output that holds an element of class `key`, now or when it arrives; the signal brings it back. */
export function hidePreview(element: HTMLElement, key: string, signal: AbortSignal): void {
  if (!key) return;
  let hidden: HTMLElement | null = null;
  let area: Element | null = null;
  const arrived = new MutationObserver(hide);
  // JupyterLab renders a widget before it puts it into the page; its first size says that it is there.
  const placed = new ResizeObserver(() => {
    if (area || !element.isConnected) return;
    area = element.closest(".jp-OutputArea");
    placed.disconnect();
    if (area) arrived.observe(area, { childList: true, subtree: true });
    hide();
  });
  function hide(): void {
    const output = area?.querySelector(`.${CSS.escape(key)}`)?.closest<HTMLElement>(".jp-OutputArea-child");
    if (!output || output === hidden) return;
    hidden = output;
    output.style.display = "none";
  }
  placed.observe(element);
  signal.addEventListener("abort", () => {
    placed.disconnect();
    arrived.disconnect();
    if (hidden) hidden.style.display = "";
  });
}
