import type { Evidence, Point, Shape } from "../viewer/data";
import { icon, make, need } from "../viewer/dom";
import type { Panel } from "../viewer/panel";
import { text } from "../viewer/texts";
import type { Viewer } from "../viewer/viewer";
import { type CaseData, type Defect, type MarkData, type MarkKind, newId, tokenOf } from "./data";
import { DefectChooser } from "./defects";

const STEP = 12; // CSS pixels of one key press; with Shift 2
const MOVED = 4; // CSS pixels from which a press is a drag
const AGAIN = 8000;
const HEAD = 0.2; // of an arrow's length: its head

interface Sketch {
  panel: Panel;
  from: Point;
  kind: MarkKind;
  to: Point;
}

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
    private readonly said: (words: string) => void,
  ) {
    need("span", this.hint).textContent = text("marking");
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
  }

  /** The series of an image that was just opened takes its marks. */
  private attach(panel: Panel): void {
    const { series } = panel;
    if (series) series.overlays = this.marks.filter((mark) => mark.series === series.id).map((mark) => this.evidence(mark));
  }

  private refresh(): void {
    for (const panel of this.viewer.shown) {
      this.attach(panel);
      const { sketch } = this;
      if (panel.series && sketch?.panel === panel) panel.series.overlays.push({ shape: shapeOf(sketch.kind, pointsOf(sketch)), index: panel.index, label: "", outcome: "mark" });
      panel.paint();
    }
  }

  private evidence(mark: MarkData): Evidence {
    return { shape: shapeOf(mark.shape.kind, mark.shape.points), index: mark.index, label: this.nameOf(mark), outcome: "mark" };
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
    if (!this.markable(this.viewer.current)) return;
    this.on = true;
    this.panes.dataset["marking"] = "";
    this.hint.hidden = false;
    this.button.setAttribute("aria-pressed", "true");
    this.viewer.current.element.focus({ preventScroll: true });
  }

  stop(): boolean {
    const had = this.on;
    this.on = false;
    delete this.panes.dataset["marking"];
    this.hint.hidden = true;
    this.button.setAttribute("aria-pressed", "false");
    this.cross.remove();
    this.cursor = this.anchor = this.sketch = null;
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
    const [series, index] = [panel.series.id, panel.index];
    this.sketch = sketch;
    this.asking = true;
    const defect = await this.chooser.ask(this.defects);
    this.asking = false;
    this.stop();
    if (defect === null) return;
    const mark: MarkData = { id: newId(), series, index, shape: { kind: sketch.kind, points }, defect, note: "" };
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
    place.replaceChildren(...this.marks.map((mark) => this.row(mark)));
  }

  private row(mark: MarkData): HTMLElement {
    const item = make("li", this.unsent.has(mark.id) ? "is-unsent" : "");
    const show = make("button", "bare room-mark-show");
    show.type = "button";
    show.title = text("mark_show");
    show.append(icon("flag"), make("span", "", this.nameOf(mark) || text("mark_unnamed")), make("small", "muted", text(`mark_${mark.shape.kind}`)));
    show.addEventListener("click", () => void this.viewer.goTo(mark.series, mark.index).then(() => this.viewer.current.flash()));
    const remove = make("button", "bare room-mark-remove");
    remove.type = "button";
    remove.setAttribute("aria-label", text("mark_remove"));
    remove.title = text("mark_remove");
    remove.append(icon("x"));
    remove.addEventListener("click", () => void this.remove(mark));
    item.append(show, remove);
    return item;
  }
}

/** In image pixels: one point, two corners of a box, or the tail and the head of an arrow. */
function pointsOf({ panel, from, to, kind }: Sketch): Point[] {
  const [a, b] = [panel.view.toImage(from), panel.view.toImage(to)];
  return kind === "point" ? [b] : [a, b];
}

function shapeOf(kind: MarkKind, points: Point[]): Shape {
  const [a, b = a] = points as [Point, Point?] as [Point, Point];
  if (kind === "point") return { kind: "points", points: [a] };
  if (kind === "rect") {
    return { kind: "rect", x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]), width: Math.abs(b[0] - a[0]), height: Math.abs(b[1] - a[1]) };
  }
  const [dx, dy] = [(b[0] - a[0]) * HEAD, (b[1] - a[1]) * HEAD];
  const barb = (turn: number): Point => [b[0] - dx + turn * dy * 0.6, b[1] - dy - turn * dx * 0.6];
  return { kind: "polyline", points: [a, b, barb(1), b, barb(-1)] };
}
