import { all, need, one, onEach } from "./dom";
import { startEnter } from "./forms";
import { startFiles } from "./sheet-files";
import { addRow, startGrid } from "./sheet-grid";

export type Entry = [string, string];
interface Kept {
  entries: Entry[];
  at: string;
}
export interface Answer {
  revision?: number;
  judged?: Record<string, string>;
  errors?: Record<string, string>;
  score?: string;
  text?: string;
}

const PAUSE = 500;
const AGAIN = 8000;

/** What was typed, without passwords and files: exactly what the server keeps. */
function entriesOf(form: HTMLFormElement): Entry[] {
  const skipped = new Set(["csrfmiddlewaretoken", ...all<HTMLInputElement>("input[type=password]", form).map((i) => i.name)]);
  // An empty reading between others keeps its place; the server leaves out those at the end.
  const listed = new Set(all<HTMLInputElement>("[data-series] input, [data-grid] input", form).map((i) => i.name));
  const found: Entry[] = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || skipped.has(name) || name.startsWith("sign.")) continue;
    if (value !== "" || listed.has(name)) found.push([name, value]);
  }
  return found.filter(([name, value], n) => value !== "" || found.slice(n + 1).some(([other, later]) => other === name && later !== ""));
}

function same(left: Entry[], right: Entry[]): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Shows items whose condition holds; what was typed into others stays, the server leaves it out. */
export function startShown(form: HTMLFormElement): () => void {
  const update = (): void => {
    for (const field of all("[data-shown-item]", form)) {
      const name = field.dataset["shownItem"] ?? "";
      const wanted = (field.dataset["shownValues"] ?? "").split(" ");
      const asked = one(`[data-item="${CSS.escape(name)}"]`, form)?.hidden === false;
      const chosen = new FormData(form).get(name);
      field.hidden = !(asked && typeof chosen === "string" && wanted.includes(chosen));
    }
    for (const reason of all("[data-reason]", form)) {
      const chosen = one<HTMLInputElement>("input[type=radio]:checked", reason.parentElement ?? form)?.value;
      reason.hidden = chosen !== "no" && chosen !== "na";
    }
  };
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement && box.type === "checkbox" && box.checked) {
      const others = box.hasAttribute("data-none") ? "[data-fault]" : box.hasAttribute("data-fault") ? "[data-none]" : "";
      if (others && box.closest(".faults")) all<HTMLInputElement>(others, box.closest(".faults")!).forEach((o) => (o.checked = false));
    }
    update();
  });
  update();
  return update;
}

function addBox(series: HTMLElement): HTMLInputElement | null {
  const boxes = all<HTMLInputElement>("input", series);
  const last = boxes[boxes.length - 1];
  if (!last || boxes.length >= Number(series.dataset["series"])) return null;
  const fresh = last.cloneNode() as HTMLInputElement;
  fresh.value = "";
  last.after(fresh);
  return fresh;
}

/** A series grows while it is filled, and takes a pasted column of numbers. */
function startSeries(series: HTMLElement): void {
  series.addEventListener("input", () => {
    const boxes = all<HTMLInputElement>("input", series);
    if (boxes.every((box) => box.value.trim() !== "")) addBox(series);
  });
  series.addEventListener("paste", (event) => {
    const texts = (event.clipboardData?.getData("text") ?? "").trim().split(/[\s,;，；、]+/);
    if (texts.length < 2 || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    let box: HTMLInputElement | null = event.target;
    for (const text of texts) {
      if (!box) break;
      box.value = text;
      const following: Element | null = box.nextElementSibling;
      box = following instanceof HTMLInputElement ? following : addBox(series);
    }
    series.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function putBack(form: HTMLFormElement, entries: Entry[]): void {
  const values = new Map<string, string[]>();
  for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
  for (const [name, texts] of values) {
    const first = form.elements.namedItem(name);
    const series = first instanceof RadioNodeList || first === null ? null : first.closest<HTMLElement>("[data-series]");
    const group = first instanceof RadioNodeList ? (first[0] as HTMLElement | undefined)?.closest<HTMLElement>("[data-series]") : series;
    if (group) while (all("input", group).length < texts.length && addBox(group));
    const cell = first instanceof RadioNodeList ? first[0] : first;
    const grid = cell instanceof HTMLElement ? cell.closest<HTMLElement>("[data-grid]") : null;
    if (grid) while (all("tbody tr", grid).length < texts.length && addRow(grid));
    all<HTMLInputElement | HTMLTextAreaElement>(`[name="${CSS.escape(name)}"]`, form).forEach((field, i) => {
      if (field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type)) field.checked = texts.includes(field.value);
      else if (field.type !== "hidden") field.value = texts[i] ?? "";
    });
  }
}

/** A form that is kept while somebody types: at the server, and in the browser while that cannot be reached. */
export class Sheet {
  private revision: number;
  private saved: Entry[];
  private timer = 0;
  private busy = false;
  private readonly key: string;
  private readonly url: string;
  private readonly keeps: boolean;
  private readonly pause: number;
  private ended = false;

  constructor(private readonly form: HTMLFormElement, private readonly shown: () => void) {
    this.revision = Number(form.dataset["revision"] ?? "0");
    this.keeps = form.dataset["save"] !== undefined;
    this.url = form.dataset["save"] ?? form.dataset["judge"] ?? "";
    this.key = form.dataset["keyLocal"] ?? "";
    this.pause = Number(form.dataset["pause"] ?? PAUSE);
    this.saved = entriesOf(form);
    if (this.url) form.addEventListener("input", () => this.typed());
    form.addEventListener("change", () => this.typed());
    window.addEventListener("online", () => this.soon(0));
    one("[data-over]", form)?.addEventListener("click", () => void this.save(true));
    this.offer();
  }

  /** The revision that the next saving goes on from. */
  get at(): number {
    return this.revision;
  }

  entries(): Entry[] {
    return entriesOf(this.form);
  }

  /** No saving is under way any more, and none is planned. */
  async settled(): Promise<void> {
    window.clearTimeout(this.timer);
    while (this.busy) await new Promise((done) => window.setTimeout(done, 10));
    window.clearTimeout(this.timer);
  }

  /** The sheet leaves the page; `submitted`: what the browser kept of it is not needed any more. */
  end(submitted: boolean): void {
    this.ended = true;
    window.clearTimeout(this.timer);
    if (submitted && this.key) localStorage.removeItem(this.key);
  }

  /** Plans a saving of what is not saved yet, after a submission that failed. */
  again(): void {
    this.keep();
    this.soon(AGAIN);
  }

  private say(word: string, bad = false): void {
    const state = need("[data-state]", this.form);
    state.textContent = this.form.dataset[word] ?? "";
    state.classList.toggle("bad", bad);
  }

  note(name: string, visible: boolean): HTMLElement {
    const box = need(`[data-note="${name}"]`, this.form);
    box.hidden = !visible;
    return box;
  }

  private keep(): void {
    if (!this.key || !this.keeps || this.offered()) return;
    const kept: Kept = { entries: entriesOf(this.form), at: new Date().toISOString() };
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      this.note("trouble", true);
    }
  }

  /** Whether an earlier text waits for an answer: it is neither overwritten nor dropped meanwhile. */
  private offered(): boolean {
    return !need('[data-note="local"]', this.form).hidden;
  }

  /** Offers what an earlier visit could not save. */
  private offer(): void {
    const text = this.key ? localStorage.getItem(this.key) : null;
    if (!text) return;
    const kept = JSON.parse(text) as Kept;
    if (same(kept.entries, this.saved)) {
      localStorage.removeItem(this.key);
      return;
    }
    const box = this.note("local", true);
    need("[data-when]", box).textContent = new Date(kept.at).toLocaleString();
    need("[data-restore]", box).addEventListener("click", () => {
      putBack(this.form, kept.entries);
      this.shown();
      this.note("local", false);
      this.typed();
    });
    need("[data-forget]", box).addEventListener("click", () => {
      localStorage.removeItem(this.key);
      this.note("local", false);
    });
  }

  private typed(): void {
    if (!this.url || same(entriesOf(this.form), this.saved)) return;
    this.keep();
    if (this.keeps) this.say("changed");
    this.soon(this.pause);
  }

  private soon(pause: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(false), pause);
  }

  private async save(over: boolean): Promise<void> {
    if (this.ended) return;
    const entries = entriesOf(this.form);
    if (!over && same(entries, this.saved)) return;
    if (this.busy) return this.soon(PAUSE);
    this.busy = true;
    if (this.keeps) this.say("saving");
    const body = new FormData();
    for (const [name, value] of entries) body.append(name, value);
    body.append("csrfmiddlewaretoken", need<HTMLInputElement>("[name=csrfmiddlewaretoken]", this.form).value);
    body.append("revision", String(this.revision));
    if (over) body.append("over", "1");
    try {
      const answer = await fetch(this.url, { method: "POST", body, headers: { Accept: "application/json" } });
      await this.answered(answer, entries);
    } catch {
      if (this.keeps) this.say("offline", true);
      this.soon(AGAIN);
    } finally {
      this.busy = false;
    }
  }

  private async answered(answer: Response, entries: Entry[]): Promise<void> {
    const json = (answer.headers.get("content-type") ?? "").includes("json") && !answer.redirected;
    if (!json) {
      this.note(answer.redirected || answer.status === 403 ? "session" : "trouble", true);
      this.say("offline", true);
      return;
    }
    const told = (await answer.json()) as Answer;
    if (this.told(answer.status, told)) return;
    for (const name of ["conflict", "session", "trouble"]) this.note(name, false);
    this.revision = told.revision ?? this.revision;
    this.saved = entries;
    this.show(told);
    if (same(entriesOf(this.form), entries)) {
      if (this.key && !this.offered()) localStorage.removeItem(this.key);
      if (this.keeps) this.say("saved");
    } else this.soon(PAUSE);
  }

  /** Tells why the server refused; whether it did. */
  told(status: number, told: Answer): boolean {
    if (status === 410) {
      need("[data-text]", this.note("gone", true)).textContent = told.text ?? "";
      need("[data-state]", this.form).textContent = "";
      return true;
    }
    if (status === 409) {
      need("[data-text]", this.note("conflict", true)).textContent = told.text ?? "";
      need("[data-state]", this.form).textContent = "";
      return true;
    }
    if (status >= 400) this.note("trouble", true);
    return status >= 400;
  }

  show(told: Answer): void {
    for (const slot of all("[data-slot]", this.form)) {
      const name = slot.dataset["slot"] ?? "";
      if (name === "score") slot.textContent = told.score ?? "";
      else if (told.judged && slot.innerHTML !== (told.judged[name] ?? "")) slot.innerHTML = told.judged[name] ?? "";
    }
    for (const field of all("[data-item]", this.form)) {
      const text = told.errors?.[field.dataset["item"] ?? ""] ?? "";
      const line = need("[data-error]", field);
      line.hidden = text === "";
      need("span", line).textContent = text;
      field.classList.toggle("has-error", text !== "");
    }
  }
}

export function startSheets(): void {
  onEach<HTMLFormElement>("form[data-sheet]", (form) => {
    startEnter(form);
    all("[data-series]", form).forEach(startSeries);
    all("[data-grid]", form).forEach(startGrid);
    startFiles(form);
    one<HTMLElement>(".has-error :is(input, textarea)", form)?.focus();
    new Sheet(form, startShown(form));
  });
  onEach("[data-sheet-done]", (done) => localStorage.removeItem(done.dataset["sheetDone"] ?? ""));
}
