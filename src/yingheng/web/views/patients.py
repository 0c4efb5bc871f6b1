"""Patients: which ids are one person, which may be, and all exams of one.

Names are shown to those who may see them; everybody else reads pseudonyms.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog import selectors
from yingheng.catalog.models import Exam, Patient, PatientLink
from yingheng.catalog.pseudonyms import PatientShown, patient_shown, patients_shown, pseudonym
from yingheng.catalog.selectors.patients import patient_named
from yingheng.catalog.services import patient_merge, patient_unmerge
from yingheng.common.errors import Conflict, Invalid, NotFound, error_text
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, PATIENT_IDENTIFY, PATIENT_MERGE
from yingheng.web.views.exams import exam_name, exam_state

_SHOWN_EXAMS = 100
_TABS = ("suspected", "merged", "undone")


@page(EXAM_VIEW)
@require_safe
def patients(request: HttpRequest) -> HttpResponse:
    """Patient ids that may be one person, those that were merged, and merges taken back."""
    asked = request.GET.get("tab", "")
    tab = asked if asked in _TABS else "suspected"
    table = _suspected(request) if tab == "suspected" else _links(request, undone=tab == "undone")
    labels = {"suspected": _("Maybe one person"), "merged": _("Merged"), "undone": _("Taken back")}
    return ListPage(
        title=_("Patients under several ids"),
        purpose=_("Exams of one person are shown together. A merge is a link with a reason; it can be taken back."),
        tabs=[Tab(labels[key], with_query(request, tab=key if key != _TABS[0] else None), None, key == tab)
              for key in _TABS],
        table=table,
    ).response(request)  # fmt: skip


def _suspected(request: HttpRequest) -> Table:
    groups, pager = offset_page(request, selectors.suspected_groups(request.scope))
    found = selectors.suspicions(request.scope, list(groups))
    people = [row for one in found for row in (one.kept, one.merged)]
    shown = patients_shown(request, [(row, row.hospital.path) for row in people])
    counts = selectors.patient_exam_counts(request.scope, people)
    may = scope_of(request, PATIENT_MERGE)

    def row(one: selectors.Suspicion) -> Row:
        url = f"{reverse('web:patient_merge', args=[one.kept.pk])}?with={pseudonym(one.merged)}"
        merge = Action(_("Merge"), url, "link") if may.contains(one.kept.hospital.path) else None
        return Row(
            {
                "one": _cell(shown[one.kept.pk], one.kept, counts.get(one.kept.pk, 0)),
                "other": _cell(shown[one.merged.pk], one.merged, counts.get(one.merged.pk, 0)),
                "hospital": one.kept.hospital.name,
                "do": merge,
            },
            id=str(one.merged.pk),
        )

    return Table(
        columns=(
            Column("one", _("Patient id"), wide=True),
            Column("other", _("and this one"), roomy=True),
            Column("hospital", _("Hospital"), phone=False, nowrap=True),
            Column("do", "", align="right"),
        ),
        rows=[row(one) for one in found],
        caption=_("Maybe one person"),
        pager=pager,
        empty=Empty(
            _("No two ids look like one person"),
            _("Compared are name, birth date and sex, by a keyed hash; nobody is merged by himself."),
            icon="circle-check",
        ),
    )


def _cell(shown: PatientShown, row: Patient, n_exams: int) -> Lines:
    second = " · ".join(filter(None, (shown.number, _sex_and_year(row), _("%(n)s exams") % {"n": n_exams})))
    return Lines(shown.label, second, reverse("web:patient", args=[row.pk]))


def _sex_and_year(row: Patient) -> str:
    sex = {"F": _("female"), "M": _("male")}.get(row.sex, "")
    return " · ".join(filter(None, (sex, str(row.birth_year or ""))))


def _links(request: HttpRequest, *, undone: bool) -> Table:
    rows, pager = offset_page(request, selectors.link_list(request.scope, undone=undone))
    return _link_table(request, list(rows), pager)


def _link_table(request: HttpRequest, rows: list[PatientLink], pager: Any = None) -> Table:
    people = [(row, link.hospital.path) for link in rows for row in (link.kept, link.merged)]
    shown = patients_shown(request, people)
    may = scope_of(request, PATIENT_MERGE)

    def cells(link: PatientLink) -> dict[str, Any]:
        undo: Any = None
        if link.undone_at is not None:
            undo = Lines(Tag(_("taken back"), "neutral"), f"{link.undone_by_name} · {link.undone_reason}")
        elif may.contains(link.hospital.path):
            url = reverse("web:patient_unmerge", args=[link.pk])
            undo = Action(_("Take back"), url, "arrow-back-up", kind="quiet")
        who = link.made_by_name or link.get_origin_display()
        return {
            "merged": Lines(shown[link.merged_id].label, shown[link.merged_id].number,
                            reverse("web:patient", args=[link.merged_id])),
            "kept": Lines(shown[link.kept_id].label, shown[link.kept_id].number),
            "why": Lines(link.reason, who),
            "at": When(link.created_at),
            "do": undo,
        }  # fmt: skip

    return Table(
        columns=(
            Column("merged", _("Patient id"), wide=True),
            Column("kept", _("is the same as"), roomy=True),
            Column("why", _("Reason"), phone=False),
            Column("at", _("Since"), nowrap=True, phone=False),
            Column("do", ""),
        ),
        rows=[Row(cells(link), id=str(link.pk)) for link in rows],
        caption=_("Merges"),
        pager=pager,
        empty=Empty(_("Nothing here"), _("No patient ids were merged.")),
    )


@page(EXAM_VIEW)
@require_safe
def patient(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """One person: every id, every exam."""
    row = selectors.patient_get(request.scope, patient_id)
    people = selectors.person_patients(request.scope, row)
    shown = patients_shown(request, [(one, one.hospital.path) for one in people])
    exams = list(selectors.person_exams(request.scope, row.pk)[: _SHOWN_EXAMS + 1])
    links = selectors.links_of(request.scope, people)
    merge = Action(_("Merge with another id"), reverse("web:patient_merge", args=[row.pk]), "link")
    may_merge = scope_of(request, PATIENT_MERGE).contains(row.hospital.path)
    more = "" if len(exams) <= _SHOWN_EXAMS else _("the newest %(n)s") % {"n": _SHOWN_EXAMS}
    exam_table = _exam_table(exams[:_SHOWN_EXAMS], shown)
    sections = [Section(_("Exams"), exam_table, hint=more, flush=True)]
    if links:
        sections.append(Section(_("Merges"), _link_table(request, links), flush=True))
    return ThingPage(
        title=shown[row.pk].label,
        purpose=" · ".join(filter(None, (shown[row.pk].number, row.hospital.name))),
        kind=_("Patient"),
        crumbs=[Link(_("Patients"), reverse("web:patients"))],
        tags=[Tag(_("%(n)s ids") % {"n": len(people)}, "accent")] if len(people) > 1 else [],
        facts=[
            Fact(_("Pseudonym"), pseudonym(row)),
            Fact(_("Sex and birth year"), _sex_and_year(row) or "—"),
        ],
        actions=[merge] if may_merge else [],
        sections=sections,
        wide=True,
    ).response(request)


def _exam_table(exams: list[Exam], shown: dict[UUID, PatientShown]) -> Table:
    several = len(shown) > 1
    return Table(
        columns=(
            Column("exam", _("Exam"), wide=True),
            *([Column("id", _("Under"), phone=False)] if several else []),
            Column("outcome", _("Outcome"), nowrap=True),
            Column("device", _("Device"), phone=False, clip=True),
            Column("day", _("Examined"), nowrap=True),
        ),
        rows=[
            Row(
                {
                    "exam": Lines(exam_name(one), " · ".join(filter(None, (one.modality, one.accession)))),
                    "id": shown[one.patient_id].number or shown[one.patient_id].label,
                    "outcome": exam_state(one),
                    "device": one.device.label if one.device else None,
                    "day": When(one.sort_at),
                },
                url=reverse("web:exam", args=[one.pk]),
                id=str(one.pk),
            )
            for one in exams
        ],
        caption=_("Exams"),
        empty=Empty(_("No exam"), _("Only orders or reports name this patient so far.")),
    )


class MergeForm(forms.Form):
    """The other id of the same person, and why they are one."""

    other = forms.CharField(
        label=gettext_lazy("The other patient id"),
        max_length=64,
        help_text=gettext_lazy("The patient id or the pseudonym. Its exams will be shown with those of this patient."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


@page(PATIENT_MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """State that another patient id is the same person."""
    row = selectors.patient_get(request.scope, patient_id)
    back = reverse("web:patient", args=[row.pk])
    form = MergeForm(request.POST or None, initial={"other": request.GET.get("with", "")})
    if request.method == "POST" and form.is_valid() and _merged(request, row, form):
        messages.success(request, _("Merged. Exams of both ids are shown together."))
        return redirect(back)
    shown = patient_shown(request, row, row.hospital.path)
    return FormPage(
        title=_("Merge with another id"),
        purpose=_("Nothing is rewritten: a link is kept with your name and reason, and can be taken back."),
        crumbs=[Link(_("Patients"), reverse("web:patients")), Link(shown.label, back)],
        form=form,
        submit=_("Merge"),
        cancel_url=back,
        aside=[Section(_("This patient"), _patient_facts(row, shown))],
    ).response(request, status=400 if form.is_bound else 200)


def _merged(request: HttpRequest, row: Patient, form: MergeForm) -> bool:
    data = form.cleaned_data
    try:
        other = patient_named(row.hospital, data["other"], identify=scope_of(request, PATIENT_IDENTIFY))
        patient_merge(actor=request.actor, kept=row, merged=other, reason=data["reason"])
    except (Conflict, Invalid, NotFound) as exc:
        form.add_error("other", error_text(exc))
        return False
    return True


def _patient_facts(row: Patient, shown: PatientShown) -> KeyValues:
    rows = [
        (_("Patient"), shown.label),
        (_("Pseudonym"), pseudonym(row)),
        (_("Sex and birth year"), _sex_and_year(row)),
        (_("Patient id"), shown.number),
    ]
    return KeyValues([(label, value) for label, value in rows if value])


@page(PATIENT_MERGE)
@require_http_methods(["GET", "HEAD", "POST"])
def unmerge(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Take a merge back."""
    link = selectors.link_get(request.scope, link_id)
    back = reverse("web:patient", args=[link.kept_id])
    form = UnmergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        patient_unmerge(actor=request.actor, link=link, reason=form.cleaned_data["reason"])
        messages.success(request, _("Taken back. The two ids are two people again."))
        return redirect(back)
    shown = patients_shown(request, [(row, link.hospital.path) for row in (link.kept, link.merged)])
    return FormPage(
        title=_("Take the merge back"),
        purpose=_("The link stays on record with your reason; it counts no more."),
        crumbs=[Link(_("Patients"), reverse("web:patients")), Link(shown[link.kept_id].label, back)],
        form=form,
        submit=_("Take back"),
        cancel_url=back,
        aside=[
            Section(
                _("Merge"),
                KeyValues(
                    [
                        (_("Patient id"), shown[link.merged_id].label),
                        (_("is the same as"), shown[link.kept_id].label),
                        (_("Reason"), link.reason),
                        (_("Since"), When(link.created_at)),
                    ]
                ),
            )
        ],
    ).response(request, status=400 if form.is_bound else 200)


class UnmergeForm(forms.Form):
    """Why two ids are not one person."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
