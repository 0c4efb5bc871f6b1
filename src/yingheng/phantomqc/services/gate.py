"""The use of a device follows its status tests: a failed one is announced, then restricts; a passed one releases.

Only a verdict FAIL counts.  A limit that nobody confirmed asks a person (NEEDS_HUMAN) and never restricts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.common.ui.words import quantity_text
from yingheng.evidence.selectors import verdicts_effective
from yingheng.notify.models import Delivery
from yingheng.notify.services import notify
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, GateSetting, ItemValue, Occasion, PhantomRun, Restriction
from yingheng.phantomqc.naming import KIND, subject_id
from yingheng.phantomqc.selectors import gate_hours
from yingheng.registry.banner import when_text
from yingheng.registry.models import Device
from yingheng.registry.services import Ground, device_release, device_restrict
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

SYSTEM = Actor("system:device-tests", "Yingheng")
LONGEST_HOURS = 7 * 24
State = Restriction.State


def gate_follow(test: DeviceTest) -> None:
    """What a submitted test means for the use of its device; runs in the transaction of the submission."""
    if test.test_type != Occasion.STATUS:
        return
    failed = failed_of(test)
    if failed:
        _announce(test, failed)
    else:
        _call_off(test)
        _release(test)


def failed_of(test: DeviceTest) -> list[tuple[str, str]]:
    """Standard and criterion of every verdict of a submitted test that failed."""
    found = ((v["standard"], v["criterion"]) for v in _verdicts(test) if v["outcome"] == "FAIL")
    return sorted(set(found))


def _verdicts(test: DeviceTest) -> Iterable[dict]:
    return (v for item in test.items for v in item["verdicts"])


def _passed(test: DeviceTest, failed: Iterable[Iterable[str]]) -> bool:
    """Whether a later test passed everything that failed, and failed nothing."""
    outcomes: dict[tuple[str, str], set[str]] = {}
    for v in _verdicts(test):
        outcomes.setdefault((v["standard"], v["criterion"]), set()).add(v["outcome"])
    if any("FAIL" in several for several in outcomes.values()):
        return False
    return all(outcomes.get(tuple(one), set()) == {"PASS"} for one in failed)


def _announce(test: DeviceTest, failed: list[tuple[str, str]]) -> None:
    """Tell the engineers; the device is restricted when one took note, or when the time is over."""
    made = Restriction.objects.create(
        hospital_id=test.hospital_id,
        device_id=test.device_id,
        device_test=test,
        failed=[list(one) for one in failed],
        announced_at=now(),
        restrict_at=now() + dt.timedelta(hours=gate_hours(test.hospital)),
    )
    notify(
        key=message_key(made),
        kind="device_test.failed",
        params={"device": test.device.label, "what": _what(test), "at": when_text(made.restrict_at)},
        roles=("engineer",),
        scope=test.hospital.path,
        subject=f"device:{test.device_id}",
        link=reverse("phantomqc:test", args=[test.pk]),
    )


def message_key(row: Restriction) -> str:
    return f"device_test.failed:{row.device_test_id}"


def _what(test: DeviceTest) -> str:
    """The quantities that failed, in the language of the product's records."""
    with override("zh-hans"):
        failed = [(one["item"], v["quantity"]) for one in test.items for v in one["verdicts"] if v["outcome"] == "FAIL"]
        return "、".join(dict.fromkeys(quantity_text(q) if q else _item_text(test, item) for item, q in failed))


def _item_text(test: DeviceTest, key: str) -> str:
    """What an item is called that a person's eye judged."""
    template = template_named(test.template)
    item = template.item(key) if template else None
    return item.zh if item else key


def _call_off(test: DeviceTest) -> None:
    """A test that passed settles what an earlier one announced."""
    waiting = Restriction.objects.select_for_update(of=("self",), no_key=True).filter(
        device_id=test.device_id, state=State.ANNOUNCED
    )
    for row in waiting:
        if _passed(test, row.failed):
            _settle(row, State.CALLED_OFF, "passed")


def _settle(row: Restriction, state: str, why: str) -> None:
    row.state, row.why, row.settled_at = state, why, now()
    row.save(update_fields=["state", "why", "settled_at"])


def _release(test: DeviceTest) -> None:
    """Give a device back that a test restricted, when everything that failed then has passed."""
    device = Device.objects.get(pk=test.device_id)
    if device.use_state == Device.UseState.IN_USE or device.use_evidence_type != KIND:
        return
    behind = Restriction.objects.filter(device_id=device.pk, state=State.RESTRICTED)
    since = behind.filter(device_test_id=device.use_evidence_id).first()
    if since is None:
        return
    together = behind.filter(settled_at__gte=since.settled_at)
    if all(_passed(test, row.failed) for row in together):
        device_release(
            actor=SYSTEM,
            device=device,
            reason="恢复使用检测合格 · return-to-service test passed",
            ground=Ground(KIND, test.pk),
        )


def restrictions_due() -> int:
    """Chore: restrict the devices whose engineers took note, or whose time is over; returns how many were settled."""
    settled = 0
    for pk in list(
        Restriction.objects.filter(state=State.ANNOUNCED).order_by("restrict_at").values_list("pk", flat=True)
    ):
        with transaction.atomic():
            settled += _due(pk)
    return settled


def _due(pk: object) -> bool:
    rows = Restriction.objects.select_for_update(of=("self",), no_key=True).select_related("device", "device_test")
    row = rows.filter(pk=pk, state=State.ANNOUNCED).first()
    if row is None:
        return False
    if overruled(row):
        _settle(row, State.CALLED_OFF, "overruled")
        return True
    noted = Delivery.objects.filter(message__key=message_key(row), acknowledged_at__isnull=False).exists()
    if not noted and now() < row.restrict_at:
        return False
    _settle(row, State.RESTRICTED, "acknowledged" if noted else "time")
    test = row.device_test
    if row.device.use_state != Device.UseState.DOWN:
        device_restrict(
            actor=SYSTEM,
            device=row.device,
            reason=f"状态检测不合格：{_what(test)}",
            ground=Ground(KIND, test.pk),
        )
    return True


def overruled(row: Restriction) -> bool:
    """Whether a person decided that none of the failed verdicts holds; what a person saw is not overruled here."""
    failed = {tuple(one) for one in row.failed}
    subjects = _subjects(row.device_test)
    found = [
        v
        for pk in subjects
        for v in verdicts_effective(Scope.everything(), subject_type=KIND, subject_id=pk)
        if (v.verdict["standard"], v.verdict["criterion"]) in failed
    ]
    spoken = {(v.verdict["standard"], v.verdict["criterion"]) for v in found}
    return spoken == failed and all(v.decision is not None and v.outcome != "FAIL" for v in found)


def _subjects(test: DeviceTest) -> set:
    """The subjects of evidence behind the items of a test."""
    found = set()
    for item in test.items:
        if item["source"] == ItemValue.Source.RUN:
            run = PhantomRun.objects.only("test").filter(pk=item["source_id"]).first()
            name = run.test if run else ""
        else:
            name = f"{test.template}/{item['item']}"
        found.add(subject_id(test.device_id, name, test.test_type))
    return found


@transaction.atomic
def gate_set(*, actor: Actor, hospital: Organisation, hours: int) -> GateSetting:
    """How long a hospital waits between announcing a restriction and restricting; 0 is at once."""
    if not 0 <= hours <= LONGEST_HOURS:
        raise Invalid("phantomqc.gate_hours")
    row, _new = GateSetting.objects.update_or_create(
        hospital=hospital, defaults={"hours": hours, "changed_by_name": actor.name, "changed_at": now()}
    )
    audit.record(
        actor=actor,
        action="device_test.gate",
        subject=f"organisation:{hospital.pk}",
        scope=hospital.path,
        after={"hours": hours},
    )
    return row


def title_of(test: DeviceTest, lang: str) -> str:
    """The title of a test; its key where the product does not know its template any more."""
    template = template_named(test.template)
    return template.label(lang) if template else test.template
