"""Standard films of the library beside a case in the reading room, as pictures of how its position should look."""

from __future__ import annotations

from django.urls import reverse

from yingheng.review.library import standard_films
from yingheng.review.models import Assignment
from yingheng.tenancy.permissions import REVIEW_LEARN
from yingheng.tenancy.scope import Scope

_MOST, _KEPT = 2, "_standard_films"


def standard_pictures(assignment: Assignment, position: str) -> list[dict[str, str]]:
    """Published standard films of a position that the reader may see: {"url", "name"}.

    They go by what the reader sees of the library, never by the hospital of the case.  Read once for an assignment.
    """
    known = assignment.__dict__.get(_KEPT)
    if known is None:
        learns = Scope.of_user(assignment.reader, REVIEW_LEARN)
        known = assignment.__dict__[_KEPT] = standard_films(learns, assignment.case.modality)
    found = [one for one in known if one.position == position][:_MOST]
    return [{"url": reverse("web:teaching_picture", args=[one.pk, 0, 0]), "name": one.title} for one in found]
