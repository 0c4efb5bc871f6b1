"""One edition of a hospital's own rules: criteria, trial runs, and all that happened to it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Section, Tag, Timeline, TimelineEntry, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.rulebook.models import RuleEdition, ShadowRun
from yingheng.rulebook.rules import edition_standard, problem_text
from yingheng.rulebook.selectors import edition_get, shadow_list
from yingheng.rulebook.services import edition_problems
from yingheng.rulebook.views.common import criterion_cells, crumbs, may_edit, state_tag, title_of
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import STANDARD_VIEW

RUNS = 10
State = RuleEdition.State
_SHADOW_TONES = {"asked": "accent", "done": "pass", "failed": "fail"}


@page(STANDARD_VIEW)
@require_safe
def edition(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """One edition: its criteria, its trial runs, and all that happened to it."""
    row = edition_get(request.scope, edition_id)
    edits = may_edit(request, row.hospital)
    draft = row.state == State.DRAFT
    runs = list(shadow_list(request.scope, row)[:RUNS])
    problems = [problem_text(e, language()) for e in edition_problems(row)[:3]] if draft and row.text else []
    criteria = edition_standard(row).criteria
    return ThingPage(
        title=title_of(row),
        purpose=f"{row.hospital.name} · {row.code}",
        kind=_("Rules of the hospital"),
        crumbs=crumbs(),
        state=state_tag(row),
        facts=[
            Fact(_("In force from"), When(row.valid_from) if row.valid_from else "—"),
            Fact(_("Criteria"), len(criteria)),
            Fact(_("Signed off by"), row.published_by_name or "—", hint=row.note),
            Fact(pgettext("rules", "Text"), row.sha256[:12] or "—", hint=_("first digits of its SHA-256")),
        ],
        actions=_actions(row, edits=edits),
        alerts=_alerts(row, problems),
        sections=[_criteria(row, edits=edits and draft), _runs(row, runs)],
        timeline=Timeline(_timeline(row, runs)),
        wide=True,
    ).response(request)


def _actions(row: RuleEdition, *, edits: bool) -> list[Action]:
    def to(name: str) -> str:
        return reverse(f"rulebook:{name}", args=[row.pk])

    file = [Action(_("Rule file"), to("download"), "download", kind="quiet")] if row.text else []
    if not edits or row.state == State.WITHDRAWN:
        return file
    if row.state == State.PUBLISHED:
        return [Action(_("Withdraw"), to("withdraw"), "arrow-back-up", kind="danger"), *file]
    gone = Action(
        _("Throw away"), to("discard"), "trash", "post", "danger", confirm=_("The draft and its trial runs are lost.")
    )
    if not row.text:
        return [gone]
    tried = Action(_("Try it out"), to("shadow_ask"), "flask")
    return [Action(_("Publish"), to("publish"), "certificate", kind="primary"), tried, *file, gone]


def _alerts(row: RuleEdition, problems: list[str]) -> list[Alert]:
    if problems:
        return [Alert(" ".join(problems), "fail", _("This draft cannot be published"))]
    if row.state == State.WITHDRAWN:
        return [Alert(row.withdrawn_reason, "human", _("Withdrawn by %(name)s") % {"name": row.withdrawn_by_name})]
    if row.untried_reason:
        return [Alert(row.untried_reason, "human", _("Published without a trial run"))]
    return []


def _criteria(row: RuleEdition, *, edits: bool) -> Section:
    actions = []
    if edits:
        actions = [Action(_("Add a criterion"), reverse("rulebook:criterion_new", args=[row.pk]), "plus")]
        label = _("Choose from a standard")
        url = (
            reverse("rulebook:take", args=[row.pk, row.base]) if row.base else reverse("rulebook:source", args=[row.pk])
        )
        actions.append(Action(label, url, "list-check"))
    columns = [
        Column("clause", _("Clause"), nowrap=True),
        Column("text", _("Requirement"), wide=True),
        Column("limit", _("Limit"), roomy=True),
        Column("grade", _("Judged"), nowrap=True, phone=False),
        Column("severity", _("Severity"), phone=False),
        Column("confidence", _("Confidence"), nowrap=True, phone=False),
    ]
    if edits:
        columns.append(Column("do", "", align="right"))
    rows = []
    for c in edition_standard(row).criteria:
        cells = criterion_cells(c)
        if edits:
            url = reverse("rulebook:criterion_remove", args=[row.pk, c.id])
            cells["do"] = Action(_("Remove"), url, "trash", "post", "quiet", confirm=c.text)
        edit = reverse("rulebook:criterion", args=[row.pk, c.id]) if edits else ""
        rows.append(Row(cells, url=edit, id=c.id))
    hint = _("from %(standard)s") % {"standard": standard_title(row.base)} if row.base else ""
    empty = Empty(_("No criterion yet"), _("Add one, or choose some of a standard to tighten them."), icon="book-2")
    table = Table(columns=columns, rows=rows, caption=_("Criteria"), empty=empty)
    return Section(_("Criteria"), table, hint=hint, actions=actions, flush=True)


def _runs(row: RuleEdition, runs: list[ShadowRun]) -> Section:
    table = Table(
        columns=(
            Column("at", _("Asked for"), nowrap=True),
            Column("days", _("Exams of"), nowrap=True),
            Column("state", _("State"), nowrap=True),
            Column("n", _("Subjects"), align="right"),
            Column("text", pgettext("rules", "Text"), phone=False),
        ),
        rows=[
            Row(
                {
                    "at": Lines(When(run.asked_at), run.asked_by_name),
                    "days": f"{run.first_day} – {run.last_day}",
                    "state": Tag(run.get_state_display(), _SHADOW_TONES[run.state]),
                    "n": run.n_sets if run.state == ShadowRun.State.DONE else None,
                    "text": _("this text") if run.sha256 == row.sha256 else _("an earlier text"),
                },
                url=reverse("rulebook:shadow", args=[run.pk]),
                id=str(run.pk),
            )
            for run in runs
        ],
        caption=_("Trial runs"),
        empty=Empty(_("Not tried yet"), _("A trial run shows what would change, and changes nothing."), icon="flask"),
    )
    return Section(_("Trial runs"), table, flush=True)


def _timeline(row: RuleEdition, runs: list[ShadowRun]) -> list[TimelineEntry]:
    found = [TimelineEntry(row.created_at, _("draft begun"), row.created_by_name, "edit", _("Drafts"), icon="pencil")]
    found += [
        TimelineEntry(
            run.asked_at,
            _("trial run"),
            run.asked_by_name,
            "trial",
            _("Trial runs"),
            reverse("rulebook:shadow", args=[run.pk]),
            icon="flask",
        )
        for run in runs
    ]
    if row.published_at:
        text = _("published, in force from %(day)s") % {"day": row.valid_from}
        found.append(TimelineEntry(row.published_at, text, row.published_by_name, "sign", _("Sign-off"),
                                   icon="certificate", detail=row.note))  # fmt: skip
    if row.withdrawn_at:
        found.append(TimelineEntry(row.withdrawn_at, _("withdrawn"), row.withdrawn_by_name, "sign", _("Sign-off"),
                                   icon="arrow-back-up", detail=row.withdrawn_reason))  # fmt: skip
    return sorted(found, key=lambda entry: entry.at, reverse=True)
