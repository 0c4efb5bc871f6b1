import type { Evidence, Point } from "../viewer/data";
import { make, need } from "../viewer/dom";
import type { Panel } from "../viewer/panel";
import { text } from "../viewer/texts";
import type { Viewer } from "../viewer/viewer";
import { type CaseData, type Defect, type ImageShape, type MarkData, type TextShape, newId, tokenOf } from "./data";
import { DefectChooser } from "./defects";
import { markRow } from "./marklist";
import { type Sketch, pointsOf, shapeOf } from "./shapes";
import type { Words } from "./words";

const STEP = 12; // CSS pixels of one key press; with Shift 2
const MOVED = 4; // CSS pixels from which a press is a drag
const AGAIN = 8000;

/** Marks of a case: drawn by mouse or by key, named, listed at the sheet and stored at once. */
export class Marks {
  private readonly chooser = new DefectChooser();
  private readonly panes = need("[data-panes]");
  private readonly hint = need("[data-marking]");
  private readonly button = need("[data-room='mark']");
  private readonly cross = make("div", "room-cross");
  private marks: MarkData[] = [];
  private unsent = new Set<string>();
  private one: CaseData | null = null;
  private form: HTMLFormElement | null = null;
  private sketch: Sketch | null = null;
  private cursor: Point | null = null;
  private anchor: Point | null = null;
  private defects: Defect[] = [];
  private asking = false;
  on = false;

  constructor(
    private readonly viewer: Viewer,
    private readonly words: Words,
    private readonly said: (words: string) => void,
  ) {
    words.selected = () => this.on && this.words.markable && this.takeWords(this.words.selection());
    this.button.addEventListener("click", () => this.toggle());
    const pointer = { down: (e: PointerEvent) => this.down(e), move: (e: PointerEvent) => this.move(e), up: (e: PointerEvent) => this.up(e) };
    for (const [name, act] of Object.entries(pointer)) this.panes.addEventListener(`pointer${name}`, (event) => act(event as PointerEvent), true);
    viewer.opened = (panel) => this.attach(panel);
    window.setInterval(() => void this.flush(), AGAIN);
  }

  load(one: CaseData, form: HTMLFormElement, defects: Defect[]): void {
    this.stop();
    this.one = one;
    this.form = form;
    this.defects = defects;
    this.marks = [...one.marks];
    this.unsent.clear();
    this.list();
    this.refresh();
  }

  /** The series of an image that was just opened takes its marks. */
  private attach(panel: Panel): void {
    const { series } = panel;
    if (series) series.overlays = this.marks.filter((mark) => mark.series === series.id).map((mark) => this.evidence(mark));
  }

  private refresh(): void {
    const inText = this.marks.filter((mark) => mark.shape.kind === "text");
    this.words.draw(inText.map((mark) => ({ ...(mark.shape as TextShape), label: this.nameOf(mark), look: "own" })));
    for (const panel of this.viewer.shown) {
      this.attach(panel);
      const { sketch } = this;
      if (panel.series && sketch?.panel === panel) panel.series.overlays.push({ shape: shapeOf(sketch.kind, pointsOf(sketch)), index: panel.index, label: "", outcome: "mark" });
      panel.paint();
    }
  }

  private evidence(mark: MarkData): Evidence {
    const shape = mark.shape as ImageShape; // one in a text has no series
    return { shape: shapeOf(shape.kind, shape.points), index: mark.index, label: this.nameOf(mark), outcome: "mark" };
  }

  private nameOf(mark: MarkData): string {
    return this.defects.find((one) => one.code === mark.defect)?.name ?? mark.defect;
  }

  // --- drawing -----------------------------------------------------------------------------------

  toggle(): void {
    if (this.on) this.stop();
    else this.start();
  }

  private start(): void {
    const inText = this.words.markable;
    if (inText && this.takeWords(this.words.selection())) return;
    if (!inText && !this.markable(this.viewer.current)) return;
    if (!inText) this.words.show(false); // a record has no words to mark, its images have something
    this.on = true;
    this.panes.dataset["marking"] = "";
    need("span", this.hint).textContent = text(inText ? "marking_words" : "marking");
    this.hint.hidden = false;
    this.button.setAttribute("aria-pressed", "true");
    if (inText) this.words.begin();
    else this.viewer.current.element.focus({ preventScroll: true });
  }

  /** Asks which defect the words show; whether there were any. */
  private takeWords(shape: TextShape | null): boolean {
    if (!shape || this.asking) return false;
    void this.name(shape, "", 0);
    return true;
  }

  stop(): boolean {
    const had = this.on;
    this.on = false;
    delete this.panes.dataset["marking"];
    this.hint.hidden = true;
    this.button.setAttribute("aria-pressed", "false");
    this.cross.remove();
    this.cursor = this.anchor = this.sketch = null;
    if (had) this.words.end();
    if (had) this.refresh();
    return had;
  }

  /** Only the exam that is read is marked, not an earlier one. */
  private markable(panel: Panel): boolean {
    return panel.known !== null && panel.series !== null && panel.series.exam === this.one?.exam.id;
  }

  private panelOf(event: Event): Panel | undefined {
    const element = event.target instanceof Element ? event.target.closest(".viewer-pane") : null;
    return this.viewer.shown.find((panel) => panel.element === element);
  }

  private down(event: PointerEvent): void {
    if (!this.on || event.button !== 0) return;
    event.stopPropagation();
    event.preventDefault();
    const panel = this.panelOf(event);
    if (!panel || !this.markable(panel) || this.asking) return;
    panel.element.setPointerCapture(event.pointerId);
    const at = panel.at(event);
    this.sketch = { panel, from: at, to: at, kind: "point" };
  }

  private move(event: PointerEvent): void {
    const { sketch } = this;
    if (!this.on || !sketch || this.asking) return;
    event.stopPropagation();
    sketch.to = sketch.panel.at(event);
    const moved = Math.hypot(sketch.to[0] - sketch.from[0], sketch.to[1] - sketch.from[1]) > MOVED;
    sketch.kind = moved ? (event.shiftKey ? "arrow" : "rect") : "point";
    this.refresh();
  }

  private up(event: PointerEvent): void {
    if (!this.on || !this.sketch || this.asking) return;
    event.stopPropagation();
    void this.finish(this.sketch);
  }

  /** The mark by key: arrows move it, Space begins a box, Enter ends it. */
  key(event: KeyboardEvent): boolean {
    if (!this.on) return false;
    if (event.key === "Escape") return this.stop();
    if (this.words.markable) return event.key === "Enter" ? this.takeWords(this.words.sketch) : this.words.key(event);
    const ways: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    const panel = this.viewer.current;
    if (way) return this.moveCross(panel, way, event.shiftKey ? 2 : STEP), true;
    if (event.key === " ") {
      this.anchor = this.crossAt(panel);
      return true;
    }
    if (event.key !== "Enter") return false;
    const at = this.crossAt(panel);
    void this.finish({ panel, from: this.anchor ?? at, to: at, kind: this.anchor ? "rect" : "point" });
    return true;
  }

  private crossAt(panel: Panel): Point {
    if (!this.cursor) {
      this.cursor = [panel.element.clientWidth / 2, panel.element.clientHeight / 2];
      panel.element.append(this.cross);
    }
    this.cross.style.left = `${this.cursor[0]}px`;
    this.cross.style.top = `${this.cursor[1]}px`;
    return this.cursor;
  }

  private moveCross(panel: Panel, [dx, dy]: Point, step: number): void {
    const [x, y] = this.crossAt(panel);
    const { clientWidth, clientHeight } = panel.element;
    this.cursor = [Math.max(0, Math.min(clientWidth, x + dx * step)), Math.max(0, Math.min(clientHeight, y + dy * step))];
    this.crossAt(panel);
    if (!this.anchor) return;
    this.sketch = { panel, from: this.anchor, to: this.cursor, kind: "rect" };
    this.refresh();
  }

  private async finish(sketch: Sketch): Promise<void> {
    const { panel } = sketch;
    const points = pointsOf(sketch);
    if (!panel.series || points.some((point) => !point.every(Number.isFinite))) return;
    this.sketch = sketch;
    await this.name({ kind: sketch.kind, points }, panel.series.id, panel.index);
  }

  /** Asks for the defect and keeps the mark. */
  private async name(shape: MarkData["shape"], series: string, index: number): Promise<void> {
    this.asking = true;
    const defect = await this.chooser.ask(this.defects);
    this.asking = false;
    this.stop();
    this.words.forget();
    if (defect === null) return;
    const mark: MarkData = { id: newId(), series, index, shape, defect, note: "" };
    this.marks.push(mark);
    this.unsent.add(mark.id);
    this.list();
    this.refresh();
    await this.flush();
  }

  // --- keeping -------------------------------------------------------------------------------------

  /** Sends what the server does not have yet; whether it has all of them now. */
  async flush(): Promise<boolean> {
    for (const mark of this.marks.filter((one) => this.unsent.has(one.id))) {
      try {
        const answer = await this.send("POST", this.one?.addresses.marks ?? "", JSON.stringify(mark));
        if (answer.redirected) return false;
        if (answer.ok) this.unsent.delete(mark.id);
        else if (answer.status === 422 || answer.status === 409) this.drop(mark, ((await answer.json()) as { text?: string }).text ?? "");
        else return false;
      } catch {
        return false;
      }
    }
    this.list();
    return true;
  }

  private drop(mark: MarkData, why: string): void {
    this.unsent.delete(mark.id);
    this.marks = this.marks.filter((one) => one.id !== mark.id);
    this.said(text("mark_failed", { why }));
    this.refresh();
  }

  private async remove(mark: MarkData): Promise<void> {
    this.marks = this.marks.filter((one) => one.id !== mark.id);
    this.unsent.delete(mark.id);
    this.list();
    this.refresh();
    try {
      const answer = await this.send("DELETE", `${this.one?.addresses.marks ?? ""}?id=${mark.id}`);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    } catch {
      this.marks.push(mark);
      this.said(text("offline"));
      this.list();
      this.refresh();
    }
  }

  private send(method: string, address: string, body: string | null = null): Promise<Response> {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": this.form ? tokenOf(this.form) : "" };
    return fetch(address, { method, body, headers });
  }

  // --- the list at the sheet -----------------------------------------------------------------------

  private list(): void {
    const place = this.form?.querySelector<HTMLElement>("[data-marks]");
    const none = this.form?.querySelector<HTMLElement>("[data-no-marks]");
    if (!place || !none) return;
    none.hidden = this.marks.length > 0;
    place.replaceChildren(...this.marks.map((mark) => markRow(mark, {
      name: this.nameOf(mark),
      about: mark.shape.kind === "text" ? this.words.quote(mark.shape) : text(`mark_${mark.shape.kind}`),
      unsent: this.unsent.has(mark.id),
      show: () => this.reveal(mark),
      remove: () => void this.remove(mark),
    })));
  }

  private reveal({ shape, series, index }: MarkData): void {
    if (shape.kind === "text") return this.words.reveal(shape);
    this.words.show(false);
    void this.viewer.goTo(series, index).then(() => this.viewer.current.flash());
  }
}
