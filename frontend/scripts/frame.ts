import { all, one } from "./dom";

const FOLDED = "yingheng.folded";

function folded(): Set<string> {
  return new Set((localStorage.getItem(FOLDED) ?? "").split(",").filter(Boolean));
}

function startSidebar(): void {
  const buttons = all<HTMLButtonElement>("[data-sidebar]");
  const set = (open: boolean): void => {
    document.body.classList.toggle("sidebar-open", open);
    buttons.forEach((button) => button.hasAttribute("aria-expanded") && button.setAttribute("aria-expanded", String(open)));
    if (open) one<HTMLAnchorElement>("#sidebar a[aria-current], #sidebar .nav-group a")?.focus();
  };
  buttons.forEach((button) => button.addEventListener("click", () => set(!document.body.classList.contains("sidebar-open"))));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set(false);
  });
}

/** Groups of the side bar stay folded as the user left them. */
function startGroups(): void {
  const closed = folded();
  for (const group of all<HTMLDetailsElement>(".nav-group")) {
    const key = group.dataset["group"] ?? "";
    if (closed.has(key) && !one("[aria-current]", group)) group.open = false;
    group.addEventListener("toggle", () => {
      const now = folded();
      if (group.open) now.delete(key);
      else now.add(key);
      localStorage.setItem(FOLDED, [...now].join(","));
    });
  }
}

/** Menus are <details>; a click elsewhere or Escape closes them, and they stay inside the window. */
function startMenus(): void {
  const menus = (): HTMLDetailsElement[] => all<HTMLDetailsElement>("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target as Node)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      one("summary", menu)?.focus();
    }
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!(menu instanceof HTMLDetailsElement) || !menu.open || !menu.hasAttribute("data-menu")) return;
      for (const other of menus()) if (other !== menu) other.open = false;
      const body = one(".menu-body", menu);
      if (!body) return;
      body.classList.remove("to-left", "to-top");
      const box = body.getBoundingClientRect();
      body.classList.toggle("to-left", box.right > window.innerWidth - 8);
      body.classList.toggle("to-top", box.bottom > window.innerHeight - 8 && box.height < box.top);
    },
    true,
  );
}

/** Forms that destroy something ask first, in the words of the page. */
function startConfirm(): void {
  document.addEventListener("submit", (event) => {
    const button = (event as SubmitEvent).submitter;
    const form = event.target as HTMLFormElement;
    const question = button?.dataset["confirm"] ?? form.dataset["confirm"];
    if (question && !window.confirm(question)) event.preventDefault();
  });
}

export function startFrame(): void {
  startSidebar();
  startGroups();
  startMenus();
  startConfirm();
  all("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
}
