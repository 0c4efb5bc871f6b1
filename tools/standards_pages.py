"""Writes what the pages of the standards library count and list, from the standards themselves.

python tools/standards_pages.py            writes the index rows and the tables of our own rules
python tools/standards_pages.py --check    exit code 1 when a page says something else
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from imagingqc.criteria.explain import CONFIDENCE_WORDS, limit_text
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Criterion, Standard
from imagingqc.criteria.words import applies_text
from imagingqc.quantity import quantity_name

DOCS = Path(__file__).resolve().parent.parent / "docs" / "standards"
TABLE = re.compile(r"(<!-- criteria -->\n).*?(<!-- /criteria -->)", re.DOTALL)
GRADES = {"A": "自动", "B": "与本机基线比较", "C": "提示复核", "manual": "人工"}
SEVERITIES = {"veto": "一票否决", "major": "主要", "minor": "次要"}


def index_row(line: str, standard: Standard) -> str:
    """A row of the index with the counts that the standard really has; name, level and day stay as written."""
    kept = [cell.strip() for cell in line.strip().strip("|").split("|")][:3]
    manual = sum(c.grade == "manual" for c in standard.criteria)
    sure = Counter(c.confidence for c in standard.criteria)
    counts = [str(len(standard.criteria) - manual), str(manual), *(str(sure[c] or "") for c in Confidence)]
    return "| " + " | ".join([*kept, *counts]) + " |"


def index(text: str) -> str:
    """The index page with every row, and the sum, as the library is."""
    library = load_builtin()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"\| \[([\w.-]+)\]", line)
        if found and found[1] in library:
            lines[number] = index_row(line, library[found[1]])
        elif line.startswith("| 合计"):
            lines[number] = total_row(list(library.values()))
    return "\n".join(lines) + "\n"


def total_row(library: list[Standard]) -> str:
    """The sum of all standards."""
    criteria = [c for standard in library for c in standard.criteria]
    manual = sum(c.grade == "manual" for c in criteria)
    sure = Counter(c.confidence for c in criteria)
    counts = [len(criteria) - manual, manual, *(sure[c] for c in Confidence)]
    return f"| 合计 {len(library)} 份 | | | " + " | ".join(str(n) for n in counts) + " |"


def criterion_row(c: Criterion) -> str:
    """One criterion of our own rules as a row of its page."""
    what = quantity_name(c.quantity) if c.quantity else c.text
    limit = limit_text(c.limit, c.unit) if c.limit else ""
    cells = [f"`{c.id}`", what, limit, applies_text(c, "zh"), f"{GRADES[c.grade]}，{SEVERITIES[c.severity]}",
             CONFIDENCE_WORDS["zh"][c.confidence], c.source]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def criteria_table(standard: Standard) -> str:
    """The table of a page that holds one between its two marks."""
    head = "| 判据 | 量 | 限值 | 适用 | 判定方式 | 可信度 | 依据 |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(criterion_row(c) + "\n" for c in standard.criteria)


def wanted() -> dict[Path, str]:
    """What each page that this tool writes to should hold."""
    pages = {DOCS / "README.md": index((DOCS / "README.md").read_text(encoding="utf-8"))}
    for name, standard in load_builtin().items():
        page = DOCS / f"{name}.md"
        text = page.read_text(encoding="utf-8")
        if TABLE.search(text):
            pages[page] = TABLE.sub(rf"\g<1>{criteria_table(standard)}\g<2>", text)
    return pages


def main() -> int:
    stale = [(page, text) for page, text in wanted().items() if page.read_text(encoding="utf-8") != text]
    for page, text in stale:
        print(f"{page.relative_to(DOCS.parent.parent)}: {'is not up to date' if '--check' in sys.argv else 'written'}")
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
