import { all, make, typing } from "../viewer/dom";
import { text } from "../viewer/texts";

const TEXTS = "textarea, select, input:not([type=hidden]):not([type=radio]):not([type=checkbox])";

/** The score sheet by key: one item at a time, digits answer it, letters that the sheet names choose or go. */
export class SheetKeys {
  private current = 0;

  constructor(private readonly form: HTMLFormElement) {
    for (const field of this.fields()) {
      field.tabIndex = -1;
      this.number(field);
    }
    form.addEventListener("focusin", (event) => {
      const field = event.target instanceof Element ? event.target.closest<HTMLElement>(".sheet-field") : null;
      const at = field ? this.fields().indexOf(field) : -1;
      if (at >= 0) this.mark(at);
    });
    form.addEventListener("change", () => this.count());
    form.addEventListener("input", () => this.count());
    form.addEventListener("click", () => window.setTimeout(() => this.count())); // what was put back
    this.mark(this.firstOpen());
    this.count();
  }

  private fields(): HTMLElement[] {
    return all<HTMLElement>(".sheet-field[data-item]", this.form).filter((field) => !field.hidden);
  }

  private answers(field: HTMLElement): HTMLInputElement[] {
    return all<HTMLInputElement>(".answers input", field);
  }

  /** The number of each answer stands before it; "no fault" is 0. */
  private number(field: HTMLElement): void {
    let n = 0;
    for (const input of this.answers(field)) {
      const key = input.hasAttribute("data-none") ? "0" : (input.dataset["quick"] ?? String(++n));
      const words = input.parentElement?.querySelector("span");
      if (words && key.length === 1 && Number(key || "10") !== 10) words.prepend(make("kbd", "", key.toUpperCase()));
    }
  }

  private mark(at: number): void {
    const fields = this.fields();
    this.current = Math.max(0, Math.min(fields.length - 1, at));
    fields.forEach((field, i) => field.classList.toggle("current", i === this.current));
  }

  private firstOpen(): number {
    return Math.max(0, this.fields().findIndex((field) => this.wanted(field)));
  }

  /** Whether an item still wants an answer. */
  private wanted(field: HTMLElement): boolean {
    return !field.querySelector(".optional") && !this.answered(field);
  }

  private answered(field: HTMLElement): boolean {
    const answers = this.answers(field);
    if (answers.length) return answers.some((input) => input.checked);
    return all<HTMLInputElement>(TEXTS, field).some((input) => input.value.trim() !== "");
  }

  /** How many items still want an answer. */
  private count(): void {
    const open = this.fields().filter((field) => this.wanted(field)).length;
    const place = this.form.querySelector<HTMLElement>("[data-left]");
    if (place) place.textContent = open ? text("left", { n: open }) : "";
    for (const field of this.fields()) field.classList.toggle("is-answered", this.answered(field));
  }

  /** Goes to an item and puts the cursor where it is answered. */
  go(at: number): void {
    this.mark(at);
    const field = this.fields()[this.current];
    if (!field) return;
    const input = this.answers(field).length ? null : field.querySelector<HTMLInputElement | HTMLTextAreaElement>(TEXTS);
    (input ?? field).focus({ preventScroll: true });
    if (input instanceof HTMLInputElement && input.type !== "date") input.select();
    field.scrollIntoView({ block: "center" });
  }

  /** Where reading begins.  A sheet that nobody touched is seen from its top: vetoes stand there, and for an arbiter
   * the readings that differ. */
  start(): void {
    this.go(this.firstOpen());
    const untouched = !this.form.querySelector(".is-answered");
    if (untouched && this.form.parentElement) this.form.parentElement.scrollTop = 0;
  }

  /** The first item of which somebody said that it is wrong. */
  goToError(): void {
    const at = this.fields().findIndex((field) => field.classList.contains("has-error"));
    if (at >= 0) this.go(at);
  }

  /** Whether a key belongs to the text that is typed in: a field of numbers takes nothing but numbers. */
  static keeps(event: KeyboardEvent): boolean {
    const { target, key } = event;
    if (!typing(target)) return false;
    if (!(target instanceof HTMLInputElement) || target.inputMode !== "decimal") return true;
    return key.length > 1 ? !["ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(key) : /[-+.,\d\s。，]/.test(key);
  }

  /** Tab goes from item to item as long as there is another one. */
  tab(back: boolean): boolean {
    const inside = this.form.contains(document.activeElement);
    const elsewhere = document.activeElement !== document.body && !document.activeElement?.closest(".viewer-panes, .room-content");
    if (!inside && elsewhere) return false;
    if (document.activeElement?.closest(".room-foot, .room-marks, .sheet-note")) return false;
    const next = inside ? this.current + (back ? -1 : 1) : back ? -1 : this.current;
    if (next < 0 || next >= this.fields().length) return false;
    this.go(next);
    return true;
  }

  /** What a key without Ctrl, Alt or Shift does to the sheet; whether it did something. */
  key(key: string): boolean {
    const field = this.fields()[this.current];
    const quick = `[data-quick="${CSS.escape(key)}" i]`;
    const own = field?.querySelector<HTMLInputElement>(`input${quick}`);
    const other = own ?? this.fields().map((one) => one.querySelector<HTMLInputElement>(`input${quick}`)).find((input) => input);
    if (own || (other && !/\d/.test(key))) return this.choose((own ?? other) as HTMLInputElement);
    const item = this.fields().findIndex((one) => one.dataset["quick"]?.toLowerCase() === key);
    if (item >= 0) return this.go(item), true;
    return /^\d$/.test(key) && this.digit(Number(key));
  }

  private digit(n: number): boolean {
    const field = this.fields()[this.current];
    if (!field) return false;
    const answers = this.answers(field);
    const none = answers.find((input) => input.hasAttribute("data-none"));
    const others = answers.filter((input) => input !== none);
    const chosen = n === 0 ? none : others[n - 1];
    return chosen ? this.choose(chosen) : answers.length > 0;
  }

  /** Chooses an answer, or ticks a fault or takes it back; what is settled by that goes on to the next item. */
  private choose(input: HTMLInputElement): boolean {
    const field = input.closest<HTMLElement>(".sheet-field");
    if (!field) return false;
    this.mark(this.fields().indexOf(field));
    const fault = input.hasAttribute("data-fault");
    input.checked = fault ? !input.checked : true;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const reason = field.querySelector<HTMLElement>("[data-reason]:not([hidden]) input");
    if (reason) reason.focus();
    else if (!fault) this.go(this.current + 1);
    else field.scrollIntoView({ block: "nearest" });
    return true;
  }
}
