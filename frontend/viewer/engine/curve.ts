import type { Elements } from "./header";

/** How values become grey where the header asks for more than a straight window; `grey` is 0 to 1. */
export interface Curve {
  kind: "table" | "sigmoid";
  grey(value: number): number;
}

const VOI_TABLE = "x00283010";
const DESCRIPTOR = "x00283002";
const DATA = "x00283006";

/** The curve of a header, null where there is none.  A table outweighs a window.
 *  Source: PS3.3 C.11.2.1.1 (VOI LUT Sequence), C.11.2.1.3.1 (SIGMOID). */
export function curveOf(elements: Elements, window: { center: number; width: number } | null, low: number): Curve | null {
  const item = elements.elements[VOI_TABLE]?.items?.[0]?.dataSet;
  const table = item && tableOf(item, low < 0);
  if (table) return table;
  if ((elements.string("x00281056") ?? "").trim() !== "SIGMOID" || !window) return null;
  return { kind: "sigmoid", grey: (value) => 1 / (1 + Math.exp((-4 * (value - window.center)) / window.width)) };
}

function tableOf(item: Elements, signed: boolean): Curve | null {
  const [entries, first, bits] = [0, 1, 2].map((i) => item.uint16(DESCRIPTOR, i));
  const data = item.elements[DATA];
  if (entries === undefined || first === undefined || !bits || bits > 16 || !data) return null;
  const count = entries || 65536;
  const packed = data.length < 2 * count; // entries of one byte
  if (data.length < count) return null;
  const begin = signed && first > 32767 ? first - 65536 : first;
  const highest = 2 ** bits - 1;
  const greys = Float32Array.from({ length: count }, (_, i) => Math.min(1, ((packed ? item.byteArray[data.dataOffset + i] : item.uint16(DATA, i)) ?? 0) / highest));
  return { kind: "table", grey: (value) => greys[Math.max(0, Math.min(count - 1, Math.round(value) - begin))] as number };
}
