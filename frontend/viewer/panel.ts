import { type ExamData, type Point, type Preset, type SeriesData, fileOf } from "./data";
import { make } from "./dom";
import { FrameError } from "./engine/engine";
import { type ImageFacts, inUnit } from "./engine/header";
import { Pane } from "./engine/pane";
import { Layer } from "./layer";
import { type Measure, windowOf } from "./measure";
import type { Prefetch } from "./prefetch";
import { edgesOf } from "./space";
import { digitsOf, number, text } from "./texts";

const CORNERS = ["tl", "tr", "bl", "br"] as const;
const EDGES = ["left", "right", "top", "bottom"] as const;
type Corner = (typeof CORNERS)[number];

interface Window {
  center: number;
  width: number;
}

export interface PanelOptions {
  prefetch: Prefetch;
  /** Something that others show has changed: slice, series, window. */
  changed: (panel: Panel, what: "slice" | "series" | "view") => void;
  overlay: () => boolean;
}

/** One image on the page with its texts and lines: which series, which slice, which window. */
export class Panel {
  readonly element = make("section", "viewer-pane");
  readonly view: Pane;
  readonly layer: Layer;
  series: SeriesData | null = null;
  exam: ExamData | null = null;
  index = 0;
  inverted = false;
  preset = 0;
  own: Window | null = null;
  private facts: ImageFacts | null = null;
  private readonly measures = new Map<number, Measure[]>();
  private drawing: Measure | null = null;
  private wanted = 0;
  private busy = false;
  private readonly corners = {} as Record<Corner, HTMLElement>;
  private readonly edges = {} as Record<(typeof EDGES)[number], HTMLElement>;
  private readonly message = make("div", "viewer-message");
  private readonly slider = make("input", "viewer-slider");

  constructor(
    place: HTMLElement,
    private readonly options: PanelOptions,
  ) {
    const image = make("div", "viewer-image");
    this.element.append(image);
    place.append(this.element);
    this.view = new Pane(image, () => this.drawn());
    this.layer = new Layer(this.view);
    this.element.append(this.layer.svg);
    for (const name of CORNERS) this.element.append((this.corners[name] = make("div", `viewer-corner ${name} num`)));
    for (const name of EDGES) this.element.append((this.edges[name] = make("span", `viewer-edge ${name}`)));
    this.message.hidden = true;
    this.slider.type = "range";
    this.slider.min = "1";
    this.slider.addEventListener("input", () => void this.go(Number(this.slider.value) - 1));
    this.element.append(this.message, this.slider);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
  }

  get count(): number {
    return this.series?.slices.length ?? 0;
  }

  get places(): (number | null)[] {
    return this.series?.slices.map((slice) => slice[2]) ?? [];
  }

  get known(): ImageFacts | null {
    return this.facts;
  }

  /** Nothing to look at but a sentence. */
  async clear(words: string): Promise<void> {
    this.series = null;
    this.facts = null;
    this.layer.clear();
    this.slider.hidden = true;
    this.say(words);
    for (const name of CORNERS) this.corners[name].replaceChildren();
  }

  async open(exam: ExamData, series: SeriesData, index: number, preset = 0): Promise<void> {
    this.exam = exam;
    this.series = series;
    this.own = null;
    this.preset = preset;
    this.inverted = false;
    this.facts = null;
    this.wanted = 0;
    this.measures.clear();
    this.drawing = null;
    this.layer.clear();
    this.element.classList.toggle("is-empty", series.slices.length === 0);
    this.slider.max = String(Math.max(1, series.slices.length));
    this.slider.hidden = series.slices.length < 2;
    this.slider.setAttribute("aria-label", `${series.name} · ${text("images", { n: series.slices.length })}`);
    this.view.setStack(series.slices.map((_slice, i) => fileOf(series, i)));
    this.options.changed(this, "series");
    if (series.slices.length === 0) {
      this.say(series.message, series.facts);
      this.write();
      return;
    }
    this.say(text("loading"));
    await this.go(index);
  }

  /** Shows a slice; of several asked for while one loads only the last is shown. */
  async go(index: number): Promise<void> {
    if (!this.series || this.count === 0) return;
    this.wanted = Math.max(0, Math.min(this.count - 1, index));
    this.slider.value = String(this.wanted + 1);
    if (this.busy) return;
    this.busy = true;
    try {
      let shown = "";
      while (shown !== this.place()) {
        shown = this.place();
        await this.put(this.wanted);
      }
    } finally {
      this.busy = false;
    }
  }

  private place(): string {
    return `${this.series?.id ?? ""}/${this.wanted}/${String(this.curved)}`;
  }

  /** Counted from the slice last asked for, so that no key press is lost while one loads. */
  step(slices: number): void {
    void this.go(this.wanted + slices);
  }

  private async put(index: number): Promise<void> {
    const series = this.series as SeriesData;
    this.index = index;
    try {
      const found = await this.view.show(index, this.curved);
      if (this.series !== series || !found) return;
      const factor = series.scale?.factor;
      this.facts = factor ? inUnit(found, factor, series.scale?.unit ?? "") : found;
      this.drawing = null;
      this.say("");
      this.applyWindow();
    } catch (error) {
      if (this.series === series) this.refuse(error);
    }
    this.write();
    this.paint();
    this.options.prefetch.around(series, index);
    this.options.changed(this, "slice");
  }

  private refuse(error: unknown): void {
    const { status, detail } = error instanceof FrameError ? error : new FrameError(200, String(error));
    const series = this.series as SeriesData;
    if (status === 0) return this.say(text("offline"));
    if (status === 404) return this.say(detail || text("gone"), series.facts);
    if (status === 200) return this.say(text("unreadable", { why: text("undecodable", { syntax: detail }) }), series.facts);
    this.say(text("unreadable", { why: detail || String(status) }), series.facts);
  }

  /** A sentence instead of the picture, with a way to the stored facts; "" takes it away. */
  private say(words: string, facts = ""): void {
    this.message.hidden = words === "";
    this.element.classList.toggle("is-told", words !== "");
    this.message.replaceChildren(make("p", "", words));
    if (!facts) return;
    const link = make("a", "btn btn-plain", text("facts"));
    link.href = facts;
    this.message.append(link);
  }

  // --- window ------------------------------------------------------------------------------------

  get window(): Window | null {
    return this.own ?? this.presetWindow(this.series?.presets[this.preset]);
  }

  /** Whether the curve of the header is wanted, where it has one. */
  private get curved(): boolean {
    return this.own === null && this.series?.presets[this.preset]?.kind === "sent";
  }

  private presetWindow(preset: Preset | undefined): Window | null {
    const facts = this.facts;
    if (!facts || facts.colour) return null;
    if (preset?.kind === "fixed") return { center: preset.center as number, width: preset.width as number };
    if (preset?.kind === "sent" && facts.window) return facts.window;
    const found = preset?.kind === "full" ? null : windowOf(this.view.pixels(), 0.01, 0.99);
    const [center, width] = found ? [found.center * facts.factor, found.width * facts.factor] : [(facts.low + facts.high) / 2, facts.high - facts.low];
    return { center, width: Math.max(this.least, width) };
  }

  /** The narrowest window: a step of whole numbers, else a thousandth of what there is. */
  private get least(): number {
    const { facts } = this;
    return facts && (!facts.whole || facts.factor !== 1) ? Math.max((facts.high - facts.low) / 1000, 1e-9) : 1;
  }

  usePreset(n: number): boolean {
    if (!this.series?.presets[n] || this.facts?.colour) return false;
    this.preset = n;
    this.own = null;
    this.applyWindow();
    this.options.changed(this, "view");
    return true;
  }

  /** Right is wider, down is darker, in steps that fit the window. */
  dragWindow(dx: number, dy: number): void {
    const now = this.window;
    if (!now) return;
    const step = Math.max(now.width, this.least) / 400;
    this.own = { center: now.center + dy * step, width: Math.max(this.least, now.width + dx * step) };
    this.applyWindow();
    this.options.changed(this, "view");
  }

  /** Takes the window of another image of the same kind. */
  adopt(from: Panel): void {
    if (from.series?.modality !== this.series?.modality || !this.facts || this.facts.colour) return;
    this.preset = from.preset;
    this.own = from.own;
    this.inverted = from.inverted;
    this.applyWindow();
  }

  invert(): void {
    this.inverted = !this.inverted;
    this.applyWindow();
    this.options.changed(this, "view");
  }

  private applyWindow(): void {
    const { facts } = this;
    if (facts && facts.curve && this.curved !== this.view.curved) void this.go(this.wanted);
    else if (facts) this.view.setWindow(this.window, this.inverted !== facts.inverted, facts);
    this.write();
  }

  reset(): void {
    this.own = null;
    this.preset = 0;
    this.inverted = false;
    this.measures.clear();
    this.drawing = null;
    this.applyWindow();
    this.view.fit();
    this.options.changed(this, "view");
  }

  // --- measuring -----------------------------------------------------------------------------------

  /** The measurement under way follows the pointer; `done` keeps it. */
  sketch(measure: Measure | null, done = false): void {
    this.drawing = done ? null : measure;
    if (done && measure) this.measures.set(this.index, [...(this.measures.get(this.index) ?? []), measure]);
    this.paint();
  }

  forget(): void {
    const here = this.measures.get(this.index) ?? [];
    this.measures.set(this.index, here.slice(0, -1));
    this.paint();
  }

  measured(): string[] {
    return this.facts ? (this.measures.get(this.index) ?? []).map((one) => this.layer.words(one, this.facts as ImageFacts).join(" ")) : [];
  }

  // --- texts and lines -----------------------------------------------------------------------------

  private drawn(): void {
    if (!this.facts) return; // drawn before its window is known, and still covered
    this.element.dataset["drawn"] = String(Number(this.element.dataset["drawn"] ?? 0) + 1);
    performance.mark("viewer-drawn");
    this.paint();
    this.write();
  }

  paint(): void {
    if (!this.facts || !this.series || !this.message.hidden) return this.layer.clear();
    const evidence = this.options.overlay() ? this.series.overlays.filter((one) => one.index === null || one.index === this.index) : [];
    const measures = [...(this.measures.get(this.index) ?? []), ...(this.drawing ? [this.drawing] : [])];
    this.layer.paint(this.facts, evidence, measures);
  }

  private write(): void {
    const { series, exam, facts } = this;
    if (!series || !exam) return;
    const place = series.slices[this.index]?.[2];
    const lines: Record<Corner, string[]> = {
      tl: [series.name, `${series.modality}${series.number === null ? "" : ` · ${text("series")} ${series.number}`}`],
      tr: [exam.name, exam.when],
      bl: this.count ? [text("slice", { n: this.index + 1, count: this.count }), place === null || place === undefined ? "" : text("position", { mm: number(place) })] : [],
      br: facts && this.message.hidden ? [this.windowWords(facts), text("zoom", { percent: Math.round(this.view.scale * 100) }), this.warning(facts), series.scale?.why ?? ""] : [],
    };
    for (const name of CORNERS) this.corners[name].replaceChildren(...lines[name].filter(Boolean).map((line) => make("span", "", line)));
    const edges = facts && this.message.hidden ? edgesOf(facts) : null;
    for (const name of EDGES) this.edges[name].textContent = edges?.[name] ?? "";
    this.element.setAttribute("aria-label", [...lines.tl, ...lines.bl, ...lines.br].filter(Boolean).join(", "));
    this.element.dataset["index"] = String(this.index);
  }

  private windowWords(facts: ImageFacts): string {
    const shown = this.window;
    if (!shown) return "";
    const curve = this.curved ? facts.curve?.kind : undefined;
    if (curve === "table") return text("table");
    const digits = facts.whole && facts.factor === 1 ? 0 : digitsOf(shown.width);
    const words = text("window", { center: number(shown.center, digits), width: number(shown.width, digits) });
    const unit = facts.factor === 1 ? "" : ` ${facts.unit}`;
    return `${words}${unit}${curve === "sigmoid" ? ` · ${text("sigmoid")}` : ""}`;
  }

  private warning(facts: ImageFacts): string {
    if (facts.calibrated === "patient") return "";
    return text(facts.calibrated === "detector" ? "detector" : "uncalibrated");
  }

  /** Draws the eye to the evidence. */
  flash(): void {
    this.element.classList.remove("is-flash");
    void this.element.offsetWidth;
    this.element.classList.add("is-flash");
  }

  at(event: { clientX: number; clientY: number }): Point {
    const box = this.layer.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  close(): void {
    this.view.destroy();
    this.element.remove();
  }
}
