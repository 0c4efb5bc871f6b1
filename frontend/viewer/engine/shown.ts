import { cache, imageLoader, metaData, utilities } from "@cornerstonejs/core";
import type { ImageFacts } from "./header";

/**
 * Pictures that are drawn as numbers other than their values: grey levels from a curve, or whole numbers where only
 * these can be drawn.  They are made from the frame when it is shown; what is measured stays on the frame itself.
 */
const SCHEME = "shown:";
const LEVELS = 65535;

export interface Made {
  imageId: string;
  rows: number;
  columns: number;
  getPixelData(): ArrayLike<number>;
  voxelManager?: { getScalarData(): ArrayLike<number> };
}

/** What is drawn: the grey levels of the header's curve, or the values as whole numbers. */
export type Way = "curve" | "levels";

/** How the numbers that are drawn come from values. */
interface Recipe {
  /** The number drawn for a value, from 0 to `most`. */
  number(value: number): number;
  most: number;
}

let fetched: (frame: string) => Promise<ImageFacts>;

export function valuesOf(image: Made): ArrayLike<number> {
  return image.voxelManager?.getScalarData() ?? image.getPixelData();
}

/** A value as a number of its levels: 0 for the lowest of the frame. */
export function level(value: number, { low, high }: ImageFacts): number {
  return ((value - low) * LEVELS) / (high - low || 1);
}

function recipeOf(way: string, facts: ImageFacts): Recipe {
  const { curve } = facts;
  if (way === "curve" && curve) return { most: 255, number: (value) => Math.round(255 * curve.grey(value)) };
  return { most: LEVELS, number: (value) => Math.round(level(value, facts)) };
}

/** The id under which a frame is drawn in that way. */
export function shownId(frame: string, way: Way): string {
  return `${SCHEME}${way}:${frame}`;
}

function wayOf(id: string): string {
  return id.slice(SCHEME.length, id.indexOf(":", SCHEME.length));
}

function frameOf(id: string): string {
  return id.slice(id.indexOf(":", SCHEME.length) + 1);
}

async function made(id: string): Promise<unknown> {
  const recipe = recipeOf(wayOf(id), await fetched(frameOf(id)));
  const frame = cache.getImage(frameOf(id)) as unknown as Made | undefined;
  if (!frame) throw new Error("the frame is not there");
  const values = valuesOf(frame);
  const numbers = recipe.most > 255 ? new Uint16Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) numbers[i] = recipe.number(values[i] as number);
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({ scalarData: numbers, width: frame.columns, height: frame.rows, numberOfComponents: 1 });
  return {
    ...frame,
    imageId: id,
    dataType: numbers.constructor.name,
    voxelManager,
    getPixelData: () => numbers,
    getCanvas: undefined,
    minPixelValue: 0,
    maxPixelValue: recipe.most,
    slope: 1,
    intercept: 0,
    windowCenter: (recipe.most + 1) / 2,
    windowWidth: recipe.most + 1,
    voiLUT: undefined,
    modalityLUT: undefined,
    voiLUTFunction: undefined,
    preScale: { enabled: false, scaled: false },
    isPreScaled: false,
    cachedLut: undefined,
    sizeInBytes: numbers.byteLength,
  };
}

/** What the library asks about such a picture: as of its frame, but for its numbers. */
function facts(type: string, id: unknown): unknown {
  if (typeof id !== "string" || !id.startsWith(SCHEME)) return undefined;
  const found = metaData.get(type, frameOf(id)) as Record<string, unknown> | undefined;
  if (type === "imagePixelModule" && found) {
    const bits = wayOf(id) === "curve" ? 8 : 16;
    return { ...found, bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, pixelRepresentation: 0, photometricInterpretation: "MONOCHROME2" };
  }
  if (type === "modalityLutModule") return { rescaleIntercept: 0, rescaleSlope: 1 };
  if (type === "voiLutModule" || type === "scalingModule") return undefined;
  return found;
}

/** `fetch` gives the facts of a frame and has it decoded. */
export function startShown(fetch: (frame: string) => Promise<ImageFacts>): void {
  fetched = fetch;
  imageLoader.registerImageLoader("shown", (id: string) => ({ promise: made(id) as Promise<never> }));
  metaData.addProvider(facts, 10_000);
}
