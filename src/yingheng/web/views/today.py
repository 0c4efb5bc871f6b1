"""Today: what needs me now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.catalog.selectors import ExamFilter, exam_list, exam_recent_counts, unmapped_count
from yingheng.common.ui.pages import DashboardPage
from yingheng.common.ui.parts import Action, Empty, Lines, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.tiles import Tile
from yingheng.common.ui.words import SEVERITIES
from yingheng.evidence.selectors import LIVE_STATES, finding_counts, finding_list
from yingheng.jobs.selectors import open_counts
from yingheng.registry.selectors import device_counts
from yingheng.tenancy.access import scope_of, signed_in
from yingheng.tenancy.permissions import DEVICE_VIEW, EXAM_VIEW, FINDING_VIEW, JOB_VIEW, MAPPING_EDIT
from yingheng.web.views.exams import exam_name, exam_state
from yingheng.web.views.findings import finding_name, finding_place

SHOWN = 8
RECENT_HOURS = 24


@signed_in
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The landing page: counts that lead to lists, and the newest things to look at, as far as the role may see."""
    return DashboardPage(
        title=_("Today"),
        purpose=_("What needs you now. Every figure leads to the list behind it."),
        tiles=_tiles(request),
        sections=[*_failed_section(request), *_finding_section(request)],
    ).response(request)


def _tiles(request: HttpRequest) -> list[Tile]:
    """What needs somebody first, then how much came and how much is on its way."""
    exams = _exam_tiles(request)
    return [*exams[:-1], *_finding_tiles(request), *exams[-1:], *_job_tiles(request)]


def _exam_tiles(request: HttpRequest) -> list[Tile]:
    """The last day's exams: failed, to review, and all."""
    scope = scope_of(request, EXAM_VIEW)
    if not scope:
        return []
    counts = exam_recent_counts(scope, hours=RECENT_HOURS)
    url = reverse("web:exams")
    return [
        _tile(_("Exams failed, 24 hours"), counts["FAIL"], f"{url}?outcome=FAIL", tone="fail"),
        _tile(_("Exams to review, 24 hours"), counts["NEEDS_HUMAN"], f"{url}?outcome=NEEDS_HUMAN", tone="human"),
        _tile(_("Exams received, 24 hours"), counts["all"], url),
    ]


def _finding_tiles(request: HttpRequest) -> list[Tile]:
    """What waits for a decision."""
    tiles = []
    if scope := scope_of(request, FINDING_VIEW):
        counts = finding_counts(scope)
        live = sum(counts.get(state, 0) for state in LIVE_STATES)
        tiles.append(_tile(_("Findings not settled"), live, reverse("web:findings"), tone="fail"))
    if scope := scope_of(request, DEVICE_VIEW):
        waiting = device_counts(scope)["unconfirmed"]
        tiles.append(
            _tile(_("Devices to confirm"), waiting, f"{reverse('web:devices')}?state=unconfirmed", tone="human")
        )
    if scope := scope_of(request, MAPPING_EDIT):
        tiles.append(_tile(_("Exams without an item"), unmapped_count(scope), reverse("web:items"), tone="human"))
    return tiles


def _job_tiles(request: HttpRequest) -> list[Tile]:
    scope = scope_of(request, JOB_VIEW)
    if not scope:
        return []
    counts, url = open_counts(scope), reverse("jobs:list")
    waiting = counts.get("queued", 0) + counts.get("running", 0)
    return [
        _tile(_("Evaluations waiting"), waiting, f"{url}?state=queued"),
        _tile(_("Jobs given up"), counts.get("parked", 0), f"{url}?state=parked", tone="fail"),
    ]


def _tile(question: str, count: int, url: str, *, tone: str = "") -> Tile:
    """A count that leads to its list, coloured only when there is something to do."""
    return Tile(question, count, url=url, tone=tone if count else "")


def _failed_section(request: HttpRequest) -> list[Section]:
    scope = scope_of(request, EXAM_VIEW)
    if not scope:
        return []
    found = exam_list(scope, ExamFilter(outcome="FAIL"), limit=SHOWN)
    url = f"{reverse('web:exams')}?outcome=FAIL"
    table = Table(
        columns=(
            Column("exam", _("Exam"), wide=True),
            Column("outcome", _("Outcome"), nowrap=True),
            Column("failed", _("Failed"), align="right"),
            Column("device", _("Device"), phone=False, clip=True),
            Column("arrived", _("Received"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "exam": Lines(exam_name(exam), exam.accession),
                    "outcome": exam_state(exam),
                    "failed": exam.n_fail,
                    "device": exam.device.label if exam.device else None,
                    "arrived": When(exam.last_received_at, ago=True),
                },
                url=reverse("web:exam", args=[exam.pk]),
                id=str(exam.pk),
            )
            for exam in found.rows
        ],
        caption=_("Newest failed exams"),
        empty=Empty(_("Nothing failed"), _("No exam failed so far."), icon="circle-check"),
    )
    return [Section(_("Newest failed exams"), table, actions=[Action(_("All"), url, kind="quiet")], flush=True)]


def _finding_section(request: HttpRequest) -> list[Section]:
    scope = scope_of(request, FINDING_VIEW)
    if not scope:
        return []
    rows = list(finding_list(scope, states=("open",))[:SHOWN])
    table = Table(
        columns=(
            Column("what", _("What is wrong"), wide=True),
            Column("exam", _("Exam"), clip=True),
            Column("severity", _("Severity")),
            Column("seen", _("Last seen"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "what": Lines(finding_name(row), finding_place(row)),
                    "exam": exam_name(row.exam) if row.exam else None,
                    "severity": Tag(str(SEVERITIES[row.severity].label), SEVERITIES[row.severity].tone),
                    "seen": When(row.last_seen_at, ago=True),
                },
                url=reverse("web:finding", args=[row.pk]),
                id=str(row.pk),
            )
            for row in rows
        ],
        caption=_("Open findings"),
        empty=Empty(_("No finding here"), _("Nothing failed, or everything is settled."), icon="circle-check"),
    )
    url = reverse("web:findings")
    return [Section(_("Open findings"), table, actions=[Action(_("All"), url, kind="quiet")], flush=True)]
