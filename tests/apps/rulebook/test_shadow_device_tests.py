"""Trial runs judge performance tests of devices too, where rules speak of them."""

import pytest
from django.urls import reverse
from tests.apps.rulebook.making import TODAY, draft, series_with, table
from tests.flows.water_course import WATER, run_value

from yingheng.catalog.models import Series
from yingheng.evidence.models import MeasurementSet
from yingheng.evidence.services import BaselineValues, baseline_set
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.services import shadow_ask, shadow_compare, shadow_run

pytestmark = pytest.mark.django_db


def water(name="water", limit=None, **changes):
    """A criterion of the hospital on the CT number of water in tests of one kind."""
    applies = {"modality": ["CT"], "test": changes.pop("test", "status")}
    return table(
        name,
        WATER,
        "[hnsf'U]",
        subject="device",
        applies=applies,
        limit=limit or {"op": "abs<=", "value": 4},
        **changes,
    )


@pytest.fixture
def tested(hospital, monkeypatch):
    """A device with one status test of today: water at 5 HU, which national limits allow."""
    series_with(hospital, 1)
    series = Series.objects.select_related("exam", "device").get()
    run_value(monkeypatch, series, 5.0)
    return series.device


def compare(hospital, actor, *tables):
    made = draft(hospital, actor, *tables)
    return shadow_compare(hospital=hospital, standard=edition_standard(made), first_day=TODAY, last_day=TODAY).as_dict()


def test_a_test_of_a_device_is_judged_beside_national_limits(hospital, tested, actor):
    result = compare(hospital, actor, water())
    (row,) = result["criteria"]
    assert (row["asked"], row["outcomes"], row["changes"]) == (1, {"FAIL": 1}, {"newly_fail": 1})
    assert result["before"] == {"PASS": 1}  # by the national standard, whatever the hospital uses for its exams
    (example,) = result["examples"]
    assert (example["subject"], example["device"], example["value"]) == ("device_test", str(tested.pk), 5.0)


def test_rules_on_another_kind_of_test_ask_nothing(hospital, tested, actor):
    result = compare(hospital, actor, water(test="acceptance"))
    assert result["n_sets"] == 1
    assert result["criteria"] == []


def test_rules_that_do_not_speak_of_tests_leave_them_out(hospital, tested, actor):
    assert compare(hospital, actor, table())["n_sets"] == 1  # the series of the exam
    device = {"subject": "device", "quantity": "device.drift.quantities", "unit": "1"}
    assert compare(hospital, actor, table("drift", **device))["n_sets"] == 0


def test_a_baseline_that_a_person_set_counts_with_one_value(hospital, tested, actor):
    day = MeasurementSet.objects.get(subject_type="device_test").local_day
    baseline_set(
        actor=actor, device=tested, protocol_key="phantom:ct.water", quantity=WATER,
        values=BaselineValues(1, 1.0, 0.0, day, day), cause="验收",
    )  # fmt: skip
    limit = {"op": "within_abs", "value": 3, "of": "baseline"}
    result = compare(hospital, actor, water(limit=limit))
    assert result["criteria"][0]["outcomes"] == {"FAIL": 1}


def test_the_page_names_the_device(hospital, tested, actor, signed_in):
    made = draft(hospital, actor, water())
    run = shadow_run(run_id=shadow_ask(actor=actor, edition=made, days=7).pk)
    page = signed_in("head", "me").get(reverse("rulebook:shadow", args=[run.pk])).content.decode()
    assert tested.label in page
    assert reverse("web:device", args=[tested.pk]) in page
