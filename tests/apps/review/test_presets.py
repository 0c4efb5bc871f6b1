"""Ready-made plans: one click fills the form in, and what it makes is what the preset says."""

import pytest
from django.urls import reverse
from tests.apps.review.making import make_hospital, make_reader
from tests.apps.review.rooming import client_of

from yingheng.review.models import Plan
from yingheng.review.presets import presets
from yingheng.sheets.library import newest_products

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    hospital = make_hospital()
    make_reader(hospital, "one")
    return hospital, client_of(make_reader(hospital, "boss", role="head"))


def test_a_preset_is_offered_and_fills_the_form_in(place):
    hospital, client = place
    url = reverse("review:plan_new", args=[hospital.pk])
    plain = client.get(url).content.decode()
    assert all(f"?preset={key}" in plain for key in presets())
    form = client.get(url + "?preset=sop").context["page"].form
    assert (form.initial["size"], form.initial["every"], form.initial["subject_kind"]) == (100, "quarter", "sop")
    assert "size" not in client.get(url + "?preset=nothing").context["page"].form.initial


@pytest.mark.parametrize("key", ["sop", "report", "record"])
def test_what_a_preset_fills_in_makes_a_plan(place, key):
    hospital, client = place
    url = reverse("review:plan_new", args=[hospital.pk])
    form = client.get(f"{url}?preset={key}").context["page"].form
    typed = {}
    for name, field in form.fields.items():
        value = form.initial.get(name, field.initial)
        if value is True:
            typed[name] = "on"
        elif value not in (None, False, "", ()):
            typed[name] = value
    answer = client.post(url, typed)
    assert answer.status_code == 302, answer.context["page"].form.errors
    plan = Plan.objects.get()
    told = presets()[key]
    assert (plan.subject_kind, plan.template, plan.every) == (told["subject_kind"], told["template"], told["every"])
    assert plan.sampling["size"] == told["size"]
    assert plan.reading["readers"] == 2


def test_every_preset_names_a_sheet_that_is_there():
    keys = {one.spec.key for one in newest_products()}
    assert {told["template"] for told in presets().values()} <= keys
