import { icon, make } from "../viewer/dom";
import { text } from "../viewer/texts";
import type { MarkData } from "./data";

export interface MarkRow {
  name: string;
  /** The words that are marked, or the kind of the shape. */
  about: string;
  unsent: boolean;
  show: () => void;
  remove: () => void;
}

/** A mark in the list at the sheet: shown, or taken away. */
export function markRow(mark: MarkData, { name, about, unsent, show, remove }: MarkRow): HTMLElement {
  const item = make("li", unsent ? "is-unsent" : "");
  item.dataset["mark"] = mark.id;
  const shown = button("room-mark-show", text("mark_show"), show);
  shown.append(icon("flag"), make("span", "", name || text("mark_unnamed")), make("small", "muted", about));
  const removed = button("room-mark-remove", text("mark_remove"), remove);
  removed.setAttribute("aria-label", text("mark_remove"));
  removed.append(icon("x"));
  item.append(shown, removed);
  return item;
}

function button(name: string, title: string, act: () => void): HTMLButtonElement {
  const found = make("button", `bare ${name}`);
  found.type = "button";
  found.title = title;
  found.addEventListener("click", act);
  return found;
}
