import type { ImageFacts } from "./engine/header";

const AXES: [string, string][] = [["L", "R"], ["P", "A"], ["H", "F"]];
const OPPOSITE: Record<string, string> = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };
const OBLIQUE = 0.25;

/** Letters towards which a direction of the patient points, strongest first: at most two that matter. */
export function letters(direction: number[]): string {
  return direction
    .map((value, axis): [number, string] => [Math.abs(value), (AXES[axis] as [string, string])[value >= 0 ? 0 : 1]])
    .filter(([size]) => size > OBLIQUE)
    .sort((a, b) => b[0] - a[0])
    .slice(0, 2)
    .map(([, letter]) => letter)
    .join("");
}

export interface Edges {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

function opposite(letter: string): string {
  return [...letter].map((one) => OPPOSITE[one] ?? "").join("");
}

/** Letters of the four edges, from the geometry, else from what the header says of a projection. */
export function edgesOf(facts: ImageFacts): Edges | null {
  const clean = (word: string): string => [...word.toUpperCase()].filter((one) => one in OPPOSITE).slice(0, 2).join("");
  const right = facts.orientation ? letters(facts.orientation.slice(0, 3)) : clean(facts.edges?.[0] ?? "");
  const bottom = facts.orientation ? letters(facts.orientation.slice(3, 6)) : clean(facts.edges?.[1] ?? "");
  return right || bottom ? { right, left: opposite(right), bottom, top: opposite(bottom) } : null;
}

/** The slice of the other stack that belongs to one of this: the nearest in mm where both have places, else by share. */
export function counterpart(index: number, here: (number | null)[], there: (number | null)[], shift: number): number {
  const place = here[index];
  if (placed(here) && placed(there) && place !== null && place !== undefined) {
    let best = 0;
    there.forEach((value, i) => {
      if (Math.abs((value as number) - place - shift) < Math.abs((there[best] as number) - place - shift)) best = i;
    });
    return best;
  }
  return here.length < 2 ? 0 : Math.round((index / (here.length - 1)) * (there.length - 1));
}

/** Whether every slice has a place, so that slices can be found by mm. */
export function placed(places: (number | null)[]): boolean {
  return places.length > 0 && places.every((place) => place !== null);
}

/** A round length in mm that takes about a quarter of the height. */
export function barLength(height: number, pixelsPerMm: number): number {
  const wanted = height / 4 / pixelsPerMm;
  return [500, 200, 100, 50, 20, 10, 5, 2, 1].find((mm) => mm <= wanted) ?? 0;
}
