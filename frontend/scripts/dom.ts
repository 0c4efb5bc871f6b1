/** Small helpers for finding elements; a missing element is a programming error where `need` is used. */
export function all<T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T[] {
  return [...root.querySelectorAll<T>(selector)];
}

export function one<T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T | null {
  return root.querySelector<T>(selector);
}

export function need<T extends Element = HTMLElement>(selector: string, root: ParentNode): T {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`missing element ${selector}`);
  return found;
}

/** Whether a key press belongs to a field the user is typing in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button", "submit"].includes(target.type);
}

/** Runs `start` on every match now and on those that htmx brings later, once each. */
export function onEach<T extends HTMLElement>(selector: string, start: (element: T) => void): void {
  const known = new WeakSet<T>();
  const scan = (root: ParentNode): void => {
    const self = root instanceof HTMLElement && root.matches(selector) ? [root as T] : [];
    for (const element of [...self, ...all<T>(selector, root)]) {
      if (known.has(element)) continue;
      known.add(element);
      start(element);
    }
  };
  scan(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.target instanceof Element) scan(event.target);
  });
}
