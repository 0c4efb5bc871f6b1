"""What intake adds to the page of an exam: whether all of it has come, and where it goes on to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam, PerformedStep
from yingheng.common.ui.parts import KeyValues, Lines, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.models import Delivery
from yingheng.ingest.tags import commitment_tag, delivery_tag
from yingheng.ingest.texts import trouble_words
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import INGEST_VIEW

_STEP_TONES = {"in_progress": "accent", "completed": "neutral", "discontinued": "human"}
_SHOWN = 10


def exam_arrival(_request: HttpRequest, subject: Any) -> Section | None:
    """Performed steps, what they name and what came, storage commitment, and doubtful clocks; None when nobody told."""
    if not isinstance(subject, Exam):
        return None
    rows = [
        *_steps(subject),
        *_counted(subject),
        *_commitments(subject),
        *_clock(subject),
    ]
    return Section(_("Completeness"), KeyValues(rows)) if rows else None


_Rows = list[tuple[str, Any]]


def _steps(exam: Exam) -> _Rows:
    told = exam.arrival.get("steps") or []
    return [(_("Performed step"), Many(_step_words(step))) for step in told[:_SHOWN]]


def _step_words(step: Mapping[str, Any]) -> list[Any]:
    state = PerformedStep.State(step["state"])
    words: list[Any] = [Tag(str(state.label), _STEP_TONES[state])]
    words += [When(dt.datetime.fromisoformat(step[name])) for name in ("started_at", "ended_at") if name in step]
    if "reason" in step:
        words.append(step["reason"])
    if "rejected" in step:
        words.append(_("%(n)s exposures without an image") % {"n": step["rejected"]})
    return words


def _counted(exam: Exam) -> _Rows:
    if exam.n_expected is None:
        return []
    missing = exam.n_missing or 0
    told = _("%(listed)s named, %(found)s arrived") % {"listed": exam.n_expected, "found": exam.n_expected - missing}
    words: list[Any] = [told]
    if missing:
        words.append(Tag(_("%(n)s missing") % {"n": missing}, "human"))
    return [(_("Objects by the scanner's account"), Many(words))]


def _commitments(exam: Exam) -> _Rows:
    rows = []
    for one in exam.arrival.get("commitments") or []:
        listed, found = one["n_listed"], one["n_found"]
        words: list[Any] = [_("%(listed)s listed, %(found)s held") % {"listed": listed, "found": found}]
        if found < listed:
            words.append(Tag(_("%(n)s missing") % {"n": listed - found}, "human"))
        rows.append((_("Storage commitment of %(sender)s") % {"sender": one["sender"]}, Many(words)))
    return rows


def _clock(exam: Exam) -> _Rows:
    if not exam.is_clock_doubtful:
        return []
    words = _("A date in the headers cannot be true and was not used: check the clock of the device.")
    return [(_("Clock"), Tag(words, "human"))]


def exam_deliveries(request: HttpRequest, subject: Any) -> Section | None:
    """Where an exam goes, how far it is and why it waits; None where it goes nowhere.  One query."""
    if not isinstance(subject, Exam):
        return None
    rows = list(Delivery.objects.filter(exam=subject).select_related("destination").order_by("created_at", "pk"))
    if not rows:
        return None
    may = scope_of(request, INGEST_VIEW).contains(subject.hospital.path)
    table = Table(
        columns=(
            Column("to", _("Destination"), roomy=True),
            Column("state", _("State"), wide=True),
            Column("at", _("Last change"), nowrap=True, phone=False),
        ),
        rows=[_delivery(one, linked=may) for one in rows],
        caption=_("Sent on to"),
    )
    return Section(_("Sent on to"), table, flush=True)


def _delivery(row: Delivery, *, linked: bool) -> Row:
    tags: list[Any] = [delivery_tag(row)]
    if row.commitment:
        tags.append(commitment_tag(row.commitment))
    if row.state == Delivery.State.HELD and row.goes_at:
        tags += [_("goes by itself at"), When(row.goes_at)]
    why = _why(row)
    return Row(
        {
            "to": row.destination.name,
            "state": Lines(Many(tags), why) if why else Many(tags),
            "at": When(row.sent_at or row.changed_at),
        },
        url=reverse("ingest:delivery", args=[row.pk]) if linked else "",
        id=str(row.pk),
    )


def _why(row: Delivery) -> str:
    """Why it is not there yet; "" when there is nothing to say."""
    waits = row.state in {Delivery.State.WAITING, Delivery.State.SENDING}
    if waits and row.destination.failing_since:
        return trouble_words(row.destination.trouble)
    if row.state == Delivery.State.CANCELLED:
        return row.cancel_reason
    return trouble_words(row.trouble) if row.trouble and row.state != Delivery.State.SENT else ""
