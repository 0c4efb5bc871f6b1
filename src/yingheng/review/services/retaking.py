"""A waste film is taken again: an entry in the one register of retakes, with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Retake
from yingheng.catalog.services import retake_record, retake_reject, retake_suggest
from yingheng.review.faults import fault_known
from yingheng.review.models import Case, Ruling, SubjectKind

ASKED_BY = "评片 · film review"  # never a reader's name
NO_WASTE = "申诉后不再是废片 · no longer waste after an appeal"
OTHER_REASON = "申诉后另有原因 · another reason after an appeal"
_SYSTEM = Actor("system:review", "Yingheng")


def retake_order(*, case: Case, ruling: Ruling, before: Ruling | None) -> Retake | None:
    """Ask for a waste film to be taken again; asked twice, by one sample or two, it is in the register once.

    The reason is that of the first defect found whose entry in the dictionary names one; without any, the register
    holds a suggestion that waits for a person to say why.  A later ruling that is no waste takes back what the
    earlier one asked for, unless another sample asks for it too; one with another reason takes the place of it.
    """
    if case.exam is None:
        return None
    was_waste = before is not None and _waste(before)
    if not _waste(ruling):
        if was_waste and not _asked_elsewhere(case):
            _take_back(case.exam, NO_WASTE)
        return None
    reason = retake_reason(ruling.faults)
    live = _live(case.exam)
    if any(one.settled_by or one.reason == reason != "" or not was_waste for one in live):
        return None
    if not reason:
        details = {"kind": "review", "names": list(ruling.faults), "objects": []}
        return retake_suggest(exam=case.exam, origin=Retake.Origin.REVIEW, n_exposures=1, details=details)
    _take_back(case.exam, OTHER_REASON)
    taken_back = Retake.objects.filter(
        exam=case.exam, origin=Retake.Origin.REVIEW, reason=reason, state=Retake.State.REJECTED, settled_by=_SYSTEM.name
    )
    return retake_record(
        exam=case.exam,
        reason=reason,
        origin=Retake.Origin.REVIEW,
        asked_by=ASKED_BY,
        asked_at=ruling.made_at,
        note=_note(case),
        actor=_SYSTEM if taken_back.exists() else None,
    )


def retake_reason(faults: Sequence[str]) -> str:
    """The code of the retake reason that defects lead to; "" when the dictionary names none."""
    found = (fault_known(code) for code in faults)
    return next((one.retake for one in found if one is not None and one.retake), "")


def _waste(ruling: Ruling) -> bool:
    return bool((ruling.details.get("flags") or {}).get("waste"))


def _note(case: Case) -> str:
    with translation.override("zh-hans"):
        return _("waste film in %(campaign)s") % {"campaign": case.campaign.title}


def _live(exam: Exam) -> list[Retake]:
    """What review asked for and nobody took back; entries that the platform reopened count as untouched."""
    rows = Retake.objects.filter(exam=exam, origin=Retake.Origin.REVIEW).exclude(state=Retake.State.REJECTED)
    for row in (found := list(rows)):
        row.settled_by = "" if row.settled_by == _SYSTEM.name else row.settled_by
    return found


def _asked_elsewhere(case: Case) -> bool:
    """Whether an open result of another sample says that the exam is waste."""
    others = Case.objects.filter(exam=case.exam, counted__gt=0, campaign__subject_kind=SubjectKind.EXAM)
    rulings = Ruling.objects.filter(case__in=others.exclude(pk=case.pk), version=F("case__counted"))
    return any(_waste(one) for one in rulings)


def _take_back(exam: Exam, why: str) -> None:
    """What review asked for and no person has touched since."""
    for row in _live(exam):
        if not row.settled_by:
            retake_reject(actor=_SYSTEM, retake=row, reason=why)
