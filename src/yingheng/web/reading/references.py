"""What the reading room offers of the dictionaries: defects to be named, the position of a case and its pictures.

The dictionary is that of the organisation that has the sample read, never that of the hospital of a case: own entries
of a hospital would tell a blind reader where an image comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.words import language
from yingheng.review.dictionary import CLASSES, REPORT_CLASSES, Catalogue, Position, catalogue_for
from yingheng.review.dictionary.catalogue import product_catalogue
from yingheng.review.models import Assignment, ReferencePicture, SubjectKind
from yingheng.review.positioning import Positions, film_of, is_film, position_of_film
from yingheng.review.readers import upward
from yingheng.tenancy.models import Organisation, User
from yingheng.web.reading.veil import Veil
from yingheng.web.teaching.beside import standard_pictures

REPORTS = "report"  # instead of a modality: the dictionary of the defects of reports
_BETWEEN = "@"
_MOST_PICTURES = 6


def dictionary_of(assignment: Assignment) -> str:
    """Which defects are marked: those of reports or of a modality, in the dictionary of who has the sample read."""
    report = assignment.campaign.subject_kind == SubjectKind.REPORT
    return f"{REPORTS if report else assignment.case.modality}{_BETWEEN}{assignment.campaign_id}"


def defect_list(dictionary: str, user: User | None = None, asking: Organisation | None = None) -> list[dict[str, Any]]:
    """The defects that can be marked, with the letters by which they are found.

    `dictionary` is one that `dictionary_of` gave, or a modality alone: then that of the user's own organisation.
    `asking` is who has the sample read, where that is known already.
    """
    what, _between, owner = dictionary.partition(_BETWEEN)
    known, lang = catalogue_for(asking) if asking else _catalogue(user, owner), language()
    found = known.offered_defects("report") if what == REPORTS else known.offered_defects("image", what)
    return [
        {"code": one.code, "name": one.name.text(lang), "letters": one.letters, "kind": _kind(one.kind),
         "other": one.name.text("en" if lang == "zh" else "zh")}
        for one in found
    ]  # fmt: skip


def _catalogue(user: User | None, owner: str) -> Catalogue:
    place = user.home if user else None
    if owner and user:  # somebody else's only for who has something to read there
        given = Assignment.objects.filter(reader=user, campaign=identifier(owner)).values("campaign__organisation")
        place = Organisation.objects.filter(pk__in=given).first()
    return catalogue_for(place) if place else product_catalogue()


def _kind(kind: str) -> str:
    return str(CLASSES.get(kind) or REPORT_CLASSES.get(kind, kind))


# --- position -------------------------------------------------------------------------------------------


def position_data(assignment: Assignment) -> dict[str, Any] | None:
    """The position of a case: what must be shown, what makes it a good one, and how it should look.

    None where it is not known, and for what is no image.
    """
    case = assignment.case
    if assignment.campaign.subject_kind != SubjectKind.EXAM or not case.exam_id or not case.position:
        return None
    one = catalogue_for(assignment.campaign.organisation).positions.get(case.position)
    return _told(assignment, one, _pictures(assignment, [case.position])) if one else None


def film_positions(assignment: Assignment, veil: Veil) -> dict[str, dict[str, Any]]:
    """Of a case without one position that of each film, by the name of its series.  One query for the pictures."""
    case = assignment.case
    if assignment.campaign.subject_kind != SubjectKind.EXAM or not case.exam_id or case.position:
        return {}
    films = [(n, one) for n, one in enumerate(veil.series(0)) if is_film(one)]
    if not films:
        return {}
    known = Positions.of(catalogue_for(assignment.campaign.organisation).offered_positions())
    item = case.item.code if case.item else ""
    found = {n: position_of_film(film_of(one), case.body_part, item, known).position for n, one in films}
    codes = {code for code in found.values() if code}
    pictures = _pictures(assignment, sorted(codes)) if codes else []
    return {veil.key(0, n): _told(assignment, known.offered[code], pictures) for n, code in found.items() if code}


def reference_picture(assignment: Assignment, picture_id: UUID) -> ReferencePicture | None:
    """A picture that may stand beside the case of an assignment; None for any other."""
    rows = ReferencePicture.objects.filter(
        organisation__path__in=upward(assignment.campaign.organisation.path), removed_at__isnull=True
    )
    return rows.exclude(position="").filter(pk=picture_id).first()


def _pictures(assignment: Assignment, codes: list[str]) -> list[ReferencePicture]:
    rows = ReferencePicture.objects.filter(position__in=codes, defect="", removed_at__isnull=True)
    rows = rows.filter(organisation__path__in=upward(assignment.campaign.organisation.path))
    return list(rows.order_by("-organisation__path", "number"))


def _told(assignment: Assignment, one: Position, pictures: list[ReferencePicture]) -> dict[str, Any]:
    lang = language()
    mine = [row for row in pictures if row.position == one.code][:_MOST_PICTURES]
    texts: Mapping[str, str] = {"name": one.name.text(lang), "shows": one.shows.text(lang),
                                "criteria": one.criteria.text(lang)}  # fmt: skip
    return {
        **texts,
        "pictures": [
            {"url": reverse("web:reading_reference", args=[assignment.pk, row.pk]), "name": row.caption} for row in mine
        ]
        + standard_pictures(assignment, one.code),
    }
