"""Findings: the list, and the page of one with what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.ui.addresses import kept_query, with_query
from yingheng.common.ui.judged import Judged, JudgedList, find_clause, place_text, value_text
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import (
    Action,
    Empty,
    Fact,
    Lines,
    Link,
    Section,
    Tab,
    Tag,
    Timeline,
    TimelineEntry,
    When,
)
from yingheng.common.ui.stage import HeaderTags, evidence_part
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.words import SEVERITIES, language, quantity_text, unit_text
from yingheng.evidence.models import Decision, Finding
from yingheng.evidence.panels import decision_entry
from yingheng.evidence.selectors import (
    LIVE_STATES,
    decision_list,
    finding_counts,
    finding_get,
    finding_list,
    measurements_current,
    verdicts_effective,
)
from yingheng.evidence.services import finding_decide
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, FINDING_DECIDE, FINDING_VIEW
from yingheng.tenancy.scope import Scope
from yingheng.web.forms import ReasonForm
from yingheng.web.method_pages import methods_used
from yingheng.web.views.exam_series import human_of
from yingheng.web.views.exams import exam_name

_TONES = {
    "open": "fail",
    "confirmed": "fail",
    "in_action": "human",
    "verified": "accent",
    "overruled": "neutral",
    "closed": "pass",
}


@page(FINDING_VIEW)
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """What is wrong and not settled yet, newest first."""
    state = request.GET.get("state", "")
    states = (state,) if state in Finding.State.values else () if state == "all" else LIVE_STATES
    severity = request.GET.get("severity", "")
    rows = finding_list(request.scope, states=states, severity=severity if severity in SEVERITIES else "")
    shown, pager = offset_page(request, rows)
    return ListPage(
        title=_("Findings"),
        purpose=_("What failed and is not settled. Each is closed by a passing result or by a person with a reason."),
        tabs=_tabs(request, state),
        filters=FilterBar(
            (
                Filter(
                    "severity",
                    _("Severity"),
                    "select",
                    severity,
                    [Option("", _("All")), *(Option(key, str(word.label)) for key, word in SEVERITIES.items())],
                ),
            ),
            keep=kept_query(request, "state"),
        ),
        table=Table(
            columns=(
                Column("what", _("What is wrong"), wide=True),
                Column("clause", _("Clause"), phone=False, clip=True),
                Column("severity", _("Severity"), phone=False, nowrap=True),
                Column("state", _("State"), nowrap=True),
                Column("exam", _("Exam"), clip=True),
                Column("device", _("Device"), phone=False, clip=True),
                Column("seen", _("Last seen"), phone=False, nowrap=True),
            ),
            rows=[_row(finding) for finding in shown],
            caption=_("Findings"),
            pager=pager,
            empty=Empty(_("No finding here"), _("Nothing failed, or everything is settled."), icon="circle-check"),
        ),
    ).response(request)


@page(FINDING_VIEW)
@require_safe
def finding(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """One finding: what was measured, which clauses it breaks, what was decided."""
    row = finding_get(request.scope, finding_id)
    decisions = list(decision_list(request.scope, finding=row))
    request.demo = bool(row.exam and row.exam.is_demo)
    judged = _judged(request.scope, row)
    sections = [Section(_("Clauses not met"), JudgedList(judged, counted=False), flush=True)]
    part = evidence_part((row.evidence or {}).get("shape"))
    if part is not None:
        sections.append(Section(_("Evidence"), part, flush=isinstance(part, HeaderTags)))
    facts = [
        Fact(_("Severity"), SEVERITIES[row.severity].label),
        Fact(_("Exam"), exam_name(row.exam) if row.exam else "—", hint=row.exam.accession if row.exam else ""),
        Fact(_("Device"), row.device.label if row.device else "—"),
        Fact(_("Last seen"), When(row.last_seen_at), hint=_("seen %(n)s times") % {"n": row.n_seen}),
    ]
    return ThingPage(
        title=finding_name(row),
        purpose=_sentence(row, judged),
        kind=_("Finding"),
        crumbs=[Link(_("Findings"), reverse("web:findings"))],
        state=Tag(_capital(str(row.get_state_display())), _TONES[row.state]),
        facts=facts,
        actions=_actions(request, row, decisions),
        sections=sections,
        timeline=Timeline(_timeline(row, decisions)),
    ).response(request)


_VERBS = {
    "confirm": (gettext_lazy("Confirm the finding"), gettext_lazy("It is so and will be worked on.")),
    "overrule": (gettext_lazy("Overrule the finding"), gettext_lazy("It is not a fault; say why.")),
    "withdraw": (gettext_lazy("Withdraw the decision"), gettext_lazy("The last decision is taken back; say why.")),
}


@page(FINDING_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, finding_id: UUID, verb: str) -> HttpResponse:
    """Confirm, overrule or withdraw; a reason is asked for and kept."""
    if verb not in _VERBS:
        raise Http404
    row = finding_get(request.scope, finding_id)
    back = reverse("web:finding", args=[row.pk])
    form = ReasonForm(request.POST or None)
    form.fields["reason"].required = verb != "confirm"
    if request.method == "POST" and form.is_valid():
        finding_decide(actor=request.actor, finding=row, verb=verb, reason=form.cleaned_data["reason"])
        messages.success(request, _("Your decision is kept beside the automatic verdict."))
        return redirect(back)
    title, purpose = _VERBS[verb]
    return FormPage(
        title=str(title),
        purpose=str(purpose),
        crumbs=[Link(_("Findings"), reverse("web:findings")), Link(finding_name(row), back)],
        form=form,
        submit=str(title),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def finding_name(row: Finding) -> str:
    """The quantity, or the requirement of the clause, in the reader's language."""
    if row.quantity.startswith("clause:"):
        first = row.criteria[0] if row.criteria else {}
        clause = find_clause(first.get("standard", ""), first.get("criterion", ""))
        return clause.text if clause else row.quantity
    return _capital(quantity_text(row.quantity))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def finding_place(row: Finding) -> str:
    """The value and where it was seen, in one line."""
    value = " ".join(filter(None, (value_text(row.value), unit_text(row.unit))))
    return " · ".join(filter(None, (value, place_spoken(row.evidence or {}, row.quantity))))


def finding_spot(row: Finding) -> str:
    """Where it was seen, in one sentence; "" when the evidence says nothing of a place."""
    return place_spoken(row.evidence or {}, row.quantity)


def place_spoken(evidence: Mapping[str, Any], quantity: str) -> str:
    """Where it was seen; nothing for plain header values, which stand in a table of their own."""
    shape = evidence.get("shape") or {}
    plain = shape.get("kind") == "tags" and not any("code" in tag for tag in shape.get("tags") or ())
    return "" if plain and not quantity.endswith(".out_of_order") else place_text(evidence, quantity)


def _sentence(row: Finding, judged: list[Judged]) -> str:
    """Value, limit and place in one sentence; of a settled finding also what settled it."""
    first = judged[0] if judged else None
    parts = [place_spoken(row.evidence or {}, row.quantity)]
    if first is not None and first.value:
        words = {"value": f"{first.value} {first.unit}".strip(), "limit": first.limit or "—"}
        parts.insert(0, _("Measured %(value)s, limit %(limit)s") % words)
    separator = "；" if language() == "zh" else "; "
    return separator.join(filter(None, (*parts, row.closing_reason)))


def _judged(scope: Scope, row: Finding) -> list[Judged]:
    """The verdicts behind a finding, one for each clause it breaks; of a settled one those that opened it."""
    broken = {(c["standard"], c["criterion"]) for c in row.criteria}
    now = verdicts_effective(scope, subject_type=row.subject_type, subject_id=row.subject_id)
    live = {(v.verdict["standard"], v.verdict["criterion"]): v for v in now if v.automatic == "FAIL"}
    if row.state in LIVE_STATES and broken <= live.keys():
        sets = measurements_current(scope, subject_type=row.subject_type, subject_id=row.subject_id)
        method = methods_used([v for one in sets for v in one.values]).get(row.quantity, {})
        return [Judged(verdict=live[key].verdict, human=human_of(live[key]), **method) for key in sorted(broken)]
    return [Judged(verdict=v) for v in row.assessment.verdicts if (v["standard"], v["criterion"]) in broken]


def _row(row: Finding) -> Row:
    return Row(
        {
            "what": Lines(finding_name(row), finding_place(row)),
            "clause": "、".join(dict.fromkeys(c["clause"] for c in row.criteria)),
            "severity": SEVERITIES[row.severity].label,
            "state": Tag(_capital(str(row.get_state_display())), _TONES[row.state]),
            "exam": exam_name(row.exam) if row.exam else None,
            "device": row.device.label if row.device else None,
            "seen": When(row.last_seen_at, ago=True),
        },
        url=reverse("web:finding", args=[row.pk]),
        id=str(row.pk),
    )


def _tabs(request: HttpRequest, state: str) -> list[Tab]:
    counts = finding_counts(request.scope)
    live = sum(counts.get(name, 0) for name in LIVE_STATES)
    tabs = [Tab(_("Unsettled"), with_query(request, state=None), live, not state)]
    for key, label in Finding.State.choices:
        tabs.append(Tab(_capital(str(label)), with_query(request, state=key), counts.get(key, 0), state == key))
    return [*tabs, Tab(_("All"), with_query(request, state="all"), sum(counts.values()), state == "all")]


def _actions(request: HttpRequest, row: Finding, decisions: list[Decision]) -> list[Action]:
    actions = []
    if row.exam_id and scope_of(request, EXAM_VIEW).contains(row.hospital.path):
        url = reverse("web:exam", args=[row.exam_id])
        url += f"?series={row.subject_id}" if row.subject_type == "series" else ""
        actions.append(Action(_("Show on the image"), url, icon="photo-scan", key="v"))
    if not scope_of(request, FINDING_DECIDE).contains(row.hospital.path):
        return actions
    verbs = {"open": ("confirm", "overrule"), "confirmed": ("overrule",)}.get(row.state, ())
    for verb in verbs:
        kind = "primary" if verb == "confirm" else "secondary"
        url = reverse("web:finding_decide", args=[row.pk, verb])
        actions.append(Action(str(_VERBS[verb][0]), url, kind=kind))
    if decisions and row.state in {"confirmed", "overruled"}:
        actions.append(Action(str(_VERBS["withdraw"][0]), reverse("web:finding_decide", args=[row.pk, "withdraw"])))
    return actions


def _timeline(row: Finding, decisions: list[Decision]) -> list[TimelineEntry]:
    entries = [
        TimelineEntry(
            row.first_seen_at, _("found by the evaluation"), kind="verdict", kind_label=_("verdict"), outcome="FAIL"
        )
    ]
    entries += [decision_entry(one) for one in decisions]
    if row.closed_at:
        entries.append(TimelineEntry(row.closed_at, str(row.get_state_display()), kind="state", kind_label=_("state")))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
