import { all, isTyping, one, onEach } from "./dom";

const DENSE = "yingheng.dense";

function startDensity(): void {
  const apply = (dense: boolean): void => {
    document.body.classList.toggle("dense", dense);
    all("[data-density]").forEach((button) => button.setAttribute("aria-pressed", String(dense)));
  };
  apply(localStorage.getItem(DENSE) === "1");
  all("[data-density]").forEach((button) =>
    button.addEventListener("click", () => {
      const dense = !document.body.classList.contains("dense");
      localStorage.setItem(DENSE, dense ? "1" : "0");
      apply(dense);
    }),
  );
}

/** A click anywhere on a row opens its thing, unless it hit a control or the user is selecting text. */
function startRowClick(table: HTMLElement): void {
  table.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    if (target.closest("a, button, input, label, summary, select, .pick") || window.getSelection()?.toString()) return;
    const link = target.closest("tr[data-href]")?.querySelector<HTMLAnchorElement>("a.row-link");
    if (!link) return;
    if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank", "noopener");
    else link.click();
  });
}

function startBulk(table: HTMLElement): void {
  const bar = one(".bulk-bar", table);
  const count = one("[data-bulk-count]", table);
  const everything = one<HTMLInputElement>("[data-pick-all]", table);
  if (!bar || !count || !everything) return;
  const boxes = (): HTMLInputElement[] => all<HTMLInputElement>("td.pick input", table);
  const update = (): void => {
    const picked = boxes().filter((box) => box.checked).length;
    bar.hidden = picked === 0;
    count.textContent = String(picked);
    everything.checked = picked > 0 && picked === boxes().length;
    everything.indeterminate = picked > 0 && !everything.checked;
    boxes().forEach((box) => box.closest("tr")?.classList.toggle("picked", box.checked));
  };
  everything.addEventListener("change", () => {
    boxes().forEach((box) => (box.checked = everything.checked));
    update();
  });
  table.addEventListener("change", update);
  update();
}

function moveTo(row: HTMLTableRowElement | undefined): void {
  if (!row) return;
  all("tr.at").forEach((other) => other.classList.remove("at"));
  row.classList.add("at");
  one<HTMLElement>("a.row-link", row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function onListKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || one("dialog[open]")) return;
  const rows = all<HTMLTableRowElement>(".data-table tbody tr[data-href]");
  const at = rows.findIndex((row) => row.classList.contains("at") || row.contains(document.activeElement));
  if (event.key === "j") moveTo(rows[Math.min(at + 1, rows.length - 1)]);
  else if (event.key === "k") moveTo(rows[Math.max(at - 1, 0)]);
  else if (event.key === "x" && at >= 0) one<HTMLInputElement>("td.pick input", rows[at])?.click();
  else if (event.key === "Enter" && at >= 0 && document.activeElement === document.body) {
    one<HTMLAnchorElement>("a.row-link", rows[at])?.click();
  } else if (at >= 0 && one(`[data-row-key="${CSS.escape(event.key)}"]`, rows[at])) {
    one<HTMLElement>(`[data-row-key="${CSS.escape(event.key)}"]`, rows[at])?.click();
  } else if (event.key === "f") {
    const field = one<HTMLElement>("[data-filters] input:not([type=hidden]), [data-filters] select");
    if (!field) return;
    field.focus();
  } else return;
  event.preventDefault();
}

/** On a phone the filters beyond the search stay folded until they are asked for. */
function startMoreFilters(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-filters-more]") : null;
    const open = button?.closest("[data-filters]")?.classList.toggle("open");
    button?.setAttribute("aria-expanded", String(open));
  });
}

export function startTables(): void {
  startDensity();
  startMoreFilters();
  onEach("[data-table]", (table) => {
    startRowClick(table);
    startBulk(table);
  });
  document.addEventListener("keydown", onListKey);
}
