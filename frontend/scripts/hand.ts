import { all, need, one } from "./dom";
import { node } from "./overlay";
import { type Stage, onStages } from "./stage";

/** Choosing by hand in a stage: the slice that is shown, a circle or a rectangle, each written into a field of a form. */

interface HandData {
  references: string[];
  places: Record<string, number[]>;
}

type Corner = [number, number];

const LEAST = 4; // pixels: smaller is a slip of the finger
const TENTH = 10;

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function numbersOf(text: string): number[] {
  return text
    .split(/[\s,，;；、]+/)
    .filter((part) => part !== "")
    .map(Number);
}

function fieldOf(name: string): HTMLInputElement | null {
  return one<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
}

/** What was written by script is news to the rest of the page too. */
function write(field: HTMLInputElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The slice that is shown, as the value of a field. */
class SlicePick {
  private readonly field: HTMLInputElement | null;

  constructor(private readonly stage: Stage, private readonly button: HTMLElement, private readonly references: string[]) {
    this.field = fieldOf(button.dataset["pick"] ?? "");
    button.addEventListener("click", () => this.toggle());
    this.field?.addEventListener("input", () => this.show());
    this.show();
  }

  toggle(): void {
    if (!this.field) return;
    const here = this.references[this.stage.place] ?? "";
    write(this.field, this.field.value === here ? "" : here);
  }

  show(): void {
    const value = this.field?.value ?? "";
    const place = value === "" ? -1 : this.references.indexOf(value);
    this.button.setAttribute("aria-pressed", String(value !== "" && place === this.stage.place));
    const told = one("[data-chosen]", this.button);
    if (told) told.textContent = value === "" ? "" : `· ${place < 0 ? "…" : String(place + 1)}`;
  }
}

/** A circle or a rectangle on the image, as the value of a field: moved, sized, by pointer and by key. */
class ShapePick {
  private readonly field: HTMLInputElement | null;
  private readonly round: boolean;
  private readonly group: SVGElement;
  private readonly body: SVGElement;
  private readonly grip: SVGElement;
  private readonly aim: SVGElement;
  private numbers: number[] = [];
  private from: { at: Corner; numbers: number[]; sizing: boolean } | null = null;

  constructor(
    private readonly stage: Stage,
    private readonly button: HTMLElement,
    private readonly layer: SVGSVGElement,
    private readonly place: number[] | undefined,
  ) {
    this.field = fieldOf(button.dataset["pick"] ?? "");
    this.round = button.dataset["kind"] === "circle";
    this.body = node(this.round ? "circle" : "rect", { class: "hand-body" });
    this.grip = node("circle", { class: "hand-grip" });
    this.aim = node("circle", { class: "hand-aim" });
    const label = `${button.dataset["label"] ?? ""} ${layer.dataset["how"] ?? ""}`.trim();
    this.group = node("g", { class: "hand-shape", tabindex: 0, role: "img", "aria-label": label });
    this.group.append(this.body, this.grip, this.aim);
    layer.append(this.group);
    button.addEventListener("click", () => this.toggle());
    this.field?.addEventListener("input", () => this.read());
    this.group.addEventListener("pointerdown", (event) => this.take(event as PointerEvent));
    this.group.addEventListener("pointermove", (event) => this.drag(event as PointerEvent));
    for (const end of ["pointerup", "pointercancel"]) this.group.addEventListener(end, () => (this.from = null));
    this.group.addEventListener("keydown", (event) => this.key(event as KeyboardEvent));
    this.read();
  }

  toggle(): void {
    if (!this.field) return;
    if (this.numbers.length > 0) {
      write(this.field, "");
      return;
    }
    const { columns, rows } = this.stage.size;
    const least = Math.min(columns, rows);
    const start = this.round ? [columns / 2, rows / 2, least / 4] : [columns / 4, rows / 4, columns / 2, rows / 2];
    this.set(this.place ?? start);
    this.group.focus({ preventScroll: true });
  }

  /** Draws what the field says; nothing for what is no shape. */
  private read(): void {
    const numbers = numbersOf(this.field?.value ?? "");
    const whole = numbers.length === (this.round ? 3 : 4) && numbers.every(Number.isFinite);
    this.numbers = whole ? numbers : [];
    this.button.setAttribute("aria-pressed", String(whole));
    this.group.style.display = whole ? "" : "none";
    if (whole) this.draw();
  }

  private draw(): void {
    const [x = 0, y = 0, a = 0, b = 0] = this.numbers;
    const shape: Record<string, number> = this.round ? { cx: x, cy: y, r: a } : { x, y, width: a, height: b };
    for (const [name, value] of Object.entries(shape)) this.body.setAttribute(name, String(value));
    const corner: Corner = this.round ? [x + a * Math.SQRT1_2, y + a * Math.SQRT1_2] : [x + a, y + b];
    const pixel = this.stage.size.columns / Math.max(1, this.drawnWidth());
    for (const [dot, radius] of [[this.grip, 6], [this.aim, 22]] as const) {
      dot.setAttribute("cx", String(corner[0]));
      dot.setAttribute("cy", String(corner[1]));
      dot.setAttribute("r", String(radius * pixel));
    }
  }

  redraw(): void {
    if (this.numbers.length > 0) this.draw();
  }

  /** Width in which the whole image is drawn on the screen. */
  private drawnWidth(): number {
    const scale = this.layer.getScreenCTM()?.a ?? 1;
    return this.stage.size.columns * scale;
  }

  private set(numbers: number[]): void {
    const { columns, rows } = this.stage.size;
    const [x = 0, y = 0, a = 0, b = 0] = numbers;
    const within = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
    const kept = this.round
      ? [within(x, 0, columns), within(y, 0, rows), within(a, LEAST, Math.max(columns, rows))]
      : [within(x, 0, columns - LEAST), within(y, 0, rows - LEAST), Math.max(LEAST, a), Math.max(LEAST, b)];
    if (!this.round) {
      kept[2] = Math.min(kept[2]!, columns - kept[0]!);
      kept[3] = Math.min(kept[3]!, rows - kept[1]!);
    }
    if (this.field) write(this.field, kept.map(round).join(", "));
  }

  private at(event: PointerEvent): Corner {
    const matrix = this.layer.getScreenCTM();
    if (!matrix) return [0, 0];
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return [point.x, point.y];
  }

  private take(event: PointerEvent): void {
    event.preventDefault();
    this.group.focus({ preventScroll: true });
    this.group.setPointerCapture(event.pointerId);
    this.from = { at: this.at(event), numbers: [...this.numbers], sizing: event.target !== this.body };
  }

  private drag(event: PointerEvent): void {
    if (!this.from) return;
    const [x, y] = this.at(event);
    const right = x - this.from.at[0];
    const down = y - this.from.at[1];
    this.set(this.changed(this.from.numbers, right, down, this.from.sizing));
  }

  private changed(numbers: number[], right: number, down: number, sizing: boolean): number[] {
    const [x = 0, y = 0, a = 0, b = 0] = numbers;
    if (!sizing) {
      const { columns, rows } = this.stage.size;
      if (this.round) return [x + right, y + down, a];
      return [Math.min(Math.max(0, x + right), columns - a), Math.min(Math.max(0, y + down), rows - b), a, b];
    }
    return this.round ? [x, y, a + (right + down) * Math.SQRT1_2] : [x, y, a + right, b + down];
  }

  private key(event: KeyboardEvent): void {
    const ways: Record<string, Corner> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way || event.metaKey) return;
    event.preventDefault();
    const step = event.ctrlKey || event.altKey ? TENTH : 1;
    const along = this.round && event.shiftKey ? (way[0] + way[1]) * Math.SQRT1_2 : 0;
    const [right, down] = along ? [along, along] : way;
    this.set(this.changed(this.numbers, right * step, down * step, event.shiftKey));
  }
}

function startHand(stage: Stage): void {
  const bar = one("[data-hand]", stage.element);
  if (!bar) return;
  const data = JSON.parse(need("script[type='application/json']", bar).textContent ?? "{}") as HandData;
  const layer = need<SVGSVGElement>("[data-hand-layer]", stage.element);
  const slices: SlicePick[] = [];
  const shapes: ShapePick[] = [];
  for (const button of all("[data-pick]", bar)) {
    if (button.dataset["kind"] === "image") slices.push(new SlicePick(stage, button, data.references));
    else shapes.push(new ShapePick(stage, button, layer, data.places[button.dataset["kind"] ?? ""]));
  }
  const again = (): void => shapes.forEach((shape) => shape.redraw());
  stage.element.addEventListener("stage:shown", () => slices.forEach((slice) => slice.show()));
  stage.element.addEventListener("click", () => window.requestAnimationFrame(again)); // zoom changes the grips
  new ResizeObserver(again).observe(layer);
  stage.keys["u"] = () => slices[0]?.toggle();
  stage.keys["h"] = () => shapes[0]?.toggle();
}

/** Going to another test or series takes along what the form holds already. */
function startGoing(form: HTMLFormElement): void {
  const address = (base: string): string => {
    const url = new URL(base, window.location.href);
    for (const [name, value] of new FormData(form)) {
      if (typeof value !== "string" || name === "csrfmiddlewaretoken" || value === "") continue;
      if (!url.searchParams.has(name)) url.searchParams.append(name, value);
    }
    return url.href;
  };
  for (const choice of all<HTMLSelectElement>("select[data-goes]", form)) {
    choice.addEventListener("change", () => {
      window.location.assign(address(`?${new URLSearchParams({ [choice.name]: choice.value }).toString()}`));
    });
  }
  for (const link of all<HTMLAnchorElement>("a[data-goes]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      window.location.assign(address(link.href));
    });
  }
}

export function startHands(): void {
  onStages(startHand);
  all<HTMLFormElement>("form[data-form]").forEach(startGoing);
}
