import { all, onEach } from "./dom";

/** Chips show and hide the kinds of entries. */
export function startTimelines(): void {
  onEach("[data-timeline]", (timeline) => {
    for (const chip of all<HTMLButtonElement>(".chip", timeline)) {
      chip.addEventListener("click", () => {
        const on = chip.getAttribute("aria-pressed") !== "true";
        chip.setAttribute("aria-pressed", String(on));
        all(`li[data-kind="${CSS.escape(chip.dataset["kind"] ?? "")}"]`, timeline).forEach((entry) => (entry.hidden = !on));
      });
    }
  });
}
