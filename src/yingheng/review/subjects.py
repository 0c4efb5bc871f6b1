"""What a campaign is about, in words: films, records or reports, and who answers for them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.review.models import SubjectKind

#: Points or percent that the mean of a year is held against, by kind of subject; None where nothing asks for one.
_MEANS = {SubjectKind.EXAM: 92.0, SubjectKind.SOP: 98.0}


def is_film(kind: str) -> bool:
    """Whether images are graded, and not what was written about them."""
    return kind == SubjectKind.EXAM


def person_text(kind: str) -> str:
    """Who answers for a subject: the technologist, of a report who signs it."""
    return pgettext("report", "Signer") if kind == SubjectKind.REPORT else _("Technologist")


def by_person_text(kind: str) -> str:
    """The heading of figures by those people."""
    return _("By signer") if kind == SubjectKind.REPORT else _("By technologist")


def together_text(n: int) -> str:
    """That several of the staff made something, without saying who."""
    return _("made together by %(n)d") % {"n": n}


def mine_text(kind: str) -> str:
    """The title of a person's own results."""
    return _("My films") if is_film(kind) else _("My results: %(what)s") % {"what": many_text(kind)}


def many_text(kind: str) -> str:
    """Several subjects of a kind."""
    words = {
        SubjectKind.EXAM: pgettext("subjects", "Films"),
        SubjectKind.REPORT: pgettext("subjects", "Reports"),
        SubjectKind.RECORD: pgettext("subjects", "Records"),
        SubjectKind.SOP: pgettext("subjects", "SOP audits"),
    }
    return str(words[SubjectKind(kind)])


def one_text(kind: str) -> str:
    """One subject of a kind."""
    words = {
        SubjectKind.EXAM: _("Film"),
        SubjectKind.REPORT: pgettext("subject", "Report"),
        SubjectKind.RECORD: pgettext("subject", "Record"),
        SubjectKind.SOP: pgettext("subject", "Record under SOP audit"),
    }
    return str(words[SubjectKind(kind)])


def mean_text(kind: str) -> str:
    """What the mean of the points is: of audits whose points are a share of items that hold, compliance."""
    return _("Mean compliance") if kind in {SubjectKind.RECORD, SubjectKind.SOP} else _("Mean score")


def excellent_text(kind: str) -> str:
    """What comes up to the best line of a sheet is called."""
    return _("Excellent") if is_film(kind) else pgettext("audit", "Very good")


def mean_target(kind: str) -> float | None:
    """The line of the year for the mean (annual plan of 2026, second-hand); None where there is none."""
    return _MEANS.get(SubjectKind(kind))
