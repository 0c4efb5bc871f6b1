"""The names that images and messages give to those who make exams: whose they are, one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.audit import services as audit
from yingheng.catalog.models import Operator
from yingheng.catalog.operator_names import alike
from yingheng.catalog.operators_shown import text_of
from yingheng.catalog.selectors import operator_counts, operator_get, operator_list
from yingheng.catalog.selectors.operators import devices_named
from yingheng.catalog.services import operator_decide
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, KeyValues, Lines, Link, Many, Section, Tab, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.registry.models import Person
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import PERSON_EDIT
from yingheng.web.person_forms import LINK, NOBODY, WhoForm, person_text

State = Operator.State
_TONES = {"waiting": "human", "matched": "neutral", "linked": "accent", "nobody": "none", "placeholder": "none"}
_SEEN = "operators_seen"  # key of the session
_SEEN_S = 3600
_MOST_STAFF = 2000  # beyond it suggestions would cost more than they help
_T = TypeVar("_T")


def operator_state(row: Operator) -> Tag:
    """What is known of an operator."""
    return Tag(str(row.get_state_display()), _TONES[row.state])


@page(PERSON_EDIT)
@require_safe
def operators(request: HttpRequest) -> HttpResponse:
    """Operators by state, those of most exams first."""
    asked = request.GET.get("state", "")
    state = asked if asked in State.values else State.WAITING
    shown, pager = offset_page(request, operator_list(request.scope, state=state))
    viewing_record(request, shown)
    counts = operator_counts(request.scope)
    return ListPage(
        title=_("Operators to identify"),
        purpose=_("Names of those who made exams, as scanners and messages tell them. One decision counts for all."),
        crumbs=[Link(_("Staff"), reverse("web:persons"))],
        tabs=[
            Tab(str(one.label), with_query(request, state=one if one != State.WAITING else None), counts.get(one, 0),
                state == one)
            for one in State
        ],
        table=_Rows(state, shown).table(pager),
        page_keys=[("1–3", _("it is this person")), ("n", _("record somebody")), ("0", _("nobody of the staff"))]
        if state == State.WAITING
        else [],
    ).response(request)  # fmt: skip


class _Rows:
    """The table of one tab."""

    def __init__(self, state: str, shown: Sequence[Operator]) -> None:
        self.state, self.shown = state, shown
        self.several = len({row.hospital_id for row in shown}) > 1
        self.staff: dict[UUID, dict[UUID, Person]] = defaultdict(dict)
        if state == State.WAITING and shown:
            rows = Person.objects.filter(hospital__in={row.hospital_id for row in shown}, active=True)
            for one in rows.order_by("pk")[:_MOST_STAFF]:
                self.staff[one.hospital_id][one.pk] = one

    def table(self, pager: object) -> Table:
        waiting = self.state == State.WAITING
        last = Column("do", _("Who it is"), wide=True) if waiting else Column("person", _("Person"), roomy=True)
        return Table(
            columns=(
                Column("text", pgettext("operator", "Name"), wide=not waiting, roomy=waiting),
                Column("n", _("Exams"), align="right"),
                Column("seen", _("First and last"), nowrap=True, phone=False),
                Column("devices", pgettext("operator", "Devices"), phone=False),
                last,
            ),
            rows=[self._row(row) for row in self.shown],
            caption=_("Operators"),
            pager=pager,
            empty=Empty(_("Nothing here"), self._nothing(), icon="circle-check"),
        )

    def _nothing(self) -> str:
        if self.state == State.WAITING:
            return _("Every name on images and messages is somebody's, or known to be nobody.")
        return _("Look at the other tabs.")

    def _row(self, row: Operator) -> Row:
        why = str(row.get_reason_display()) if row.state == State.WAITING else ""
        second = " · ".join(filter(None, (why, row.hospital.name if self.several else "")))
        cells = {
            "text": Lines(text_of(row), second),
            "n": row.n_exams,
            "seen": Lines(When(row.first_seen, ago=True), When(row.last_seen, ago=True)) if row.last_seen else None,
            "devices": devices_named(row.devices.all()),
            "do": self._choices(row) if self.state == State.WAITING else None,
            "person": Lines(row.person.name, row.person.staff_number) if row.person else None,
        }
        return Row(cells, url=reverse("web:operator", args=[row.pk]), id=str(row.pk))

    def _choices(self, row: Operator) -> Many:
        """Persons of like names, somebody new, nobody: each with a key."""
        to = reverse("web:operator_decide", args=[row.pk])
        staff = self.staff[row.hospital_id]
        like = alike(text_of(row), ((p.pk, p.staff_number, p.name) for p in staff.values()))
        parts: list[Action] = [
            Action(
                f"{n} {staff[pk].name}", to, method="post", name="decision", value=f"{LINK}:{pk}", row_key=str(n),
                hint=staff[pk].staff_number,
            )
            for n, pk in enumerate(like, 1)
        ]  # fmt: skip
        new = f"{reverse('web:person_new')}?{urlencode({'operator': row.pk})}"
        parts.append(Action(_("Record somebody"), new, "plus", kind="quiet", row_key="n"))
        parts.append(
            Action(
                pgettext("operator", "Nobody"),
                to,
                method="post",
                kind="quiet",
                name="decision",
                value=NOBODY,
                row_key="0",
            )
        )
        return Many(parts)


@page(PERSON_EDIT)
@require_POST
def operator_press(request: HttpRequest, operator_id: UUID) -> HttpResponse:
    """Say whose a text is with one press."""
    row = operator_get(request.scope, operator_id)
    verb, _colon, chosen = request.POST.get("decision", "").partition(":")
    person = _staff(row).filter(pk=chosen).first() if verb == LINK and _is_id(chosen) else None
    try:
        operator_decide(actor=request.actor, operator=row, verb=verb, person=person)
    except (Conflict, Invalid) as error:
        messages.error(request, error_text(error))
        return redirect("web:operator", row.pk)
    messages.success(request, _("Kept. All exams with this name follow, the later ones too."))
    return redirect("web:operators")


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def operator(request: HttpRequest, operator_id: UUID) -> HttpResponse:
    """One text: whose it is, how often and where it occurs, and who decided so."""
    row = operator_get(request.scope, operator_id)
    viewing_record(request, [row])
    persons = list(_staff(row))
    chosen = {State.NOBODY: NOBODY}.get(State(row.state), LINK)
    form = WhoForm(
        request.POST or None,
        persons=persons,
        nobody=_("Nobody of the staff, such as a shared sign-in"),
        back=_("Take the decision back: look for the name alone") if row.is_decided else "",
        reason_needed=row.is_decided or row.person is not None,
        initial={"decision": chosen, "person": person_text(row.person) if row.person else ""},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        told = {"verb": data["decision"], "person": data["person"], "reason": data["reason"]}
        if attempt(form, lambda: operator_decide(actor=request.actor, operator=row, **told)):
            messages.success(request, _("Kept. All exams with this name follow, the later ones too."))
            return redirect("web:operators")
    return FormPage(
        title=_("Whose this name is"),
        purpose=_("It counts for all exams of the hospital that carry it; results of film review follow."),
        crumbs=[Link(_("Staff"), reverse("web:persons")), Link(_("Operators to identify"), reverse("web:operators"))],
        form=form,
        cancel_url=reverse("web:operators"),
        aside=[Section(_("Name on images and messages"), KeyValues(_facts(row)))],
    ).response(request, status=400 if form.is_bound else 200)


def _facts(row: Operator) -> list[tuple[str, object]]:
    new = f"{reverse('web:person_new')}?{urlencode({'operator': row.pk})}"
    facts: list[tuple[str, object]] = [
        (pgettext("operator", "Name"), text_of(row)),
        (_("Hospital"), row.hospital.name),
        (_("State"), operator_state(row)),
        (_("Why"), str(row.get_reason_display())),
        (_("Exams"), row.n_exams),
        (_("First"), When(row.first_seen) if row.first_seen else None),
        (_("Last"), When(row.last_seen) if row.last_seen else None),
        (pgettext("operator", "Devices"), devices_named(row.devices.all())),
        (_("Decided by"), Lines(row.decided_by_name, row.decided_reason) if row.decided_at else None),
        (_("Decided"), When(row.decided_at) if row.decided_at else None),
        (_("Not on the list?"), Action(_("Record somebody"), new, "plus", kind="quiet") if not row.person else None),
    ]
    return [(label, value) for label, value in facts if value not in (None, "")]


def _staff(row: Operator):  # noqa: ANN202 - a query of persons
    """All of the hospital: who left may have made what is old."""
    return Person.objects.filter(hospital=row.hospital_id).order_by("-active", "name", "staff_number")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def operator_of_address(request: HttpRequest) -> tuple[Operator | None, str]:
    """The operator that an address brings along, and its text; None and "" without one."""
    asked = request.GET.get("operator", "")
    if not asked:
        return None, ""
    row = operator_get(request.scope, asked)
    viewing_record(request, [row])
    return row, text_of(row)


def take_up(request: HttpRequest, row: Operator | None, make: Callable[[], _T]) -> _T:
    """Record somebody, and with it whose an operator is: both or neither."""
    with transaction.atomic():
        made = make()
        if row is not None and isinstance(made, Person):
            operator_decide(actor=request.actor, operator=row, verb=LINK, person=made)
    return made


def viewing_record(request: HttpRequest, shown: Sequence[Operator]) -> None:
    """Keep that somebody saw names in clear; once an hour for each hospital, not for every page."""
    last = dict(request.session.get(_SEEN, {}))
    instant = now().timestamp()
    for hospital in {row.hospital_id: row.hospital for row in shown}.values():
        key = hospital.pk.hex
        if instant - last.get(key, 0) < _SEEN_S:
            continue
        last[key] = instant
        subject, told = f"organisation:{hospital.pk}", {"operators": sum(r.hospital_id == hospital.pk for r in shown)}
        audit.record(actor=request.actor, action="operator.view", subject=subject, scope=hospital.path, after=told)
        request.session[_SEEN] = last
