"""Validates the documents: relative links, the glossary, the numbering and the parts of the ADRs.

python tools/docs.py     exit code 1 and one line per mistake
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADR_PARTS = ("## Context", "## Decision", "## Consequences")
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|\!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")


def pages() -> list[Path]:
    """All Markdown pages: those at the top and everything below docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def anchors(text: str) -> set[str]:
    """Fragments of the headings, as code hosts make them."""
    heads = re.findall(r"^#+ (.+?)\s*$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def link_mistakes(page: Path, root: Path = ROOT) -> list[str]:
    """Relative links of a page whose file or heading does not exist."""
    text = page.read_text(encoding="utf-8")
    out = []
    for groups in LINK.findall(CODE.sub("", FENCE.sub("", text))):
        link = groups[0] or groups[1]
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists():
            out.append(f"{page.relative_to(root)}: no file for link {link}")
        elif fragment and target.suffix == ".md" and fragment not in anchors(target.read_text(encoding="utf-8")):
            out.append(f"{page.relative_to(root)}: no heading for link {link}")
    return out


def glossary_rows(text: str) -> list[tuple[str, str, str]]:
    """(English, Chinese, meaning) of every row of the glossary's tables."""
    rows = []
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if line.startswith("|") and not set(line) <= set("|-: ") and cells[0] != "English":
            rows.append(tuple(cells))
    return rows  # type: ignore[return-value]


def glossary_mistakes(text: str) -> list[str]:
    """Rows that are not three full cells, and words that stand for two things."""
    rows = glossary_rows(text)
    out = [f"glossary: three cells wanted: {row}" for row in rows if len(row) != 3 or not all(row)]
    for column, language in ((0, "English"), (1, "Chinese")):
        words = Counter(row[column] for row in rows if len(row) == 3)
        out += [f"glossary: {language} word {word} stands {n} times" for word, n in words.items() if n > 1]
    return out if rows else ["glossary: no rows"]


def adr_mistakes(folder: Path) -> list[str]:
    """Numbers without gaps from 0001, a date, and the three parts in each."""
    files = sorted(folder.glob("*.md"))
    out = []
    for number, path in enumerate(files, start=1):
        text = path.read_text(encoding="utf-8")
        if not path.name.startswith(f"{number:04d}-") or not text.startswith(f"# {number:04d} "):
            out.append(f"{path.name}: number {number:04d} expected in name and title")
        if not re.search(r"^Date: \d{4}-\d{2}-\d{2}$", text, re.MULTILINE):
            out.append(f"{path.name}: no date")
        out += [f"{path.name}: no part {part!r}" for part in ADR_PARTS if f"{part}\n" not in text]
    return out if files else ["no ADR"]


def mistakes() -> list[str]:
    """Everything wrong with the documents."""
    out = [line for page in pages() for line in link_mistakes(page)]
    out += glossary_mistakes((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    return out + adr_mistakes(ROOT / "docs" / "adr")


def main() -> int:
    """Print what is wrong, or how much was looked at."""
    found = mistakes()
    print("\n".join(found) if found else f"{len(pages())} pages: links, glossary and ADRs are sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
