"""Beside a manual clause stands what was measured about it, briefly."""

from uuid import uuid4

import pytest
from django.utils import translation

from yingheng.web.hints import hints_for

ARTEFACT = {"standard": "taiyuan-mutual-recognition-trial", "criterion": "ct.image.artefact", "grade": "manual"}


@pytest.fixture(autouse=True)
def _chinese():
    with translation.override("zh-hans"):
        yield


def measured(value, quantity="ct.metal.slices", unit="%"):
    return {"quantity": quantity, "value": value, "unit": unit}


def test_it_says_a_value_once_when_all_series_agree():
    one, two = uuid4(), uuid4()
    (hint,) = hints_for(ARTEFACT, {one: [measured(0.0)], two: [measured(0.0)]}, {one: "肺窗", two: "纵隔窗"})
    assert (hint.name, hint.value) == ("含金属的层占比", "0 %")


def test_it_names_the_series_when_they_differ_and_stops_after_three():
    values = {uuid4(): [measured(float(n))] for n in range(5)}
    names = {pk: f"S{n}" for n, pk in enumerate(values)}
    (hint,) = hints_for(ARTEFACT, values, names)
    assert hint.value == "0 % (S0) · 1 % (S1) · 2 % (S2) · …"


def test_it_leaves_out_what_was_not_measured_and_clauses_that_are_measured():
    assert hints_for(ARTEFACT, {uuid4(): [measured(None)]}, {}) == []
    assert hints_for({**ARTEFACT, "grade": "A"}, {uuid4(): [measured(1.0)]}, {}) == []
