"""What is held until the daily review releases it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import quantity_text
from yingheng.evidence.models import Finding
from yingheng.evidence.selectors import LIVE_STATES
from yingheng.ingest.forms.peers import ReasonForm
from yingheng.ingest.models import Delivery
from yingheng.ingest.selectors.forwarding import held_list
from yingheng.ingest.services.forwarding_outbox import deliveries_release, needs_reason
from yingheng.ingest.views.common import exam_cell, exam_light, exam_words
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_DECIDE

MOST = 200
_WORDS = 3


@page(EXAM_DECIDE)
@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """Exams that wait for a person to let them go to the PACS."""
    shown, pager = offset_page(request, held_list(request.scope))
    why = _failures([row.exam_id for row in shown])
    return ListPage(
        title=_("Held for release"),
        purpose=_(
            "Exams that go on when you release them. Emergency exams never wait, others go by themselves in time."
        ),
        table=Table(
            columns=(
                Column("exam", _("Exam"), wide=True),
                Column("light", _("Verdict"), nowrap=True),
                Column("why", _("Why"), roomy=True),
                Column("to", _("Destination"), roomy=True, phone=False),
                Column("since", _("Held"), nowrap=True),
                Column("goes", _("Goes by itself"), nowrap=True),
            ),
            rows=[_row(request, row, why.get(row.exam_id, [])) for row in shown],
            caption=_("Held for release"),
            pager=pager,
            bulk=[Action(_("Release"), reverse("ingest:release"), "send", "post", "primary")],
            empty=Empty(_("Nothing is held"), _("Every exam has gone on, or no rule holds any."), icon="circle-check"),
        ),
    ).response(request)


@page(EXAM_DECIDE)
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Release the chosen exams; a reason is asked for where something of them failed."""
    ids = [part for text in request.POST.getlist("ids") for part in text.split(",") if part]
    rows = list(held_list(request.scope).filter(pk__in=_uuids(ids)))
    back = reverse("ingest:held")
    if not rows:
        messages.info(request, _("Choose exams that are held; others may have been released meanwhile."))
        return redirect(back)
    failing = [row for row in rows if needs_reason(row)]
    asked = "reason" in request.POST
    form = ReasonForm(request.POST if asked else None, initial={"ids": ",".join(str(row.pk) for row in rows)})
    if failing and not (asked and form.is_valid()):
        return _reason_page(request, form, rows, failing)
    reason = request.POST.get("reason", "").strip()
    n = deliveries_release(actor=request.actor, rows=rows, reason=reason)
    messages.success(request, ngettext("%(n)s exam released.", "%(n)s exams released.", n) % {"n": n})
    return redirect(back)


def _reason_page(
    request: HttpRequest, form: ReasonForm, rows: Sequence[Delivery], failing: Sequence[Delivery]
) -> HttpResponse:
    why = _failures([row.exam_id for row in failing])
    lines = [(exam_words(row.exam), "；".join(why.get(row.exam_id, [])) or _("open findings")) for row in failing[:20]]
    return FormPage(
        title=_("Release in spite of failures"),
        purpose=ngettext(
            "%(n)s of %(all)s chosen exams has open failures.", "%(n)s of %(all)s chosen exams have open failures.",
            len(failing),
        )
        % {"n": len(failing), "all": len(rows)},
        crumbs=[Link(_("Held for release"), reverse("ingest:held"))],
        form=form,
        submit=_("Release"),
        cancel_url=reverse("ingest:held"),
        aside=[Section(_("What failed"), KeyValues(lines))],
    ).response(request, status=400 if form.is_bound else 200)  # fmt: skip


def _row(request: HttpRequest, row: Delivery, why: Sequence[str]) -> Row:
    more = len(why) - _WORDS
    text = "；".join(why[:_WORDS]) + (_(" and %(n)s more") % {"n": more} if more > 0 else "")
    if not text and row.exam.n_human:
        text = _("%(n)s points for a person to look at") % {"n": row.exam.n_human}
    goes = When(row.goes_at) if row.goes_at else Tag(_("only by release"), "neutral")
    return Row(
        {
            "exam": exam_cell(request, row.exam),
            "light": exam_light(row.exam),
            "why": text or None,
            "to": Lines(row.destination.name, row.hospital.name),
            "since": Many([When(row.held_at, ago=True), *_waits(row)]),
            "goes": goes,
        },
        id=str(row.pk),
    )


def _waits(row: Delivery) -> list[Tag]:
    return [Tag(_("daily review"), "human", "eye-check")] if row.until_reviewed else []


def _failures(exam_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """What is open against each exam, by the names of the quantities, veto first.  One query."""
    rows = Finding.objects.filter(exam__in=exam_ids, state__in=LIVE_STATES).order_by("-severity", "quantity")
    found: dict[UUID, list[str]] = {}
    for exam_id, quantity in rows.values_list("exam", "quantity"):
        name = quantity_text(quantity) if not quantity.startswith("clause:") else quantity.rpartition("/")[2]
        names = found.setdefault(exam_id, [])
        if name not in names:
            names.append(name)
    return found


def _uuids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts[:MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
