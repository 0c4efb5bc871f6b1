"""Images of phantoms: the queue, one of them with its result, and saying which test it is."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imagingqc.phantom.model import PhantomTest
from imagingqc.phantom.registry import TESTS
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Link, Many, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.phantomqc.forms import PREFIX, DismissForm, ReasonForm, RouteForm
from yingheng.phantomqc.models import Occasion, PhantomCase
from yingheng.phantomqc.selectors import case_counts, case_get, case_list
from yingheng.phantomqc.services import case_baseline_set, case_dismiss, case_route
from yingheng.phantomqc.views.case_sections import case_sections, refusal_alerts
from yingheng.phantomqc.views.common import CASE_TONES, analysis_text, case_light, crumbs, may_test, run_known
from yingheng.phantomqc.views.staging import case_stage
from yingheng.phantomqc.views.trials import trial_alerts
from yingheng.registry.banner import use_alerts, use_tags
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import DEVICE_EDIT, DEVICE_TEST, DEVICE_VIEW

State = PhantomCase.State
_ASKED = ("test_type", "reason")


@page(DEVICE_VIEW)
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Everything that was recognised as a phantom; what nobody knows the test of comes first."""
    state = request.GET.get("state", "")
    rows = case_list(request.scope, state=state if state in State.values else "")
    shown, pager = offset_page(request, rows)
    counts = case_counts(request.scope)
    return ListPage(
        title=_("Images of phantoms"),
        purpose=_("Recognised by rules and names, confirmed in the pixels. Say which test it is where nobody knows."),
        crumbs=crumbs(),
        tabs=_tabs(request, state, counts),
        actions=[Action(_("Recognition rules"), reverse("phantomqc:rules"), "filter")],
        table=Table(
            columns=(
                Column("what", _("Images"), wide=True),
                Column("test", _("Test")),
                Column("at", _("Examined"), nowrap=True, phone=False),
                Column("result", _("Result"), nowrap=True),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Images of phantoms"),
            pager=pager,
            empty=Empty(_("Nothing here"), _("Send images of a phantom; they are recognised by their names."), "flask"),
        ),
    ).response(request)


def _tabs(request: HttpRequest, state: str, counts: dict[str, int]) -> list[Tab]:
    found = [Tab(_("All"), with_query(request, state=None), sum(counts.values()), not state)]
    for key, label in State.choices:
        found.append(Tab(str(label), with_query(request, state=key), counts.get(key, 0), state == key))
    return found


def _name(case: PhantomCase) -> str:
    return case.exam.description or case.exam.accession or case.modality


def _row(case: PhantomCase) -> Row:
    second = " · ".join(filter(None, (case.device.label if case.device else "", case.hospital.name)))
    tags = use_tags(case.device)
    return Row(
        {
            "what": Many([Lines(_name(case), second), *tags]) if tags else Lines(_name(case), second),
            "test": _test(case),
            "at": When(case.exam.sort_at),
            "result": case_light(case),
        },
        url=reverse("phantomqc:case", args=[case.pk]),
        id=str(case.pk),
    )


def _test(case: PhantomCase) -> Lines | None:
    """The test of a case, or the one proposed."""
    if case.test:
        return Lines(analysis_text(case.test), str(case.get_test_type_display()))
    proposed = case.trial.get("proposed", "") if case.state == State.UNKNOWN else ""
    return Lines(_("Proposed: %(test)s") % {"test": analysis_text(proposed)}) if proposed else None


@page(DEVICE_VIEW)
@require_safe
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One run of one test: numbers, limits of the three occasions, the image with what was found on it."""
    row = case_get(request.scope, case_id)
    asked = row.state == State.ASKED
    pending = [Alert(_("The images are being analysed. This page renews itself."), "accent", pending=True)]
    return ThingPage(
        title=analysis_text(row.test) if row.test else _("Which test is this?"),
        purpose=" · ".join((_name(row), row.hospital.name)),
        kind=_("Images of a phantom"),
        crumbs=crumbs(Link(_("Images of phantoms"), reverse("phantomqc:cases"))),
        state=case_light(row),
        tags=[
            *([Tag(str(row.get_state_display()), CASE_TONES[row.state])] if run_known(row) else []),
            *use_tags(row.device),
        ],
        alerts=[
            *use_alerts(row.device),
            *(pending if asked else []),
            *trial_alerts(request, row),
            *refusal_alerts(row),
        ],
        facts=[
            Fact(_("Examined"), When(row.exam.sort_at)),
            Fact(_("Device"), _device_link(row), hint=row.device.station_name if row.device else ""),
            Fact(_("Type of test"), str(row.get_test_type_display()) if row.test_type else "—"),
            Fact(_("Recognised by"), row.selector.name if row.selector else str(row.get_origin_display())),
        ],
        actions=_actions(request, row),
        sections=case_sections(request, row),
        wide=True,
    ).response(request)


def _device_link(row: PhantomCase) -> Link | str:
    return Link(row.device.label, reverse("web:device", args=[row.device.pk])) if row.device else "—"


def _actions(request: HttpRequest, row: PhantomCase) -> list[Action]:
    found = [Action(_("Exam"), reverse("web:exam", args=[row.exam_id]), "photo-scan", kind="quiet")]
    if not may_test(request, row.hospital):
        return found

    def to(name: str) -> str:
        return reverse(f"phantomqc:{name}", args=[row.pk])

    label = _("Say which test") if row.state == State.UNKNOWN else _("Run again")
    kind = "primary" if row.state == State.UNKNOWN else "secondary"
    found.append(Action(label, to("route"), "refresh", kind=kind))
    may_set = scope_of(request, DEVICE_EDIT).contains(row.hospital.path)
    if may_set and row.run is not None and not row.run.refused and row.device is not None:
        found.append(Action(_("Set as baseline"), to("baseline"), "target"))
    if row.state != State.DISMISSED:
        found.append(Action(_("Put these images aside"), to("dismiss"), "archive", kind="quiet"))
    return found


@page(DEVICE_TEST)
@require_http_methods(["GET", "HEAD", "POST"])
def route(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Say which test it is, of which series, with which parameters; it is analysed then."""
    row = case_get(request.scope, case_id)
    test, form = _route_form(request, row)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(
            form,
            lambda: case_route(
                actor=request.actor,
                case=row,
                test=data["test"],
                test_type=data["test_type"],
                series=data["series"],
                parameters=form.parameters,
                reason=data.get("reason", ""),
            ),
        )
        if made:
            messages.success(request, _("Asked for. The result appears here."))
            return redirect("phantomqc:case", made.pk)
    back = reverse("phantomqc:case", args=[row.pk])
    return FormPage(
        title=_("Run again") if row.run_id else _("Which test is this?"),
        purpose=_(
            "Choose the test and its series, and in the images what has to be chosen by hand. What is left empty is "
            "found in the images where it can be."
        ),
        crumbs=crumbs(Link(_("Images of phantoms"), reverse("phantomqc:cases")), Link(_name(row), back)),
        form=form,
        submit=_("Analyse"),
        cancel_url=back,
        stage=case_stage(request, row, test) if test else None,
    ).response(request, status=400 if form.is_bound else 200)


def _route_form(request: HttpRequest, row: PhantomCase) -> tuple[PhantomTest | None, RouteForm]:
    """The test that is asked for, and the form with what is known; an address may bring more."""
    known = row.test or row.trial.get("proposed", "")
    name = request.POST.get("test") or request.GET.get("test") or known
    test = next((t for t in TESTS if t.name == name), None)
    initial = {"test": name, "test_type": row.test_type or Occasion.CONSTANCY, "series": row.series}
    initial |= RouteForm.prefixed(row.parameters if name == row.test else {})
    several = list(row.exam.series.order_by("number", "pk"))
    asked = {key: value for key, value in request.GET.items() if key.startswith(PREFIX) or key in _ASKED}
    initial |= asked | ({"series": request.GET.getlist("series")} if "series" in request.GET else {})
    form = RouteForm(
        request.POST or None,
        modality=row.modality,
        several=several,
        test=test,
        again=row.run_id is not None,
        initial=initial,
    )
    return test, form


@page(DEVICE_TEST)
@require_http_methods(["GET", "HEAD", "POST"])
def dismiss(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Put images aside: no test, or no phantom at all."""
    row = case_get(request.scope, case_id)
    form = DismissForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    data = form.cleaned_data if valid else {}
    if valid and attempt(form, lambda: case_dismiss(actor=request.actor, case=row, **data)):
        messages.success(request, _("Put aside."))
        return redirect("phantomqc:cases")
    return _reason_page(request, row, form, _("Put these images aside"), _("The images stay; they count for no test."))


@page(DEVICE_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def baseline(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Say that these values are how the device should be."""
    row = case_get(request.scope, case_id)
    form = ReasonForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    reason = form.cleaned_data["reason"] if valid else ""
    if valid and attempt(form, lambda: case_baseline_set(actor=request.actor, case=row, reason=reason)):
        messages.success(request, _("Set. Later runs are compared with it."))
        return redirect("phantomqc:case", row.pk)
    purpose = _("Every quantity of this run gets a new version of its baseline. What was judged before stays.")
    return _reason_page(request, row, form, _("Set as baseline"), purpose)


def _reason_page(request: HttpRequest, row: PhantomCase, form: ReasonForm, title: str, purpose: str) -> HttpResponse:
    back = reverse("phantomqc:case", args=[row.pk])
    return FormPage(
        title=title,
        purpose=purpose,
        crumbs=crumbs(Link(_("Images of phantoms"), reverse("phantomqc:cases")), Link(_name(row), back)),
        form=form,
        submit=title,
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
