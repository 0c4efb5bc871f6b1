/** Limit JSON of the rules (see imagingqc.criteria.model.Limit); the server judges, this only previews. */
export interface Limit {
  op?: string | null;
  value?: number | string | boolean | (number | string)[];
  direction?: "both" | "above" | "below";
  any?: Limit[];
  all?: Limit[];
}

export type Preview = "PASS" | "FAIL" | null;

function combine(parts: Preview[], wanted: "PASS" | "FAIL"): Preview {
  if (parts.includes(wanted)) return wanted;
  return parts.includes(null) ? null : wanted === "PASS" ? "FAIL" : "PASS";
}

function relative(limit: Limit, step: number, value: number, reference: number): boolean {
  const off = value - reference;
  if (limit.direction === "above") return off <= step;
  if (limit.direction === "below") return -off <= step;
  return Math.abs(off) <= step;
}

function compare(limit: Limit, bound: number, value: number, reference: number | null): boolean | null {
  switch (limit.op) {
    case "<": return value < bound;
    case "<=": return value <= bound;
    case ">": return value > bound;
    case ">=": return value >= bound;
    case "abs<=": return Math.abs(value) <= bound;
    case "within_abs": return reference === null ? null : relative(limit, bound, value, reference);
    case "within_pct": return reference === null ? null : relative(limit, (Math.abs(reference) * bound) / 100, value, reference);
    default: return null;
  }
}

/** What a typed text would be judged; null where nothing can be said. */
export function preview(limit: Limit, text: string, reference: number | null): Preview {
  if (limit.any) return combine(limit.any.map((part) => preview(part, text, reference)), "PASS");
  if (limit.all) return combine(limit.all.map((part) => preview(part, text, reference)), "FAIL");
  if (text.trim() === "") return null;
  if (limit.op === "one_of" && Array.isArray(limit.value)) {
    return limit.value.map(String).includes(text.trim()) ? "PASS" : "FAIL";
  }
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  if (limit.op === "between" && Array.isArray(limit.value)) {
    const [low, high] = limit.value.map(Number);
    return low !== undefined && high !== undefined && value >= low && value <= high ? "PASS" : "FAIL";
  }
  if (typeof limit.value !== "number") return null;
  const met = compare(limit, limit.value, value, reference);
  return met === null ? null : met ? "PASS" : "FAIL";
}
