"""Clauses of the standards that come with the package."""

from imagingqc.criteria.load import load_builtin

from . import words
from .judged import Clause


def builtin_clause(standard: str, criterion: str, lang: str) -> Clause | None:
    """The clause behind a criterion of a built-in standard; None for any other."""
    document = load_builtin().get(standard)
    found = next((c for c in document.criteria if c.id == criterion), None) if document else None
    if document is None or found is None:
        return None
    zh = lang == "zh"
    return Clause(
        document=document.title if zh else document.title_en,
        clause=found.clause,
        text=found.text if zh else found.text_en,
        source=found.source or document.source,
        level=document.level,
    )


def standard_title(standard: str) -> str:
    """The title of a standard in the reader's language; its id where it does not come with the package."""
    document = load_builtin().get(standard)
    if document is None:
        return standard
    return document.title if words.language() == "zh" else document.title_en
