import type { Point } from "./data";
import type { ImageFacts } from "./engine/header";
import type { Pixels } from "./engine/pane";

export type Kind = "length" | "angle" | "ellipse";
export const POINTS: Record<Kind, number> = { length: 2, angle: 3, ellipse: 2 };

/** Drawn by a person on one frame; points in image pixels.  An ellipse fills the box between its two points. */
export interface Measure {
  kind: Kind;
  points: Point[];
}

export interface Statistics {
  n: number;
  mean: number;
  deviation: number;
  low: number;
  high: number;
}

/** mm a pixel as (along columns, along rows); 1 and 1 where the spacing is unknown. */
function steps(facts: ImageFacts): Point {
  return facts.spacing ? [facts.spacing[1], facts.spacing[0]] : [1, 1];
}

export function distance(a: Point, b: Point, facts: ImageFacts): number {
  const [sx, sy] = steps(facts);
  return Math.hypot((b[0] - a[0]) * sx, (b[1] - a[1]) * sy);
}

/** Degrees at the second of three points. */
export function angle(points: Point[], facts: ImageFacts): number {
  const [sx, sy] = steps(facts);
  const [a, b, c] = points as [Point, Point, Point];
  const one = Math.atan2((a[1] - b[1]) * sy, (a[0] - b[0]) * sx);
  const two = Math.atan2((c[1] - b[1]) * sy, (c[0] - b[0]) * sx);
  const between = Math.abs(((one - two) * 180) / Math.PI) % 360;
  return between > 180 ? 360 - between : between;
}

export function ellipseArea(points: Point[], facts: ImageFacts): number {
  const [sx, sy] = steps(facts);
  const [a, b] = points as [Point, Point];
  return (Math.PI / 4) * Math.abs(b[0] - a[0]) * sx * Math.abs(b[1] - a[1]) * sy;
}

/** Statistics of the grey pixels whose centres lie inside; the deviation is that of a sample (n − 1). */
export function statistics(points: Point[], pixels: Pixels, factor = 1): Statistics | null {
  if (pixels.parts !== 1) return null;
  const [a, b] = points as [Point, Point];
  const [cx, cy] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const [rx, ry] = [Math.abs(b[0] - a[0]) / 2, Math.abs(b[1] - a[1]) / 2];
  let [n, sum, squares, low, high] = [0, 0, 0, Infinity, -Infinity];
  const middle = pixels.values[Math.floor(cy) * pixels.columns + Math.floor(cx)] ?? 0; // keeps the squares small
  for (let row = Math.max(0, Math.floor(cy - ry)); row <= Math.min(pixels.rows - 1, Math.ceil(cy + ry)); row += 1) {
    for (let column = Math.max(0, Math.floor(cx - rx)); column <= Math.min(pixels.columns - 1, Math.ceil(cx + rx)); column += 1) {
      if (((column + 0.5 - cx) / rx) ** 2 + ((row + 0.5 - cy) / ry) ** 2 > 1) continue;
      const value = pixels.values[row * pixels.columns + column] as number;
      n += 1;
      sum += value - middle;
      squares += (value - middle) ** 2;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (n === 0) return null;
  const mean = sum / n;
  const deviation = n > 1 ? Math.sqrt(Math.max(0, (squares - n * mean * mean) / (n - 1))) : 0;
  return { n, mean: (mean + middle) * factor, deviation: deviation * factor, low: low * factor, high: high * factor };
}

/** Window from the 1st to the 99th percentile of a frame, over at most 65,536 of its pixels; zeros around an MR count. */
export function windowOf(pixels: Pixels | null, low: number, high: number): { center: number; width: number } | null {
  if (pixels?.parts !== 1) return null;
  const stride = Math.max(1, Math.floor(pixels.values.length / 65_536));
  const taken: number[] = [];
  for (let i = 0; i < pixels.values.length; i += stride) taken.push(pixels.values[i] as number);
  taken.sort((a, b) => a - b);
  const at = (share: number): number => taken[Math.min(taken.length - 1, Math.round(share * (taken.length - 1)))] as number;
  const [from, to] = [at(low), at(high)];
  return { center: (from + to) / 2, width: to - from };
}
