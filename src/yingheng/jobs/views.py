"""The queue's page."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Action, Empty, Lines, Progress, Tab, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Pager, Row, Table
from yingheng.jobs.models import Job
from yingheng.jobs.selectors import JobFilter, job_get, job_list, open_counts
from yingheng.jobs.services import job_retry
from yingheng.jobs.texts import GIVEN_UP, KINDS
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import JOB_MANAGE, JOB_VIEW

PAGE_ROWS = 50
_TONES = {"queued": "neutral", "running": "accent", "done": "pass", "parked": "fail"}


@page(JOB_VIEW)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """What the workers have to do, do, did and gave up."""
    asked = request.GET
    wanted = JobFilter(
        state=asked.get("state", "") if asked.get("state") in Job.State.values else "",
        kind=asked.get("kind", "").strip(),
        text=asked.get("text", "").strip(),
        before=_uuid(asked.get("before", "")),
    )
    rows = job_list(request.scope, wanted, PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    manage = scope_of(request, JOB_MANAGE)
    return ListPage(
        title=_("Job queue"),
        purpose=_("Work that arriving data causes. Parked jobs failed too often and wait for a decision."),
        tabs=_tabs(asked, wanted.state, open_counts(request.scope)),
        filters=FilterBar(
            (
                Filter("kind", _("Kind"), value=wanted.kind),
                Filter("text", _("Subject"), value=wanted.text),
            ),
            keep={"state": wanted.state},
        ),
        table=Table(
            columns=(
                Column("what", _("Job"), wide=True),
                Column("state", _("State")),
                Column("attempts", _("Attempts"), align="right", phone=False),
                Column("asked", _("Asked for"), phone=False, nowrap=True),
                Column("ended", _("Ended"), phone=False, nowrap=True),
                Column("error", _("Error")),
                Column("do", "", align="right"),
            ),
            rows=[_row(job, may_retry=bool(manage) and manage.contains(job.scope)) for job in shown],
            caption=_("Job queue"),
            pager=_pager(asked, shown, more=len(rows) > PAGE_ROWS),
            empty=Empty(_("No job here"), _("Arriving data causes jobs by itself."), icon="stack-2"),
        ),
    ).response(request)


@page(JOB_MANAGE)
@require_POST
def retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Queue a parked job once more."""
    job_retry(actor=request.actor, job=job_get(request.scope, job_id))
    messages.success(request, _("The job waits for a worker again."))
    return redirect(f"{reverse('jobs:list')}?state=parked")


def error_words(job: Job) -> Lines | None:
    """The reason in words, the technical line below it."""
    if not job.error:
        return None
    word, _colon, rest = job.error.partition(": ")
    known = GIVEN_UP.get(word)
    return Lines(str(known), rest) if known else Lines(job.error)


def _tabs(asked: Mapping[str, str], current: str, counts: dict[str, int]) -> list[Tab]:
    kept = {key: value for key, value in asked.items() if key not in {"state", "before"} and value}
    tabs = [Tab(_("All"), f"?{urlencode(kept)}", current=not current)]
    for state, label in Job.State.choices:
        query = urlencode({**kept, "state": state})
        tabs.append(Tab(str(label), f"?{query}", count=counts.get(state), current=current == state))
    return tabs


def _pager(asked: Mapping[str, str], shown: Sequence[Job], *, more: bool) -> Pager:
    kept = {key: value for key, value in asked.items() if key != "before" and value}
    following = f"?{urlencode({**kept, 'before': str(shown[-1].pk)})}" if more else ""
    return Pager(shown=len(shown), next_url=following)


def _row(job: Job, *, may_retry: bool) -> Row:
    again = reverse("jobs:retry", kwargs={"job_id": job.pk})
    parked = job.state == Job.State.PARKED
    state: Tag | Progress = Tag(job.get_state_display(), _TONES[job.state])
    if job.state == Job.State.RUNNING and job.progress_total:
        state = Progress(job.progress_done, job.progress_total, label=job.get_state_display())
    return Row(
        {
            "what": Lines(str(KINDS.get(job.kind, job.kind)), f"{job.kind} · {job.natural_key}"),
            "state": state,
            "attempts": job.attempts,
            "asked": When(job.created_at, ago=True),
            "ended": When(job.finished_at) if job.finished_at else None,
            "error": error_words(job),
            "do": Action(_("Try again"), again, icon="refresh", method="post") if parked and may_retry else None,
        },
        id=str(job.pk),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
