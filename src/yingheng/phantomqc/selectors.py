"""Reading phantoms, tests and their rules within a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Known, Of, Standard
from imagingqc.criteria.precedence import in_force
from yingheng.common.rows import row_or_not_found
from yingheng.evidence.courses import baseline_in_force, boundaries_of_device
from yingheng.evidence.epochs import window_at
from yingheng.evidence.models import Baseline
from yingheng.phantomqc.models import (
    DeviceTest,
    GateSetting,
    InstrumentReading,
    ItemValue,
    PhantomCase,
    PhantomRun,
    PhantomSelector,
    Restriction,
)
from yingheng.registry.models import Device
from yingheng.rulebook.selectors import standards_for
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope


def selectors_of(hospital_id: UUID) -> list[PhantomSelector]:
    """The rules in use of a hospital, in their order; for the platform's own work."""
    return list(PhantomSelector.objects.filter(hospital_id=hospital_id, is_active=True).order_by("position", "pk"))


def selector_list(scope: Scope) -> QuerySet[PhantomSelector]:
    """Rules with hospital and device, in their order."""
    return scope.filter(PhantomSelector.objects.select_related("hospital", "device")).order_by(
        "hospital__path", "position", "pk"
    )


def selector_get(scope: Scope, selector_id: UUID | str) -> PhantomSelector:
    """One rule; NotFound when there is none in the scope."""
    return row_or_not_found(selector_list(scope), selector_id, "phantomqc.selector_unknown")


def case_list(scope: Scope, *, state: str = "", device: Device | None = None) -> QuerySet[PhantomCase]:
    """Cases with exam, device and result, newest first."""
    rows = PhantomCase.objects.select_related("exam", "device", "hospital", "run")
    rows = rows.filter(state=state) if state else rows
    return scope.filter(rows.filter(device=device) if device else rows).order_by("-created_at", "-pk")


def case_get(scope: Scope, case_id: UUID | str) -> PhantomCase:
    """One case; NotFound when there is none in the scope."""
    rows = PhantomCase.objects.select_related("exam__hospital", "device__hospital", "hospital", "run", "selector")
    return row_or_not_found(scope.filter(rows), case_id, "phantomqc.case_unknown")


def case_counts(scope: Scope) -> dict[str, int]:
    """Number of cases by state.  One query."""
    rows = scope.filter(PhantomCase.objects.all()).order_by().values("state").annotate(n=Count("pk"))
    return {row["state"]: row["n"] for row in rows}


def run_list(scope: Scope, case: PhantomCase) -> QuerySet[PhantomRun]:
    """Every analysis of a case, newest first, without the result."""
    return scope.filter(PhantomRun.objects.filter(case=case)).defer("result").order_by("-made_at", "-pk")


def device_test_list(scope: Scope, *, which: str = "", device: Device | None = None) -> QuerySet[DeviceTest]:
    """Tests with device and hospital, newest day first; `which` "open", "failed" or "done"."""
    rows = DeviceTest.objects.select_related("device", "hospital").defer("items")
    rows = rows.filter(device=device) if device else rows
    conditions = {
        "open": Q(state=DeviceTest.State.OPEN),
        "failed": Q(outcome="FAIL"),
        "done": Q(state=DeviceTest.State.SUBMITTED),
    }
    return scope.filter(rows.filter(conditions.get(which, Q()))).order_by("-local_day", "-begun_at", "-pk")


def device_test_counts(scope: Scope) -> dict[str, int]:
    """How many tests are open, failed and submitted.  One query."""
    return scope.filter(DeviceTest.objects.all()).aggregate(
        open=Count("pk", filter=Q(state=DeviceTest.State.OPEN)),
        failed=Count("pk", filter=Q(outcome="FAIL")),
        done=Count("pk", filter=Q(state=DeviceTest.State.SUBMITTED)),
    )


def device_test_get(scope: Scope, test_id: UUID | str) -> DeviceTest:
    """One test; NotFound when there is none in the scope."""
    rows = scope.filter(DeviceTest.objects.select_related("device__hospital", "hospital"))
    return row_or_not_found(rows, test_id, "phantomqc.test_unknown")


def values_current(test: DeviceTest) -> dict[str, ItemValue]:
    """The newest value of every item of a test.  One query.

    While the test is open, without those of images that were matched to another test since, or put aside.
    """
    rows = ItemValue.objects.filter(device_test=test)
    if test.state == DeviceTest.State.OPEN:
        aside = PhantomRun.objects.filter(case__state=PhantomCase.State.DISMISSED)
        rows = rows.exclude(source_type=ItemValue.Source.RUN, source_id__in=aside.values("pk"))
    return {row.item: row for row in rows.order_by("made_at", "pk")}


def rests_on_aside(test: DeviceTest) -> bool:
    """Whether a submitted test rests on images that were matched to another test since, or put aside.  One query."""
    runs = [item["source_id"] for item in test.items if item["source"] == ItemValue.Source.RUN]
    aside = PhantomRun.objects.filter(pk__in=runs, case__state=PhantomCase.State.DISMISSED)
    return bool(runs) and aside.exists()


def item_value_get(scope: Scope, value_id: UUID | str) -> ItemValue:
    """One value of an item; NotFound when there is none in the scope."""
    return row_or_not_found(scope.filter(ItemValue.objects.all()), value_id, "phantomqc.test_unknown")


def instrument_reading_get(scope: Scope, reading_id: UUID | str) -> InstrumentReading:
    """One reading that an instrument sent; NotFound when there is none in the scope."""
    rows = InstrumentReading.objects.select_related("device__hospital", "hospital")
    return row_or_not_found(scope.filter(rows), reading_id, "phantomqc.test_unknown")


def restriction_of(test: DeviceTest) -> Restriction | None:
    """What a failed test leads to; None when it leads to nothing."""
    return Restriction.objects.filter(device_test=test).first()


def gate_hours(hospital: Organisation) -> int:
    """Hours between announcing a restriction and restricting."""
    row = GateSetting.objects.filter(hospital=hospital).first()
    return row.hours if row else GateSetting.DEFAULT_HOURS


def standards_of(test: DeviceTest | PhantomCase, named: Sequence[str] = ()) -> tuple[Standard, ...]:
    """What judges a test: what the hospital uses on its day, national standards in force, and those named.

    National standards of performance bind every hospital, whether or not it also judges its exams by them.
    """
    day = test.local_day if isinstance(test, DeviceTest) else test.exam.local_day
    used = standards_for(test.hospital, day)
    known = load_builtin()
    binding = [s for s in known.values() if s.level == "national" and in_force(s, day)]
    several = [*used, *binding, *(known[name] for name in named if name in known)]
    unique = {s.id: s for s in several}
    return tuple(s for s in unique.values() if any("test" in c.applies for c in s.criteria))


def references_of_test(device: Device, protocol: str, at: dt.datetime) -> dict[tuple[str, Of], Known]:
    """The baselines of a device's test at a moment, as the judge takes them.

    A person who sets one vouches for it however few values it has, so its number of values is not told to the judge.
    """
    scope = Scope.everything()
    boundaries = boundaries_of_device(scope, device.pk)
    rows: dict[str, list[Baseline]] = {}
    for row in Baseline.objects.filter(device=device, protocol_key=protocol):
        rows.setdefault(row.quantity, []).append(row)
    known: dict[tuple[str, Of], Known] = {}
    for quantity, several in rows.items():
        found = baseline_in_force(several, window_at(boundaries, protocol, quantity, at))
        if found is not None:
            known[quantity, "baseline"] = Known(found.median, found.mad or None, None, found.version)
    return known


def devices_tested(scope: Scope, limit: int = 200) -> list[Device]:
    """Devices that were ever tested."""
    tested = DeviceTest.objects.values("device_id")
    return list(scope.filter(Device.objects.filter(pk__in=tested)).order_by("name", "maker", "pk")[:limit])


def run_cases(run_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The case of each of these runs.  One query."""
    return dict(PhantomRun.objects.filter(pk__in=run_ids).values_list("pk", "case_id"))


def case_tests(case: PhantomCase) -> list[DeviceTest]:
    """The tests that a run of this case is part of."""
    runs = PhantomRun.objects.filter(case=case).values("pk")
    found = ItemValue.objects.filter(source_type="run", source_id__in=runs).values("device_test_id")
    return list(DeviceTest.objects.filter(pk__in=found).select_related("device").defer("items").order_by("-local_day"))
