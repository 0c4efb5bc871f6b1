"""What people decided on the verdicts of a test, beside what was judged automatically."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.words import quantity_text
from yingheng.documents.report.formats import outcome_text
from yingheng.documents.report.model import Column, Section, Table, Text
from yingheng.evidence.models import Decision
from yingheng.evidence.truth import standard_family
from yingheng.phantomqc.models import DeviceTest, ItemValue
from yingheng.phantomqc.naming import KIND, subject_id
from yingheng.phantomqc.reporting.facts import TestFacts

Key = tuple[str, str, str]  # item, family of the standard, criterion


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided on one verdict; `automatic` is what was judged."""

    verdict: Mapping[str, Any]
    automatic: str
    outcome: str
    who: str
    at: dt.datetime
    reason: str


def decided_of(facts: TestFacts) -> dict[Key, Decided]:
    """The decisions that hold on the verdicts of a test: of the runs and sheets that it was submitted with.  One query.

    A decision on what is judged anew from other inputs is none on this test.
    """
    places = {place: item.key for item in facts.items if (place := _place(facts.test, item.found, item.run))}
    rows = Decision.objects.filter(
        subject_type=KIND, subject_id__in={pk for pk, _hash in places}, input_hash__in={h for _pk, h in places}
    )
    kept = rows.filter(withdrawn_by__isnull=True).exclude(verb=Decision.Verb.WITHDRAW).order_by("made_at", "pk")
    verdicts = {
        (item.key, standard_family(v["standard"]), v["criterion"]): v for item in facts.items for v in item.verdicts
    }
    found: dict[Key, Decided] = {}
    for row in kept:
        item = places.get((row.subject_id, row.input_hash))
        for one in row.criteria if item else ():
            key = (item or "", one["family"], one["criterion"])
            if key in verdicts:
                verdict = verdicts[key]
                found[key] = Decided(verdict, verdict["outcome"], row.outcome, row.actor_name, row.made_at, row.reason)
    return found


def _place(test: DeviceTest, found: Mapping[str, Any] | None, run: Any) -> tuple[Any, str] | None:
    """The subject of evidence behind an item, and what names its inputs there."""
    if found is None:
        return None
    if found["source"] == ItemValue.Source.RUN:
        return (subject_id(test.device_id, run.test, test.test_type), run.key) if run is not None else None
    subject = subject_id(test.device_id, f"{test.template}/{found['item']}", test.test_type)
    return subject, found["source_id"].replace("-", "")


def decided_told(decided: Mapping[Key, Decided]) -> list[tuple[str, ...]]:
    """Decisions as plain text, for the hash of a report."""
    return sorted((*key, d.automatic, d.outcome, d.who, d.at.isoformat(), d.reason) for key, d in decided.items())


def decided_section(decided: Mapping[Key, Decided], zone: dt.tzinfo) -> list[Section]:
    """The decisions as a table; nothing without any."""
    if not decided:
        return []
    rows = tuple(
        (
            quantity_text(one.verdict["quantity"]) or one.verdict["clause"],
            standard_title(one.verdict["standard"]),
            outcome_text(one.automatic),
            outcome_text(one.outcome),
            f"{one.who} {one.at.astimezone(zone):%Y-%m-%d %H:%M}",
            one.reason or "—",
        )
        for one in decided.values()
    )
    columns = (
        Column(_("Quantity"), 2.0),
        Column(_("Standard"), 1.6),
        Column(_("Judged automatically"), 1.1),
        Column(_("Decided by a person"), 1.1),
        Column(pgettext("report", "Person"), 1.5),
        Column(_("Reason"), 2.0),
    )
    hint = _("The automatic verdicts stand unchanged above; what people decided afterwards stands beside them here.")
    return [Section(_("Decisions of people"), (Text(hint), Table(columns, rows)))]


def decided_words(decided: Mapping[Key, Decided]) -> str:
    """One sentence for the conclusion; "" where people changed nothing."""
    changed: Sequence[Decided] = [one for one in decided.values() if one.outcome != one.automatic]
    if not changed:
        return ""
    names = list(dict.fromkeys(quantity_text(d.verdict["quantity"]) or d.verdict["clause"] for d in changed))
    return _("People decided otherwise than the automatic verdicts on: %(names)s (see “Decisions of people”).") % {
        "names": "、".join(names)
    }
