"""Sums of months: what is read is the cells, whether they were added up or not; recounts prove both."""

import datetime as dt

import pytest
from click.testing import CliRunner
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yingheng.cli.cells import cells as command
from yingheng.rollups import months, recounting
from yingheng.rollups.models import Cell, MonthSum, StaleMonth
from yingheng.rollups.months import (
    MonthPlan,
    month_end,
    month_sum,
    months_mark,
    months_rebuild,
    months_sum,
    months_verify,
    split,
)
from yingheng.rollups.recounting import MONTHS, cells_rebuild, cells_verify
from yingheng.rollups.services import CellDelta, cells_change
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
DAY, KEY = dt.date(2026, 3, 5), "review.score"
MARCH, APRIL = dt.date(2026, 3, 1), dt.date(2026, 4, 1)


@pytest.fixture
def own(monkeypatch):
    """A plan and a recount of this test alone; the facts are what the test says."""
    facts = []
    plan = MonthPlan(by={KEY: ("device", "performer")}, kept=("purpose",))
    monkeypatch.setattr(months, "_plans", {KEY: plan})
    monkeypatch.setattr(recounting, "_recounts", {KEY: lambda _scope: iter(facts)})
    return facts


def delta(hospital, value, day=DAY, device="d1", performer="p1", purpose="daily"):
    told = {"device": device, "performer": performer, "purpose": purpose}
    return CellDelta(hospital.pk, day, told, 0, 1, (value,))


def add(facts, *deltas):
    facts += deltas
    cells_change(added=[(KEY, one) for one in deltas])


def test_a_change_marks_its_month_and_the_chore_takes_the_mark_away(hospital, own):
    add(own, delta(hospital, 90.0), delta(hospital, 80.5), delta(hospital, 70.0, performer="p2"))
    assert list(StaleMonth.objects.values_list("month", flat=True)) == [MARCH]
    assert months_sum() == 1
    assert not StaleMonth.objects.exists()
    whole = MonthSum.objects.get(by="device")
    assert (whole.kept, whole.value, whole.denominator, whole.sum_micro) == ("daily", "d1", 3, 240_500_000)
    assert (whole.cells, whole.tt, whole.tn, whole.nn) == (2, 17050**2 + 7000**2, 2 * 17050 + 7000, 5)
    assert set(MonthSum.objects.filter(by="performer").values_list("value", "denominator")) == {("p1", 2), ("p2", 1)}
    assert months_sum() == 0
    add(own, delta(hospital, 60.0, device="d2"))
    assert StaleMonth.objects.count() == 1
    months_sum()
    assert set(MonthSum.objects.filter(by="device").values_list("value", "denominator")) == {("d1", 3), ("d2", 1)}


def test_a_cell_taken_back_leaves_nothing(hospital, own):
    one = delta(hospital, 90.0)
    cells_change(added=[(KEY, one)])
    months_sum()
    cells_change(removed=[(KEY, one)])
    months_sum()
    assert not MonthSum.objects.exists()
    assert months_verify(ALL) == []


def test_what_is_added_and_removed_alike_changes_nothing(hospital, own):
    one = (KEY, delta(hospital, 90.0))
    cells_change(added=[one], removed=[one])
    assert not Cell.objects.exists()
    assert not StaleMonth.objects.exists()


def test_an_indicator_without_a_plan_leaves_no_mark(hospital, own):
    cells_change(added=[("other.kind", delta(hospital, 1.0))])
    assert Cell.objects.count() == 1
    assert not StaleMonth.objects.exists()


def test_a_change_costs_few_statements(hospital, own, django_assert_num_queries):
    several = [(f"other.{n}", CellDelta(hospital.pk, DAY, {"n": n}, 1, 1)) for n in range(20)]
    with django_assert_num_queries(1):
        cells_change(added=several)
    with django_assert_num_queries(3):  # cells, histogram, mark
        cells_change(added=[(KEY, delta(hospital, 5.0)), *several])
    assert set(Cell.objects.exclude(indicator=KEY).values_list("numerator", flat=True)) == {2}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 80), st.sampled_from("ab")), max_size=12))
def test_sums_are_those_of_the_cells_whatever_came(hospital, own, told):
    with transaction.atomic():
        for value, days, device in told:
            add(own, delta(hospital, value, DAY + dt.timedelta(days=days), device=device))
        months_sum()
        assert months_verify(ALL) == []
        assert sum(MonthSum.objects.filter(by="device").values_list("denominator", flat=True)) == len(told)
        transaction.set_rollback(True)


def test_a_period_is_read_from_sums_where_they_hold_and_else_from_cells(hospital, other_hospital, own):
    here, there = hospital.pk, other_hospital.pk
    with transaction.atomic():
        months_mark([(there, MARCH)])
    found = split([here, there], dt.date(2026, 2, 10), dt.date(2026, 5, 10), today=dt.date(2026, 6, 1))
    assert found.months == {MARCH: [here], APRIL: [here, there]}
    assert [(a, b, list(c)) for a, b, c in found.days] == [
        (dt.date(2026, 2, 10), dt.date(2026, 2, 28), [here, there]),
        (MARCH, dt.date(2026, 3, 31), [there]),
        (dt.date(2026, 5, 1), dt.date(2026, 5, 10), [here, there]),
    ]
    # A month that runs to today is whole: nothing comes after it.
    assert split([here], APRIL, dt.date(2026, 4, 10), today=dt.date(2026, 4, 10)).months == {APRIL: [here]}
    # Days that follow each other for the same hospitals are one range.
    with transaction.atomic():
        months_mark([(here, MARCH), (here, APRIL), (there, APRIL)])
    joined = split([here, there], MARCH, dt.date(2026, 4, 30), today=dt.date(2026, 6, 1))
    assert [(a, b) for a, b, _c in joined.days] == [(MARCH, dt.date(2026, 4, 30))]
    assert not joined.months


@pytest.mark.parametrize(("month", "last"), [(dt.date(2028, 2, 1), 29), (dt.date(2026, 12, 1), 31), (APRIL, 30)])
def test_months_end(month, last):
    assert month_end(month) == month.replace(day=last)


def test_verify_finds_a_damaged_cell_and_a_damaged_sum_and_rebuild_mends(hospital, own):
    add(own, delta(hospital, 90.0), delta(hospital, 95.0, APRIL))
    months_sum()
    assert [proof.differences for proof in cells_verify(ALL)] == [(), ()]
    MonthSum.objects.filter(by="device", month=MARCH).update(denominator=7)
    wrong = {proof.indicator: proof.differences for proof in cells_verify(ALL)}
    assert wrong[KEY] == ()
    assert [one.key[2] for one in wrong[MONTHS]] == ["device"]
    Cell.objects.filter(day=DAY).update(denominator=9)
    assert len(next(proof for proof in cells_verify(ALL, "review.") if proof.indicator == KEY).differences) == 1
    assert dict(cells_rebuild(ALL)) == {KEY: 2, MONTHS: 2}
    assert [proof.differences for proof in cells_verify(ALL)] == [(), ()]


def test_sums_of_a_marked_month_are_not_held_against_its_cells(hospital, own):
    add(own, delta(hospital, 90.0))
    month_sum(hospital_id=hospital.pk, month=MARCH)
    add(own, delta(hospital, 91.0))
    assert months_verify(ALL) == []
    assert months_rebuild(ALL) == 1


def test_the_command_proves_and_mends(hospital, own, monkeypatch):
    monkeypatch.setattr("yingheng.cli.platform.start", lambda _home: None)
    monkeypatch.setattr("yingheng.cli.platform.migrate", lambda: None)
    add(own, delta(hospital, 90.0))
    assert CliRunner().invoke(command, []).exit_code == 0
    Cell.objects.update(numerator=3)
    told = CliRunner().invoke(command, ["--verify", "--only", "review."])
    assert told.exit_code == 1
    assert KEY in told.output
    assert CliRunner().invoke(command, ["--rebuild"]).exit_code == 0
    assert CliRunner().invoke(command, ["--hospital", hospital.code]).exit_code == 0
    assert CliRunner().invoke(command, ["--hospital", "nowhere"]).exit_code == 2
