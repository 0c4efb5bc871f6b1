"""Cases that test readers: what is shown again, and what has a known answer."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from imagingqc.stats.seeded import shuffled
from yingheng.review.frame import kept_series
from yingheng.review.grading import grade_keys
from yingheng.review.models import Campaign, Case, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.sheets.selectors import spec_of

Origin = Case.Origin
_SAME = ("hospital_id", "subject_id", "exam_id", "device_id", "performer_id", "item_id", "template_id", "modality",
         "body_part", "position", "position_why", "local_day")  # fmt: skip


def copy_of(campaign: Campaign, case: Case, **columns: Any) -> Case:
    """The same subject once more; not saved, without a number.  It stands for nothing: no stratum, no probability."""
    return Case(campaign=campaign, **{name: getattr(case, name) for name in _SAME}, **columns)


def known_of(campaign: Campaign, n: int, drawn: set[Any]) -> list[Case]:
    """Cases with known answers out of calibrations of the organisation, by the same score sheet.

    They are read by the edition of the sample, for another one would tell them apart; left out where the grades are
    others in that, where nothing can be read any more, and where demonstration data would be mixed with others.
    """
    if not n:
        return []
    rows = Case.objects.filter(
        campaign__organisation=campaign.organisation,
        campaign__purpose=Purpose.CALIBRATION,
        campaign__subject_kind=campaign.subject_kind,
        campaign__is_demo=campaign.is_demo,
        template__key=campaign.template.key,
        reference__isnull=False,
        repeat_of__isnull=True,
    ).exclude(state=Case.State.WITHDRAWN)
    if campaign.subject_kind == SubjectKind.EXAM:
        rows = rows.filter(Exists(kept_series(OuterRef("exam"))))
    grades, taken = grade_keys(spec_of(campaign.template)), set(map(str, drawn))
    by_subject = {
        str(row.subject_id): row
        for row in rows.select_related("template").order_by("pk")
        if str(row.subject_id) not in taken and grade_keys(spec_of(row.template)) == grades
    }
    chosen = shuffled(campaign.seed, "known", by_subject)[:n]
    found = [copy_of(campaign, by_subject[key], origin=Origin.KNOWN, reference=by_subject[key].reference)
             for key in chosen]  # fmt: skip
    for case in found:
        case.template = campaign.template
    return found
