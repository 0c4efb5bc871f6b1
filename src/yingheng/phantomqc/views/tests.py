"""Tests of devices: the list, one test, beginning and submitting it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import (
    Action,
    Alert,
    Empty,
    Fact,
    KeyValues,
    Lines,
    Link,
    OutcomeBadge,
    Section,
    Tag,
    When,
)
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.words import language
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named, templates_for
from yingheng.phantomqc.forms import BeginForm, SubmitForm
from yingheng.phantomqc.models import DeviceTest, ItemValue
from yingheng.phantomqc.selectors import (
    case_counts,
    device_test_counts,
    device_test_get,
    device_test_list,
    devices_tested,
    restriction_of,
    rests_on_aside,
    run_cases,
    values_current,
)
from yingheng.phantomqc.services import device_test_open, device_test_submit, sheet_newest, sheet_of_test
from yingheng.phantomqc.sheet import filled_in
from yingheng.phantomqc.sheet_subject import subject_of
from yingheng.phantomqc.views.common import (
    crumbs,
    judged_on_course,
    may_test,
    occasion_light,
    restriction_text,
    tabs,
    template_text,
)
from yingheng.registry.banner import use_alerts, use_tags
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_get
from yingheng.sheets.models import Response
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_TEST, DEVICE_VIEW


@page(DEVICE_VIEW)
@require_safe
def tests(request: HttpRequest) -> HttpResponse:
    """Tests of all devices, newest first."""
    which, chosen = request.GET.get("which", ""), identifier(request.GET.get("device", ""))
    device = device_get(request.scope, chosen) if chosen else None
    shown, pager = offset_page(request, device_test_list(request.scope, which=which, device=device))
    counts = device_test_counts(request.scope)
    waiting = case_counts(request.scope).get("unknown", 0)
    options = [Option("", _("All")), *(Option(str(d.pk), d.label) for d in devices_tested(request.scope))]
    kinds = {"": _("All"), "open": _("in progress"), "failed": _("failed"), "done": _("submitted")}
    which_options = [Option(key, f"{label} ({counts[key]})" if key else label) for key, label in kinds.items()]
    return ListPage(
        title=_("Performance tests"),
        purpose=_("Phantom in, verdict out: each test of a device on its day, and what it means for its use."),
        tabs=tabs("tests", {"cases": waiting}),
        filters=FilterBar(
            (
                Filter("which", _("State"), "select", which, which_options),
                Filter("device", _("Device"), "select", request.GET.get("device", ""), options),
            ),
        ),
        actions=[
            Action(_("Due tests"), f"{reverse('schedule:calendar')}?kind=device_test", "calendar-due"),
            Action(_("Restrictions"), reverse("phantomqc:gate"), "lock", kind="quiet"),
        ],
        table=Table(
            columns=(
                Column("day", _("Day"), nowrap=True),
                Column("what", _("Test"), wide=True),
                Column("type", _("Type of test"), nowrap=True, phone=False),
                Column("outcome", _("Outcome"), nowrap=True),
                Column("who", _("Submitted by"), phone=False),
            ),
            rows=[_row(row) for row in shown],
            caption=_("Performance tests"),
            pager=pager,
            empty=Empty(
                _("No test yet"),
                _("A test begins by itself with the images of a phantom, or on the page of its template."),
                icon="clipboard-check",
                action=Action(_("Templates"), reverse("phantomqc:templates")),
            ),
        ),
    ).response(request)


def _row(row: DeviceTest) -> Row:
    return Row(
        {
            "day": When(row.local_day),
            "what": Lines(template_text(row), f"{row.device.label} · {row.hospital.name}"),
            "type": str(row.get_test_type_display()),
            "outcome": occasion_light(row),
            "who": row.submitted_by_name or (_("by itself") if row.submitted_at else None),
        },
        url=reverse("phantomqc:test", args=[row.pk]),
        id=str(row.pk),
    )


@page(DEVICE_VIEW)
@require_safe
def test(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """One test: its items with what was found, and what follows from it."""
    row = device_test_get(request.scope, test_id)
    template = template_named(row.template)
    values = values_current(row)
    restriction, sheet = restriction_of(row), sheet_newest(row)
    alerts = use_alerts(row.device)
    if restriction is not None:
        alerts.append(Alert(restriction_text(restriction), "human", _("Failed status test")))
    if rests_on_aside(row):
        text = _("Its images were matched to another test since, or put aside: it does not count any more. Repeat it.")
        alerts.append(Alert(text, "human"))
    if template is None:
        alerts.append(Alert(_("This version of the program does not know the template of this test."), "human"))
    return ThingPage(
        title=template_text(row),
        purpose=f"{row.device.label} · {row.hospital.name}",
        kind=_("Performance test"),
        crumbs=crumbs(),
        state=occasion_light(row),
        tags=use_tags(row.device),
        alerts=alerts,
        facts=[
            Fact(_("Day"), When(row.local_day)),
            Fact(_("Type of test"), str(row.get_test_type_display())),
            Fact(_("Device"), Link(row.device.label, reverse("web:device", args=[row.device_id]))),
            Fact(_("Submitted"), When(row.submitted_at) if row.submitted_at else "—", hint=row.submitted_by_name),
        ],
        actions=_actions(request, row),
        sections=[_items(template, values), *_judged(row.device, template, values), *_sheet(sheet), *_note(row)],
        wide=True,
        # The browser's own copy is no longer needed once the sheet was submitted.
        extra={"sheet_done": f"sheet:{sheet.pk}:{request.user.pk}"} if sheet and sheet.submitted_at else {},
    ).response(request)


def _actions(request: HttpRequest, row: DeviceTest) -> list[Action]:
    report = Action(_("Report"), reverse("phantomqc:report", args=[row.pk]), "file-text", kind="quiet")
    year = reverse("phantomqc:book", args=[row.device_id, row.local_day.year])
    made = [report, Action(_("Year's book"), year, "book-2", kind="quiet")]
    if row.state != DeviceTest.State.OPEN or not may_test(request, row.hospital):
        return made
    submit = Action(_("Submit"), reverse("phantomqc:submit", args=[row.pk]), "check", kind="primary")
    fill = Action(_("Enter readings"), reverse("phantomqc:fill", args=[row.pk]), "pencil", method="post", key="e")
    template = template_named(row.template)
    return [*made, *([fill] if template and filled_in(template) else []), submit]


def _sheet(sheet: Response | None) -> list[Section]:
    """The sheet of readings and visual checks: by whom it was filled in, and where it is read."""
    if sheet is None:
        return []
    draft = sheet.state == Response.State.DRAFT
    who, at = (sheet.saved_by_name, sheet.saved_at) if draft else (sheet.submitted_by_name, sheet.submitted_at)
    shown = Link(f"{sheet.get_state_display()} · {_('version')} {sheet.version}", reverse("web:sheet", args=[sheet.pk]))
    known = [(_("Sheet"), shown), (_("By"), Lines(who or sheet.begun_by_name, When(at)))]
    instrument = sheet.answers.get("instrument", "")
    rows = [*known, *([(_("Instruments used"), instrument)] if instrument else [])]
    return [Section(_("Readings and visual checks"), KeyValues(rows))]


def _items(template: Template | None, values: dict[str, ItemValue]) -> Section:
    cases = run_cases([v.source_id for v in values.values() if v.source_type == ItemValue.Source.RUN])
    items = template.items if template else ()
    return Section(
        _("Items of the test"),
        Table(
            columns=(
                Column("item", _("Item"), wide=True),
                Column("result", _("Result"), nowrap=True),
                Column("by", _("Found by"), phone=False),
            ),
            rows=[_item_row(item, values.get(item.key), cases) for item in items],
            caption=_("Items of the test"),
            empty=Empty(_("No item"), icon="clipboard-list"),
        ),
        hint=_("a test is complete when every required item has a result"),
        flush=True,
    )


def _item_row(item: TemplateItem, value: ItemValue | None, cases: dict[UUID, UUID]) -> Row:
    lang = language()
    name = item.label(lang) if item.required else f"{item.label(lang)} ({_('may be left out')})"
    if value is None:
        waiting = {
            "image": _("waits for images"),
            "readings": _("readings not entered"),
            "visual": _("not looked at"),
        }
        return Row({"item": Lines(name, item.how(lang)), "result": Tag(waiting[item.kind], "neutral")}, id=item.key)
    case = cases.get(value.source_id)
    found = Tag(_("refused"), "human", "alert-triangle") if value.refused else OutcomeBadge(value.outcome)
    return Row(
        {
            "item": Lines(name, item.how(lang)),
            "result": found,
            "by": Lines(str(value.get_source_type_display()), When(value.made_at)),
        },
        url=reverse("phantomqc:case", args=[case]) if case else "",
        id=item.key,
    )


def _judged(device: Device, template: Template | None, values: dict[str, ItemValue]) -> list[Section]:
    """The verdicts of every item, in the order of the template."""
    sections = []
    for item in template.items if template else ():
        value = values.get(item.key)
        if value is not None and value.verdicts:
            measured = value.source_type == ItemValue.Source.RUN
            shown = judged_on_course(value.verdicts, device if measured else None, item.test)
            sections.append(Section(item.label(language()), shown, flush=True))
    return sections


def _note(row: DeviceTest) -> list[Section]:
    return [Section(_("Remark"), row.note)] if row.note else []


@page(DEVICE_TEST)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """Begin a test of a device today, or go on with the one begun."""
    device = device_get(request.scope, device_id)
    several = templates_for(device.modality)
    form = BeginForm(request.POST or None, several=several, initial={"template": request.GET.get("template", "")})
    if request.method == "POST" and form.is_valid():
        template = next(t for t in several if t.id == form.cleaned_data["template"])
        made = attempt(form, lambda: device_test_open(actor=request.actor, device=device, template=template))
        if made:
            return redirect("phantomqc:test", made.pk)
    none = [Alert(_("There is no template for devices of this modality."), "human")]
    return FormPage(
        title=_("Begin a test: %(device)s") % {"device": device.label},
        purpose=_("A test begun today is gone on with. Images that arrive today join it by themselves."),
        crumbs=crumbs(Link(device.label, reverse("web:device", args=[device.pk]))),
        alerts=[*use_alerts(device), *([] if several else none)],
        form=form,
        submit=_("Begin"),
        cancel_url=reverse("phantomqc:tests"),
    ).response(request, status=400 if form.is_bound else 200)


@page(DEVICE_TEST)
@require_POST
def fill(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """Enter readings and visual checks of a test: its sheet, begun or gone on with."""
    row = device_test_get(request.scope, test_id)
    try:
        sheet = sheet_of_test(actor=request.actor, test=row, subject=subject_of(row))
    except (Conflict, Invalid) as exc:
        messages.error(request, error_text(exc))
        return redirect("phantomqc:test", row.pk)
    return redirect("web:sheet_fill", sheet.pk)


@page(DEVICE_TEST)
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """Submit a test: it never changes again."""
    row = device_test_get(request.scope, test_id)
    back = reverse("phantomqc:test", args=[row.pk])
    form = SubmitForm(request.POST or None)
    valid = request.method == "POST" and form.is_valid()
    note = form.cleaned_data["note"] if valid else ""
    if valid and attempt(form, lambda: device_test_submit(actor=request.actor, test=row, note=note)):
        messages.success(request, _("Submitted. What was due is done."))
        return redirect(back)
    return FormPage(
        title=_("Submit: %(what)s") % {"what": template_text(row)},
        purpose=_(
            "It never changes again. A failed status test is announced to the engineers, then restricts the device."
        ),
        crumbs=crumbs(Link(template_text(row), back)),
        form=form,
        submit=_("Submit"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)
