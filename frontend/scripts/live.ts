import { htmx } from "./htmx";
import { one, onEach } from "./dom";

function reread(element: HTMLElement): void {
  const target = `#${element.id}`;
  void htmx.ajax("get", window.location.href, { target, select: target, swap: "outerHTML" });
}

const ASK_AGAIN_MS = 2500;
const GATHER_MS = 120;
const BROKEN_EVERY_S = 5;

/** How far it is by now: the words of the notice as the page would show them. */
function tellPending(text: string): void {
  const [fresh, shown] = [new DOMParser().parseFromString(text, "text/html"), document].map((page) =>
    page.querySelector("[data-pending] p"),
  );
  if (fresh && shown && fresh.textContent !== shown.textContent) shown.replaceChildren(fresh.textContent ?? "");
}

/** A notice that something is under way: once the page no longer carries it, the page is read anew. */
function startPending(): void {
  const ask = async (): Promise<void> => {
    const answer = document.hidden ? null : await fetch(window.location.href).catch(() => null);
    const text = answer?.ok ? await answer.text() : "data-pending";
    if (text.includes("data-pending")) {
      tellPending(text);
      window.setTimeout(() => void ask(), ASK_AGAIN_MS);
    } else {
      const url = new URL(window.location.href);
      url.searchParams.delete("asked");
      window.location.replace(url);
    }
  };
  if (one("[data-pending]")) window.setTimeout(() => void ask(), ASK_AGAIN_MS);
}

/**
 * One region that keeps itself up to date.  It is replaced whenever it is read anew, so it is known by its id.  It
 * waits while a dialog is open or the page is not seen, and catches up afterwards.
 */
class Region {
  private waiting = 0;
  private stale = false;
  private clock = 0;

  constructor(private readonly id: string, private readonly every: number) {
    document.addEventListener("visibilitychange", () => this.catchUp());
    document.addEventListener("close", () => this.catchUp(), true);
  }

  /** Read anew soon; several changes at once are one reading. */
  readonly changed = (): void => {
    if (this.waiting) return;
    this.waiting = window.setTimeout(() => {
      this.waiting = 0;
      this.stale = true;
      this.catchUp();
    }, GATHER_MS);
  };

  byClock(every = this.every): void {
    window.clearInterval(this.clock);
    this.clock = window.setInterval(this.changed, every * 1000);
  }

  follow(url: string): void {
    const stream = new EventSource(url);
    let broken = false;
    this.show("live");
    stream.onopen = () => {
      if (broken) this.changed();
      broken = false;
      this.byClock();
      this.show("live");
    };
    stream.onmessage = this.changed;
    stream.onerror = () => {
      broken = true;
      this.byClock(Math.min(BROKEN_EVERY_S, this.every));
      this.show("clock");
    };
    window.addEventListener("pagehide", () => stream.close());
  }

  private show(how: string): void {
    document.body.dataset["following"] = how;
  }

  private catchUp(): void {
    const element = document.getElementById(this.id);
    if (!this.stale || !element || document.hidden || one("dialog[open]")) return;
    this.stale = false;
    reread(element);
  }
}

/** Live regions read themselves anew when the event stream says so; without a stream, or while it is broken, by the
 *  clock. */
export function startLive(): void {
  startPending();
  const known = new Set<string>();
  onEach("[data-live]", (element) => {
    if (!element.id || element.dataset["every"] === undefined || known.has(element.id)) return;
    known.add(element.id);
    const region = new Region(element.id, Number(element.dataset["every"]));
    region.byClock();
    const url = element.dataset["live"];
    if (url) region.follow(url);
  });
}
