"""Texts of logs of which nobody knows what they mean, and saying so once."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.common.errors import NotFound
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import PAGE_ROWS
from yingheng.common.ui.parts import Empty, KeyValues, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.rejects.forms import ReasonForm
from yingheng.rejects.models import RejectedExposure
from yingheng.rejects.reasons import reason_key, reason_suggested
from yingheng.rejects.selectors import text_list
from yingheng.rejects.services.reasons import reason_decide, reasons_of
from yingheng.rejects.views.common import crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import MAPPING_EDIT


@page(MAPPING_EDIT)
@require_safe
def texts(request: HttpRequest) -> HttpResponse:
    """Texts to be matched, the most frequent first."""
    rows = list(text_list(request.scope)[: PAGE_ROWS * 4])
    return ListPage(
        title=_("Texts of reasons"),
        purpose=_("What logs write as a reason and the dictionary does not have. Said once, it holds for all rows."),
        crumbs=crumbs(),
        table=Table(
            columns=(
                Column("text", pgettext("log", "Text"), wide=True),
                Column("guess", _("Probably")),
                Column("hospital", _("Hospital"), phone=False, clip=True),
                Column("n", _("Rejected exposures"), align="right"),
                Column("last", _("Last"), nowrap=True, phone=False),
            ),
            rows=[
                Row(
                    {
                        "text": row["text"],
                        "guess": Tag(guess.label, "accent") if (guess := reason_suggested(row["text"])) else None,
                        "hospital": row["hospital__name"],
                        "n": row["n"],
                        "last": row["last"].isoformat(),
                    },
                    url=text_url(row["hospital_id"], row["reason_key"]),
                    id=f"{row['hospital_id']}-{n}",
                )
                for n, row in enumerate(rows)
            ],
            caption=_("Texts of reasons"),
            empty=Empty(_("Every text is matched"), _("New ones wait here after an import."), "check"),
        ),
    ).response(request)


def text_url(hospital_id: UUID, key: str) -> str:
    """Where a text is matched."""
    return f"{reverse('rejects:text', args=[hospital_id])}?{urlencode({'key': key})}"


@page(MAPPING_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: HttpRequest, hospital_id: UUID) -> HttpResponse:
    """Say what a text means, for the whole hospital."""
    hospital = request.scope.filter(Organisation.objects.filter(pk=hospital_id), "path").first()
    key = reason_key(request.GET.get("key", ""))
    rows = RejectedExposure.objects.filter(
        hospital=hospital_id, reason_key=key, source=RejectedExposure.Source.LOG, withdrawn=False
    )
    sample = rows.order_by("-local_day").first() if hospital and key else None
    if hospital is None or sample is None:
        raise NotFound("rejects.text_unknown")
    guess = reason_suggested(sample.reason_text)
    now_is = reasons_of(hospital, [sample.reason_text]).get(sample.reason_text, "")
    form = ReasonForm(request.POST or None, initial={"reason": now_is or (guess.code if guess else "")})
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["reason"]
        if attempt(
            form,
            lambda: reason_decide(actor=request.actor, hospital=hospital, text=sample.reason_text, reason=code),
        ):
            messages.success(request, _("The text is matched. Its rows follow in a moment."))
            return redirect("rejects:texts")
    facts = [
        (pgettext("log", "Text"), sample.reason_text),
        (_("Hospital"), hospital.name),
        (_("Rejected exposures"), rows.count()),
        (_("Probably"), guess.label if guess else _("no suggestion")),
    ]
    return FormPage(
        title=_("What does this text mean?"),
        purpose=_("Rows whose reason a person set stay as they are."),
        crumbs=crumbs(),
        form=form,
        submit=_("Match"),
        cancel_url=reverse("rejects:texts"),
        aside=[Section(pgettext("log", "Text"), KeyValues(facts))],
    ).response(request, status=400 if form.is_bound else 200)
