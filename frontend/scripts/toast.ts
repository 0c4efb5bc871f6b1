import { all, need, one } from "./dom";

const SECONDS = 6;

function dismissLater(note: HTMLElement): void {
  one<HTMLButtonElement>("[data-close]", note)?.addEventListener("click", () => note.remove());
  if (!note.classList.contains("error")) window.setTimeout(() => note.remove(), SECONDS * 1000);
}

/** Shows a short notice; errors stay until they are closed. */
export function toast(text: string, kind: "success" | "error" | "info" = "info"): void {
  const note = document.createElement("div");
  note.className = `toast-note ${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "bare";
  close.dataset["close"] = "";
  close.textContent = "×";
  note.append(words, close);
  need("#toasts", document).append(note);
  dismissLater(note);
}

export function startToasts(): void {
  all("[data-toast]").forEach(dismissLater);
}
