import { Enums, type StackViewport, type Types, cache, getShouldUseCPURendering } from "@cornerstonejs/core";
import type { Point } from "../data";
import { factsKnown, idOf, load, needsWhole, theRenderer } from "./engine";
import type { ImageFacts } from "./header";
import { type Way, level, shownId, valuesOf } from "./shown";

let made = 0;

export interface Pixels {
  values: ArrayLike<number>;
  columns: number;
  rows: number;
  /** Numbers a pixel: 1 for grey, 3 or 4 for colour. */
  parts: number;
}

/** What both ways of drawing offer to go between pixels and space. */
interface Grid {
  indexToWorld(index: Types.Point3): Types.Point3;
  worldToIndex(world: Types.Point3): Types.Point3;
}

/** One viewport: draws a frame of a stack through a window, zoomed and shifted.  Coordinates are CSS pixels. */
export class Pane {
  private readonly id = `pane-${++made}`;
  private readonly viewport: StackViewport;
  private stack: string[] = [];
  private address = "";
  private shownWindow = "";
  private way: Way | null = null;
  /** Index 0 is the centre of the first pixel, but its outer corner where the processor draws. */
  private readonly centre = getShouldUseCPURendering() ? 0 : 0.5;

  constructor(
    readonly element: HTMLDivElement,
    onDrawn: () => void,
  ) {
    theRenderer().enableElement({
      viewportId: this.id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    });
    this.viewport = theRenderer().getViewport(this.id) as StackViewport;
    element.addEventListener(Enums.Events.IMAGE_RENDERED, onDrawn);
  }

  setStack(addresses: string[]): void {
    this.stack = addresses;
    this.address = "";
    this.shownWindow = "";
  }

  /** Whether the shown frame is drawn by the curve of its header. */
  get curved(): boolean {
    return this.way === "curve";
  }

  /** Shows a frame of the stack, through the curve of its header where that is wanted; the view (zoom, place, window)
   *  stays.  Null when the stack was changed meanwhile.  Raises FrameError. */
  async show(index: number, curved: boolean): Promise<ImageFacts | null> {
    const { stack } = this;
    const address = stack[index] ?? "";
    const facts = await load(address);
    if (this.stack !== stack) return null;
    const way = wayOf(facts, curved);
    if (this.address === "" || way !== this.way) {
      await this.restack(index, way);
    } else {
      const before = factsKnown(this.address);
      await this.viewport.setImageIdIndex(index);
      if (way || (before && (before.columns !== facts.columns || before.rows !== facts.rows))) this.shownWindow = "";
    }
    this.address = address;
    return facts;
  }

  /** The stack drawn in another way; the view is kept unless it is the first. */
  private async restack(index: number, way: Way | null): Promise<void> {
    const middle: Point = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    const held = this.address === "" ? null : { zoom: this.viewport.getZoom(), middle: this.toImage(middle) };
    const ids = this.stack.map(idOf);
    await this.viewport.setStack(way ? ids.map((id) => shownId(id, way)) : ids, index);
    this.viewport.resetCamera();
    this.way = way;
    this.shownWindow = "";
    if (!held) return;
    this.viewport.setZoom(held.zoom);
    const now = this.toCanvas(held.middle);
    this.panBy(middle[0] - now[0], middle[1] - now[1]);
  }

  get shown(): string {
    return this.address;
  }

  /** Window in the unit of the facts by PS3.3 C.11.2.1.2; null leaves grey levels and colour as they are. */
  setWindow(window: { center: number; width: number } | null, inverted: boolean, facts: ImageFacts): void {
    const wanted = JSON.stringify([window, inverted, facts.factor]);
    if (wanted === this.shownWindow || this.address === "") return;
    this.shownWindow = wanted;
    const [lower, upper] = window && !this.curved ? this.bounds(window, facts) : [0, 255];
    this.viewport.setProperties({ voiRange: { lower, upper }, invert: inverted });
    this.viewport.render();
  }

  /** The numbers drawn black and white. */
  private bounds(window: { center: number; width: number }, facts: ImageFacts): [number, number] {
    const [center, width] = [window.center / facts.factor, window.width / facts.factor];
    const lower = facts.exact ? center - width / 2 : center - 0.5 - (width - 1) / 2;
    const upper = lower + Math.max(facts.exact ? width : width - 1, facts.whole ? 1e-3 : 1e-9);
    const known = factsKnown(this.address);
    return this.way === "levels" && known ? [level(lower, known), level(upper, known)] : [lower, upper];
  }

  get zoom(): number {
    return this.viewport.getZoom();
  }

  /** Zooms so that the point under `at` stays where it is. */
  zoomTo(zoom: number, at?: Point): void {
    const held = at && this.toImage(at);
    this.viewport.setZoom(Math.min(40, Math.max(0.1, zoom)));
    if (at && held) {
      const now = this.toCanvas(held);
      this.panBy(at[0] - now[0], at[1] - now[1]);
    }
    this.viewport.render();
  }

  panBy(dx: number, dy: number): void {
    if (getShouldUseCPURendering()) {
      // Drawn by the processor, the library's own pan holds only for pictures with the origin of space in their middle.
      const middle: Types.Point2 = [this.element.clientWidth / 2 - dx, this.element.clientHeight / 2 - dy];
      this.viewport.setCamera({ focalPoint: this.viewport.canvasToWorld(middle) });
    } else {
      const [x, y] = this.viewport.getPan();
      this.viewport.setPan([x + dx, y + dy]);
    }
    this.viewport.render();
  }

  fit(): void {
    this.viewport.resetCamera();
    this.viewport.render();
  }

  /** Screen pixels a mm-true image pixel takes: the scale of the picture. */
  get scale(): number {
    const [a, b] = [this.toCanvas([0, 0]), this.toCanvas([1, 0])];
    return Math.hypot(b[0] - a[0], b[1] - a[1]);
  }

  /** From image pixels (origin at the outer corner of the first pixel) to the pane. */
  toCanvas([x, y]: Point): Point {
    const image = this.viewport.getImageData()?.imageData as Grid | undefined;
    if (!image) return [0, 0];
    const world = image.indexToWorld([x - this.centre, y - this.centre, 0]);
    const [cx, cy] = this.viewport.worldToCanvas(world);
    return [cx, cy];
  }

  toImage([cx, cy]: Point): Point {
    const image = this.viewport.getImageData()?.imageData as Grid | undefined;
    if (!image) return [0, 0];
    const [x, y] = image.worldToIndex(this.viewport.canvasToWorld([cx, cy]));
    return [x + this.centre, y + this.centre];
  }

  /** Values of the shown frame as the header gives them (a factor to another unit is not in them). */
  pixels(): Pixels | null {
    const facts = factsKnown(this.address);
    const image = this.address ? (cache.getImage(idOf(this.address)) as unknown as Parameters<typeof valuesOf>[0] | undefined) : undefined;
    if (!facts || !image) return null;
    const values = valuesOf(image);
    return { values, columns: facts.columns, rows: facts.rows, parts: Math.max(1, Math.round(values.length / (facts.columns * facts.rows))) };
  }

  destroy(): void {
    theRenderer().disableElement(this.id);
  }
}

function wayOf(facts: ImageFacts, curved: boolean): Way | null {
  if (curved && facts.curve) return "curve";
  return needsWhole(facts) ? "levels" : null;
}

/** All panes take the size of their places anew. */
export function resizePanes(): void {
  theRenderer().resize(true, true);
}
