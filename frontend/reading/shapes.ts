import type { Point, Shape } from "../viewer/data";
import type { Panel } from "../viewer/panel";
import type { MarkKind } from "./data";

const HEAD = 0.2; // of an arrow's length: its head

/** What is being drawn, in CSS pixels of its image. */
export interface Sketch {
  panel: Panel;
  from: Point;
  kind: MarkKind;
  to: Point;
}

/** In image pixels: one point, two corners of a box, or the tail and the head of an arrow. */
export function pointsOf({ panel, from, to, kind }: Sketch): Point[] {
  const [a, b] = [panel.view.toImage(from), panel.view.toImage(to)];
  return kind === "point" ? [b] : [a, b];
}

export function shapeOf(kind: MarkKind, points: Point[]): Shape {
  const [a, b = a] = points as [Point, Point?] as [Point, Point];
  if (kind === "point") return { kind: "points", points: [a] };
  if (kind === "rect") {
    return { kind: "rect", x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]), width: Math.abs(b[0] - a[0]), height: Math.abs(b[1] - a[1]) };
  }
  const [dx, dy] = [(b[0] - a[0]) * HEAD, (b[1] - a[1]) * HEAD];
  const barb = (turn: number): Point => [b[0] - dx + turn * dy * 0.6, b[1] - dy - turn * dx * 0.6];
  return { kind: "polyline", points: [a, b, barb(1), b, barb(-1)] };
}
