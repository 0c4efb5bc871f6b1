"""Requirements and where they are met: validates docs/requirements.toml and prints the coverage.

python tools/trace.py            coverage by domain
python tools/trace.py --check    only validate; exit code 1 and one line per mistake
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "requirements.toml"
STATES = ("open", "partial", "met", "argued")
KINDS = ("F", "N", "R", "C")
FIELDS = {"id", "domain", "kind", "zh", "en", "state", "page", "module", "test"}
LONGEST = {"zh": 40, "en": 90}
# document -> how many requirements it gave, digits of their number
DOCUMENTS = {"S000": (60, 2), "S001": (47, 2), "S002": (21, 2), "S003": (117, 3), "S004": (48, 2)}


def expected_ids() -> set[str]:
    """All 293 ids."""
    return {f"{doc}-{n:0{digits}d}" for doc, (last, digits) in DOCUMENTS.items() for n in range(1, last + 1)}


def load(path: Path = FILE) -> dict[str, Any]:
    """The file as written: {"domain": {...}, "requirement": [...]}."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def path_exists(reference: str) -> bool:
    """Whether `path`, or `path::name` with that name in the file, exists below the project's root."""
    path, _, name = reference.partition("::")
    target = ROOT / path
    if not name:
        return target.exists()
    return target.is_file() and name.split("::")[-1] in target.read_text(encoding="utf-8")


def evidence_mistakes(row: dict[str, Any]) -> list[str]:
    """What the state promises and the lists do not keep."""
    out = [f"{key} {ref!r} does not exist" for key in ("module", "test") for ref in row[key] if not path_exists(ref)]
    out += [f"page {page!r} does not begin with /" for page in row["page"] if not page.startswith("/")]
    if row["state"] == "argued" and not row.get("note"):
        out.append("argued without a note")
    if row["state"] in ("partial", "met") and not row["module"]:
        out.append(f"{row['state']} without a module")
    if row["state"] in ("partial", "met") and not row["test"]:
        out.append(f"{row['state']} without a test")
    if row["state"] == "open" and row["test"]:
        out.append("open, but has tests")
    return out


def row_mistakes(row: dict[str, Any], domains: set[str]) -> list[str]:
    """Everything wrong with one requirement, in words."""
    missing, extra = FIELDS - row.keys(), row.keys() - FIELDS - {"note"}
    if missing or extra:
        return [f"missing {sorted(missing)}, unknown {sorted(extra)}"]
    out = [f"{key} is empty or longer than {n}" for key, n in LONGEST.items() if not 0 < len(row[key]) <= n]
    for key, allowed in (("state", set(STATES)), ("kind", set(KINDS)), ("domain", domains)):
        if row[key] not in allowed:
            out.append(f"{key} {row[key]!r} is none of {sorted(allowed)}")
    return out + evidence_mistakes(row)


def mistakes(data: dict[str, Any]) -> list[str]:
    """Everything wrong with the file; empty if it may be relied on."""
    rows, domains = data["requirement"], set(data["domain"])
    counts = Counter(row.get("id") for row in rows)
    out = [f"{i}: missing" for i in sorted(expected_ids() - counts.keys())]
    out += [f"{i}: unknown id" for i in sorted(map(str, counts.keys() - expected_ids()))]
    out += [f"{i}: {n} times" for i, n in counts.items() if n > 1]
    return out + [f"{row.get('id')}: {text}" for row in rows for text in row_mistakes(row, domains)]


def coverage(data: dict[str, Any]) -> str:
    """Table: states per domain, and the sum."""
    head = f"{'domain':<8}" + "".join(f"{s:>9}" for s in STATES) + f"{'all':>7}  "
    lines, total = [head], Counter[str]()
    for key, names in data["domain"].items():
        counts = Counter(row["state"] for row in data["requirement"] if row["domain"] == key)
        total += counts
        lines.append(f"{key:<8}" + "".join(f"{counts[s]:>9}" for s in STATES) + f"{counts.total():>7}  {names['en']}")
    lines.append(f"{'':<8}" + "".join(f"{total[s]:>9}" for s in STATES) + f"{total.total():>7}")
    return "\n".join(lines)


def main(args: list[str]) -> int:
    """Validate always; print the coverage unless asked only to check."""
    data = load()
    found = mistakes(data)
    for line in found:
        print(line)
    if "--check" not in args and not found:
        print(coverage(data))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
