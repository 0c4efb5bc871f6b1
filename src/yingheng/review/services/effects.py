"""What an open result has as its consequences: cells, evidence, tracing, retake, a word to those concerned."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from yingheng.common.ui.words import number_text
from yingheng.notify.services import notify
from yingheng.review.models import Case, Ruling
from yingheng.review.models.campaigns import Purpose, SubjectKind
from yingheng.review.results import is_open, is_real
from yingheng.review.services.counting import ruling_cells
from yingheng.review.services.evidencing import evidence_keep
from yingheng.review.services.retaking import retake_order
from yingheng.review.services.tracing import tracing_follow
from yingheng.rollups.services import cells_change

LEADERS = ("head", "qc_officer")


@transaction.atomic
def effects_apply(*, case: Case) -> bool:
    """Let the newest ruling of a case have its consequences, once; False when there is nothing (new) to do.

    `Case.counted` is the version that they tell of, changed in the same transaction: done twice, nothing counts twice.
    """
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("campaign", "template", "hospital", "exam__hospital", "item", "performer__user").get(
        pk=case.pk
    )
    if not is_real(row) or not is_open(row.campaign) or row.state != Case.State.SETTLED:
        return False
    rulings = {r.version: r for r in Ruling.objects.filter(case=row).order_by("version")}
    newest = rulings[max(rulings)]
    if row.counted == newest.version:
        return False
    before = rulings.get(row.counted)
    cells_change(removed=ruling_cells(row, before), added=ruling_cells(row, newest))
    Case.objects.filter(pk=row.pk).update(counted=newest.version)
    if row.campaign.subject_kind == SubjectKind.EXAM:
        evidence_keep(row, newest)
        retake_order(case=row, ruling=newest, before=before)
    tracing_follow(case=row, ruling=newest)
    if row.campaign.purpose == Purpose.DAILY and before is None:
        _tell(row, newest)
    return True


def _tell(case: Case, ruling: Ruling) -> None:
    """The daily review announces nothing as a whole: only what asks for something is told, at once."""
    flags = ruling.details.get("flags") or {}
    if not (flags.get("trace") or flags.get("waste")):
        return
    user = case.performer.user if case.performer else None
    notify(
        key=f"review.poor:{case.pk}",
        kind="review.poor",
        params={
            "day": case.local_day.isoformat(),
            "what": " ".join(filter(None, (case.modality, case.body_part))) or "—",
            "score": "—" if ruling.score is None else number_text(ruling.score),
        },
        recipients=[user] if user else [],
        roles=LEADERS,
        scope=case.hospital.path,
        subject=f"review_case:{case.pk}",
        link=reverse("review:case", args=[case.pk]),
    )
