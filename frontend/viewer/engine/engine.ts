/**
 * The only folder that knows Cornerstone3D: it starts the renderer and the decoders, and gives panes.  Nothing of the
 * library's types leaves it, so that another renderer could take its place.
 */
import { RenderingEngine, cache, getRenderingCapabilities, imageLoader, init as startRenderer } from "@cornerstonejs/core";
import { init as startLoader } from "@cornerstonejs/dicom-image-loader";
import { logging } from "@cornerstonejs/utils";
import { type Elements, type ImageFacts, factsOf } from "./header";
import { startShown } from "./shown";

const MEGABYTE = 1024 * 1024;
const SCHEME = "wadouri:";

/** Why a frame could not be had: the server's status, or what the decoder said. */
export class FrameError extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

interface Loaded {
  data?: Elements;
  color?: boolean;
  rows: number;
  columns: number;
  getPixelData(): ArrayLike<number> | undefined;
  minPixelValue: number;
  maxPixelValue: number;
  voiLUT?: unknown;
  voiLUTFunction?: string;
}

let renderer: RenderingEngine | null = null;
let drawsWholeOnly = false;
const facts = new Map<string, ImageFacts>();

export interface Power {
  /** Whether pictures are drawn by the processor: chosen where the graphics are only imitated anyway. */
  software: boolean;
  cacheBytes: number;
}

export function startEngine(force: "" | "cpu" | "gpu" = ""): Power {
  const loggers = (logging.log as { getLoggers(): Record<string, { setLevel(level: string): void }> }).getLoggers();
  for (const log of Object.values(loggers)) log.setLevel("error");
  const able = getRenderingCapabilities();
  const software = force ? force === "cpu" : !able.webgl || able.softwareRasterizer;
  startRenderer({ rendering: { useCPURendering: software } } as Parameters<typeof startRenderer>[0]);
  drawsWholeOnly = software;
  startShown((frame) => load(frame.slice(SCHEME.length)));
  const cores = navigator.hardwareConcurrency || 2;
  startLoader({ maxWebWorkers: Math.max(1, Math.min(4, cores - 1)), useLegacyMetadataProvider: true });
  const memory = (navigator as Navigator & { deviceMemory?: number }).deviceMemory ?? 4;
  const cacheBytes = Math.min(1024, Math.max(256, memory * 128)) * MEGABYTE;
  cache.setMaxCacheSize(cacheBytes);
  renderer = new RenderingEngine("viewer");
  return { software, cacheBytes };
}

/** The library keeps promises of its own beside those it gives out, which fail unheard; ours tells the reader. */
window.addEventListener("unhandledrejection", (event) => {
  const reason = event.reason as { error?: unknown; dataSet?: unknown } | XMLHttpRequest | null;
  if (reason instanceof XMLHttpRequest || (reason && typeof reason === "object" && ("dataSet" in reason || "error" in reason))) event.preventDefault();
});

export function theRenderer(): RenderingEngine {
  if (!renderer) throw new Error("the renderer was not started");
  return renderer;
}

export function idOf(address: string): string {
  return `${SCHEME}${new URL(address, location.href).href}`;
}

export function isLoaded(address: string): boolean {
  return facts.has(idOf(address)) && cache.getImageLoadObject(idOf(address)) !== undefined;
}

/** Fetches and decodes a frame unless it is there; its facts.  Raises FrameError. */
export async function load(address: string): Promise<ImageFacts> {
  try {
    const image = (await imageLoader.loadAndCacheImage(idOf(address))) as unknown as Loaded;
    const known = facts.get(idOf(address));
    if (known) return known;
    image.voiLUT = undefined; // tables and sigmoids are ours: see curve.ts
    image.voiLUTFunction = "LINEAR";
    if (!image.data) throw new Error("no header");
    const pixels = image.getPixelData();
    const whole = !(pixels instanceof Float32Array || pixels instanceof Float64Array);
    const found = factsOf(image.data, [image.minPixelValue, image.maxPixelValue], image.color === true, whole);
    if (!sound(image, found)) throw new Error("not a picture of the size in its header");
    facts.set(idOf(address), found);
    return found;
  } catch (error) {
    throw await frameError(address, error);
  }
}

/** Some decoders give nothing, or something of another size, for damaged pixels, and say no word. */
function sound(image: Loaded, found: ImageFacts): boolean {
  const size = found.rows * found.columns;
  return size > 0 && image.rows === found.rows && image.columns === found.columns && (image.getPixelData()?.length ?? 0) >= size && Number.isFinite(found.high - found.low);
}

/** Whether values between whole numbers would be drawn black here. */
export function needsWhole(found: ImageFacts): boolean {
  return drawsWholeOnly && !found.whole && !found.colour;
}

export function factsKnown(address: string): ImageFacts | undefined {
  return facts.get(idOf(address));
}

/** Bytes that a decoded frame takes in the cache; a guess before the first is there. */
export function bytesOf(address: string): number {
  const known = facts.get(idOf(address));
  return known ? known.columns * known.rows * (known.colour ? 4 : 2) : MEGABYTE;
}

async function frameError(address: string, error: unknown): Promise<FrameError> {
  const inner = (error as { error?: unknown } | null)?.error ?? error;
  if (inner instanceof XMLHttpRequest) {
    if (inner.status === 0) return new FrameError(0, "");
    const bytes = inner.response instanceof ArrayBuffer ? inner.response : new ArrayBuffer(0);
    const plain = (inner.getResponseHeader("Content-Type") ?? "").startsWith("text/plain");
    return new FrameError(inner.status, plain ? new TextDecoder().decode(bytes) : "");
  }
  if (!navigator.onLine) return new FrameError(0, "");
  return new FrameError(200, await syntaxOf(address));
}

/** The transfer syntax of a frame that could not be decoded, for the message. */
async function syntaxOf(address: string): Promise<string> {
  try {
    const answer = await fetch(address);
    if (!(answer.headers.get("Content-Type") ?? "").includes("dicom")) return "?";
    const head = new TextDecoder("latin1").decode((await answer.arrayBuffer()).slice(132, 400));
    return /1\.2\.840\.10008\.1\.2[.\d]*/.exec(head)?.[0] ?? "?";
  } catch {
    return "?";
  }
}
