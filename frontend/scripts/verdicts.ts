import { all, isTyping, one } from "./dom";

function moveTo(row: HTMLElement | undefined): void {
  if (!row) return;
  all("[data-judged].at").forEach((other) => other.classList.remove("at"));
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
}

/** Verdicts by key: `j` `k` go from one to the next, `v` shows the current one on the image, `d` decides on it. */
export function startVerdicts(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
    const rows = all("[data-judged]").filter((row) => row.offsetParent !== null);
    if (rows.length === 0) return;
    const focused = rows.findIndex((row) => row.contains(document.activeElement));
    const at = focused >= 0 ? focused : rows.findIndex((row) => row.classList.contains("at"));
    const row = rows[Math.max(at, 0)] as HTMLElement;
    if (event.key === "j") moveTo(rows[Math.min(at + 1, rows.length - 1)]);
    else if (event.key === "k") moveTo(rows[Math.max(at - 1, 0)]);
    else if (event.key === "v") one<HTMLElement>("[data-show]", row)?.click();
    else if (event.key === "d") one<HTMLElement>("[data-decide]", row)?.click();
    else return;
    event.preventDefault();
  });
}
