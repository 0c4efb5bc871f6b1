import { all, isTyping, one } from "./dom";

function shown(element: HTMLElement): boolean {
  return element.offsetParent !== null && !(element as HTMLButtonElement).disabled;
}

function openHelp(): void {
  const dialog = one<HTMLDialogElement>("#keys");
  if (dialog && !dialog.open) dialog.showModal();
}

function goTo(letter: string): void {
  one<HTMLAnchorElement>(`[data-go="${CSS.escape(letter)}"]`)?.click();
}

function pressAction(key: string): boolean {
  const action = all(`[data-key="${CSS.escape(key)}"]`).find(shown);
  action?.click();
  return action !== undefined;
}

/** Global keys: `?` this page's keys, `g` + letter to go, and the keys that buttons of the page carry. */
export function startKeys(): void {
  let waitingForGo = 0;
  all("[data-keys-open]").forEach((button) => button.addEventListener("click", openHelp));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (one<HTMLDialogElement>("dialog[open]")) return;
    if (event.timeStamp < waitingForGo) {
      waitingForGo = 0;
      goTo(event.key);
      return;
    }
    if (event.key === "?") openHelp();
    else if (event.key === "g") waitingForGo = event.timeStamp + 1200;
    else if (pressAction(event.key)) event.preventDefault();
  });
}
