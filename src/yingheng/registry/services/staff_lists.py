"""Taking over a staff list: what it would change, and changing it; what people edited is theirs until they say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.registry.models import Person
from yingheng.registry.services.persons import staff_changed
from yingheng.registry.staff_list import Entry
from yingheng.tenancy.models import Organisation

Kind = Literal["new", "same", "changed", "by_hand"]
_TOLD = ("name", "category")


@dataclass(frozen=True, slots=True)
class Change:
    """What a row of the list comes to; `by_hand`: it differs from what somebody edited since the last list."""

    entry: Entry
    kind: Kind
    person: Person | None = None

    @property
    def values(self) -> dict[str, str]:
        """What the list says; its silence about the category leaves what is known."""
        known = str(self.person.category) if self.person else str(Person.Category.OTHER)
        return {"name": self.entry.name, "category": self.entry.category or known}


def staff_list_plan(*, hospital: Organisation, entries: Sequence[Entry]) -> list[Change]:
    """What the list would change, in its order.  One query; nothing is written."""
    return _plan(entries, {row.staff_number: row for row in Person.objects.filter(hospital=hospital)})


def _plan(entries: Sequence[Entry], known: Mapping[str, Person]) -> list[Change]:
    return [_change(entry, known.get(entry.number)) for entry in entries]


def _change(entry: Entry, person: Person | None) -> Change:
    if person is None:
        return Change(entry, "new")
    wanted = Change(entry, "same", person).values
    now = {name: str(getattr(person, name)) for name in _TOLD}
    if wanted == now:
        return Change(entry, "same", person)
    return Change(entry, "changed" if now == person.imported else "by_hand", person)


@transaction.atomic
def staff_list_take(
    *, actor: Actor, hospital: Organisation, entries: Sequence[Entry], overwrite: bool = False
) -> dict[str, int]:
    """Take a list over; returns how many rows were new, same, changed, and edited by hand.

    What was edited by hand stays unless `overwrite`.  Nobody is deactivated, and nobody becomes active again.  Taking
    the same list twice changes nothing the second time.  One audit entry.
    """
    rows = Person.objects.select_for_update(no_key=True).filter(hospital=hospital).order_by("pk")
    plan = _plan(entries, {row.staff_number: row for row in rows})
    counts = Counter(change.kind for change in plan)
    fresh = [
        Person(hospital=hospital, staff_number=c.entry.number, imported=c.values, **c.values)
        for c in plan
        if c.kind == "new"
    ]
    Person.objects.bulk_create(fresh, batch_size=500)
    moved = []
    for change in plan:
        person = change.person
        if person is None or (change.kind == "by_hand" and not overwrite):
            continue
        if person.imported != change.values or change.kind != "same":
            person.name, person.category = change.values["name"], change.values["category"]
            person.imported = change.values
            moved.append(person)
    Person.objects.bulk_update(moved, [*_TOLD, "imported"], batch_size=500)
    touched = bool(fresh) or bool(counts["changed"]) or (overwrite and bool(counts["by_hand"]))
    if touched:
        audit.record(
            actor=actor,
            action="person.import",
            subject=f"organisation:{hospital.pk}",
            scope=hospital.path,
            after={**counts, "overwrite": overwrite},
        )
        staff_changed(hospital)
    return {kind: counts[kind] for kind in ("new", "same", "changed", "by_hand")}
