"""Technologists of the demonstration, and the operators that the headers of its exams name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yingheng.audit.actor import Actor

if TYPE_CHECKING:
    from yingheng.tenancy.models import Organisation

_ACTOR = Actor("system:demo", "演示")
_STAFF = (("DEMO-T1", "张技师（演示）", "zhang"), ("DEMO-T2", "刘技师（演示）", ""))
_FIRST, _SECOND = "张技师（演示）", "DEMO-T2"  # one console writes the name, another one the staff number
#: By scene: of the technologist with an account, of one whom nobody knows, and of a shared sign-in; else the second's.
_NAMED = {
    **dict.fromkeys(("dx-chest", "dx-chest-over", "dx-chest-under", "ct-head", "mr-head"), _FIRST),
    **dict.fromkeys(("ct-package", "ct-double"), "陈进修（演示）"),
    "us-abdomen": "OPERATOR",
}


def operator_of(scene: str) -> str:
    """What stands as operator in the headers of a sample exam."""
    return _NAMED.get(scene, _SECOND)


def staff(hospital: Organisation) -> None:
    """Two technologists, the first of them with an account; again and again without harm."""
    from yingheng.registry.models import Person  # noqa: PLC0415 - after Django is set up
    from yingheng.registry.services import person_account_set, person_create  # noqa: PLC0415
    from yingheng.tenancy.models import User  # noqa: PLC0415

    for number, name, account in _STAFF:
        if Person.objects.filter(hospital=hospital, staff_number=number).exists():
            continue
        person = person_create(actor=_ACTOR, hospital=hospital, staff_number=number, name=name, category="technologist")
        if account:
            person_account_set(actor=_ACTOR, person=person, user=User.objects.get(username=account))
