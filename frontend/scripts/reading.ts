import { all, isTyping, need, one, onEach } from "./dom";

/** The score sheet by key: digits answer the current item and go on, a–d grade, Ctrl Enter alone submits. */
function startSheet(room: HTMLElement): void {
  const form = need<HTMLFormElement>("[data-sheet-form]", room);
  const items = all<HTMLFieldSetElement>("[data-item]", form);
  let current = 0;
  const mark = (index: number, bring = true): void => {
    current = Math.max(0, Math.min(items.length - 1, index));
    items.forEach((item, i) => item.classList.toggle("current", i === current));
    if (bring) items[current]?.scrollIntoView({ block: "nearest" });
  };
  items.forEach((item, index) => item.addEventListener("focusin", () => mark(index)));
  const answer = (digit: number): boolean => {
    const choice = items[current] ? all<HTMLInputElement>("input", items[current])[digit] : undefined;
    if (!choice) return false;
    choice.checked = true;
    mark(current + 1);
    return true;
  };
  const grade = (letter: string): boolean => {
    const choice = one<HTMLInputElement>(`[data-grade="${CSS.escape(letter)}" i]`, form);
    if (choice) choice.checked = true;
    return choice !== null;
  };
  form.addEventListener("submit", (event) => {
    const byKey = form.dataset["byKey"] === "1";
    const byButton = (event as SubmitEvent).submitter !== null;
    if (!byKey && !byButton) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (one("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.dataset["byKey"] = "1";
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isTyping(event.target)) return;
    const done = /^[0-9]$/.test(event.key) ? answer(Number(event.key)) : /^[a-d]$/.test(event.key) && grade(event.key);
    if (done) event.preventDefault();
  });
  mark(0, false);
}

export function startReading(): void {
  onEach("[data-reading]", startSheet);
}
