"""Access tokens: made once, kept as a hash, never stronger than their account."""

import base64
import json
from datetime import timedelta

import pytest
from django.http import JsonResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from yingheng.audit.models import Entry
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.tenancy import api_access
from yingheng.tenancy.api_access import api, by_method
from yingheng.tenancy.models import ApiToken
from yingheng.tenancy.permissions import EXAM_VIEW, INGEST_SEND, PATIENT_IDENTIFY
from yingheng.tenancy.services import membership_revoke, password_reset, user_create, user_deactivate
from yingheng.tenancy.tokens import token_find, token_make, token_revoke, token_used

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(api_access, "WRONG_TOKEN_S", 0)


def make(user, name="PACS", days=30, permissions=(), actor=None):
    return token_make(actor=actor or user, user=user, name=name, days=days, permissions=permissions)


@api(EXAM_VIEW)
def look(request):
    return JsonResponse({"paths": request.scope.paths, "actor": request.actor.name, "token": str(request.token)})


@api(INGEST_SEND, methods=("POST",))
def send(request):
    if b"fail" in request.body:
        raise {b"fail-404": NotFound, b"fail-409": Conflict, b"fail-400": Invalid}[request.body]("tenancy.name_missing")
    return JsonResponse({"size": len(request.body)})


def ask(view=look, *, secret=None, basic=None, method="get", user=None, body=b"", **extra):
    if secret is not None:
        extra["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    if basic is not None:
        extra["HTTP_AUTHORIZATION"] = "Basic " + base64.b64encode(basic.encode()).decode()
    request = getattr(RequestFactory(), method)("/x", **({"data": body, "content_type": "text/plain"} if body else {}),
                                                **extra)  # fmt: skip
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    request.user = user or AnonymousUser()
    answer = view(request)
    answer.json = lambda: json.loads(answer.content)
    return answer


def test_only_its_hash_is_kept(person):
    user = person("radiologist")
    made = make(user)
    assert made.secret.startswith("yh_")
    assert len(made.secret) > 40
    stored = ApiToken.objects.values().get()
    assert made.secret not in str(stored)
    assert token_find(made.secret) == made.row
    assert token_find(made.secret + "x") is None
    entry = Entry.objects.get(action="token.make")
    assert made.secret not in entry.after_text
    assert entry.subject == f"user:{user.pk}"


def test_it_refuses_impossible_tokens(person):
    user, other = person("radiologist"), person("nurse")
    for days in (0, 1097):
        with pytest.raises(Invalid, match="token_days"):
            make(user, days=days)
    for name in (" ", "x" * 61):
        with pytest.raises(Invalid, match="name_missing"):
            make(user, name=name)
    with pytest.raises(Invalid, match="token_not_own"):
        make(other, actor=user)
    with pytest.raises(ValueError, match="no such permission"):
        make(user, permissions=["exam.veiw"])
    first = make(user)
    with pytest.raises(Conflict, match="token_name_taken"):
        make(user)
    token_revoke(actor=user.actor, token=first.row)
    make(user)


def test_it_ends_with_revocation_expiry_and_the_account(person, actor):
    user = person("radiologist")
    made = make(user)
    ApiToken.objects.update(created_at=now() - timedelta(days=2), expires_at=now() - timedelta(seconds=1))
    assert token_find(made.secret) is None
    ApiToken.objects.update(expires_at=now() + timedelta(days=1))
    assert token_find(made.secret) is not None
    user_deactivate(actor=actor, user=user, reason="离职")
    assert token_find(made.secret) is None
    assert ask(secret=made.secret).status_code == 401
    token_revoke(actor=actor, token=made.row)
    with pytest.raises(Conflict, match="token_ended"):
        token_revoke(actor=actor, token=made.row)


def test_it_acts_as_its_account_and_says_so(person, hospital):
    made = make(person("radiologist"))
    answer = ask(secret=made.secret)
    assert answer.status_code == 200
    assert answer.json() == {"paths": [hospital.path], "actor": "某radiologist [PACS]", "token": "PACS"}
    assert ask(basic=f"anybody:{made.secret}").status_code == 200


def test_it_allows_never_more_than_the_account(person, hospital, actor):
    user = person("radiologist")
    everything, narrowed = make(user, "a"), make(user, "b", permissions=[PATIENT_IDENTIFY])
    sending = make(user, "c", permissions=[INGEST_SEND])
    assert ask(secret=everything.secret).status_code == 200
    assert ask(secret=narrowed.secret).status_code == 403
    assert ask(send, secret=sending.secret, method="post").status_code == 403
    membership_revoke(actor=actor, membership=user.memberships.get(), reason="调岗")
    answer = ask(secret=everything.secret)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "tenancy.permission_missing")


def test_a_wrong_token_waits_and_is_logged_without_itself(person, caplog, monkeypatch):
    waits = []
    monkeypatch.setattr(api_access.time, "sleep", waits.append)
    monkeypatch.setattr(api_access, "WRONG_TOKEN_S", 0.25)
    for header in ("Bearer yh_wrong-one", "Basic !!!", "Digest x", "Bearer", "Basic eWhfd3Jvbmc="):
        answer = ask(HTTP_AUTHORIZATION=header, REMOTE_ADDR="192.0.2.9")
        assert answer.status_code == 401, header
        assert "Bearer" in answer["WWW-Authenticate"]
    assert waits == [0.25] * 5
    assert caplog.text.count("192.0.2.9") == 5
    assert "yh_wrong" not in caplog.text


def test_a_browser_is_not_asked_for_a_password(person):
    assert "Basic" in ask()["WWW-Authenticate"]
    assert "Basic" not in ask(HTTP_SEC_FETCH_MODE="cors")["WWW-Authenticate"]


def test_a_session_reads_and_writes_only_with_the_csrf_token(person, hospital):
    head = person("head")
    assert ask(user=head).json()["token"] == "None"
    assert ask(send, user=head, method="post", body=b"abc").status_code == 403
    secret = "a" * 32
    answer = ask(send, user=head, method="post", body=b"abc", HTTP_COOKIE=f"csrftoken={secret}",
                 HTTP_X_CSRFTOKEN=secret)  # fmt: skip
    assert (answer.status_code, answer.json()) == (200, {"size": 3})


def test_a_token_writes_without_csrf(person):
    made = make(person("head"))
    assert ask(send, secret=made.secret, method="post", body=b"abc").status_code == 200


def test_an_account_that_must_change_its_password_comes_in_nowhere(person, actor):
    user = person("radiologist")
    password_reset(actor=actor, user=user)
    user.refresh_from_db()
    assert ask(user=user).json()["error"]["code"] == "tenancy.password_first"


@pytest.mark.parametrize("status", [404, 409, 400])
def test_errors_are_json(person, status):
    made = make(person("head"))
    answer = ask(send, secret=made.secret, method="post", body=f"fail-{status}".encode())
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "text"}


def test_methods_are_told_apart(person):
    made = make(person("head"))
    both = by_method(GET=look, POST=send)
    assert both.access == EXAM_VIEW
    assert ask(both, secret=made.secret).status_code == 200
    assert ask(both, secret=made.secret, method="head").status_code == 200
    assert ask(both, secret=made.secret, method="post", body=b"x").json() == {"size": 1}
    refused = ask(both, secret=made.secret, method="delete")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, POST, HEAD")
    assert ask(send, secret=made.secret).status_code == 405


def test_its_last_use_is_noted_now_and_then(person):
    made = make(person("head"))
    token_used(made.row, "192.0.2.1")
    row = ApiToken.objects.get()
    token_used(row, "192.0.2.2")
    assert ApiToken.objects.get().last_address == "192.0.2.1"
    ApiToken.objects.update(last_used_at=now() - timedelta(minutes=6))
    token_used(ApiToken.objects.get(), "192.0.2.2")
    assert ApiToken.objects.get().last_address == "192.0.2.2"


# --- pages ------------------------------------------------------------------------------------------------------


def test_one_makes_and_ends_ones_own(signed_in):
    client = signed_in("radiologist", "wang")
    form = client.get(reverse("tenancy:token_new")).content.decode()
    assert "exam.view" in form
    assert "ingest.send" not in form  # a radiologist has nothing to send
    page = client.post(reverse("tenancy:token_new"), {"name": "Viewer", "days": 30, "permissions": ["exam.view"]})
    token = ApiToken.objects.get()
    shown = page.content.decode().split('id="new-token">')[1].split("<")[0]
    assert token_find(shown) == token
    assert "no-store" in page["Cache-Control"]
    listed = client.get(reverse("tenancy:tokens")).content.decode()
    assert "Viewer" in listed
    assert shown not in listed
    assert client.post(reverse("tenancy:token_end", args=[token.pk])).status_code == 302
    assert token_find(shown) is None


def test_nothing_ticked_is_no_token(signed_in):
    client = signed_in("radiologist", "wang")
    for data in ({"name": "x", "days": 30}, {"name": "x", "days": 30, "permissions": ["ingest.send"]}):
        assert "new-token" not in client.post(reverse("tenancy:token_new"), data).content.decode()
    assert not ApiToken.objects.exists()


def test_somebody_elses_token_does_not_exist(signed_in, person):
    made = make(person("nurse", "other"))
    client = signed_in("radiologist", "wang")
    assert client.post(reverse("tenancy:token_end", args=[made.row.pk])).status_code == 404


def test_an_administrator_makes_a_machine_account_and_its_token(signed_in, hospital):
    client = signed_in("system_admin")
    new = {"username": "pacs", "display_name": "PACS", "organisation": hospital.pk, "role": "sender", "machine": "on"}
    answer = client.post(reverse("tenancy:user_new"), new)
    token_new = answer.url + "tokens/new/"
    made = client.post(token_new, {"name": "PACS 1", "days": 365, "permissions": ["ingest.send"]}).content.decode()
    secret = made.split('id="new-token">')[1].split("<")[0]
    found = token_find(secret)
    assert (found.user.username, found.user.is_machine, found.user.has_usable_password()) == ("pacs", True, False)
    page = client.get(answer.url).content.decode()
    assert "PACS 1" in page
    assert Client().post(reverse("tenancy:login"), {"username": "pacs", "password": "x"}).status_code == 200
    assert client.post(reverse("tenancy:user_token_end", args=[found.user_id, found.pk])).status_code == 302
    assert token_find(secret) is None


def test_an_administrator_makes_none_for_a_person(signed_in, person, hospital):
    other = person("nurse", "other")
    client = signed_in("system_admin")
    client.post(
        reverse("tenancy:machine_token_new", args=[other.pk]), {"name": "x", "days": 30, "permissions": ["exam.view"]}
    )
    assert not ApiToken.objects.exists()


def test_a_machine_is_given_no_password(hospital, actor):
    made = user_create(actor=None, username="pacs", display_name="PACS", organisation=hospital, machine=True)
    assert made.password == ""
    with pytest.raises(Conflict, match="machine_no_password"):
        password_reset(actor=actor, user=made.user)
