import { type Entry, Sheet, startShown } from "../scripts/sheet";
import { fetchJson, fileOf } from "../viewer/data";
import { make, need } from "../viewer/dom";
import { load } from "../viewer/engine/engine";
import { text } from "../viewer/texts";
import { Viewer } from "../viewer/viewer";
import { type Ahead, painted, sheetOf } from "./ahead";
import { Clock } from "./clock";
import { type CaseData, type Defect, type RoomConfig, dictionaryOf, post, viewerConfig } from "./data";
import { Marks } from "./marks";
import { PositionBox } from "./position";
import { SheetKeys } from "./sheetkeys";
import { Words } from "./words";

interface Submitted {
  next: string;
  progress?: { done: number; total: number };
  text?: string;
  errors?: Record<string, string>;
}

/** The reading room: one case after the other, images on the left, the sheet on the right. */
export class Room {
  private readonly viewer: Viewer;
  private readonly words = new Words();
  private readonly position = new PositionBox();
  private readonly marks: Marks;
  private readonly clock: Clock;
  private one: CaseData;
  private form!: HTMLFormElement;
  private sheet!: Sheet;
  private keys!: SheetKeys;
  private busy = false;
  private going = 0;
  private ahead: Ahead | null = null;

  constructor(
    private readonly config: RoomConfig,
    cacheBytes: number,
  ) {
    this.one = config.case;
    this.viewer = new Viewer(viewerConfig(config, config.case), cacheBytes, true);
    this.marks = new Marks(this.viewer, this.words, (words) => this.said(words));
    const marked = this.viewer.opened;
    this.viewer.opened = (panel) => {
      marked(panel);
      this.position.at(panel.series?.id ?? "");
    };
    this.clock = new Clock((seconds) => void this.beat(seconds));
    document.addEventListener("keydown", (event) => this.key(event), true);
    window.addEventListener("popstate", () => location.reload());
    need("[data-room='sheet']").addEventListener("click", () => document.body.classList.toggle("show-verdicts"));
  }

  // --- a case --------------------------------------------------------------------------------------

  /** Puts a case on the page; what only the case after it needs waits until this one is painted. */
  async present(one: CaseData, sheet = sheetOf(one)): Promise<void> {
    this.one = one;
    this.head(one);
    this.hangSheet(sheet);
    this.words.load(one.content ?? null);
    this.marks.load(one, this.form, this.config.defects[dictionaryOf(one)] ?? []);
    this.keys.start();
    this.clock.start();
    await this.viewer.take(viewerConfig(this.config, one), one.second, one.second_start, one.preset);
    await painted();
    if (this.one !== one) return;
    void this.open(one);
    void this.defectsOf(one);
    void this.fetchAhead(one.next);
  }

  private head(one: CaseData): void {
    const { done, total } = one.progress;
    need("[data-title]").textContent = one.title;
    need("[data-about]").textContent = one.about;
    need("[data-progress]").textContent = text("progress", { done, total });
    const bar = need<HTMLProgressElement>("[data-progress-bar]");
    bar.max = Math.max(1, total);
    bar.value = done;
    need<HTMLAnchorElement>("[data-decline]").href = one.addresses.decline;
    const unchecked = need("[data-unchecked]");
    unchecked.hidden = !one.unchecked;
    need("span", unchecked).textContent = text("unchecked");
    this.position.load(one);
  }

  private hangSheet(sheet: HTMLElement): void {
    const place = need("[data-form]");
    place.replaceChildren(...sheet.childNodes);
    place.scrollTop = 0;
    this.form = need<HTMLFormElement>("form", place);
    this.keys = new SheetKeys(this.form);
    this.sheet = new Sheet(this.form, startShown(this.form));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if ((event as SubmitEvent).submitter) void this.submit(event.timeStamp);
    });
    need("[data-keep]", this.form).addEventListener("click", () => this.download());
    need("[data-drop]", this.form).addEventListener("click", () => this.sheet.end(true));
  }

  private async open(one: CaseData): Promise<void> {
    try {
      const answer = await post(one.addresses.open, this.form);
      if (answer.status === 410 && this.one === one) this.sheet.told(410, (await answer.json()) as { text?: string });
    } catch {
      // Told when something is saved; reading goes on.
    }
  }

  private async defectsOf(one: CaseData): Promise<void> {
    const dictionary = dictionaryOf(one);
    if (this.config.defects[dictionary]) return;
    try {
      const told = await fetchJson<{ defects: Defect[] }>(this.config.addresses.defects.replace("{modality}", encodeURIComponent(dictionary)));
      this.config.defects[dictionary] = told.defects;
      if (dictionaryOf(this.one) === dictionary) this.marks.load(this.one, this.form, told.defects);
    } catch {
      this.said(text("offline"));
    }
  }

  // --- the next one ----------------------------------------------------------------------------------

  /** The next case and its first pictures, while this one is read. */
  private async fetchAhead(address: string): Promise<void> {
    if (!address) return;
    const { one } = this;
    try {
      const data = await fetchJson<CaseData>(`${address}?past=${one.id}`);
      if (this.one !== one) return;
      this.ahead = { address, data, sheet: sheetOf(data) };
      const first = [data.series && fileOf(data.series, data.start), data.second && fileOf(data.second, data.second_start)];
      for (const file of first) if (file) await load(file);
      if (this.one !== one) return;
      document.body.dataset["ahead"] = data.id;
      for (const card of data.exam.series) if (card.picture) new Image().src = card.picture;
    } catch {
      // It is fetched when it is needed.
    }
  }

  /** `begun`: when the key was pressed, or the button. */
  private async submit(begun = performance.now()): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const button = need<HTMLButtonElement>("[data-submit]", this.form);
    button.disabled = true;
    const state = need("[data-state]", this.form);
    state.textContent = text("submitting");
    state.classList.remove("bad");
    try {
      await this.sheet.settled();
      if (await this.marks.flush()) await this.send(begun);
      else this.sheet.note("trouble", true);
    } catch {
      this.sheet.again();
      this.bad(text("unsent"));
    } finally {
      this.busy = false;
      button.disabled = false;
    }
  }

  private async send(begun: number): Promise<void> {
    const fields: Entry[] = [...this.sheet.entries(), ["revision", String(this.sheet.at)], ["seconds", this.clock.take().toFixed(1)]];
    const answer = await post(this.one.addresses.submit, this.form, fields);
    if (answer.redirected || answer.status === 403) {
      this.sheet.again();
      this.sheet.note("session", true);
      return;
    }
    const told = (await answer.json()) as Submitted;
    if (answer.status === 422) {
      this.sheet.show({ errors: told.errors ?? {} });
      this.sheet.again();
      this.bad(told.text ?? text("mend"));
      this.keys.goToError();
      return;
    }
    if (!answer.ok) {
      this.sheet.again();
      this.sheet.told(answer.status, told);
      return;
    }
    this.sheet.end(true);
    this.clock.stop();
    await this.goOn(told, begun);
  }

  private async goOn(told: Submitted, begun: number): Promise<void> {
    if (!told.next) return location.assign(this.config.addresses.readings);
    const known = this.ahead?.address === told.next ? this.ahead : null;
    this.ahead = null;
    delete document.body.dataset["ahead"];
    const next = known?.data ?? (await fetchJson<CaseData>(told.next));
    if (told.progress) next.progress = told.progress;
    history.pushState(null, "", next.addresses.page);
    await this.present(next, known?.sheet);
    document.body.dataset["next"] = (performance.now() - begun).toFixed(0);
  }

  // --- time and words ----------------------------------------------------------------------------------

  private async beat(seconds: number): Promise<void> {
    try {
      await post(this.one.addresses.seconds, this.form, [["seconds", seconds.toFixed(1)]], true);
    } catch {
      // The time is lost, the reading is not.
    }
  }

  /** What was typed for a case that was taken back, as a file. */
  private download(): void {
    const lines = this.sheet.entries().map(([name, value]) => `${name}: ${value}`);
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([`${this.one.title}\n${lines.join("\n")}\n`], { type: "text/plain" }));
    link.download = `${this.one.number}.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /** Why a case was not submitted, where everybody sees it. */
  private bad(words: string): void {
    this.said(words);
    need("[data-state]", this.form).classList.add("bad");
  }

  private said(words: string): void {
    need("[data-said]").textContent = words;
    need("[data-state]", this.form).textContent = words;
  }

  // --- keys ------------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      void this.submit(event.timeStamp);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.did(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private did(event: KeyboardEvent): boolean {
    if (this.marks.key(event)) return true;
    if (event.key === "Tab") return this.toNote() || this.keys.tab(event.shiftKey);
    if (event.key === "Escape") return this.escape();
    if (event.key !== "Enter" && SheetKeys.keeps(event)) return false;
    const button = event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement;
    if (button && (event.key === "Enter" || event.key === " ")) return false;
    if (event.key === "Enter") return !(event.target instanceof HTMLTextAreaElement) && this.keys.tab(false);
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (event.shiftKey && digit) return this.viewer.preset(Number(digit) - 1), true;
    if (event.shiftKey && event.code === "KeyC") return this.viewer.act("compare");
    const key = event.key.toLowerCase();
    if (key === "v") return this.marks.toggle(), true;
    if (key === "s") return this.position.toggle();
    if (key === "t" && this.words.has) return this.marks.stop(), this.words.toggle();
    if (event.timeStamp < this.going) return (this.going = 0), false; // "g" and a letter lead to another page
    if (key === "g") return (this.going = event.timeStamp + 1200), false;
    if (this.keys.key(key)) return true;
    if (/^[\dabcd]$/.test(key)) return true; // these belong to the sheet, also where it has no use for them
    return this.words.shown ? this.words.scroll(event.key) : this.viewer.key(event);
  }

  /** Tab goes once to what asks for an answer above the sheet, before it goes on. */
  private toNote(): boolean {
    const notes = [...this.form.querySelectorAll<HTMLElement>(".sheet-note")];
    for (const one of notes) if (one.hidden) delete one.dataset["seen"];
    const note = notes.find((one) => !one.hidden && one.dataset["seen"] === undefined && one.querySelector("a, button"));
    if (!note) return false;
    note.dataset["seen"] = "";
    note.querySelector<HTMLElement>("a, button")?.focus();
    return true;
  }

  private escape(): boolean {
    const active = document.activeElement;
    if (active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement) {
      active.blur();
      return true;
    }
    return this.viewer.act("mode:window");
  }
}
