/** What the server says: see web/viewer_data.py, which writes it. */
export interface Light {
  tone: string;
  word: string;
  icon: string;
  count: number | null;
}

export interface SeriesCard {
  id: string;
  name: string;
  modality: string;
  count: number;
  picture: string;
  light: Light;
}

export interface ExamData {
  id: string;
  name: string;
  when: string;
  modality: string;
  series: SeriesCard[];
}

export interface Preset {
  kind: "sent" | "fixed" | "auto" | "full";
  label: string;
  center?: number;
  width?: number;
}

/** Shapes in image pixels: x right, y down, origin at the outer corner of the first pixel. */
export interface Shape {
  kind: string;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  r?: number;
  points?: [number, number][];
  closed?: boolean;
}

export interface Evidence {
  shape: Shape;
  index: number | null;
  label: string;
  outcome: string;
}

/** PET: values in `unit` for each value of the pixels; a factor of null says why there is none. */
export interface Scale {
  factor: number | null;
  unit: string;
  why: string;
}

export interface SeriesData {
  id: string;
  exam: string;
  name: string;
  number: number | null;
  modality: string;
  message: string;
  facts: string;
  file: string;
  slices: [string, number, number | null][];
  presets: Preset[];
  scale: Scale | null;
  overlays: Evidence[];
  seconds: number | null;
  verdicts: string;
}

export interface Candidate {
  id: string;
  name: string;
  when: string;
  modality: string;
  why: string;
}

export interface Config {
  exam: ExamData;
  series: SeriesData | null;
  start: number;
  texts: Record<string, string>;
  lang: string;
  overlay: boolean;
  addresses: Record<"exam" | "exam_data" | "viewer" | "series" | "compare", string>;
}

export type Point = [number, number];

export function fileOf(series: SeriesData, index: number): string {
  const slice = series.slices[index];
  return slice ? series.file.replace("{instance}", slice[0]).replace("{frame}", String(slice[1])) : "";
}

/** Data of our own server; a refusal is an error with the status as its message. */
export async function fetchJson<T>(address: string): Promise<T> {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(answer.redirected ? "signed-out" : String(answer.status));
  return (await answer.json()) as T;
}
