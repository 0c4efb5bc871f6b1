import { type Config, type ExamData, type SeriesData, fetchJson } from "./data";
import { all, make, need, typing } from "./dom";
import { resizePanes } from "./engine/pane";
import { Input, MODES, type Mode } from "./input";
import { Panel } from "./panel";
import { Prefetch } from "./prefetch";
import { type Choice, cards, choose, mark } from "./side";
import { counterpart, placed } from "./space";
import { text } from "./texts";

/** The page: one image or two, the strip, the verdicts, and what keys and buttons do. */
export class Viewer {
  private readonly panels: Panel[] = [];
  private readonly inputs = new Map<Panel, Input>();
  private readonly prefetches: Prefetch[] = [];
  private readonly strip = need("[data-strip-place]");
  private readonly place = need("[data-panes]");
  private active!: Panel;
  private other: ExamData | null = null;
  private mode: Mode = "window";
  private overlay: boolean;
  private linked = false;
  private playing = 0;

  /** `room`: part of another page, which has keys, an address and a dialog of its own. */
  constructor(
    private config: Config,
    private readonly cacheBytes: number,
    private readonly room = false,
  ) {
    this.overlay = config.overlay;
    this.add();
    this.drawStrip();
    this.listen();
  }

  async start(): Promise<void> {
    const { exam, series, start } = this.config;
    const asked = new URLSearchParams(location.search); // before it is written anew
    if (series) await this.active.open(exam, series, start);
    if (asked.get("with")) await this.compare({ exam: asked.get("with") as string, series: asked.get("with_series") ?? "" });
    if (asked.has("overlay")) this.active.flash();
  }

  /** Shows another exam: one series, or two side by side. */
  async take(config: Config, second: SeriesData | null = null, secondStart = 0, preset = 0): Promise<void> {
    this.stop();
    if (this.panels.length > 1 && !second) this.single();
    this.config = config;
    this.other = null;
    this.linked = false;
    for (const input of this.inputs.values()) input.cancel();
    this.mode = "window";
    const first = this.panels[0] as Panel;
    const beside = second ? (this.panels[1] ?? this.add()) : null;
    this.active = first;
    this.drawStrip();
    this.resize();
    const opened = [config.series ? first.open(config.exam, config.series, config.start, preset) : first.clear(text("no_images"))];
    if (beside && second) opened.push(beside.open(config.exam, second, secondStart, preset));
    await Promise.all(opened);
    for (const one of this.panels) one.view.fit();
    this.activate(first);
    this.drawTools();
  }

  get shown(): readonly Panel[] {
    return this.panels;
  }

  get current(): Panel {
    return this.active;
  }

  /** Goes to a slice of a series of the exam on the page. */
  async goTo(series: string, index: number): Promise<void> {
    const panel = this.panels.find((one) => one.series?.id === series) ?? this.active;
    this.activate(panel);
    if (panel.series?.id === series) await panel.go(index);
    else await this.openSeries(this.config.exam, series, index);
  }

  preset(n: number): boolean {
    return this.active.usePreset(n);
  }

  // --- images ------------------------------------------------------------------------------------

  private add(): Panel {
    const prefetch = new Prefetch(() => this.cacheBytes / Math.max(1, this.panels.length));
    const panel = new Panel(this.place, {
      prefetch,
      overlay: () => this.overlay,
      changed: (changed, what) => this.changed(changed, what),
    });
    this.prefetches.push(prefetch);
    this.panels.push(panel);
    this.inputs.set(panel, new Input(panel, { mode: () => this.mode, scroll: (one, steps) => this.scroll(one, steps), activate: (one) => this.activate(one) }));
    if (!this.active) this.active = panel;
    this.place.dataset["count"] = String(this.panels.length);
    return panel;
  }

  private activate(panel: Panel): void {
    if (this.active === panel && panel.element.classList.contains("is-active")) return;
    this.active = panel;
    for (const one of this.panels) one.element.classList.toggle("is-active", one === panel && this.panels.length > 1);
    this.changed(panel, "series");
  }

  /** Told of every image whose series has changed. */
  opened: (panel: Panel) => void = () => undefined;

  private changed(panel: Panel, what: "slice" | "series" | "view"): void {
    if (what === "series") this.opened(panel);
    if (what === "slice") this.follow(panel);
    if (what === "view" && this.linked && panel === this.active) for (const one of this.panels) if (one !== panel) one.adopt(panel);
    if (panel !== this.active) return;
    if (what === "series") {
      mark(this.strip, this.panels.map((one) => one.series?.id), panel.series?.id);
      this.drawSide();
      this.stop();
    }
    this.drawPresets();
    this.press("invert", panel.inverted);
    this.remember();
  }

  scroll(panel: Panel, steps: number): void {
    panel.step(steps);
  }

  /** The other image goes along: to the same place in mm, or to the same share of the stack. */
  private follow(panel: Panel): void {
    if (!this.linked || panel !== this.active) return;
    for (const one of this.panels) {
      if (one === panel || one.count === 0) continue;
      const target = counterpart(panel.index, panel.places, one.places, 0);
      if (target !== one.index) void one.go(target);
    }
  }

  private async openSeries(exam: ExamData, id: string, index = -1): Promise<void> {
    const panel = this.active;
    try {
      const data = await fetchJson<SeriesData>(this.config.addresses.series.replace("{id}", id));
      await panel.open(exam, data, index >= 0 ? index : Math.floor(data.slices.length / 2));
    } catch (error) {
      this.said(text((error as Error).message === "signed-out" ? "signed_out" : "offline"));
    }
  }

  // --- comparing -----------------------------------------------------------------------------------

  private async compare(choice: Choice): Promise<void> {
    const exam = choice.exam === this.config.exam.id ? this.config.exam : await this.examOf(choice.exam);
    if (!exam) return;
    const first = this.panels[0] as Panel;
    const wanted = choice.series || likest(exam, first.series);
    if (!wanted) return;
    const panel = this.panels[1] ?? this.add();
    this.other = exam === this.config.exam ? null : exam;
    this.drawStrip();
    resizePanes();
    first.view.fit();
    this.activate(panel);
    await this.openSeries(exam, wanted);
    this.linked = true;
    this.activate(first);
    this.follow(first);
    this.drawTools();
    this.remember();
  }

  private async examOf(id: string): Promise<ExamData | null> {
    try {
      return await fetchJson<ExamData>(this.config.addresses.exam_data.replace("{id}", id));
    } catch {
      this.said(text("offline"));
      return null;
    }
  }

  private single(): void {
    const second = this.panels.pop();
    this.prefetches.pop()?.stop();
    if (second) this.inputs.delete(second);
    second?.close();
    this.other = null;
    this.linked = false;
    this.place.dataset["count"] = "1";
    this.active = this.panels[0] as Panel;
    this.active.element.classList.remove("is-active");
    this.drawStrip();
    this.changed(this.active, "series");
    resizePanes();
    this.active.view.fit();
    this.drawTools();
  }

  private toggleCompare(): void {
    if (this.panels.length > 1) return this.single();
    void choose(this.config.exam, this.active.series?.id, this.config.addresses.compare, (choice) => void this.compare(choice));
  }

  private toggleLink(): void {
    if (this.panels.length < 2) return;
    this.linked = !this.linked;
    this.follow(this.active);
    this.drawTools();
    const by = this.panels.every((one) => placed(one.places)) ? "link_mm" : "link_index";
    this.said(text(this.linked ? by : "unlinked"));
  }

  /** Only where the room for the images is another one: each time the old picture is drawn once more. */
  private resize(): void {
    const size = `${this.panels.length} ${this.place.clientWidth} ${this.place.clientHeight}`;
    if (size === this.size) return;
    this.size = size;
    resizePanes();
  }

  private size = "";

  // --- the parts around the images -------------------------------------------------------------------

  private drawStrip(): void {
    const pick = (exam: ExamData) => (id: string): void => void this.openSeries(exam, id);
    const exams = this.other ? [this.config.exam, this.other] : [this.config.exam];
    this.strip.replaceChildren(...exams.map((exam) => cards(exam, exams.length > 1, pick(exam))));
    mark(this.strip, this.panels.map((one) => one.series?.id), this.active.series?.id);
  }

  private drawSide(): void {
    // made by our own server from its own template, with every text escaped
    need("[data-verdicts]").innerHTML = this.active.series?.verdicts ?? "";
  }

  private drawPresets(): void {
    const { series, preset, own, known } = this.active;
    const place = need("[data-presets]");
    const shown = known?.colour ? [] : (series?.presets ?? []);
    if (place.childElementCount !== shown.length || place.dataset["series"] !== series?.id) {
      place.dataset["series"] = series?.id ?? "";
      place.replaceChildren(
        ...shown.map((one, i) => {
          const button = make("button", "viewer-preset");
          button.type = "button";
          button.append(make("kbd", "", String(i + 1)), one.label);
          button.addEventListener("click", () => this.active.usePreset(i));
          return button;
        }),
      );
    }
    [...place.children].forEach((button, i) => button.setAttribute("aria-pressed", String(own === null && i === preset)));
  }

  private drawTools(): void {
    for (const mode of MODES) this.press(`mode:${mode}`, mode === this.mode);
    this.press("overlay", this.overlay);
    this.press("compare", this.panels.length > 1);
    this.press("link", this.linked);
    need<HTMLButtonElement>("[data-act='link']").hidden = this.panels.length < 2;
    const play = need<HTMLButtonElement>("[data-act='play']");
    play.hidden = !this.active.series?.seconds;
    this.press("play", this.playing > 0);
    this.place.dataset["mode"] = this.mode;
  }

  private press(act: string, on: boolean): void {
    document.querySelector(`[data-act='${act}']`)?.setAttribute("aria-pressed", String(on));
  }

  private said(words: string): void {
    need("[data-said]").textContent = words;
  }

  /** The address says what is shown, so that it can be sent to a colleague. */
  private remember(): void {
    this.drawTools();
    if (this.room) return;
    const first = this.panels[0] as Panel;
    const query = new URLSearchParams();
    if (first.series) query.set("series", first.series.id);
    if (first.count) query.set("slice", String(first.index + 1));
    const second = this.panels[1];
    if (second?.series) {
      query.set("with", second.series.exam);
      query.set("with_series", second.series.id);
    }
    window.clearTimeout(this.later);
    this.later = window.setTimeout(() => history.replaceState(null, "", `?${query.toString()}`), 250);
  }

  private later = 0;

  // --- acts --------------------------------------------------------------------------------------

  private setMode(mode: Mode): void {
    this.mode = this.mode === mode ? "window" : mode;
    for (const input of this.inputs.values()) input.cancel();
    this.drawTools();
  }

  private play(): void {
    const seconds = this.active.series?.seconds;
    if (this.playing) return this.stop();
    if (!seconds) return;
    const panel = this.active;
    this.playing = window.setInterval(() => void panel.go((panel.index + 1) % panel.count), Math.max(20, seconds * 1000));
    this.drawTools();
  }

  private stop(): void {
    window.clearInterval(this.playing);
    this.playing = 0;
    this.drawTools();
  }

  private step(way: number): void {
    const { exam, series } = this.active;
    const cardsOf = exam?.series ?? [];
    const next = cardsOf[cardsOf.findIndex((one) => one.id === series?.id) + way];
    if (exam && next) void this.openSeries(exam, next.id);
  }

  act(name: string): boolean {
    if (name.startsWith("mode:")) return this.setMode(name.slice(5) as Mode), true;
    const acts: Record<string, () => void> = {
      invert: () => this.active.invert(),
      overlay: () => {
        this.overlay = !this.overlay;
        this.panels.forEach((one) => one.paint());
        this.drawTools();
      },
      reset: () => {
        this.active.reset();
        this.drawTools();
      },
      play: () => this.play(),
      compare: () => this.toggleCompare(),
      link: () => this.toggleLink(),
      verdicts: () => this.press("verdicts", document.body.classList.toggle("show-verdicts")),
      forget: () => this.active.forget(),
      larger: () => this.active.view.zoomTo(this.active.view.zoom * 1.25),
      smaller: () => this.active.view.zoomTo(this.active.view.zoom / 1.25),
      next: () => this.step(1),
      previous: () => this.step(-1),
      swap: () => this.activate(this.panels[(this.panels.indexOf(this.active) + 1) % this.panels.length] as Panel),
    };
    acts[name]?.();
    return name in acts;
  }

  /** What a key does to the images; whether it did something. */
  key(event: KeyboardEvent): boolean {
    const digit = /^[1-9]$/.exec(event.key)?.[0];
    if (digit) return this.active.usePreset(Number(digit) - 1);
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -1e6, End: 1e6 };
    const way = steps[event.key];
    if (way !== undefined) return this.scroll(this.active, way), true;
    const names: Record<string, string> = {
      z: "mode:zoom", p: "mode:pan", w: "mode:window", m: "mode:length", a: "mode:angle", e: "mode:ellipse",
      i: "invert", r: "reset", o: "overlay", c: "compare", l: "link", " ": "play", "[": "previous", "]": "next",
      "+": "larger", "=": "larger", "-": "smaller", Delete: "forget", Backspace: "forget",
    };
    if (event.key === "Escape") return this.escape();
    if (event.key === "Tab") return !event.shiftKey && this.panels.length > 1 && this.place.contains(document.activeElement) && this.act("swap");
    const name = names[event.key];
    return name !== undefined && this.act(name);
  }

  private escape(): boolean {
    const had = [...this.inputs.values()].some((input) => input.cancel());
    if (!had && this.mode !== "window") this.setMode("window");
    return had;
  }

  private listen(): void {
    document.addEventListener("keydown", (event) => {
      if (this.room || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
      if (event.key === " " && event.target instanceof HTMLButtonElement) return;
      if (this.key(event)) event.preventDefault();
    });
    for (const button of all("[data-act]")) button.addEventListener("click", () => this.act(button.dataset["act"] ?? ""));
    document.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-show]") : null;
      if (button) void this.show(Number(button.getAttribute("data-show")));
    });
    const resized = new ResizeObserver(() => {
      this.size = `${this.panels.length} ${this.place.clientWidth} ${this.place.clientHeight}`;
      resizePanes();
      this.panels.forEach((one) => one.paint());
    });
    resized.observe(this.place);
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
  }

  /** From a verdict to its place on the image. */
  private async show(index: number): Promise<void> {
    if (!this.overlay) this.act("overlay");
    document.body.classList.remove("show-verdicts");
    await this.active.go(index);
    this.active.flash();
  }
}

/** Of another exam the series most like one: the same words, else the same modality with images. */
function likest(exam: ExamData, like: SeriesData | null): string {
  const shown = exam.series.filter((one) => one.picture);
  const found = shown.find((one) => one.name === like?.name && one.id !== like.id) ?? shown.find((one) => one.modality === like?.modality && one.id !== like.id);
  return (found ?? shown[0])?.id ?? "";
}
