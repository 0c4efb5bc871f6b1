import { type Curve, curveOf } from "./curve";

/** What drawing needs of the header of one frame. */
export interface ImageFacts {
  columns: number;
  rows: number;
  /** mm between rows, mm between columns; null when unknown. */
  spacing: [number, number] | null;
  /** Where the spacing holds: in the patient, at the detector only, or nowhere. */
  calibrated: "patient" | "detector" | "none";
  orientation: number[] | null;
  position: number[] | null;
  /** Letters of the right and of the lower edge, as the header words them. */
  edges: [string, string] | null;
  window: { center: number; width: number } | null;
  /** Whether the window means its bounds exactly (LINEAR_EXACT), not the centres of its first and last step. */
  exact: boolean;
  curve: Curve | null;
  /** Values in `unit` for each value of the pixels. */
  factor: number;
  /** Whether all values are whole numbers. */
  whole: boolean;
  colour: boolean;
  inverted: boolean;
  unit: string;
  low: number;
  high: number;
}

/** The part of a parsed dataset that is used here. */
export interface Elements {
  string(tag: string): string | undefined;
  uint16(tag: string, index?: number): number | undefined;
  elements: Record<string, { dataOffset: number; length: number; items?: { dataSet?: Elements }[] } | undefined>;
  byteArray: ArrayLike<number>;
}

function numbers(elements: Elements, tag: string, count: number): number[] | null {
  const values = (elements.string(tag) ?? "").split("\\").map((part) => Number.parseFloat(part));
  return values.length >= count && values.slice(0, count).every(Number.isFinite) ? values.slice(0, count) : null;
}

function spacingOf(elements: Elements): [ImageFacts["spacing"], ImageFacts["calibrated"]] {
  const positive = (pair: number[] | null): [number, number] | null =>
    pair && (pair[0] as number) > 0 && (pair[1] as number) > 0 ? [pair[0] as number, pair[1] as number] : null;
  const inPatient = positive(numbers(elements, "x00280030", 2));
  const atDetector = positive(numbers(elements, "x00181164", 2));
  // Some makers copy the spacing of the detector into the attribute that means the patient.
  if (inPatient && atDetector && inPatient.every((value, i) => Math.abs(value - (atDetector[i] as number)) < 1e-4)) return [inPatient, "detector"];
  if (inPatient) return [inPatient, "patient"];
  if (atDetector) return [atDetector, "detector"];
  return [null, "none"];
}

function edgesOf(elements: Elements): [string, string] | null {
  const [right = "", lower = ""] = (elements.string("x00200020") ?? "").split("\\").map((part) => part.trim());
  return right || lower ? [right, lower] : null;
}

function unitOf(elements: Elements, modality: string): string {
  const declared = (elements.string("x00281054") ?? "").trim();
  if (declared && declared !== "US") return declared;
  const words = (elements.string("x00080008") ?? "").toUpperCase();
  return modality === "CT" && elements.string("x00281053") !== undefined && !words.includes("LOCALIZER") ? "HU" : "";
}

export function factsOf(elements: Elements, range: [number, number], colour: boolean, whole: boolean): ImageFacts {
  const [spacing, calibrated] = spacingOf(elements);
  const center = numbers(elements, "x00281050", 1);
  const width = numbers(elements, "x00281051", 1);
  const photometric = (elements.string("x00280004") ?? "").trim();
  const exact = (elements.string("x00281056") ?? "").trim() === "LINEAR_EXACT";
  const least = exact ? Number.MIN_VALUE : 1;
  const window = center && width && (width[0] as number) >= least ? { center: center[0] as number, width: width[0] as number } : null;
  const shape = (elements.string("x20500020") ?? "").trim();
  return {
    columns: elements.uint16("x00280011") ?? 0,
    rows: elements.uint16("x00280010") ?? 0,
    spacing,
    calibrated,
    orientation: numbers(elements, "x00200037", 6),
    position: numbers(elements, "x00200032", 3),
    edges: edgesOf(elements),
    window,
    exact,
    curve: colour ? null : curveOf(elements, window, range[0]),
    factor: 1,
    whole,
    colour,
    inverted: photometric === "MONOCHROME1" || (photometric === "MONOCHROME2" && shape === "INVERSE"),
    unit: unitOf(elements, (elements.string("x00080060") ?? "").trim()),
    low: range[0],
    high: range[1],
  };
}

/** The same picture in another unit: all that is in values goes with the factor. */
export function inUnit(facts: ImageFacts, factor: number, unit: string): ImageFacts {
  const window = facts.window && { center: facts.window.center * factor, width: facts.window.width * factor };
  return { ...facts, window, factor, unit, low: facts.low * factor, high: facts.high * factor };
}
