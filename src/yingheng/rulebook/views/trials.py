"""Trial runs: asking for one, and what it would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.model import Criterion
from yingheng.catalog.models import Exam
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import (
    Alert,
    Empty,
    Fact,
    Lines,
    OutcomeBadge,
    Progress,
    Section,
    Tab,
    Tag,
)
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language, quantity_text, unit_text
from yingheng.jobs.models import Job
from yingheng.registry.models import Device
from yingheng.rulebook.forms import ShadowForm
from yingheng.rulebook.models import RuleEdition, ShadowRun
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import edition_get, rules_of, shadow_days, shadow_get
from yingheng.rulebook.services import shadow_ask
from yingheng.rulebook.services.device_tests import TESTED
from yingheng.rulebook.services.shadowing import LONGEST_DAYS
from yingheng.rulebook.views.common import crumbs, title_of
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_VIEW, EXAM_VIEW, STANDARD_EDIT, STANDARD_VIEW

SHOWN = 50
OUTCOMES = ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE", "")
CHANGES = ("newly_fail", "newly_human", "newly_pass", "newly_gap", "no_longer_asked")


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Ask for a trial run."""
    row = edition_get(request.scope, edition_id)
    if row.state != RuleEdition.State.DRAFT:
        raise Conflict("rulebook.edition_state")
    form = ShadowForm(request.POST or None, initial={"days": min(shadow_days(row.hospital), LONGEST_DAYS)})
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        run = attempt(form, lambda: shadow_ask(actor=request.actor, edition=row, days=days))
        if run:
            return redirect("rulebook:shadow", run.pk)
    return FormPage(
        title=_("Try it out"),
        purpose=_("Stored measurements are judged by the draft beside what holds now. Nothing else changes."),
        crumbs=crumbs(row),
        form=form,
        submit=_("Start the trial run"),
        cancel_url=reverse("rulebook:edition", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


@page(STANDARD_VIEW)
@require_safe
def trial(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What an edition would change: counts, criterion by criterion, and examples."""
    run = shadow_get(request.scope, run_id)
    done = run.state == ShadowRun.State.DONE
    result: Mapping[str, Any] = run.result if done else {}
    change = request.GET.get("change", "")
    change = change if change in CHANGES else ""
    sections = [_progress(run)] if run.state == ShadowRun.State.ASKED else []
    if done:
        criteria = _criteria_of(run)
        sections = [
            Section(_("By criterion"), _by_criterion(result, criteria), flush=True),
            Section(_("Examples"), _examples(request, result, change), hint=_hint(), flush=True),
            Section(_("In all"), _in_all(result), flush=True),
        ]
    return ThingPage(
        title=_("Trial run"),
        purpose=f"{title_of(run.edition)} · {run.hospital.name}",
        kind=_("Rules of the hospital"),
        crumbs=crumbs(run.edition),
        state=Tag(run.get_state_display(), {"done": "pass", "failed": "fail"}.get(run.state, "accent")),
        facts=[
            Fact(_("Exams of"), f"{run.first_day} – {run.last_day}"),
            Fact(
                _("Subjects judged"), run.n_sets, hint=_("exams, series and tests of devices with stored measurements")
            ),
            Fact(_("Exams newly failing"), result.get("exams_newly_failing", "—")),
            Fact(_("Asked for by"), run.asked_by_name),
        ],
        alerts=_alerts(run),
        tabs=_tabs(result, change) if done else (),
        sections=sections,
        wide=True,
    ).response(request)


def _alerts(run: ShadowRun) -> list[Alert]:
    if run.state == ShadowRun.State.FAILED:
        return [Alert(error_text(Invalid(run.error)), "fail")]
    if run.state == ShadowRun.State.ASKED:
        job = _job(run)
        if job is not None and job.state == Job.State.PARKED:
            return [Alert(_("The work queue gave up on it; an administrator sees why."), "fail")]
        return [Alert(_("The trial run is under way. You can leave this page."), "accent", pending=True)]
    if run.edition.sha256 != run.sha256:
        return [Alert(_("The draft was changed since. Publishing needs a trial run of the text as it is."), "human")]
    return []


def _job(run: ShadowRun) -> Job | None:
    return Job.objects.filter(kind=events.SHADOW_ASKED, natural_key=str(run.pk)).first()


def _progress(run: ShadowRun) -> Section:
    job = _job(run)
    done, total = (job.progress_done, job.progress_total or None) if job else (0, None)
    return Section(_("Progress"), Progress(done, total, label=_("subjects judged")))


def _words() -> dict[str, str]:
    return {
        "newly_fail": _("newly failing"),
        "newly_human": _("newly for a person"),
        "newly_pass": _("newly passing"),
        "newly_gap": _("newly not assessable"),
        "no_longer_asked": _("no longer asked"),
        "same": _("unchanged"),
    }


def _hint() -> str:
    return _("at most %(n)d of each change and criterion are kept") % {"n": 20}


def _tabs(result: Mapping[str, Any], change: str) -> list[Tab]:
    counts: Counter[str] = Counter()
    for row in result["criteria"]:
        counts.update(row["changes"])
    words = _words()
    found = [Tab(_("All"), "?", None, not change)]
    return found + [Tab(words[key], f"?change={key}", counts[key], change == key) for key in CHANGES]


def _criteria_of(run: ShadowRun) -> dict[str, Criterion]:
    """The criteria as they are now: those of the edition, and those of the rules that it would replace."""
    found = {c.id: c for e in rules_of(run.hospital).editions for c in edition_standard(e).criteria}
    return found | {c.id: c for c in edition_standard(run.edition).criteria}


def _by_criterion(result: Mapping[str, Any], criteria: Mapping[str, Criterion]) -> Table:
    words = _words()
    columns = [Column("criterion", _("Criterion"), wide=True), Column("asked", _("Subjects"), align="right")]
    columns += [Column(key, words[key], align="right", phone=key in CHANGES[:2]) for key in (*CHANGES, "same")]
    rows = [
        Row(
            {"criterion": _criterion(row, criteria), "asked": row["asked"]}
            | {key: row["changes"].get(key, 0) for key in (*CHANGES, "same")}
        )
        for row in result["criteria"]
    ]
    empty = Empty(_("Nothing to compare"), _("No stored measurement of these days concerns these rules."), icon="flask")
    return Table(columns=columns, rows=rows, caption=_("By criterion"), empty=empty)


def _criterion(row: Mapping[str, Any], criteria: Mapping[str, Criterion]) -> Lines:
    lang, c = language(), criteria.get(row["criterion"])
    if c is None:
        return Lines(quantity_text(row["quantity"]) or row["criterion"], row["criterion"])
    limit = limit_text(c.limit, c.unit, lang) if c.limit else ""
    dropped = _("left out by this draft") if row["dropped"] else ""
    return Lines(c.text if lang == "zh" else c.text_en, " · ".join(filter(None, (limit, dropped))))


def _in_all(result: Mapping[str, Any]) -> Table:
    rows = [
        Row(
            {
                "outcome": OutcomeBadge(key) if key else Tag(_("not asked")),
                "before": result["before"].get(key, 0),
                "after": result["after"].get(key, 0),
            }
        )
        for key in OUTCOMES
    ]
    return Table(
        columns=(
            Column("outcome", _("Criterion of a subject"), wide=True),
            Column("before", _("now"), align="right"),
            Column("after", _("with these rules"), align="right"),
        ),
        rows=rows,
        caption=_("In all"),
    )


def _examples(request: HttpRequest, result: Mapping[str, Any], change: str) -> Table:
    shown = [e for e in result["examples"] if not change or e["change"] == change][:SHOWN]
    exams, devices = _exams(request, shown), _devices(request, shown)
    words = _words()
    rows = []
    for e in shown:
        exam = exams.get(e["exam"])
        rows.append(
            Row(
                {
                    "exam": _subject(e, exam, devices),
                    "quantity": Lines(quantity_text(e["quantity"]), words[e["change"]]),
                    "value": f"{value_text(e['value'])} {unit_text(e['unit'])}" if e["value"] is not None else None,
                    "before": _outcome(e["before"]),
                    "after": _outcome(e["after"]),
                },
                url=_exam_url(exam, e) if exam else _device_url(e, devices),
            )
        )
    return Table(
        columns=(
            Column("exam", _("Exam or device"), nowrap=True),
            Column("quantity", _("Quantity"), wide=True),
            Column("value", _("Value"), align="right", nowrap=True),
            Column("before", _("now"), nowrap=True),
            Column("after", _("with these rules"), nowrap=True),
        ),
        rows=rows,
        caption=_("Examples"),
        empty=Empty(_("Nothing would change"), _("Every subject is judged as it is now."), icon="circle-check"),
    )


def _subject(example: Mapping[str, Any], exam: Exam | None, devices: Mapping[str, Device]) -> Lines | str:
    if exam:
        return Lines(exam.accession or exam.study_uid[-16:], example["day"])
    device = devices.get(example.get("device") or "")
    return Lines(device.label, example["day"]) if device else example["day"]


def _devices(request: HttpRequest, shown: Sequence[Mapping[str, Any]]) -> dict[str, Device]:
    """The devices of the examples that are about tests of devices, as far as the reader may open them."""
    wanted = [e["device"] for e in shown if e["subject"] == TESTED and e.get("device")]
    rows = Device.objects.filter(pk__in=wanted)
    return {str(row.pk): row for row in scope_of(request, DEVICE_VIEW).filter(rows)} if wanted else {}


def _device_url(example: Mapping[str, Any], devices: Mapping[str, Device]) -> str:
    device = devices.get(example.get("device") or "")
    return reverse("web:device", args=[device.pk]) if device else ""


def _outcome(outcome: str) -> OutcomeBadge | Tag:
    return OutcomeBadge(outcome) if outcome else Tag(_("not asked"))


def _exams(request: HttpRequest, shown: Sequence[Mapping[str, Any]]) -> dict[str, Exam]:
    """The exams of the examples that the reader may open."""
    rows = Exam.objects.filter(pk__in=[e["exam"] for e in shown if e["exam"]])
    return {str(row.pk): row for row in scope_of(request, EXAM_VIEW).filter(rows)}


def _exam_url(exam: Exam, example: Mapping[str, Any]) -> str:
    url = reverse("web:exam", args=[exam.pk])
    return f"{url}?series={example['subject_id']}" if example["subject"] == "series" else url
