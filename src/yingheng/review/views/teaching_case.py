"""The page of a case of the teaching library: what it shows, the answer, what it is compared with, what can be done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotAllowed
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Fact, KeyValues, Lines, Link, Many, Section, Tag, Timeline, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.faults import fault_text, position_text
from yingheng.review.library import GRADE_KEYS, GRADES, is_examined, related_to, teaching_get
from yingheng.review.models import TeachingCase
from yingheng.review.services.teaching_sharing import region_above
from yingheng.review.shown import placed_tag, score_text
from yingheng.review.views.common import history
from yingheng.review.views.teaching import Picture, part_text, state_tag
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH

_State, _Share = TeachingCase.State, TeachingCase.Share


@page(REVIEW_LEARN)
@require_safe
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: what it shows, the answer, what it is to be compared with, and what can be done with it."""
    teaches = scope_of(request, REVIEW_TEACH)
    row = teaching_get(request.scope, teaches, case_id)
    if is_examined(request.user, row):
        raise NotAllowed("review.teaching_in_exam")
    builds = teaches.contains(row.organisation.path)
    request.demo = row.is_demo
    return ThingPage(
        title=row.title,
        purpose=" · ".join(
            filter(None, (row.modality, position_text(row.position), part_text(row.body_part), row.organisation.name))
        ),
        kind=str(row.get_kind_display()),
        crumbs=[Link(_("Teaching library"), reverse("review:teaching"))],
        state=state_tag(row),
        facts=[
            Fact(_("Grade"), placed_tag(GRADE_KEYS, row.grade, str(GRADES.get(row.grade, ""))) or "—"),
            Fact(_("Images"), row.n_images),
            Fact(_("Version"), row.version),
            Fact(_("Checked by"), row.checked_by_name or "—"),
        ],
        alerts=_alerts(row),
        actions=_actions(request, row, builds=builds),
        sections=[
            _pictures(row),
            _answer(row),
            *_words(row),
            *_related(request, row),
            *([_about(row)] if builds else []),
        ],
        timeline=Timeline(history(request, f"teaching:{row.pk}")) if builds else None,
    ).response(request)


def _alerts(row: TeachingCase) -> list[Alert]:
    if row.reason and row.state in {_State.DRAFT, _State.WITHDRAWN}:
        return [Alert(row.reason, "human", title=str(row.get_state_display()))]
    if row.state == _State.PUBLISHED and row.share == _Share.REFUSED:
        return [Alert(row.share_reason, "human", title=str(row.get_share_display()))]
    return []


def _actions(request: HttpRequest, row: TeachingCase, *, builds: bool) -> list[Action]:
    here = [row.pk]
    found = [Action(_("Look at the images"), reverse("web:teaching_viewer", args=here), "photo-scan", kind="primary",
                    key="w")]  # fmt: skip
    offered = row.share == _Share.OFFERED and row.state == _State.PUBLISHED and row.shared_with is not None
    if offered and scope_of(request, REVIEW_TEACH).contains(row.shared_with.path):
        found.append(Action(_("Decide for the region"), reverse("review:teaching_share", args=here), "scale"))
    if not builds:
        return found
    if row.state == _State.DRAFT:
        found.append(Action(_("Write and mark"), reverse("web:teaching_edit", args=here), "pencil"))
    if row.state == _State.DRAFT and row.made_by_id != str(request.user.pk):
        found.append(Action(_("Check"), reverse("review:teaching_check", args=here), "shield-check"))
    if row.state == _State.CHECKED:
        found.append(Action(_("Publish"), reverse("review:teaching_publish", args=here), "send", method="post"))
        found.append(Action(_("Send back"), reverse("review:teaching_back", args=here), "arrow-back-up"))
    if row.state in {_State.PUBLISHED, _State.WITHDRAWN}:
        found.append(Action(_("New version"), reverse("review:teaching_next", args=here), "pencil", method="post"))
    free = row.state == _State.PUBLISHED and row.share in {_Share.NONE, _Share.REFUSED}
    if free and region_above(row.organisation) is not None:
        found.append(Action(_("Offer to the region"), reverse("review:teaching_offer", args=here), "send",
                            method="post", kind="quiet"))  # fmt: skip
    if row.state in {_State.DRAFT, _State.CHECKED, _State.PUBLISHED}:
        found.append(Action(_("Withdraw"), reverse("review:teaching_withdraw", args=here), "circle-off", kind="quiet"))
    return found


def _pictures(row: TeachingCase) -> Section:
    found: dict[int, str] = {}
    for n in row.images.order_by("series").values_list("series", flat=True).distinct():
        found[n] = reverse("web:teaching_thumbnail", args=[row.pk, n])
    url = reverse("web:teaching_viewer", args=[row.pk])
    context = {"pictures": list(found.values()), "url": url}
    return Section(_("Images"), body_template="review/_teaching_pictures.html", context=context)


def _answer(row: TeachingCase) -> Section:
    rows: list[tuple[str, Any]] = [
        (_("Grade"), placed_tag(GRADE_KEYS, row.grade, str(GRADES.get(row.grade, ""))) or "—"),
    ]
    if row.score is not None:
        rows.append((_("Points"), score_text(row.score)))
    if row.vetoed:
        rows.append((_("Veto"), Tag(_("one fault alone rejects the film"), "fail", "ban")))
    rows.append((_("Defects"), Many([Tag(fault_text(code)) for code in row.defects]) if row.defects else "—"))
    rows.append((_("Rests on"), Lines(str(row.get_basis_display()), row.basis_reason)))
    return Section(_("Agreed answer"), KeyValues(rows))


def _words(row: TeachingCase) -> list[Section]:
    lessons = [line.strip() for line in row.lessons.splitlines() if line.strip()]
    if not row.explanation and not lessons:
        return []
    context = {"text": row.explanation, "lessons": lessons}
    return [Section(_("Explanation"), body_template="review/_teaching_words.html", context=context)]


def _related(request: HttpRequest, row: TeachingCase) -> list[Section]:
    why = {"standard": _("standard film of the position"), "defect": _("the same defect")}
    rows = [
        Row(
            {
                "picture": Picture(reverse("web:teaching_thumbnail", args=[one.pk, 0]), one.title),
                "title": Lines(one.title, why[reason]),
                "beside": Link(_("Side by side"), _beside(row, one), "columns"),
            },
            url=reverse("review:teaching_case", args=[one.pk]),
            id=str(one.pk),
        )
        for reason, one in related_to(request.scope, row)
    ]
    title = _("To compare with")
    columns = (Column("picture", "", nowrap=True), Column("title", _("Case"), wide=True), Column("beside", ""))
    return [Section(title, Table(columns=columns, rows=rows, caption=title), flush=True)] if rows else []


def _beside(row: TeachingCase, other: TeachingCase) -> str:
    """The viewer with both."""
    return f"{reverse('web:teaching_viewer', args=[row.pk])}?with={other.pk}&with_series={other.pk}/0"


def _about(row: TeachingCase) -> Section:
    unread = sum(row.images.values_list("is_unread", flat=True))
    rows: list[tuple[str, Any]] = [
        (_("Written by"), Lines(row.made_by_name, When(row.made_at))),
        (_("Checked by"), Lines(row.checked_by_name, When(row.checked_at)) if row.checked_at else "—"),
        (_("Images in which no program could look for letters"), str(unread)),
        (_("Visible"), _visible(row)),
    ]
    return Section(_("Making of"), KeyValues(rows))


def _visible(row: TeachingCase) -> str:
    if row.share != _Share.NONE and row.shared_with is not None:
        return f"{row.get_share_display()}: {row.shared_with.name}"
    return row.organisation.name
