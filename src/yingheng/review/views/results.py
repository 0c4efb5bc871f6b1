"""Results of a campaign: announcing them, what they come to, and the report."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import DashboardPage, FormPage
from yingheng.common.ui.parts import Action, Alert, Empty, KeyValues, Link, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.selectors import attachment_list, report_order_list
from yingheng.documents.services import report_ask
from yingheng.review.following import campaign_seen
from yingheng.review.forms_after import PublishForm
from yingheng.review.models import Campaign, Case
from yingheng.review.regional import is_regional, own_numbers
from yingheng.review.reporting import BUILDER, SUBJECT
from yingheng.review.results import is_open
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.spec import ReadingSpec
from yingheng.review.subjects import is_film
from yingheng.review.summing import result_rows
from yingheng.review.views.agreement_parts import campaign_adjusted
from yingheng.review.views.common import campaign_link, crumbs
from yingheng.review.views.hospitals import region_sections
from yingheng.review.views.result_tables import case_section, result_sections, result_tiles
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN, REVIEW_VIEW
from yingheng.tenancy.scope import Scope

_ENDINGS = {"pdf": "PDF", "docx": "Word"}
_LANGUAGES = {"zh": gettext_lazy("Chinese"), "en": gettext_lazy("English")}


@page(REVIEW_VIEW)
@require_safe
def results(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """What a campaign came to, of the hospitals in sight; sealed until it is announced."""
    row = campaign_seen(request.scope, campaign_id)
    shown = is_open(row)
    cases = request.scope.filter(Case.objects.filter(campaign=row))
    alerts = [] if shown else [Alert(_("Results are sealed until they are announced."), "accent")]
    rows = result_rows(cases) if shown else []
    if shown:
        sections = [*region_sections(request, row), *result_sections(row, rows)]
        sections += campaign_adjusted(row) if _asks(request, row) else []
        sections += [case_section(request, cases, row.subject_kind), _files(request, row)]
    else:
        sections = [Section(_("Progress"), _progress(row) if _asks(request, row) else _own_part(request, row))]
    return DashboardPage(
        title=_("Results: %(campaign)s") % {"campaign": row.title},
        purpose=row.organisation.name,
        crumbs=_crumbs(request, row),
        actions=_actions(request, row, shown=shown),
        alerts=[*alerts, *(_report_alerts(request, row) if shown else [])],
        tiles=result_tiles(row, rows) if shown else [],
        sections=sections,
    ).response(request)


def _crumbs(request: HttpRequest, row: Campaign) -> list[Link]:
    """The way back to the sample; for a hospital of a region's sample, which does not see it, to the list."""
    return crumbs(campaign_link(row)) if _asks(request, row) else crumbs()


def _asks(request: HttpRequest, row: Campaign) -> bool:
    """Whether the requester belongs to those who asked for the sample, not only to a hospital it was drawn from."""
    return request.scope.contains(row.organisation.path)


def _own_part(request: HttpRequest, row: Campaign) -> KeyValues:
    """All that a hospital knows of a region's sample before its results: that it runs, and with how many of its own."""
    n = own_numbers(request.scope, [row]).get(row.pk, 0)
    return KeyValues(
        [(_("Asked for by"), row.organisation.name), (_("Cases of your hospital"), n),
         (_("State"), str(row.get_state_display()))]
    )  # fmt: skip


def _progress(row: Campaign) -> KeyValues:
    return KeyValues(
        [
            (pgettext("case", "Settled"), f"{row.n_settled} / {row.n_cases}"),
            (_("State"), str(row.get_state_display())),
            (_("To be read by"), When(row.due_on)),
        ]
    )


def _actions(request: HttpRequest, row: Campaign, *, shown: bool) -> list[Action]:
    found = []
    if (
        row.state == Campaign.State.READING
        and row.n_settled
        and not row.draw.get("rolling")  # a day of the daily review is announced by its signature
        and scope_of(request, REVIEW_PLAN).contains(row.organisation.path)
    ):
        url = reverse("review:publish", args=[row.pk])
        found.append(Action(_("Announce the results"), url, "send", kind="primary"))
    if shown:
        for lang, words in _LANGUAGES.items():
            for ending, name in _ENDINGS.items():
                url = reverse("review:campaign_report", args=[row.pk, ending, lang])
                found.append(Action(f"{name} · {words}", url, "file-text", method="post", kind="quiet"))
    return found


def _owner(request: HttpRequest, row: Campaign) -> Organisation:
    """For whom a report is made: who asked for the campaign, or the hospital of somebody who only sees that one."""
    if request.scope.contains(row.organisation.path):
        return row.organisation
    first = request.scope.filter(Case.objects.filter(campaign=row)).select_related("hospital").first()
    if first is None:
        raise Http404
    return first.hospital


def _files(request: HttpRequest, row: Campaign) -> Section:
    scope = Scope.of_organisation(_owner(request, row))
    files = attachment_list(scope, subject_type=SUBJECT, subject_id=str(row.pk))[:20]
    table = Table(
        columns=(Column("name", _("Report"), wide=True), Column("at", _("When"), nowrap=True)),
        rows=[
            Row({"name": f.name, "at": When(f.created_at)}, url=reverse("documents:file", args=[f.pk]), id=str(f.pk))
            for f in files
            if f.kind == Attachment.Kind.REPORT
        ],
        caption=_("Reports"),
        empty=Empty(_("No report yet"), _("Choose a format above; it is made within a minute."), "file-text"),
    )  # fmt: skip
    return Section(_("Reports"), table, flush=True)


def _report_alerts(request: HttpRequest, row: Campaign) -> list[Alert]:
    orders = report_order_list(Scope.of_organisation(_owner(request, row)), builder=BUILDER, subject_id=str(row.pk))
    found = []
    for order in orders:
        if order.state == ReportOrder.State.ASKED:
            found.append(Alert(_("The report is being made. This page renews itself."), "accent", pending=True))
        elif order.state == ReportOrder.State.FAILED:
            found.append(Alert(error_text(Invalid(order.error)), "fail", _("The report could not be made")))
    return found[:2]


@page(REVIEW_VIEW)
@require_POST
def report(request: HttpRequest, campaign_id: UUID, ending: str, lang: str) -> HttpResponse:
    """Have the report of a campaign made."""
    row = campaign_seen(request.scope, campaign_id)
    if ending not in _ENDINGS or lang not in _LANGUAGES or not is_open(row):
        raise Http404
    report_ask(
        actor=request.actor,
        hospital=_owner(request, row),
        builder=BUILDER,
        subject_id=str(row.pk),
        format=ending,
        language=lang,
    )
    return redirect("review:results", row.pk)


@page(REVIEW_PLAN)
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """Announce the results; what is not settled is left out, with a reason."""
    row = campaign_seen(request.scope, campaign_id)
    if not request.scope.contains(row.organisation.path):
        raise Http404
    unsettled = row.cases.filter(state__in=(Case.State.WAITING, Case.State.ARBITRATION)).count()
    form = PublishForm(request.POST if request.method == "POST" else None, unsettled=unsettled)
    back = reverse("review:results", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data.get("reason", "")
        if attempt(form, lambda: campaign_publish(actor=request.actor, campaign=row, reason=reason)):
            messages.success(request, _("Announced. Everybody concerned is told."))
            return redirect(back)
    return FormPage(
        title=_("Announce the results"),
        purpose=_("From then on results are open, count, and can be objected to. This cannot be taken back."),
        crumbs=crumbs(campaign_link(row), Link(_("Results"), back)),
        alerts=_left_alerts(row, unsettled),
        form=form,
        submit=_("Announce"),
        cancel_url=back,
        aside=[Section(_("Progress"), _progress(row)), Section(_("What follows"), _follows(row))],
    ).response(request, status=400 if form.is_bound else 200)


def _left_alerts(row: Campaign, unsettled: int) -> list[Alert]:
    if not unsettled:
        return []
    text = ngettext(
        "%(n)s case is not settled and would be left out.", "%(n)s cases are not settled and would be left out.",
        unsettled,
    )  # fmt: skip
    which = Action(_("Look at the cases"), reverse("review:campaign", args=[row.pk]))
    told = text % {"n": unsettled} if row.n_settled else error_text(Conflict("review.nothing_settled"))
    return [Alert(told, "human", action=which)]


def _follows(row: Campaign) -> KeyValues:
    """Who is told and what becomes possible: said before it cannot be taken back."""
    days = ReadingSpec.from_dict(row.reading).appeal_days
    where = (
        _("Hospitals and technologists each see their own") if is_regional(row) else _("Technologists see their own")
    )
    return KeyValues(
        [
            (_("Results"), where),
            (_("Appeals"), ngettext("%(n)d day from today", "%(n)d days from today", days) % {"n": days}),
            (_("Poor films"), _("Their causes are to be traced; waste films are to be taken again"))
            if is_film(row.subject_kind)
            else (_("Poor results"), _("Their causes are to be traced")),
        ]
    )
