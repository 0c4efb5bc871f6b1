"""Reports to print and to edit: of one test, and the year's book of a device."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.clock import local_day
from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Link, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.selectors import attachment_list, report_order_list
from yingheng.documents.services import report_ask
from yingheng.phantomqc.reporting.builders import BOOK, BOOK_SUBJECT, TEST, TEST_SUBJECT
from yingheng.phantomqc.reporting.year_book import FIRST_YEAR, book_key
from yingheng.phantomqc.selectors import device_test_get
from yingheng.phantomqc.views.common import crumbs, occasion_light, template_text
from yingheng.registry.selectors import device_get
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_VIEW

_ENDINGS = {"pdf": "PDF", "docx": "Word"}
_LANGUAGES = {"zh": gettext_lazy("Chinese"), "en": gettext_lazy("English")}
_FILES = 50


@page(DEVICE_VIEW)
@require_safe
def report(request: HttpRequest, test_id: UUID) -> HttpResponse:
    """The reports of one test: those made, and those to be had."""
    row = device_test_get(request.scope, test_id)
    back = reverse("phantomqc:test", args=[row.pk])
    draft = [Alert(_("The test is not submitted: its report is marked as a draft."), "human")]
    return ThingPage(
        title=_("Report: %(what)s") % {"what": template_text(row)},
        purpose=f"{row.device.label} · {row.hospital.name}",
        kind=_("Report"),
        crumbs=crumbs(Link(template_text(row), back)),
        state=occasion_light(row),
        alerts=[*([] if row.outcome else draft), *_alerts(request, TEST, str(row.pk))],
        facts=[Fact(_("Day"), When(row.local_day)), Fact(_("Type of test"), str(row.get_test_type_display()))],
        actions=_actions("report_ask", [row.pk], ("pdf", "docx")),
        sections=[_files(request, TEST_SUBJECT, str(row.pk))],
    ).response(request)


@page(DEVICE_VIEW)
@require_POST
def ask(request: HttpRequest, test_id: UUID, ending: str, lang: str) -> HttpResponse:
    """Have the report of a test made."""
    row = device_test_get(request.scope, test_id)
    _known(ending, lang)
    report_ask(
        actor=request.actor, hospital=row.hospital, builder=TEST, subject_id=str(row.pk), format=ending, language=lang
    )
    return redirect("phantomqc:report", row.pk)


@page(DEVICE_VIEW)
@require_safe
def book(request: HttpRequest, device_id: UUID, year: int) -> HttpResponse:
    """The year's books of a device: those made, and those to be had."""
    device = device_get(request.scope, device_id)
    newest = local_day(device.hospital.zone).year
    if not FIRST_YEAR <= year <= newest:
        raise Http404
    key = book_key(device.pk, year)
    years = [y for y in (year - 1, year + 1) if FIRST_YEAR <= y <= newest]
    others = [Action(str(y), reverse("phantomqc:book", args=[device.pk, y]), "calendar", kind="quiet") for y in years]
    return ThingPage(
        title=_("Year's quality book %(year)s") % {"year": year},
        purpose=f"{device.label} · {device.hospital.name}",
        kind=_("Report"),
        crumbs=crumbs(Link(device.label, reverse("web:device", args=[device.pk]))),
        alerts=_alerts(request, BOOK, key),
        facts=[Fact(_("Year"), str(year)), Fact(_("Device"), device.label)],
        actions=[*_actions("book_ask", [device.pk, year], ("pdf", "docx")), *others],
        sections=[_files(request, BOOK_SUBJECT, key)],
    ).response(request)


@page(DEVICE_VIEW)
@require_POST
def book_ask(request: HttpRequest, device_id: UUID, year: int, ending: str, lang: str) -> HttpResponse:
    """Have the year's book of a device made."""
    device = device_get(request.scope, device_id)
    _known(ending, lang)
    key = book_key(device.pk, year)
    report_ask(
        actor=request.actor, hospital=device.hospital, builder=BOOK, subject_id=key, format=ending, language=lang
    )
    return redirect("phantomqc:book", device.pk, year)


def _known(ending: str, lang: str) -> None:
    if ending not in _ENDINGS or lang not in _LANGUAGES:
        raise Http404


def _actions(name: str, args: list[object], endings: tuple[str, ...]) -> list[Action]:
    """One button for each format and language; what most people want stands out."""
    found = []
    for lang, words in _LANGUAGES.items():
        for ending in endings:
            kind = "primary" if (lang, ending) == ("zh", "pdf") else "secondary"
            url = reverse(f"phantomqc:{name}", args=[*args, ending, lang])
            found.append(Action(f"{_ENDINGS[ending]} · {words}", url, "file-text", method="post", kind=kind))
    return found


def _alerts(request: HttpRequest, builder: str, subject_id: str) -> list[Alert]:
    """What is being made, and what could not be."""
    found = []
    for order in report_order_list(request.scope, builder=builder, subject_id=subject_id):
        what = f"{_ENDINGS[order.format]} · {_LANGUAGES[order.language]}"
        if order.state == ReportOrder.State.ASKED:
            found.append(Alert(_("The report is being made. This page renews itself."), "accent", what, pending=True))
        elif order.state == ReportOrder.State.FAILED:
            found.append(Alert(error_text(Invalid(order.error)), "human", f"{what}: {order.get_state_display()}"))
    return found


def _files(request: HttpRequest, subject_type: str, subject_id: str) -> Section:
    rows = attachment_list(request.scope, subject_type=subject_type, subject_id=subject_id)
    shown = rows.filter(kind=Attachment.Kind.REPORT).reverse()[:_FILES]
    return Section(
        _("Reports made"),
        Table(
            columns=(
                Column("name", _("File"), wide=True),
                Column("at", _("Made"), nowrap=True),
                Column("who", _("Asked by"), phone=False),
            ),
            rows=[
                Row(
                    {"name": row.name, "at": When(row.created_at), "who": row.created_by_name or None},
                    url=reverse("documents:file", args=[row.pk]),
                    id=str(row.pk),
                )
                for row in shown
            ],
            caption=_("Reports made"),
            empty=Empty(_("No report yet"), _("Choose a format above."), icon="file-text"),
        ),
        hint=_("every report stays"),
        flush=True,
    )
