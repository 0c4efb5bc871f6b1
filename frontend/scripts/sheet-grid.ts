import { all, need } from "./dom";

/** Readings of several columns in one table: it grows while it is filled, is walked by keys and takes a pasted block. */

function rowsOf(grid: HTMLElement): HTMLTableRowElement[] {
  return all<HTMLTableRowElement>("tbody tr", grid);
}

function cellsOf(row: Element | undefined): HTMLInputElement[] {
  return row ? all<HTMLInputElement>("input", row) : [];
}

export function addRow(grid: HTMLElement): HTMLTableRowElement | null {
  const rows = rowsOf(grid);
  const last = rows[rows.length - 1];
  if (!last || rows.length >= Number(grid.dataset["grid"])) return null;
  const fresh = last.cloneNode(true) as HTMLTableRowElement;
  const number = String(rows.length + 1);
  need("th", fresh).textContent = number;
  for (const cell of cellsOf(fresh)) {
    cell.value = "";
    cell.setAttribute("aria-label", `${cell.dataset["label"] ?? ""} ${number}`);
  }
  last.after(fresh);
  return fresh;
}

function placeOf(grid: HTMLElement, cell: HTMLInputElement): [number, number] {
  const rows = rowsOf(grid);
  const row = rows.findIndex((one) => one.contains(cell));
  return [row, cellsOf(rows[row]).indexOf(cell)];
}

function go(cell: HTMLInputElement | undefined): boolean {
  cell?.focus();
  cell?.select();
  return cell !== undefined;
}

/** Up and down from row to row; left and right from the ends of what is typed. */
function walk(grid: HTMLElement, event: KeyboardEvent): void {
  const cell = event.target;
  if (!(cell instanceof HTMLInputElement) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const [row, column] = placeOf(grid, cell);
  const rows = rowsOf(grid);
  const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
  const atStart = whole || (cell.selectionStart === 0 && cell.selectionEnd === 0);
  const atEnd = whole || (cell.selectionStart === cell.value.length && cell.selectionEnd === cell.value.length);
  const ways: Record<string, HTMLInputElement | undefined> = {
    ArrowUp: cellsOf(rows[row - 1])[column],
    ArrowDown: cellsOf(rows[row + 1])[column],
    ArrowLeft: atStart ? cellsOf(rows[row])[column - 1] : undefined,
    ArrowRight: atEnd ? cellsOf(rows[row])[column + 1] : undefined,
  };
  if (go(ways[event.key])) event.preventDefault();
}

/** Rows by lines, columns by tabs (or, of one column, as they come), from the cell on. */
function paste(grid: HTMLElement, event: ClipboardEvent): void {
  const cell = event.target;
  const text = (event.clipboardData?.getData("text") ?? "").replace(/[\r\n]+$/, "");
  if (!(cell instanceof HTMLInputElement) || !/[\t\r\n]/.test(text)) return;
  event.preventDefault();
  const [top, left] = placeOf(grid, cell);
  text.split(/\r\n|\r|\n/).forEach((line, down) => {
    const row = rowsOf(grid)[top + down] ?? addRow(grid);
    const cells = cellsOf(row ?? undefined);
    line.split("\t").forEach((value, right) => {
      const place = cells[left + right];
      if (place) place.value = value.trim();
    });
  });
  grow(grid);
  cell.dispatchEvent(new Event("input", { bubbles: true }));
}

function grow(grid: HTMLElement): void {
  const rows = rowsOf(grid);
  if (cellsOf(rows[rows.length - 1]).some((cell) => cell.value.trim() !== "")) addRow(grid);
}

export function startGrid(grid: HTMLElement): void {
  grid.addEventListener("input", () => grow(grid));
  grid.addEventListener("keydown", (event) => walk(grid, event));
  grid.addEventListener("paste", (event) => paste(grid, event));
  grow(grid);
}
