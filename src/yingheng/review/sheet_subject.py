"""Cases as what score sheets are about: a reader's assignment, filled in nowhere but in the reading room."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yingheng.common.errors import NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.review.models import Assignment
from yingheng.review.services.reading import OCCASION, SUBJECT, reading_take
from yingheng.sheets.judging import Basis
from yingheng.sheets.spec import Spec
from yingheng.sheets.subjects import Subject, SubjectKind, subject_kind_register
from yingheng.tenancy.scope import Scope

__all__ = ["OCCASION", "SUBJECT", "register", "subject_of"]


def register() -> None:
    """Make cases something that score sheets can be about."""
    subject_kind_register(
        SubjectKind(
            SUBJECT, gettext_lazy("Case of film review"), _find, _basis, _choose, submitted=reading_take, private=True
        )
    )


def subject_of(assignment: Assignment) -> Subject:
    """The case as its reader knows it: by number.  Its sheet belongs to whoever asked for the reading, so that nobody
    of the hospital that is read finds the reader's name beside it."""
    case = assignment.case
    return Subject(
        kind=SUBJECT,
        id=str(assignment.pk),
        hospital=case.template.hospital or assignment.campaign.organisation,
        label=_("Case %(n)s") % {"n": case.number},
        url=reverse("web:reading", args=[assignment.pk]),
        demo=assignment.campaign.is_demo,
    )


def _find(scope: Scope, assignment_id: str) -> Subject:
    rows = Assignment.objects.select_related("case__template__hospital", "campaign__organisation")
    row = row_or_not_found(rows, assignment_id, "review.assignment_unknown")
    found = subject_of(row)
    if not scope.contains(found.hospital.path):
        raise NotFound("review.assignment_unknown")
    return found


def _basis(_subject: Subject, _spec: Spec, _day: dt.date) -> Basis:
    """Nothing measured judges a reader's sheet: it is read blind of all numbers."""
    return Basis()


def _choose(_scope: Scope) -> list[Subject]:
    return []
