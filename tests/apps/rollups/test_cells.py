"""Cells: deltas add up to what a recount gives."""

import datetime as dt
import math
from types import SimpleNamespace

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from yingheng.common.errors import Invalid
from yingheng.rollups import histogram, services
from yingheng.rollups.models import Cell
from yingheng.rollups.selectors import cell_list, cell_sums
from yingheng.rollups.services import CellDelta, cell_add, cell_rebuild, cell_verify
from yingheng.tenancy.scope import Scope

DAY = dt.date(2026, 3, 5)
KEY = "dose.ctdi"


def delta(hospital, *values, day=DAY, device="d1", numerator=1, denominator=1):
    return CellDelta(hospital.pk, day, {"device": device, "modality": "CT"}, numerator, denominator, values)


@pytest.mark.django_db
def test_it_adds_and_takes_back(hospital):
    cell_add(indicator=KEY, delta=delta(hospital, 2.5, 7.25))
    cell_add(indicator=KEY, delta=delta(hospital, 2.5))
    cell = Cell.objects.get()
    assert (cell.numerator, cell.denominator, cell.total) == (2, 2, 12.25)
    assert sum(cell.histogram.values()) == 3
    cell_add(indicator=KEY, delta=delta(hospital, 2.5, 7.25), sign=-1)
    cell_add(indicator=KEY, delta=delta(hospital, 2.5), sign=-1)
    cell.refresh_from_db()
    assert (cell.numerator, cell.denominator, cell.sum_micro, cell.histogram) == (0, 0, 0, {})


@pytest.mark.django_db
def test_it_keys_by_canonical_dimensions(hospital):
    for dimensions in ({"a": 1, "b": "x"}, {"b": "x", "a": 1}):
        cell_add(indicator=KEY, delta=CellDelta(hospital.pk, DAY, dimensions, 1, 1))
    cell_add(indicator=KEY, delta=CellDelta(hospital.pk, DAY, {"a": 1, "b": None}, 1, 1))
    assert sorted(Cell.objects.values_list("numerator", flat=True)) == [1, 2]


@pytest.mark.django_db
def test_it_refuses_to_add_outside_of_a_transaction(hospital, monkeypatch):
    monkeypatch.setattr(services, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(Invalid) as caught:
        cell_add(indicator=KEY, delta=delta(hospital))
    assert caught.value.code == "rollups.outside_transaction"


@pytest.mark.django_db
def test_it_goes_with_the_transaction_of_its_fact(hospital):
    def fact():
        with transaction.atomic():
            cell_add(indicator=KEY, delta=delta(hospital))
            raise OSError("later step failed")

    with pytest.raises(OSError, match="later"):
        fact()
    assert not Cell.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("value", [math.nan, math.inf, 1e12])
def test_it_refuses_values_that_cannot_be_summed_exactly(hospital, value):
    with pytest.raises(Invalid):
        cell_add(indicator=KEY, delta=delta(hospital, value))


@pytest.mark.django_db
def test_its_deltas_equal_a_recount_and_a_rebuild_mends_what_differs(hospital, other_hospital):
    facts = [
        delta(h, 1.0 + i / 7, 3.3 * i, day=DAY + dt.timedelta(days=i % 3), device=f"d{i % 2}", numerator=i % 2)
        for i in range(40)
        for h in (hospital, other_hospital)
    ]
    for fact in facts:
        cell_add(indicator=KEY, delta=fact)

    def recount(scope):
        return [f for f in facts if scope.contains(hospital.path) and f.hospital_id == hospital.pk]

    scope = Scope.of_organisation(hospital)
    assert cell_verify(indicator=KEY, scope=scope, recount=recount) == []
    foreign = list(Cell.objects.filter(hospital=other_hospital).order_by("id").values())
    damaged = Cell.objects.filter(hospital=hospital).first()
    Cell.objects.filter(pk=damaged.pk).update(numerator=damaged.numerator + 5)
    Cell.objects.filter(hospital=hospital).exclude(pk=damaged.pk).last().delete()
    assert len(cell_verify(indicator=KEY, scope=scope, recount=recount)) == 2
    assert cell_rebuild(indicator=KEY, scope=scope, recount=recount) == 6
    assert cell_verify(indicator=KEY, scope=scope, recount=recount) == []
    assert list(Cell.objects.filter(hospital=other_hospital).order_by("id").values()) == foreign


@pytest.mark.django_db
def test_it_sums_over_days_by_dimension_within_the_scope(hospital, other_hospital):
    for i, device in enumerate(("d1", "d1", "d2")):
        cell_add(indicator=KEY, delta=delta(hospital, 4.0, day=DAY + dt.timedelta(days=i), device=device))
    cell_add(indicator=KEY, delta=delta(other_hospital, 100.0))
    scope, period = Scope.of_organisation(hospital), {"first": DAY, "last": DAY + dt.timedelta(days=9)}
    rows = {row.by: row for row in cell_sums(scope, indicator=KEY, by=("device",), **period)}
    assert {key: (row.denominator, row.total) for key, row in rows.items()} == {("d1",): (2, 8.0), ("d2",): (1, 4.0)}
    (whole,) = cell_sums(scope, indicator=KEY, **period)
    assert whole.rate == 1.0
    assert whole.quantile(0.5) == pytest.approx(4.0, rel=0.03)
    assert cell_list(Scope(), indicator=KEY, **period) == []
    assert {c.hospital_id for c in cell_list(scope, indicator=KEY, **period)} == {hospital.pk}


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60), st.sampled_from([0.05, 0.5, 0.75, 1.0]))
def test_its_quantiles_are_within_a_bin_of_the_true_ones(values, p):
    true = sorted(values)[max(1, math.ceil(p * len(values))) - 1]
    got = histogram.quantile(histogram.binned(values), p)
    assert got == pytest.approx(true, rel=math.exp(1 / 40) - 1 + 1e-9)


@given(st.floats(1e-9, 1e9))
def test_its_bins_hold_what_they_say(value):
    low, high = histogram.bin_range(histogram.bin_of(value))
    assert low * (1 - 1e-12) <= value <= high * (1 + 1e-12)


def test_it_counts_zeros_apart_and_refuses_negative_values():
    assert histogram.binned([0.0, 0.0, 1.0]) == {"z": 2, "0": 1}
    assert histogram.quantile({"z": 2, "0": 1}, 0.5) == 0.0
    assert histogram.quantile({}, 0.5) is None
    with pytest.raises(Invalid):
        histogram.bin_of(-1.0)


def test_its_dimension_hash_does_not_depend_on_the_order():
    assert services.dimensions_hash({"b": 1, "a": "肺"}) == services.dimensions_hash({"a": "肺", "b": 1})
    assert services.dimensions_hash({"a": "1"}) != services.dimensions_hash({"a": 1})
