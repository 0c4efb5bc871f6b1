"""What a test report concludes: never more than its verdicts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yingheng.common.ui.words import language, quantity_text
from yingheng.phantomqc.reporting.facts import ItemFacts, TestFacts, Verdict

CHECKED = frozenset({"verified", "secondary"})
"""Confidences of limits that were read in their document, or in a text that cites it."""


def conclusion_of(facts: TestFacts) -> tuple[str, str]:
    """(outcome, words).  A test in progress has no outcome; one with anything open never passes in words."""
    if facts.draft:
        return "", _("Draft: the test was not submitted, so nothing is concluded from it.")
    open_ = _open(facts)
    said = [_counts(facts.verdicts), *_failed(facts.verdicts), *open_, *_unchecked(facts.verdicts)]
    if facts.test.outcome == "PASS" and not open_:
        said.append(_("Everything tested is within the limits of this type of test."))
    elif facts.test.outcome != "FAIL":
        said.append(_("This report does not say that the device passed."))
    if left := [item.label(language()) for item in facts.items if item.found is None]:
        said.append(_("Not part of this test: %(items)s.") % {"items": _listed(left)})
    return facts.test.outcome, _joined(said)


def _counts(verdicts: Sequence[Verdict]) -> str:
    n = {key: sum(v["outcome"] == key for v in verdicts) for key in ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")}
    if not verdicts:
        return _("No limit judged what was measured.")
    words = _("%(n)d verdicts: %(passed)d passed, %(failed)d failed, %(asked)d ask a person, %(open)d not assessable.")
    told = {"passed": "PASS", "failed": "FAIL", "asked": "NEEDS_HUMAN", "open": "NOT_ASSESSABLE"}
    return words % ({"n": len(verdicts)} | {key: n[outcome] for key, outcome in told.items()})


def _failed(verdicts: Sequence[Verdict]) -> list[str]:
    names = _names([v for v in verdicts if v["outcome"] == "FAIL"])
    return [_("Failed: %(names)s.") % {"names": _listed(names)}] if names else []


def _open(facts: TestFacts) -> list[str]:
    """What keeps a test from passing though nothing failed."""
    said = []
    if names := _names([v for v in facts.verdicts if v["outcome"] == "NEEDS_HUMAN"]):
        said.append(_("A person has yet to decide: %(names)s.") % {"names": _listed(names)})
    not_found = _names([v for v in facts.verdicts if v["outcome"] == "NOT_ASSESSABLE"])
    not_found += [item.label(language()) for item in facts.items if _unfound(item)]
    if not_found:
        said.append(_("Could not be assessed: %(names)s.") % {"names": _listed(list(dict.fromkeys(not_found)))})
    return said


def _unchecked(verdicts: Sequence[Verdict]) -> list[str]:
    """How many verdicts rest on limits that nobody checked against their document."""
    n = sum(v["confidence"] not in CHECKED for v in verdicts)
    text = ngettext(
        "%(n)d verdict rests on a limit that was not checked against its document; it holds only if the limit does.",
        "%(n)d verdicts rest on limits that were not checked against their documents; they hold only if the limits do.",
        n,
    )
    return [text % {"n": n}] if n else []


def _unfound(item: ItemFacts) -> bool:
    """Whether an item was refused or nothing of it was judged."""
    return item.found is not None and (bool(item.found["refused"]) or not item.verdicts)


def _names(verdicts: Sequence[Verdict]) -> list[str]:
    found: dict[str, Any] = {}
    for verdict in verdicts:
        found.setdefault(quantity_text(verdict["quantity"]) or verdict["clause"])
    return list(found)


def _listed(names: Sequence[str]) -> str:
    return ("、" if language() == "zh" else ", ").join(names)


def _joined(parts: Sequence[str]) -> str:
    return ("" if language() == "zh" else " ").join(parts)
