"""Orders, reports, performed steps and retakes, recorded as they are told; telling twice changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from yingheng.catalog.models import Exam, Order, PerformedStep, Report
from yingheng.catalog.services.ensure import order_exams_link
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.tenancy.models import Organisation


@transaction.atomic
def order_record(
    *, hospital: Organisation, number: str, accession: str = "", details: Mapping[str, Any] | None = None
) -> Order:
    """Record or correct a request; exams with its accession number, there already or to come, link to it.

    `details` may hold patient, item, requested, ordered_at, scheduled_at, urgency, purpose, history, source.
    """
    if not number.strip():
        raise Invalid("catalog.order_number_missing")
    values = {"accession": accession.strip(), **_only(details or {}, _ORDER_FIELDS)}
    order, _ = Order.objects.update_or_create(hospital=hospital, number=number.strip(), defaults=values)
    order_exams_link(order)
    return order


_ORDER_FIELDS = frozenset(
    {"patient", "item", "requested", "ordered_at", "scheduled_at", "urgency", "purpose", "history", "source"}
)
_REPORT_FIELDS = ("findings", "impression", "written_at", "signed_at", "signers", "is_critical", "source")
_STEP_FIELDS = frozenset(
    {"study_uid", "modality", "started_at", "ended_at", "series", "discontinuation_reason", "rejected_exposures"}
)


def _only(details: Mapping[str, Any], allowed: frozenset[str] | tuple[str, ...]) -> dict[str, Any]:
    unknown = set(details) - set(allowed)
    if unknown:
        raise TypeError(f"unknown fields: {sorted(unknown)}")
    return dict(details)


@transaction.atomic
def report_record(*, exam: Exam, details: Mapping[str, Any], received_at: dt.datetime | None = None) -> Report:
    """Record a report; one that differs from the newest version is a new version.

    `details` may hold findings, impression, written_at, signed_at, signers, is_critical, source.
    """
    values = _only(details, _REPORT_FIELDS)
    Exam.objects.select_for_update(no_key=True).get(pk=exam.pk)  # versions of one exam are counted one after the other
    newest = exam.reports.order_by("-version").first()
    if newest is not None and all(getattr(newest, name) == value for name, value in values.items()):
        return newest
    return Report.objects.create(
        hospital_id=exam.hospital_id,
        exam=exam,
        version=newest.version + 1 if newest else 1,
        received_at=received_at or now(),
        **values,
    )


@transaction.atomic
def performed_step_record(
    *, hospital: Organisation, sop_uid: str, state: str, details: Mapping[str, Any] | None = None
) -> PerformedStep:
    """Record an MPPS message; a step that was completed or discontinued does not go back to in progress.

    `details` may hold study_uid, modality, started_at, ended_at, series ([{"series_uid", "n_instances", ...}]),
    discontinuation_reason, rejected_exposures.
    """
    values = _only(details or {}, _STEP_FIELDS)
    PerformedStep.objects.bulk_create(
        [PerformedStep(hospital=hospital, sop_uid=sop_uid, state=PerformedStep.State.IN_PROGRESS)],
        ignore_conflicts=True,
    )
    step = PerformedStep.objects.select_for_update(no_key=True).get(hospital=hospital, sop_uid=sop_uid)
    if step.state == PerformedStep.State.IN_PROGRESS:
        step.state = state
    for name, value in values.items():
        setattr(step, name, value)
    if step.exam_id is None and step.study_uid:
        step.exam = Exam.objects.filter(hospital=hospital, study_uid=step.study_uid).first()
    step.save()
    return step
