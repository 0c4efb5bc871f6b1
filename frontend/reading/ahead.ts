import { make } from "../viewer/dom";
import type { CaseData } from "./data";

/** The next case as far as it is here: its data, and its sheet made into a form that is not on the page yet. */
export interface Ahead {
  address: string;
  data: CaseData;
  sheet: HTMLElement;
}

/** The sheet of a case as elements that are not on the page yet. */
export function sheetOf(one: CaseData): HTMLElement {
  const sheet = make("div");
  sheet.innerHTML = one.sheet; // made by our own server from its own template, with every text escaped
  return sheet;
}

/** What was changed is on the screen: the frame for which it was drawn is over. */
export async function painted(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await new Promise((done) => window.setTimeout(done));
}
