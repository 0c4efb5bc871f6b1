import { all, isTyping, need, one, onEach } from "./dom";
import { type Overlay, drawOverlays } from "./overlay";

interface StageData {
  url: string;
  count: number;
  columns: number;
  rows: number;
  start: number;
  window: string;
  labels: string[];
  overlays: Overlay[];
}

const AHEAD = 3;

/** One image stage: scrolls through slices, draws overlays, switches window, inversion and zoom. */
export class Stage {
  /** Keys that belong to this stage alone. */
  readonly keys: Record<string, () => void> = {};
  readonly element: HTMLElement;
  private readonly data: StageData;
  private readonly image: HTMLImageElement;
  private readonly overlay: SVGSVGElement;
  private readonly slider: HTMLInputElement;
  private index: number;
  private window: string;

  constructor(element: HTMLElement) {
    this.element = element;
    this.data = JSON.parse(need("script[type='application/json']", element).textContent ?? "{}") as StageData;
    this.image = need<HTMLImageElement>("[data-image]", element);
    this.overlay = need<SVGSVGElement>("[data-overlay]", element);
    this.slider = need<HTMLInputElement>("[data-slider]", element);
    this.index = this.data.start;
    this.window = this.data.window;
    this.listen();
    this.show(this.index);
  }

  show(index: number): void {
    this.index = Math.max(0, Math.min(this.data.count - 1, index));
    const source = this.source(this.index);
    if (this.image.getAttribute("src") !== source) this.image.src = source;
    this.slider.value = String(this.index + 1);
    need("[data-number]", this.element).textContent = String(this.index + 1);
    need("[data-label]", this.element).textContent = this.data.labels[this.index] ?? "";
    drawOverlays(this.overlay, this.data.overlays, this.index, this.data.columns);
    all("[data-ruler] .tick").forEach((tick) => tick.classList.toggle("now", tick.getAttribute("data-jump") === String(this.index)));
    this.element.dispatchEvent(new CustomEvent("stage:shown"));
    for (let next = this.index + 1; next <= Math.min(this.index + AHEAD, this.data.count - 1); next += 1) {
      new Image().src = this.source(next);
    }
  }

  /** The slice that is shown, from 0. */
  get place(): number {
    return this.index;
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.data.columns, rows: this.data.rows };
  }

  scroll(steps: number): void {
    this.show(this.index + steps);
  }

  toggle(name: string): void {
    const button = one(`[data-toggle="${name}"]`, this.element);
    const on = button?.getAttribute("aria-pressed") !== "true";
    button?.setAttribute("aria-pressed", String(on));
    this.element.classList.toggle(`is-${name}`, on);
  }

  preset(value: string): void {
    this.window = value;
    all("[data-window]", this.element).forEach((b) => b.setAttribute("aria-pressed", String(b.dataset["window"] === value)));
    this.show(this.index);
  }

  presetNumber(number: number): boolean {
    const button = all("[data-window]", this.element)[number - 1];
    if (button) this.preset(button.dataset["window"] ?? "");
    return button !== undefined;
  }

  reset(): void {
    for (const name of ["invert", "zoom"]) if (this.element.classList.contains(`is-${name}`)) this.toggle(name);
    if (!this.element.classList.contains("is-overlay")) this.toggle("overlay");
    this.preset(this.data.window);
  }

  /** Draws the eye to what is marked on this slice. */
  flash(): void {
    if (!this.element.classList.contains("is-overlay")) this.toggle("overlay");
    this.element.classList.remove("is-flash");
    void this.element.offsetWidth; // lets the animation start anew
    this.element.classList.add("is-flash");
  }

  private source(index: number): string {
    return this.data.url.replace("{index}", String(index)).replace("{window}", encodeURIComponent(this.window));
  }

  private listen(): void {
    this.element.classList.add("is-overlay");
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value) - 1));
    all("[data-toggle]", this.element).forEach((b) => b.addEventListener("click", () => this.toggle(b.dataset["toggle"] ?? "")));
    all("[data-window]", this.element).forEach((b) => b.addEventListener("click", () => this.preset(b.dataset["window"] ?? "")));
    one("[data-reset]", this.element)?.addEventListener("click", () => this.reset());
    const view = need("[data-view]", this.element);
    view.addEventListener(
      "wheel",
      (event) => {
        if (this.data.count < 2) return;
        event.preventDefault();
        this.scroll(Math.sign((event as WheelEvent).deltaY));
      },
      { passive: false },
    );
    const lost = need("[data-lost]", this.element);
    const mark = (gone: boolean): void => {
      lost.hidden = !gone;
      this.element.classList.toggle("is-lost", gone);
    };
    this.image.addEventListener("error", () => mark(true));
    this.image.addEventListener("load", () => mark(false));
    if (this.image.complete && this.image.naturalWidth === 0) mark(true);
  }

  /** Keys of the viewer; `shifted` presets leave the digits to a score sheet. */
  key(event: KeyboardEvent, shifted: boolean): boolean {
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    if (digit && event.shiftKey === shifted) return this.presetNumber(Number(digit));
    if (event.shiftKey) return false;
    const actions: Record<string, () => void> = {
      ArrowUp: () => this.scroll(-1),
      ArrowDown: () => this.scroll(1),
      PageUp: () => this.scroll(-10),
      PageDown: () => this.scroll(10),
      o: () => this.toggle("overlay"),
      i: () => this.toggle("invert"),
      z: () => this.toggle("zoom"),
      r: () => this.reset(),
      ...this.keys,
    };
    const action = actions[event.key];
    action?.();
    return action !== undefined;
  }
}

const stages: Stage[] = [];

function stageFor(target: EventTarget | null): Stage | undefined {
  return stages.find((stage) => target instanceof Node && stage.element.contains(target)) ?? stages[0];
}

/** A click beside the ticks of a ruler means the nearest one. */
function nearestTick(ruler: Element, event: MouseEvent): Element | null {
  const away = (tick: Element): number => {
    const box = tick.getBoundingClientRect();
    return Math.abs(box.left + box.width / 2 - event.clientX);
  };
  return all<SVGElement>(".tick", ruler).reduce<SVGElement | null>((best, tick) => (best && away(best) <= away(tick) ? best : tick), null);
}

function jump(event: MouseEvent): void {
  if (!(event.target instanceof Element)) return;
  const ruler = event.target.closest("[data-ruler] svg");
  const button = ruler ? nearestTick(ruler, event) : event.target.closest("[data-show], [data-jump]");
  if (!button) return;
  const wanted = button.closest("[data-ruler]")?.getAttribute("data-ruler");
  const stage = stages.find((s) => s.element.id === wanted) ?? stages[0];
  if (!stage) return;
  stage.show(Number(button.getAttribute("data-show") ?? button.getAttribute("data-jump")));
  if (button.hasAttribute("data-show")) {
    stage.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    stage.element.focus({ preventScroll: true });
    stage.flash();
  }
}

/** Does something with every stage that is on the page. */
export function onStages(start: (stage: Stage) => void): void {
  stages.forEach(start);
}

export function startStages(): void {
  onEach("[data-stage]", (element) => stages.push(new Stage(element)));
  document.addEventListener("click", jump);
  all("[data-strip] [aria-current]").forEach((card) => {
    const strip = need<HTMLElement>("[data-strip]", document);
    strip.scrollLeft = card.offsetLeft - strip.offsetLeft - (strip.clientWidth - card.offsetWidth) / 2;
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
    const arrows = event.key.startsWith("Arrow") && event.target instanceof HTMLInputElement;
    if (arrows) return;
    if (stageFor(event.target)?.key(event, one("[data-reading]") !== null)) event.preventDefault();
  });
}
