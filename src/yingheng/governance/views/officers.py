"""Who led a held meeting and who keeps its minutes, put right."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Alert, Lines, Section, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.governance.forms_attending import OfficersForm
from yingheng.governance.models import Attendance, Meeting, OfficerChange
from yingheng.governance.selectors import attendances_of, people_of
from yingheng.governance.services.officers import officers_correct, officers_open
from yingheng.governance.views.common import crumbs, eyes, meeting_link, meeting_of, require_may
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import MEETING_VIEW


@page(MEETING_VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def officers(request: HttpRequest, meeting_id: UUID) -> HttpResponse:
    """Say who really led and who records, with the reason."""
    row = meeting_of(request, meeting_id)
    require_may(eyes(request).may_record(row) or eyes(request).may_plan(row.organisation))
    if not officers_open(row):
        return redirect("governance:meeting", row.pk)
    form = _form(request, row)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: officers_correct(user=request.user, meeting=row, **form.officers))
        if done is not None:
            messages.success(request, _("Corrected. The change and its reason stay on record."))
            return redirect("governance:meeting", row.pk)
    recorded = row.state == Meeting.State.RECORDED
    told = _("The recorded minutes name the old ones: they are to be recorded anew, and stay as a version.")
    return FormPage(
        title=_("Correct chair or recorder"),
        purpose=f"{row.title} {row.day.isoformat()}",
        crumbs=crumbs(meeting_link(row)),
        form=form,
        alerts=[Alert(told, "human")] if recorded else [],
        submit=_("Correct"),
        cancel_url=reverse("governance:meeting", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


def _form(request: HttpRequest, row: Meeting) -> OfficersForm:
    rows = attendances_of(row)
    present = [one.user for one in rows if one.state == Attendance.State.PRESENT]
    if row.chair_id not in {one.pk for one in present}:
        present.append(row.chair)
    people = {one.pk: one for one in (*people_of(row.organisation), row.recorder)}
    start = {"chair": str(row.chair_id), "recorder": str(row.recorder_id)}
    return OfficersForm(request.POST or None, present=present, people=list(people.values()), initial=start)


def officer_sections(row: Meeting) -> list[Section]:
    """What was put right about chair and recorder of a held meeting.  One query."""
    if row.held_at is None:
        return []
    title = _("Corrections of chair and recorder")
    rows = [
        Row(
            {
                "office": one.get_office_display(),
                "what": Lines(f"{one.before_name} → {one.after_name}", one.reason),
                "who": Lines(one.made_by_name, When(one.made_at)),
            },
            id=str(one.pk),
        )
        for one in OfficerChange.objects.filter(meeting=row).order_by("-made_at", "-pk")[:20]
    ]
    columns = (
        Column("office", pgettext("meeting", "Office"), nowrap=True),
        Column("what", _("What changed and why"), wide=True),
        Column("who", _("By"), nowrap=True, phone=False),
    )
    return [Section(title, Table(columns=columns, rows=rows, caption=title), flush=True)] if rows else []
