import { make, need } from "../viewer/dom";
import { text } from "../viewer/texts";
import type { Defect } from "./data";

const MOST = 40;

/** The dialog that asks which defect a mark shows, by letters or words; "" is a mark without a name, null gives it up. */
export class DefectChooser {
  private readonly dialog = need<HTMLDialogElement>("#room-defects");
  private readonly search = need<HTMLInputElement>("[data-defect-search]");
  private readonly list = need("[data-defect-list]");
  private shown: Defect[] = [];
  private at = 0;
  private defects: Defect[] = [];
  private done: (code: string | null) => void = () => undefined;

  constructor() {
    this.search.addEventListener("input", () => this.filter());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => this.settle(null));
    this.list.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-code]") : null;
      if (row) this.settle(row.dataset["code"] ?? "");
    });
  }

  ask(defects: Defect[]): Promise<string | null> {
    this.defects = defects;
    this.search.value = "";
    this.filter();
    this.dialog.showModal();
    this.search.focus();
    return new Promise((done) => {
      this.done = done;
    });
  }

  private settle(code: string | null): void {
    const done = this.done;
    this.done = () => undefined;
    if (this.dialog.open) this.dialog.close();
    done(code);
  }

  private filter(): void {
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.defects
      .map((one, place): [number, number, Defect] => [rank(one, words), place, one])
      .filter(([found]) => found < 9)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .slice(0, MOST)
      .map(([, , one]) => one);
    this.at = 0;
    this.paint();
  }

  private paint(): void {
    const rows = this.shown.map((one) => row(one.code, one.name, `${one.letters} · ${one.kind}`));
    rows.push(row("", text("mark_unnamed"), ""));
    this.list.replaceChildren(...rows);
    rows.forEach((one, i) => {
      one.id = `defect-${i}`;
      one.setAttribute("aria-selected", String(i === this.at));
    });
    rows[this.at]?.scrollIntoView({ block: "nearest" });
    this.search.setAttribute("aria-activedescendant", `defect-${this.at}`);
  }

  private key(event: KeyboardEvent): void {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way !== undefined) {
      this.at = Math.max(0, Math.min(this.shown.length, this.at + way));
      this.paint();
    } else if (event.key === "Enter") this.settle(this.shown[this.at]?.code ?? "");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function row(code: string, name: string, about: string): HTMLElement {
  const item = make("li", "room-defect");
  item.dataset["code"] = code;
  item.setAttribute("role", "option");
  item.append(make("span", "", name), make("small", "muted", about));
  return item;
}

/** 0 for a code, 1 where it begins so, 2 for within, 9 for not at all; of several words the worst. */
function rank(one: Defect, words: string[]): number {
  const names = [one.name.toLowerCase(), one.letters, one.other.toLowerCase(), one.code.toLowerCase()];
  const each = words.map((word) => (names[3] === word ? 0 : names.some((name) => name.startsWith(word)) ? 1 : names.some((name) => name.includes(word)) ? 2 : 9));
  return Math.max(0, ...each);
}
