"""A waste film is taken again: an entry in the one register of retakes, with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Retake
from yingheng.catalog.services import retake_record, retake_reject, retake_suggest
from yingheng.review.faults import fault_known
from yingheng.review.models import Case, Ruling

ASKED_BY = "评片 · film review"  # never a reader's name
_SYSTEM = Actor("system:review", "Yingheng")


def retake_order(*, case: Case, ruling: Ruling, before: Ruling | None) -> Retake | None:
    """Ask for a waste film to be taken again; asked twice it is in the register once.

    The reason is that of the first defect found whose entry in the dictionary names one; without any, the register
    holds a suggestion that waits for a person to say why.  A later ruling that is no waste takes back what the
    earlier one asked for.
    """
    if case.exam is None:
        return None
    if not _waste(ruling):
        if before is not None and _waste(before):
            _take_back(case)
        return None
    reason = retake_reason(ruling.faults)
    if not reason:
        details = {"kind": "review", "names": list(ruling.faults), "objects": []}
        return retake_suggest(exam=case.exam, origin=Retake.Origin.REVIEW, n_exposures=1, details=details)
    return retake_record(
        exam=case.exam,
        reason=reason,
        origin=Retake.Origin.REVIEW,
        asked_by=ASKED_BY,
        asked_at=ruling.made_at,
        note=_note(case),
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


def _take_back(case: Case) -> None:
    """What review asked for and no person has touched since."""
    rows = Retake.objects.filter(exam=case.exam, origin=Retake.Origin.REVIEW, settled_by="")
    for row in rows.exclude(state=Retake.State.REJECTED):
        retake_reject(actor=_SYSTEM, retake=row, reason="申诉后不再是废片 · no longer waste after an appeal")
