"""One case: what holds about it, how it came about, and what follows."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotAllowed, NotFound
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Fact, Tag, When
from yingheng.review.following import appeals_of, case_seen, rulings_of
from yingheng.review.models import Appeal, Assignment, Case, Ruling, Tracing
from yingheng.review.results import TESTING, is_open
from yingheng.review.services.appealing import last_day, level_open
from yingheng.review.shown import appeal_tag, case_grade, case_text, score_text, tracing_tag
from yingheng.review.subjects import one_text, person_text, together_text
from yingheng.review.together import are_several, makers_of, together_case
from yingheng.review.views.after import case_crumbs, may_object, may_rule, seeing
from yingheng.review.views.case_sections import case_sections
from yingheng.review.views.case_timeline import case_timeline
from yingheng.tenancy.access import own, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, REVIEW_TEACH


@own
@require_safe
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The result of one case; sealed until the campaign's results are announced."""
    row = _seen(request, case_id)
    shown = is_open(row.campaign)
    if not shown and Assignment.objects.filter(campaign=row.campaign_id, reader=request.user.pk).exists():
        raise NotAllowed("review.reads_it")  # blind readers of a campaign do not look up where its cases come from
    rulings = rulings_of(row) if shown else []
    appeals = appeals_of(row) if shown else []
    tracing = Tracing.objects.filter(case=row).select_related("responsible", "verified_by__campaign").first()
    ruling = rulings[0] if rulings else None
    return ThingPage(
        title=case_text(row),
        purpose=f"{row.campaign.title} · {row.hospital.name}",
        kind=one_text(row.campaign.subject_kind),
        crumbs=case_crumbs(request, row),
        state=(case_grade(row) if ruling else None) or Tag(str(row.get_state_display()), "accent"),
        tags=_tags(row, appeals, tracing if shown else None),
        alerts=[] if shown else [Alert(_("Results are sealed until they are announced."), "accent")],
        facts=[
            Fact(_("Points"), score_text(ruling.score) if ruling else "—"),
            Fact(_("Examined"), When(row.local_day)),
            Fact(_("Device"), row.device.label if row.device else "—"),
            Fact(person_text(row.campaign.subject_kind), _whose(row)),
        ],
        actions=_actions(request, row, ruling, appeals, tracing if shown else None),
        sections=case_sections(request, row, rulings, appeals, tracing) if ruling else [],
        timeline=case_timeline(row, rulings, appeals, tracing if shown else None),
        wide=True,
    ).response(request)


def _seen(request: HttpRequest, case_id: UUID) -> Case:
    """What the requester may see, or made together with others."""
    try:
        return case_seen(seeing(request), request.user, case_id)
    except NotFound:
        found = together_case(request.user, case_id)
        if found is None:
            raise
        return found


def _whose(row: Case) -> str:
    """Who answers for it; of several that made it how many, without their names."""
    if row.performer is not None:
        return str(row.performer.name)
    if row.exam_id is None or not are_several(row):
        return "—"
    return together_text(makers_of([row.exam_id]).get(row.exam_id, 0))


def _tags(row: Case, appeals: list[Appeal], tracing: Tracing | None) -> list[Tag]:
    found = [appeal_tag(one.state, f"{_('Appeal')}: {one.get_state_display()}") for one in appeals[-1:]]
    if tracing is not None:
        found.append(tracing_tag(tracing.state, f"{_('Cause tracing')}: {tracing.get_state_display()}"))
    if row.origin in TESTING:
        found.append(Tag(str(row.get_origin_display()), "neutral"))
    return found


def _actions(
    request: HttpRequest, row: Case, ruling: Ruling | None, appeals: list[Appeal], tracing: Tracing | None
) -> list[Action]:
    found = []
    if row.exam_id and scope_of(request, EXAM_VIEW).contains(row.hospital.path):
        found.append(Action(_("Exam"), reverse("web:exam", args=[row.exam_id]), "photo-scan", kind="quiet"))
    if row.exam_id and ruling and scope_of(request, REVIEW_TEACH).contains(row.hospital.path):
        url = f"{reverse('web:teaching_add', args=[row.exam_id])}?case={row.pk}"
        found.append(Action(_("Add to the teaching library"), url, "school", kind="quiet"))
    if tracing is not None and may_rule(request, row):
        found.append(Action(_("Cause tracing"), reverse("review:tracing", args=[tracing.pk]), "search"))
    level = level_open(row, ruling, appeals)
    if level and ruling and may_object(request, row):
        until = last_day(row, ruling, appeals[-1] if appeals else None)
        hint = _("Until %(day)s") % {"day": until.isoformat()} if until else ""
        label = _("Appeal") if level == 1 else _("Appeal to the second level")
        found.append(Action(label, reverse("review:appeal_file", args=[row.pk]), "scale", kind="primary", hint=hint))
    return found
