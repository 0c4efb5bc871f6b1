"""Taking over a staff list: the file, what it would change, and then the change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.errors import Invalid, error_text
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.registry.models import Person
from yingheng.registry.services import Change, staff_list_plan, staff_list_take
from yingheng.registry.staff_list import Entry, Fault, StaffList, staff_list, staff_rows
from yingheng.tenancy.access import page
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import PERSON_EDIT
from yingheng.tenancy.selectors import hospital_list, organisation_get
from yingheng.web.person_forms import StaffListForm
from yingheng.web.views.persons import person_crumbs

_SALT = "staff-list"
_LIVES_S = 3600  # between looking at a list and taking it over
_MOST_SHOWN = 500
_ORDER = ("by_hand", "changed", "new", "same")


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def person_list_file(request: HttpRequest) -> HttpResponse:
    """The file of a staff list, and then what it would change; nothing is written yet."""
    form = StaffListForm(request.POST or None, request.FILES or None, hospitals=hospital_list(request.scope))
    if request.method == "POST" and form.is_valid():
        found = attempt(form, lambda: staff_list(staff_rows(form.cleaned_data["file"].read())))
        if found is not None:
            return _preview(request, form.chosen, found)
    return FormPage(
        title=_("Take over a staff list"),
        purpose=_("You see first what it would change. Staff who are not on it stay as they are."),
        crumbs=person_crumbs(),
        form=form,
        submit=_("Look at it"),
        cancel_url=reverse("web:persons"),
        multipart=True,
    ).response(request, status=400 if form.is_bound else 200)


def _preview(request: HttpRequest, hospital: Organisation, found: StaffList) -> HttpResponse:
    plan = staff_list_plan(hospital=hospital, entries=found.entries)
    counts = Counter(change.kind for change in plan)
    return ThingPage(
        title=_("Staff list of %(place)s") % {"place": hospital.name},
        purpose=_("Nothing is changed yet."),
        kind=_("Staff list"),
        crumbs=person_crumbs(),
        facts=[
            Fact(_("New"), counts["new"]),
            Fact(_("Changed"), counts["changed"]),
            Fact(_("Edited by hand"), counts["by_hand"], _("differs from what somebody entered here")),
            Fact(_("Rows with errors"), len(found.faults)),
        ],
        actions=_take_actions(hospital, found.entries, counts),
        alerts=_alerts(counts),
        sections=[
            *([Section(_("Rows with errors"), _faults(found.faults), flush=True)] if found.faults else []),
            Section(_("Rows"), _rows(plan), flush=True),
        ],
        wide=True,
    ).response(request)


def _alerts(counts: Counter[str]) -> list[Alert]:
    if not counts["by_hand"]:
        return []
    text = ngettext(
        "%(n)s row differs from what somebody edited here. It stays as it is, unless you overwrite it.",
        "%(n)s rows differ from what somebody edited here. They stay as they are, unless you overwrite them.",
        counts["by_hand"],
    )
    return [Alert(text % {"n": counts["by_hand"]}, "human")]


def _take_actions(hospital: Organisation, entries: Sequence[Entry], counts: Counter[str]) -> list[Action]:
    """The list goes along with the button, signed: what was looked at is what is taken over."""
    told = [[e.line, e.number, e.name, e.category] for e in entries]
    kept = signing.dumps({"hospital": str(hospital.pk), "rows": told}, salt=_SALT, compress=True)
    to = reverse("web:person_list_take")
    found = []
    if counts["new"] or counts["changed"]:
        found.append(Action(_("Take it over"), to, "check", "post", "primary", name="list", value=kept))
    if counts["by_hand"]:
        why = _("What was edited by hand is replaced by what the list says.")
        label = _("Take it over and overwrite")
        found.append(Action(label, to, "check", "post", "danger", why, name="overwrite", value=kept))
    return found


@page(PERSON_EDIT)
@require_POST
def person_list_take(request: HttpRequest) -> HttpResponse:
    """Take over the list that was looked at."""
    overwrite = "overwrite" in request.POST
    try:
        kept = signing.loads(request.POST.get("overwrite" if overwrite else "list", ""), salt=_SALT, max_age=_LIVES_S)
    except signing.BadSignature:
        messages.error(request, _("This list was looked at too long ago. Choose the file once more."))
        return redirect("web:person_list")
    hospital = organisation_get(request.scope, kept["hospital"])
    entries = [Entry(*row) for row in kept["rows"]]
    told = staff_list_take(actor=request.actor, hospital=hospital, entries=entries, overwrite=overwrite)
    kept_by_hand = 0 if overwrite else told["by_hand"]
    done = told["changed"] + (told["by_hand"] if overwrite else 0)
    messages.success(
        request,
        _("Taken over: %(new)s new, %(changed)s changed, %(kept)s left as edited by hand.")
        % {"new": told["new"], "changed": done, "kept": kept_by_hand},
    )
    return redirect("web:persons")


def _faults(faults: Sequence[Fault]) -> Table:
    return Table(
        columns=(Column("line", _("Row"), align="right"), Column("what", _("What is wrong"), wide=True)),
        rows=[
            Row({"line": one.line, "what": Lines(error_text(Invalid(one.code)), one.text)}, id=str(one.line))
            for one in faults[:_MOST_SHOWN]
        ],
        caption=_("Rows with errors"),
    )


def _rows(plan: Sequence[Change]) -> Table:
    kinds = {
        "new": Tag(_("new"), "accent"),
        "same": Tag(_("as it is"), "neutral"),
        "changed": Tag(_("changed"), "human"),
        "by_hand": Tag(_("edited by hand"), "fail"),
    }
    posts = dict(Person.Category.choices)

    def words(name: str, category: str) -> str:
        return f"{name} · {posts.get(category, category)}"

    def row(change: Change) -> Row:
        now = words(change.person.name, str(change.person.category)) if change.person else ""
        cells = {
            "number": change.entry.number,
            "now": now,
            "then": words(change.values["name"], change.values["category"]),
            "kind": kinds[change.kind],
        }
        return Row(cells, id=change.entry.number)

    shown = sorted(plan, key=lambda change: _ORDER.index(change.kind))[:_MOST_SHOWN]
    return Table(
        columns=(
            Column("number", _("Staff number"), nowrap=True),
            Column("now", _("At present"), roomy=True, phone=False),
            Column("then", _("On the list"), wide=True),
            Column("kind", _("State"), nowrap=True),
        ),
        rows=[row(change) for change in shown],
        caption=_("Rows"),
        empty=Empty(_("No rows"), _("The list names nobody."), "users"),
    )
