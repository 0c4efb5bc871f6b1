import type { Point } from "./data";
import type { Panel } from "./panel";
import { type Kind, type Measure, POINTS } from "./measure";

export type Mode = "window" | "pan" | "zoom" | Kind;
export const MODES: readonly Mode[] = ["window", "pan", "zoom", "length", "angle", "ellipse"];
const SLICE_PIXELS = 8; // of a finger's way for one slice

interface Held {
  button: number;
  last: Point;
  start: Point;
  rest: number;
}

export interface InputOptions {
  mode: () => Mode;
  scroll: (panel: Panel, steps: number) => void;
  activate: (panel: Panel) => void;
}

function isKind(mode: Mode): mode is Kind {
  return mode in POINTS;
}

/** Mouse and fingers on one image. */
export class Input {
  private readonly held = new Map<number, Held>();
  private sketch: Measure | null = null;
  private fresh = false;

  constructor(
    private readonly panel: Panel,
    private readonly options: InputOptions,
  ) {
    const { element } = panel;
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"] as const) element.addEventListener(name, (event) => this.up(event));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("dblclick", () => this.options.mode() !== "angle" && panel.view.fit());
    element.addEventListener("focus", () => this.options.activate(panel));
  }

  /** Gives up what is being drawn; whether there was something. */
  cancel(): boolean {
    const had = this.sketch !== null;
    this.sketch = null;
    this.panel.sketch(null);
    return had;
  }

  private down(event: PointerEvent): void {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLAnchorElement) return;
    this.options.activate(this.panel);
    this.panel.element.setPointerCapture(event.pointerId);
    const at = this.panel.at(event);
    this.held.set(event.pointerId, { button: event.button, last: at, start: at, rest: 0 });
    const mode = this.options.mode();
    if (event.button === 0 && this.held.size === 1 && isKind(mode)) this.point(mode, at);
    if (event.button === 1) event.preventDefault(); // no scrolling mark of the browser
  }

  private point(kind: Kind, at: Point): void {
    const place = this.panel.view.toImage(at);
    this.fresh = this.sketch?.kind !== kind;
    if (this.fresh) this.sketch = { kind, points: [place, place] };
    this.panel.sketch(this.sketch);
  }

  private move(event: PointerEvent): void {
    const at = this.panel.at(event);
    if (this.sketch) {
      this.sketch.points[this.sketch.points.length - 1] = this.panel.view.toImage(at);
      this.panel.sketch(this.sketch);
    }
    const held = this.held.get(event.pointerId);
    if (!held) return;
    if (this.held.size === 2) this.pinch(event.pointerId, at);
    else if (!this.sketch) this.drag(event.pointerType === "touch", held, at);
    held.last = at;
  }

  private drag(touch: boolean, held: Held, at: Point): void {
    const [dx, dy] = [at[0] - held.last[0], at[1] - held.last[1]];
    const mode = this.options.mode();
    if (held.button === 1 || (held.button === 0 && mode === "pan")) this.panel.view.panBy(dx, dy);
    else if (held.button === 2 || (held.button === 0 && mode === "zoom")) this.panel.view.zoomTo(this.panel.view.zoom * Math.exp(-dy / 150), held.start);
    else if (touch) this.swipe(held, dx, dy);
    else if (held.button === 0 && mode === "window") this.panel.dragWindow(dx, dy);
  }

  /** One finger goes through the slices; a single image is moved. */
  private swipe(held: Held, dx: number, dy: number): void {
    if (this.panel.count < 2) return this.panel.view.panBy(dx, dy);
    held.rest += dy;
    const steps = Math.trunc(held.rest / SLICE_PIXELS);
    held.rest -= steps * SLICE_PIXELS;
    if (steps) this.options.scroll(this.panel, steps);
  }

  private pinch(moved: number, at: Point): void {
    const [first, second] = [...this.held.entries()] as [[number, Held], [number, Held]];
    const [still, own] = first[0] === moved ? [second[1].last, first[1].last] : [first[1].last, second[1].last];
    const before = Math.hypot(own[0] - still[0], own[1] - still[1]);
    const after = Math.hypot(at[0] - still[0], at[1] - still[1]);
    const middle: Point = [(at[0] + still[0]) / 2, (at[1] + still[1]) / 2];
    if (before > 0) this.panel.view.zoomTo((this.panel.view.zoom * after) / before, middle);
    this.panel.view.panBy((at[0] - own[0]) / 2, (at[1] - own[1]) / 2);
  }

  private up(event: PointerEvent): void {
    const held = this.held.get(event.pointerId);
    this.held.delete(event.pointerId);
    if (!held || !this.sketch) return;
    const at = this.panel.at(event);
    const moved = Math.hypot(at[0] - held.start[0], at[1] - held.start[1]) > 4;
    if (this.fresh && !moved) return; // a click: the next point follows the pointer until the next click
    if (this.sketch.points.length < POINTS[this.sketch.kind]) {
      this.sketch.points.push(this.panel.view.toImage(at));
      this.fresh = false;
      return;
    }
    this.panel.sketch(this.sketch, true);
    this.sketch = null;
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    this.options.activate(this.panel);
    if (event.ctrlKey) this.panel.view.zoomTo(this.panel.view.zoom * Math.exp(-event.deltaY / 300), this.panel.at(event));
    else this.options.scroll(this.panel, Math.sign(event.deltaY));
  }
}
