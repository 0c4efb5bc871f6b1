"""The criteria of a draft: one at a time, chosen from a standard, or a limit confirmed by the hospital."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Criterion
from yingheng.common.clock import local_day
from yingheng.common.errors import Conflict
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Section
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.rulebook.criterion_form import CriterionForm, initial_of
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import edition_get, edition_list, hospital_of
from yingheng.rulebook.services import (
    criteria_take,
    criterion_problems,
    criterion_put,
    criterion_remove,
    edition_create,
)
from yingheng.rulebook.views.common import criterion_cells, crumbs
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import STANDARD_EDIT
from yingheng.tenancy.selectors import hospital_list


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def criterion(request: HttpRequest, edition_id: UUID, criterion_id: str = "") -> HttpResponse:
    """Add a criterion to a draft, or change one."""
    row = _draft(request, edition_id)
    present = edition_standard(row).criteria
    old = next((c for c in present if c.id == criterion_id), None)
    if criterion_id and old is None:
        raise Http404
    form = CriterionForm(request.POST or None, present=old, initial=None if old else {"clause": str(len(present) + 1)})
    if request.method == "POST" and form.is_valid() and _put(request, form, row, old):
        messages.success(request, _("The draft is changed."))
        return redirect("rulebook:edition", row.pk)
    return FormPage(
        title=_("Change the criterion") if old else _("Add a criterion"),
        purpose=_("Own criteria add to the standards in use. A limit looser than a mandatory one is refused."),
        crumbs=crumbs(row),
        form=form,
        submit=_("Save"),
        cancel_url=reverse("rulebook:edition", args=[row.pk]),
    ).response(request, status=400 if form.is_bound else 200)


@page(STANDARD_EDIT)
@require_POST
def remove(request: HttpRequest, edition_id: UUID, criterion_id: str) -> HttpResponse:
    """Take a criterion out of a draft."""
    row = edition_get(request.scope, edition_id)
    criterion_remove(actor=request.actor, edition=row, criterion=criterion_id)
    messages.success(request, _("The draft is changed."))
    return redirect("rulebook:edition", row.pk)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD"])
def source(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Choose the standard to take criteria from."""
    row = _draft(request, edition_id)
    rows = [
        Row(
            {"title": Lines(standard_title(name), name), "n": sum(c.limit is not None for c in document.criteria)},
            url=reverse("rulebook:take", args=[row.pk, name]),
            id=name,
        )
        for name, document in load_builtin().items()
    ]
    return ListPage(
        title=_("Choose from a standard"),
        purpose=_("Which standard are criteria taken from?"),
        crumbs=crumbs(row),
        table=Table(
            columns=(Column("title", _("Standard"), wide=True), Column("n", _("Measured"), align="right")),
            rows=rows,
            caption=_("Standards library"),
        ),
    ).response(request)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, edition_id: UUID, standard_id: str) -> HttpResponse:
    """Tick the criteria of a standard that the draft is to tighten."""
    row = _draft(request, edition_id)
    document = load_builtin().get(standard_id)
    if document is None:
        raise Http404
    if request.method == "POST":
        ids = request.POST.getlist("ids")
        taken = criteria_take(actor=request.actor, edition=row, standard=standard_id, ids=ids)
        messages.success(request, _("%(n)d criteria are in the draft; now tighten them.") % {"n": len(taken)})
        return redirect("rulebook:edition", row.pk)
    present = {c.id for c in edition_standard(row).criteria}
    free = [c for c in document.criteria if c.limit is not None and c.id not in present]
    offered = sorted(free, key=lambda c: c.subject not in {"series", "exam"})  # what is judged of every exam first
    here = reverse("rulebook:take", args=[row.pk, standard_id])
    return ListPage(
        title=standard_title(standard_id),
        purpose=_("Tick what the draft is to tighten. What is not ticked holds as the standard says."),
        crumbs=crumbs(row),
        actions=[Action(_("Another standard"), reverse("rulebook:source", args=[row.pk]), "book-2", kind="quiet")],
        table=Table(
            columns=(
                Column("clause", _("Clause"), nowrap=True),
                Column("text", _("Requirement"), wide=True),
                Column("limit", _("Limit"), roomy=True),
                Column("confidence", _("Confidence"), nowrap=True, phone=False),
            ),
            rows=[Row(criterion_cells(c), id=c.id) for c in offered],
            bulk=[Action(_("Take into the draft"), here, "plus", "post", "primary")],
            caption=standard_title(standard_id),
            empty=Empty(_("Nothing to choose"), _("Every measured criterion of this standard is in the draft.")),
        ),
    ).response(request)


@page(STANDARD_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, standard_id: str, criterion_id: str) -> HttpResponse:
    """Make an unsure limit count here: an own criterion with its source and who stands for it."""
    document = load_builtin().get(standard_id)
    origin = next((c for c in document.criteria if c.id == criterion_id), None) if document else None
    hospitals = hospital_list(request.scope)
    hospital = hospital_of(hospitals, request.GET.get("hospital", ""))
    if origin is None or origin.limit is None or hospital is None:
        raise Http404
    known = replace(origin, confidence=Confidence.VERIFIED, source=_confirmed(standard_id, origin, request.actor.name))
    form = CriterionForm(request.POST or None, present=known, initial=initial_of(known))
    if request.method == "POST" and form.is_valid():
        row = _newest_draft(request, hospital) or _begin(request, hospital)
        if _put(request, form, row, None):
            messages.success(request, _("The confirmed limit is in the draft; it counts once that is published."))
            return redirect("rulebook:edition", row.pk)
    back = reverse("web:standard", args=[standard_id])
    return FormPage(
        title=_("Confirm this limit"),
        purpose=_("%(hospital)s stands for the limit from now on, with source and name.") % {"hospital": hospital.name},
        crumbs=[*crumbs(), Link(standard_title(standard_id), back)],
        form=form,
        submit=_("Put it into a draft"),
        cancel_url=back,
        aside=[Section(_("As the library has it"), KeyValues(_origin(origin)))],
    ).response(request, status=400 if form.is_bound else 200)


def _put(request: HttpRequest, form: CriterionForm, row: RuleEdition, old: Criterion | None) -> bool:
    """Write the form's criterion into the draft; False with the words of each refusal at its field."""
    taken = {c.id for c in edition_standard(row).criteria}
    table = form.table(taken)
    if old is None and table["id"] in taken:
        form.add_error(None, _("The draft has this criterion already; change it there."))
        return False
    form.blame(criterion_problems(edition=row, table=table))
    if form.errors:
        return False
    instead_of = old.id if old else ""
    put = attempt(form, lambda: criterion_put(actor=request.actor, edition=row, table=table, instead_of=instead_of))
    return put is not None


def _draft(request: HttpRequest, edition_id: UUID) -> RuleEdition:
    row = edition_get(request.scope, edition_id)
    if row.state != RuleEdition.State.DRAFT:
        raise Conflict("rulebook.edition_state")
    return row


def _newest_draft(request: HttpRequest, hospital: Organisation) -> RuleEdition | None:
    return edition_list(request.scope, hospital=hospital, state=RuleEdition.State.DRAFT).first()


def _begin(request: HttpRequest, hospital: Organisation) -> RuleEdition:
    title = f"本院规则 {local_day(hospital.zone)}"
    title_en = f"Rules of the hospital {local_day(hospital.zone)}"
    return edition_create(actor=request.actor, hospital=hospital, title=title, title_en=title_en)


def _confirmed(standard_id: str, origin: Criterion, name: str) -> str:
    return _("%(standard)s, %(clause)s; confirmed by %(name)s") % {
        "standard": standard_title(standard_id),
        "clause": origin.clause,
        "name": name,
    }


def _origin(origin: Criterion) -> list[tuple[str, object]]:
    cells = criterion_cells(origin)
    labels = {"clause": _("Clause"), "text": _("Requirement"), "limit": _("Limit"), "confidence": _("Confidence")}
    return [(label, cells[key]) for key, label in labels.items()] + [(_("Source"), origin.source)]
