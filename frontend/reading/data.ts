import type { Config, ExamData, Point, SeriesData } from "../viewer/data";

/** What the server says of a case: see web/reading/case.py, which writes it. */
export interface CaseData {
  id: string;
  number: number;
  title: string;
  about: string;
  progress: { done: number; total: number };
  due: string;
  modality: string;
  /** Which defects are marked: those of reports, or of a modality (that of the images where it is not told). */
  dictionary?: string;
  /** What is read instead of the images. */
  content?: ContentData | null;
  exam: ExamData;
  series: SeriesData | null;
  start: number;
  second: SeriesData | null;
  second_start: number;
  preset: number;
  unchecked: boolean;
  marks: MarkData[];
  position: PositionData | null;
  /** Of a case of several positions that of each film, by the name of its series. */
  positions?: Record<string, PositionData>;
  sheet: string;
  addresses: Record<"page" | "open" | "seconds" | "submit" | "marks" | "priors" | "decline", string>;
  next: string;
}

export interface PositionData {
  name: string;
  shows: string;
  criteria: string;
  pictures?: { url: string; name: string }[];
}

export type MarkKind = "point" | "rect" | "arrow";

/** On a slice: a point, two corners of a box, or from where to where an arrow goes, in image pixels. */
export interface ImageShape {
  kind: MarkKind;
  points: Point[];
}

/** Words of a part of a report: characters (code points) from `start` to before `end`. */
export interface TextShape {
  kind: "text";
  part: string;
  start: number;
  end: number;
}

/** A mark; one in a text has no series. */
export interface MarkData {
  id: string;
  series: string;
  index: number;
  shape: ImageShape | TextShape;
  defect: string;
  note: string;
}

/** What is read instead of images: see web/reading/content.py, which writes it. */
export interface ContentData {
  kind: string;
  title: string;
  html: string;
  others: { part: string; start: number; end: number; label: string }[];
}

export interface Defect {
  code: string;
  name: string;
  other: string;
  letters: string;
  kind: string;
}

export interface RoomConfig {
  case: CaseData;
  texts: Record<string, string>;
  lang: string;
  defects: Record<string, Defect[]>;
  addresses: Record<"series" | "exam_data" | "defects" | "readings", string>;
}

export function dictionaryOf(one: CaseData): string {
  return one.dictionary ?? one.modality;
}

export function viewerConfig(room: RoomConfig, one: CaseData): Config {
  const { series, exam_data } = room.addresses;
  return {
    exam: one.exam,
    series: one.series,
    start: one.start,
    texts: room.texts,
    lang: room.lang,
    overlay: true,
    addresses: { exam: "", exam_data, viewer: "", series, compare: one.addresses.priors },
  };
}

/** A form sent to our own server, with its token. */
export async function post(address: string, form: HTMLFormElement, fields: [string, string][] = [], keepalive = false): Promise<Response> {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  body.append("csrfmiddlewaretoken", tokenOf(form));
  return fetch(address, { method: "POST", body, keepalive, headers: { Accept: "application/json" } });
}

export function tokenOf(form: HTMLFormElement): string {
  return form.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** A random id of version 4; `crypto.randomUUID` is not there on plain http within a hospital. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
