"""Requests and reports as information systems tell of them, in whatever order their messages come.

`told` (a text that sorts like time) says when a fact became so.  What is older than the row fills gaps and never
replaces; saying the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from yingheng.catalog.models import Exam, Order, Report
from yingheng.catalog.services.ensure import order_exams_link
from yingheng.catalog.services.order_items import exams_look_again, order_item_find
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.tenancy.models import Organisation

CREATED, CHANGED, UNCHANGED, OLDER = "created", "changed", "unchanged", "older"
_ORDER_FIELDS = (
    "accession", "patient", "requested", "requested_code", "modality", "state", "ordered_at", "scheduled_at",
    "urgency", "department", "patient_class", "purpose", "history", "source",
)  # fmt: skip
_WEAK = frozenset({"state", "urgency"})  # never empty: an older message does not change them
_REPORT_FIELDS = (
    "state", "number", "findings", "impression", "written_at", "signed_at", "signers", "is_critical",
)  # fmt: skip


@transaction.atomic
def order_tell(*, hospital: Organisation, number: str, told: str, values: Mapping[str, Any]) -> tuple[Order, str]:
    """Record what is said of a request; returns it and created, changed, unchanged or older.

    `values` holds only what is said, by the fields of Order; `scheduled_at` None takes the appointment away.  A number
    that is not known, with the accession number of one known request, speaks of that one.
    """
    unknown = set(values) - set(_ORDER_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields: {sorted(unknown)}")
    if not number.strip():
        raise Invalid("catalog.order_number_missing")
    row, created = _order_row(hospital, number.strip(), str(values.get("accession", "")))
    before = {name: getattr(row, name) for name in _ORDER_FIELDS if name != "source"}
    newer = told >= row.told
    for name, value in values.items():
        if newer or (name not in _WEAK and not getattr(row, name)):
            setattr(row, name, value)
    row.told = max(row.told, told)
    order_item_find(row)
    row.save()
    changed = created or before != {name: getattr(row, name) for name in before}
    if changed:
        order_exams_link(row)
        if row.item_id is not None:
            exams_look_again(Order.objects.filter(pk=row.pk))
    return row, CREATED if created else CHANGED if changed else UNCHANGED if newer else OLDER


def _order_row(hospital: Organisation, number: str, accession: str) -> tuple[Order, bool]:
    rows = Order.objects.select_for_update(no_key=True).filter(hospital=hospital)
    found = rows.filter(number=number).first()
    if found is None and accession:
        same = list(rows.filter(accession=accession)[:2])
        found = same[0] if len(same) == 1 and number == accession else None
    if found is not None:
        return found, False
    fresh = Order(hospital=hospital, number=number)
    Order.objects.bulk_create([fresh], ignore_conflicts=True)
    row = rows.get(number=number)
    return row, row.pk == fresh.pk


@transaction.atomic
def report_tell(*, exam: Exam, told: str, values: Mapping[str, Any], source: str = "") -> tuple[Report | None, str]:
    """Record a report of an exam; returns the version it is or made, and created, unchanged or older.

    A report that says what the newest version says is that version.  One older than the newest version is not recorded
    (None): its message stays.
    """
    unknown = set(values) - set(_REPORT_FIELDS)
    if unknown:
        raise TypeError(f"unknown fields: {sorted(unknown)}")
    Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)  # versions of one exam are counted one after the other
    newest = exam.reports.order_by("-version").first()
    if newest is not None and all(getattr(newest, name) == value for name, value in values.items()):
        return newest, UNCHANGED
    if newest is not None and told < newest.told:
        same = exam.reports.filter(told=told).first()
        return same, UNCHANGED if same else OLDER
    row = Report.objects.create(
        hospital_id=exam.hospital_id,
        exam=exam,
        version=newest.version + 1 if newest else 1,
        told=told,
        source=source,
        received_at=now(),
        **_carried(newest, values),
    )
    return row, CREATED


def _carried(newest: Report | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """A cancellation names no text: the version keeps the one that is cancelled, so that it can be read."""
    told = dict(values)
    if newest is not None and told.get("state") == Report.State.CANCELLED:
        for name in ("findings", "impression"):
            told[name] = told.get(name) or getattr(newest, name)
    return told
