import type { Evidence, Point, Shape } from "./data";
import { draw } from "./dom";
import type { ImageFacts } from "./engine/header";
import type { Pane } from "./engine/pane";
import { type Measure, angle, distance, ellipseArea, statistics } from "./measure";
import { barLength } from "./space";
import { digitsOf, number, text } from "./texts";

const ROUND = 64;

/** The lines over one image: evidence, what a person measured, the scale.  Drawn anew with every picture. */
export class Layer {
  readonly svg = draw("svg", { class: "viewer-layer", "aria-hidden": "true" }) as SVGSVGElement;

  constructor(private readonly pane: Pane) {}

  paint(facts: ImageFacts, evidence: Evidence[], measures: Measure[]): void {
    const box = this.svg.getBoundingClientRect();
    this.svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    this.svg.replaceChildren(
      ...evidence.map((one) => this.evidence(one)),
      ...measures.flatMap((one) => this.measure(one, facts)),
      ...this.bar(facts, box),
    );
  }

  clear(): void {
    this.svg.replaceChildren();
  }

  private path(points: Point[], closed: boolean): string {
    const on = points.map((point) => this.pane.toCanvas(point).map((value) => value.toFixed(2)).join(" "));
    return `M${on.join("L")}${closed ? "Z" : ""}`;
  }

  private evidence({ shape, label, outcome }: Evidence): SVGElement {
    const group = draw("g", { class: `evidence ${outcome.toLowerCase()}` });
    group.append(...this.shape(shape));
    const [x, y] = this.pane.toCanvas(anchor(shape));
    if (label) group.append(draw("text", { x: x.toFixed(1), y: (y - 6).toFixed(1), class: "viewer-note" }, label));
    return group;
  }

  private shape(shape: Shape): SVGElement[] {
    const { x = 0, y = 0, width = 0, height = 0, r = 0, points = [] } = shape;
    switch (shape.kind) {
      case "rect":
        return [draw("path", { d: this.path([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], true) })];
      case "circle":
        return [draw("path", { d: this.path(round(x, y, r, r), true) })];
      case "polyline":
        return [draw("path", { d: this.path(points, shape.closed === true) })];
      case "points":
        return points.map((point) => {
          const [cx, cy] = this.pane.toCanvas(point);
          return draw("circle", { cx, cy, r: 4, class: "viewer-dot" });
        });
      default:
        return [];
    }
  }

  private measure(measure: Measure, facts: ImageFacts): SVGElement[] {
    const { kind, points } = measure;
    const group = draw("g", { class: "measure" });
    const [a, b] = points as [Point, Point];
    if (kind === "ellipse") group.append(draw("path", { d: this.path(round((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (b[0] - a[0]) / 2, (b[1] - a[1]) / 2), true) }));
    else group.append(draw("path", { d: this.path(points, false) }));
    for (const point of points) {
      const [cx, cy] = this.pane.toCanvas(point);
      group.append(draw("circle", { cx, cy, r: 3, class: "viewer-dot" }));
    }
    const [x, y] = this.pane.toCanvas(points[points.length - 1] as Point);
    this.words(measure, facts).forEach((line, i) => group.append(draw("text", { x: (x + 10).toFixed(1), y: (y + 4 + i * 17).toFixed(1), class: "viewer-note" }, line)));
    return [group];
  }

  /** What a measurement says, a line each. */
  words({ kind, points }: Measure, facts: ImageFacts): string[] {
    const [a, b] = points as [Point, Point];
    const warned = facts.calibrated === "patient" ? [] : [text(facts.calibrated === "detector" ? "detector" : "uncalibrated")];
    if (kind === "length") {
      const long = distance(a, b, facts);
      return [facts.spacing ? `${number(long)} mm` : text("pixels", { n: number(long) }), ...warned];
    }
    if (kind === "angle") return points.length < 3 ? [] : [`${number(angle(points, facts))}°`];
    const area = ellipseArea(points, facts);
    const lines = [text("area", { value: facts.spacing ? `${number(area)} mm²` : text("pixels", { n: number(area, 0) }) })];
    const pixels = this.pane.pixels();
    const told = pixels && statistics(points, pixels, facts.factor);
    if (told) {
      const digits = digitsOf(facts.high - facts.low);
      const unit = facts.unit ? ` ${facts.unit}` : "";
      lines.push(`${text("mean", { value: number(told.mean, digits) })}${unit}`, text("deviation", { value: number(told.deviation, digits) }));
      lines.push(text("range", { low: number(told.low, digits), high: number(told.high, digits) }));
    }
    return [...lines, ...warned];
  }

  /** A bar of a round length at the right edge; none where the size of a pixel is unknown. */
  private bar(facts: ImageFacts, box: DOMRect): SVGElement[] {
    if (!facts.spacing) return [];
    const [a, b] = [this.pane.toCanvas([0, 0]), this.pane.toCanvas([0, 1])];
    const perMm = Math.hypot(b[0] - a[0], b[1] - a[1]) / facts.spacing[0];
    const mm = barLength(box.height, perMm);
    if (!mm || !Number.isFinite(perMm)) return [];
    const [right, middle, half] = [box.width - 14, box.height / 2, (mm * perMm) / 2];
    const group = draw("g", { class: `viewer-bar-scale ${facts.calibrated}` });
    group.append(
      draw("path", { d: `M${right - 6} ${middle - half}H${right}V${middle + half}H${right - 6}` }),
      draw("text", { x: right - 2, y: middle + half + 16, "text-anchor": "end", class: "viewer-note" }, `${mm} mm`),
    );
    return [group];
  }
}

function round(x: number, y: number, rx: number, ry: number): Point[] {
  return Array.from({ length: ROUND }, (_, i): Point => {
    const turn = (2 * Math.PI * i) / ROUND;
    return [x + rx * Math.cos(turn), y + ry * Math.sin(turn)];
  });
}

function anchor({ kind, x = 0, y = 0, r = 0, points = [] }: Shape): Point {
  if (kind === "rect") return [x, y];
  if (kind === "circle") return [x - r, y - r];
  return points[0] ?? [0, 0];
}
