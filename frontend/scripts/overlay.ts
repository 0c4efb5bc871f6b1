/** Shapes of Evidence.shape, in image pixels (x right, y down, origin at the outer corner of the first pixel). */
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

export interface Overlay {
  shape: Shape;
  index: number | null;
  label: string;
  outcome: string;
}

const SVG = "http://www.w3.org/2000/svg";

export function node(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function pointList(points: [number, number][]): string {
  return points.map(([x, y]) => `${x},${y}`).join(" ");
}

function draw(shape: Shape, dot: number): SVGElement[] {
  const { x = 0, y = 0, width = 0, height = 0, r = 0, points = [] } = shape;
  switch (shape.kind) {
    case "rect": return [node("rect", { x, y, width, height })];
    case "circle": return [node("circle", { cx: x, cy: y, r })];
    case "polyline": return [node(shape.closed ? "polygon" : "polyline", { points: pointList(points) })];
    case "points": return points.map(([cx, cy]) => node("circle", { cx, cy, r: dot, class: "dot" }));
    default: return [];
  }
}

/** Replaces what is drawn on the overlay by the shapes of slice `index`. */
export function drawOverlays(svg: SVGSVGElement, overlays: Overlay[], index: number, columns: number): void {
  const here = overlays.filter((overlay) => overlay.index === null || overlay.index === index);
  svg.replaceChildren(
    ...here.map((overlay) => {
      const group = node("g", { class: `shape ${overlay.outcome.toLowerCase()}` });
      const title = node("title", {});
      title.textContent = overlay.label;
      group.append(title, ...draw(overlay.shape, columns / 130));
      return group;
    }),
  );
}
