"""The JSON push over HTTP: each item answered, the body kept, the same body once."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.catalog.making import item

from yingheng.catalog import keys
from yingheng.catalog.models import Order, Report
from yingheng.catalog.services import instances_catalogue
from yingheng.ingest.models import Message
from yingheng.ingest.services.messages import waiting_apply
from yingheng.tenancy.tokens import token_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def push(person):
    user = person("sender")
    auth = {"HTTP_AUTHORIZATION": f"Bearer {token_make(actor=user, user=user, name='RIS', days=1).secret}"}

    def run(kind, body, **more):
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return Client().post(reverse(f"push:{kind}"), data, "application/json", **auth, **more)

    return run


def test_a_list_of_requests_is_answered_item_by_item(push, hospital):
    answer = push("orders", [{"number": "A1", "requested": "胸部CT平扫", "modality": "CT"}, {"number": ""}])
    assert answer.status_code == 207
    first, second = answer.json()["results"]
    assert (first["index"], first["status"], first["kind"]) == (0, "created", "order")
    assert first["id"] == str(Order.objects.get().pk)
    assert second["status"] == "rejected"
    assert [(e["path"], e["code"]) for e in second["errors"]] == [("[1].number", "push.missing")]
    assert second["errors"][0]["text"]


def test_the_same_body_twice_changes_nothing(push):
    body = [{"number": "A1", "accession": "ACC1"}]
    first, again = push("orders", body), push("orders", body)
    assert (first.status_code, first.json()) == (200, again.json())
    assert (Order.objects.count(), Message.objects.get().n_received) == (1, 2)


def test_an_older_body_sent_again_does_not_undo_a_newer_one(push):
    old, new = {"number": "A1", "requested": "old"}, {"number": "A1", "requested": "new"}
    push("orders", old)
    push("orders", new)
    push("orders", old)
    assert Order.objects.get().requested == "new"


def test_updated_at_orders_what_comes_late(push):
    push("orders", {"number": "A1", "state": "cancelled", "updated_at": "2026-01-31T12:00:00+08:00"})
    late = push("orders", {"number": "A1", "state": "placed", "updated_at": "2026-01-31T10:00:00+08:00"})
    assert late.json()["results"][0]["status"] == "older"
    assert Order.objects.get().state == "cancelled"


def test_a_report_waits_for_its_exam_and_is_then_there(push, hospital):
    answer = push("reports", {"accession": "A100", "findings": "双肺清晰", "signed_at": "2026-03-05T12:00:00"})
    assert answer.json()["results"][0]["status"] == "waiting"
    instances_catalogue(hospital=hospital, items=[item()])
    assert waiting_apply() == 1
    assert Report.objects.get().findings == "双肺清晰"


def test_the_body_is_kept_encrypted(push):
    data = json.dumps({"number": "A1", "patient": {"id": "P1", "name": "张^三"}}, ensure_ascii=False).encode()
    push("orders", data)
    row = Message.objects.get()
    assert (row.channel, row.kind, row.state) == ("json", "orders", "applied")
    assert keys.bytes_decrypt(row.raw_cipher) == data
    assert "张".encode() not in bytes(row.raw_cipher)


def test_a_body_that_is_none_says_so(push):
    answer = push("orders", b"<xml/>")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "push.not_json"


def test_a_body_too_large_is_refused(push, monkeypatch):
    monkeypatch.setattr("yingheng.api.push.MOST_BYTES", 10)
    assert push("orders", b"[" + b" " * 20).status_code == 413
    assert not Message.objects.exists()


def test_who_may_not_send_cannot(person):
    user = person("technologist")
    auth = {"HTTP_AUTHORIZATION": f"Bearer {token_make(actor=user, user=user, name='x', days=1).secret}"}
    assert Client().post(reverse("push:orders"), b"{}", "application/json", **auth).status_code == 403
    assert Client().post(reverse("push:orders"), b"{}", "application/json").status_code == 401
