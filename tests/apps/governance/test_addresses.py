"""Every address of meetings as every role of the hospital, and as another hospital."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.governance.making import make_meetings, make_user
from tests.flows.page_routes import ROUTES

from yingheng.tenancy.roles import ROLES

pytestmark = pytest.mark.django_db
OWN = {name: route for name, route in ROUTES.items() if name.startswith("governance:")}


def visits(role, hospital, things):
    client = Client()
    client.force_login(make_user(hospital, role, f"me-{role}"), backend="django.contrib.auth.backends.ModelBackend")
    for name, route in OWN.items():
        ids = {key: things[value] if value in things else str(value).lstrip("=") for key, value in route.things.items()}
        url = reverse(name, kwargs=ids)
        yield name, route, client.post(url) if route.post else client.get(url)


@pytest.mark.parametrize("role", ["head", "technologist", "engineer", "system_admin", "expert"])
def test_a_role_opens_what_it_may_and_nothing_else(hospital, role):
    things = make_meetings(hospital) | {"hospital": hospital.pk}
    for name, route, answer in visits(role, hospital, things):
        wanted = route.fine if route.access in ROLES[role].permissions else (403,)
        assert answer.status_code in wanted, f"{name}: {answer.status_code}"


def test_another_hospital_opens_none_of_them(hospital, other_hospital):
    things = make_meetings(hospital) | {"hospital": hospital.pk}
    for name, route, answer in visits("head", other_hospital, things):
        if route.things:
            assert answer.status_code in {403, 404}, f"{name}: {answer.status_code}"
