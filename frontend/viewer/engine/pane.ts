import { Enums, type StackViewport, type Types, cache, getShouldUseCPURendering } from "@cornerstonejs/core";
import type { Point } from "../data";
import { factsKnown, idOf, load, theRenderer } from "./engine";
import type { ImageFacts } from "./header";

let made = 0;

export interface Pixels {
  values: ArrayLike<number>;
  columns: number;
  rows: number;
  /** Numbers a pixel: 1 for grey, 3 or 4 for colour. */
  parts: number;
}

interface Held {
  voxelManager?: { getScalarData(): ArrayLike<number> };
  getPixelData(): ArrayLike<number>;
  numberOfComponents?: number;
  color?: boolean;
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

  /** Shows a frame of the stack; the view (zoom, place, window) stays.  Null when the stack was changed meanwhile.
   *  Raises FrameError. */
  async show(index: number): Promise<ImageFacts | null> {
    const { stack } = this;
    const address = stack[index] ?? "";
    const facts = await load(address);
    if (this.stack !== stack) return null;
    if (this.address === "") {
      await this.viewport.setStack(this.stack.map(idOf), index);
      this.viewport.resetCamera();
    } else {
      const before = factsKnown(this.address);
      await this.viewport.setImageIdIndex(index);
      if (before && (before.columns !== facts.columns || before.rows !== facts.rows)) this.shownWindow = "";
    }
    this.address = address;
    return facts;
  }

  get shown(): string {
    return this.address;
  }

  /** Window in real units by PS3.3 C.11.2.1.2; null leaves colour as it is. */
  setWindow(window: { center: number; width: number } | null, inverted: boolean): void {
    const wanted = JSON.stringify([window, inverted]);
    if (wanted === this.shownWindow || this.address === "") return;
    this.shownWindow = wanted;
    const lower = window ? window.center - 0.5 - (window.width - 1) / 2 : 0;
    const upper = window ? lower + Math.max(window.width - 1, 1e-3) : 255;
    this.viewport.setProperties({ voiRange: { lower, upper }, invert: inverted });
    this.viewport.render();
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
    const [x, y] = this.viewport.getPan();
    this.viewport.setPan([x + dx, y + dy]);
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

  /** Values of the shown frame in real units. */
  pixels(): Pixels | null {
    const facts = factsKnown(this.address);
    const image = this.address ? (cache.getImage(idOf(this.address)) as unknown as Held | undefined) : undefined;
    if (!facts || !image) return null;
    const values = image.voxelManager?.getScalarData() ?? image.getPixelData();
    return { values, columns: facts.columns, rows: facts.rows, parts: Math.max(1, Math.round(values.length / (facts.columns * facts.rows))) };
  }

  destroy(): void {
    theRenderer().disableElement(this.id);
  }
}

/** All panes take the size of their places anew. */
export function resizePanes(): void {
  theRenderer().resize(true, true);
}
