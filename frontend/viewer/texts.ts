let known: Record<string, string> = {};

export function useTexts(texts: Record<string, string>): void {
  known = texts;
}

/** The words of a key in the page's language, with {…} filled in. */
export function text(key: string, values: Record<string, string | number> = {}): string {
  return (known[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A number for people: at most `digits` decimals, no trailing zeros, a true minus sign. */
export function number(value: number, digits = 1): string {
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

/** Decimals that tell values of such a range apart. */
export function digitsOf(range: number): number {
  return range >= 100 ? 1 : Math.min(6, 2 + Math.max(0, Math.ceil(-Math.log10(range || 1) + 1)));
}
