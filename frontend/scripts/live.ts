import { htmx } from "./htmx";
import { one, onEach } from "./dom";

function reread(element: HTMLElement): void {
  const target = `#${element.id}`;
  void htmx.ajax("get", window.location.href, { target, select: target, swap: "outerHTML" });
}

const ASK_AGAIN_MS = 2500;

/** A notice that something is under way: once the page no longer carries it, the page is read anew. */
function startPending(): void {
  const ask = async (): Promise<void> => {
    const answer = document.hidden ? null : await fetch(window.location.href).catch(() => null);
    const text = answer?.ok ? await answer.text() : "data-pending";
    if (text.includes("data-pending")) window.setTimeout(() => void ask(), ASK_AGAIN_MS);
    else {
      const url = new URL(window.location.href);
      url.searchParams.delete("asked");
      window.location.replace(url);
    }
  };
  if (one("[data-pending]")) window.setTimeout(() => void ask(), ASK_AGAIN_MS);
}

/** A live region re-reads itself when the event stream says so; without a stream, or once it breaks, by the clock. */
export function startLive(): void {
  startPending();
  onEach("[data-live]", (element) => {
    if (!element.id || element.dataset["every"] === undefined) return;
    const url = element.dataset["live"];
    const byClock = (): void => {
      const timer = window.setInterval(() => {
        if (!element.isConnected) window.clearInterval(timer);
        else if (!document.hidden) reread(element);
      }, Number(element.dataset["every"]) * 1000);
    };
    if (!url) {
      byClock();
      return;
    }
    const stream = new EventSource(url);
    stream.onmessage = () => {
      stream.close();
      if (element.isConnected) reread(element);
    };
    stream.onerror = () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      byClock();
    };
  });
}
