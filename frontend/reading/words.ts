import { all, make, need } from "../viewer/dom";
import { text } from "../viewer/texts";
import type { ContentData, TextShape } from "./data";

const ENDS = /[。；;！？!?，,\n]/;
const LINE = 48; // CSS pixels of one press of an arrow

export interface Shown extends Omit<TextShape, "kind"> {
  label: string;
  look: "own" | "other" | "sketch";
}

interface Part {
  name: string;
  element: HTMLElement;
  chars: string[];
  clauses: [number, number][];
}

/** The pane of a report or record instead of the images: scrolled, marked in by selection or by key. */
export class Words {
  private readonly place = need("[data-content]");
  private readonly button = need<HTMLButtonElement>("[data-room='text']");
  private parts: Part[] = [];
  private others: Shown[] = [];
  private own: Shown[] = [];
  private at: { part: number; from: number; to: number; start: number; end: number } | null = null;
  private held = false;
  has = false;
  shown = false;

  /** Told of words that were selected by the mouse. */
  selected: () => void = () => undefined;

  constructor() {
    this.button.addEventListener("click", () => this.toggle());
    need("[data-strip-place]").addEventListener("click", () => this.show(false));
    this.place.addEventListener("pointerup", () => window.setTimeout(() => this.selected()));
  }

  load(content: ContentData | null): void {
    this.has = content !== null;
    document.body.classList.toggle("has-text", this.has);
    this.place.innerHTML = content?.html ?? ""; // made by our own server from its own template, with every text escaped
    this.place.scrollTop = 0;
    this.place.setAttribute("aria-label", content?.title ?? "");
    this.parts = all<HTMLElement>("[data-part]", this.place).map((element) => {
      const chars = [...(element.textContent ?? "")];
      return { name: element.dataset["part"] ?? "", element, chars, clauses: clausesOf(chars) };
    });
    this.others = (content?.others ?? []).map((one) => ({ ...one, look: "other" }));
    this.own = [];
    this.at = null;
    this.button.hidden = !this.has;
    need("span", this.button).textContent = content?.title ?? "";
    this.show(this.has);
    this.paint();
  }

  toggle(): boolean {
    if (this.has) this.show(!this.shown);
    return this.has;
  }

  show(on: boolean): void {
    this.shown = on && this.has;
    document.body.classList.toggle("show-text", this.shown);
    this.place.hidden = !this.shown;
    this.button.setAttribute("aria-pressed", String(this.shown));
  }

  /** Whether words can be marked in what is shown. */
  get markable(): boolean {
    return this.shown && this.parts.length > 0;
  }

  scroll(key: string): boolean {
    const page = this.place.clientHeight * 0.9;
    const ways: Record<string, number> = { ArrowUp: -LINE, ArrowDown: LINE, PageUp: -page, PageDown: page, Home: -1e7, End: 1e7 };
    const way = ways[key];
    if (way !== undefined) this.place.scrollBy({ top: way });
    return way !== undefined;
  }

  // --- marks -----------------------------------------------------------------------------------------

  draw(own: Shown[]): void {
    this.own = own;
    this.paint();
  }

  /** Brings the words of a mark into sight. */
  reveal(shape: TextShape): void {
    this.show(true);
    const part = this.parts.find((one) => one.name === shape.part);
    part?.element.querySelector<HTMLElement>(`[data-from="${shape.start}"]`)?.scrollIntoView({ block: "center" });
  }

  /** The words of a mark as they stand in the text. */
  quote(shape: TextShape): string {
    const part = this.parts.find((one) => one.name === shape.part);
    return part ? part.chars.slice(shape.start, shape.end).join("") : "";
  }

  private paint(): void {
    for (const [n, part] of this.parts.entries()) {
      const sketch: Shown[] = this.at?.part === n ? [{ part: part.name, start: this.at.start, end: this.at.end, label: "", look: "sketch" }] : [];
      const here = [...this.others, ...this.own, ...sketch].filter((one) => one.part === part.name);
      const cuts = [...new Set([0, part.chars.length, ...here.flatMap((one) => [one.start, one.end])])].sort((a, b) => a - b);
      part.element.replaceChildren(
        ...cuts.slice(0, -1).map((from, i) => {
          const to = cuts[i + 1] as number;
          const words = part.chars.slice(from, to).join("");
          const marks = here.filter((one) => one.start <= from && to <= one.end);
          if (!marks.length) return document.createTextNode(words);
          const found = make("mark", marks.map((one) => `is-${one.look}`).join(" "), words);
          found.dataset["from"] = String(from);
          found.title = marks.map((one) => one.label).filter(Boolean).join("\n");
          return found;
        }),
      );
    }
  }

  /** What is selected by the mouse, within one part; null otherwise. */
  selection(): TextShape | null {
    const selection = window.getSelection();
    if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
    const range = selection.getRangeAt(0);
    const part = this.parts.find((one) => one.element.contains(range.startContainer) && one.element.contains(range.endContainer));
    if (!part) return null;
    const start = before(part.element, range.startContainer, range.startOffset);
    const end = before(part.element, range.endContainer, range.endOffset);
    return start < end ? { kind: "text", part: part.name, start, end } : null;
  }

  forget(): void {
    window.getSelection()?.removeAllRanges();
  }

  // --- by key ----------------------------------------------------------------------------------------

  /** Begins with the first clause, or where it was. */
  begin(): void {
    this.held = false;
    this.go(this.at?.part ?? 0, this.at?.from ?? 0, this.at?.from ?? 0);
    this.place.focus({ preventScroll: true });
  }

  end(): void {
    this.held = false;
    this.at = null;
    this.paint();
  }

  get sketch(): TextShape | null {
    const part = this.at ? this.parts[this.at.part] : undefined;
    return this.at && part && this.at.start < this.at.end ? { kind: "text", part: part.name, start: this.at.start, end: this.at.end } : null;
  }

  /** Arrows go from clause to clause, after Space they add clauses; with Shift one character more or less. */
  key(event: KeyboardEvent): boolean {
    const { at } = this;
    if (!at) return false;
    if (event.key === " ") {
      this.held = true;
      return true;
    }
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (way === undefined) return false;
    const part = this.parts[at.part] as Part;
    if (event.shiftKey) {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") at.end = Math.max(at.start + 1, Math.min(part.chars.length, at.end + way));
      else at.start = Math.max(0, Math.min(at.end - 1, at.start + way));
      this.paint();
    } else if (this.held) this.go(at.part, at.from, Math.max(at.from, Math.min(part.clauses.length - 1, at.to + way)));
    else this.step(at.part, at.from + way);
    return true;
  }

  private step(part: number, clause: number): void {
    const clauses = this.parts[part]?.clauses.length ?? 0;
    if (clause < 0 && part > 0) this.go(part - 1, (this.parts[part - 1] as Part).clauses.length - 1);
    else if (clause >= clauses && part + 1 < this.parts.length) this.go(part + 1, 0);
    else this.go(part, Math.max(0, Math.min(clauses - 1, clause)));
  }

  private go(part: number, from: number, to = from): void {
    const { clauses } = this.parts[part] as Part;
    const [first, last] = [clauses[from], clauses[to]];
    if (!first || !last) return;
    this.at = { part, from, to, start: first[0], end: last[1] };
    this.paint();
    this.parts[part]?.element.querySelector(".is-sketch")?.scrollIntoView({ block: "nearest" });
    need("[data-said]").textContent = this.sketch ? text("words_at", { words: this.quote(this.sketch) }) : "";
  }
}

/** Where clauses begin and end, without the mark at their end; blanks before them are left out. */
function clausesOf(chars: string[]): [number, number][] {
  const found: [number, number][] = [];
  let start = -1;
  chars.forEach((char, i) => {
    if (ENDS.test(char)) {
      if (start >= 0) found.push([start, i]);
      start = -1;
    } else if (start < 0 && char.trim()) start = i;
  });
  if (start >= 0) found.push([start, chars.length]);
  return found;
}

/** How many characters (code points) of an element come before a place in it. */
function before(element: HTMLElement, node: Node, offset: number): number {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, offset);
  return [...range.toString()].length;
}
