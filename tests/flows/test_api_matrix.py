"""Every address for programs as every role, by token and by session, as the other hospital, and as a stranger."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.flows.api_routes import API_ROUTES, BOUNDARY

from yingheng.catalog.models import Instance
from yingheng.tenancy import api_access
from yingheng.tenancy.models import User
from yingheng.tenancy.roles import ROLES
from yingheng.tenancy.tokens import token_make

pytestmark = pytest.mark.django_db
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(api_access, "WRONG_TOKEN_S", 0)


def uids_of(world) -> dict:
    row = Instance.objects.select_related("series__exam").filter(series=world.series).order_by("sop_uid")[0]
    return {"study": row.series.exam.study_uid, "series": row.series.series_uid, "instance": row.sop_uid}


def token_of(role, username, at, person) -> dict:
    user = person(role, username, at)
    return {"HTTP_AUTHORIZATION": f"Bearer {token_make(actor=user, user=user, name='x', days=1).secret}"}


def visits(things, auth):
    """(name, route, method, answer) of every method of every address."""
    for name, route in API_ROUTES.items():
        url = reverse(name, kwargs={key: things[key] for key in route.things} | route.kwargs)
        for method in METHODS:
            body = f"--{BOUNDARY}--" if method == "POST" else ""
            answer = Client().generic(method, url, body, route.content_type, **auth)
            yield f"{method} {name}", route, method, answer


def expected(route, method, permissions) -> tuple:
    asked = route.methods.get("GET" if method == "HEAD" else method)
    if asked is None:
        return (405,)
    if asked not in permissions:
        return (403,)
    if route.identify and method in {"GET", "HEAD"} and "patient.identify" not in permissions:
        return (403,)
    return route.fine


def test_a_role_may_what_it_may_and_nothing_else(world, person):
    things = uids_of(world)
    for role in sorted(ROLES):
        auth = token_of(role, f"t-{role}", None, person)
        for name, route, method, answer in visits(things, auth):
            assert answer.status_code in expected(route, method, ROLES[role].permissions), f"{role} {name}"


def test_a_narrowed_token_may_only_that(world, person):
    user = person("head")
    secret = token_make(actor=user, user=user, name="x", days=1, permissions=["ingest.send"]).secret
    for name, route, method, answer in visits(uids_of(world), {"HTTP_AUTHORIZATION": f"Bearer {secret}"}):
        assert answer.status_code in expected(route, method, {"ingest.send"}), name


def test_a_stranger_is_asked_for_a_token(world):
    for auth in ({}, {"HTTP_AUTHORIZATION": "Bearer yh_wrong"}):
        for name, route, method, answer in visits(uids_of(world), auth):
            known = ("GET" if method == "HEAD" else method) in route.methods
            assert answer.status_code == (401 if known else 405), name
            if answer.status_code == 401 and method != "HEAD":
                assert set(answer.json()["error"]) == {"code", "text"}, name


def test_the_other_hospital_does_not_exist(world, other_world, person):
    things = uids_of(other_world)
    secrets = [*things.values(), other_world.hospital.name, "ID-other", "SN-other", "DEMO^OTHER"]
    for role in ("head", "technologist", "expert", "engineer"):
        for name, route, method, answer in visits(things, token_of(role, f"o-{role}", None, person)):
            if method == "POST":
                continue
            assert answer.status_code in {204, 403, 404, 405} or not route.things, f"{role} {name}"
            if answer.status_code == 200 and method == "GET":
                text = b"".join(answer.streaming_content) if answer.streaming else answer.content
                assert [s for s in secrets if s.encode() in text] == [], f"{role} {name}"


def test_a_session_opens_the_same(world, signed_in):
    client = signed_in("expert", "session")
    things = uids_of(world)
    for name, route in API_ROUTES.items():
        if "GET" not in route.methods or name.split(":")[0] != "dicomweb":
            continue
        url = reverse(name, kwargs={key: things[key] for key in route.things} | route.kwargs)
        answer = client.get(url)
        assert answer.status_code in expected(route, "GET", ROLES["expert"].permissions), name
    assert User.objects.count() == 1
