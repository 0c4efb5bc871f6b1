"""Results are told over HTTP: signed, once, and only to where it is allowed."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.apps.ingest.making import SECRET

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.catalog.models import Exam
from yingheng.ingest.forwarding.http import is_forbidden
from yingheng.ingest.models import Notice, Webhook
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.forwarding_notices import (
    WebhookFields,
    exam_notices,
    notice_retry,
    webhook_put,
    webhook_send,
)

pytestmark = [pytest.mark.network, pytest.mark.django_db]


class Listener:
    """An HTTP server that keeps what it is told and answers with `status`."""

    def __init__(self):
        self.status, self.told, outer = 204, [], self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.told.append((dict(self.headers), body))
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_words):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in?x=1"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.close()


@pytest.fixture
def hook(settings, tmp_path, hospital, actor, listener):  # noqa: F811
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    settings.YINGHENG_WEBHOOK_LOCAL = True
    ct_series(tmp_path / "ct", n=2, rows=16, patient=Patient(id="N1"), study=Study(key="notice"))
    folder_import(hospital=hospital, paths=[tmp_path / "ct"], actor=actor)
    Exam.objects.update(outcome="PASS")
    fields = WebhookFields(name="RIS", url=listener.url, secret=SECRET)
    row = webhook_put(actor=actor, hospital=hospital, fields=fields)
    exam_notices(Exam.objects.select_related("hospital", "patient").get())
    return row


def test_it_tells_once_and_signs(hook, listener):
    assert webhook_send(webhook_id=hook.pk) == 1
    assert webhook_send(webhook_id=hook.pk) == 0
    ((headers, body),) = listener.told
    stamp = headers["X-Yingheng-Timestamp"]
    signed = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Yingheng-Signature"] == f"sha256={signed}"
    assert headers["X-Yingheng-Delivery"] == str(Notice.objects.get().pk)
    assert json.loads(body)["outcome"] == "PASS"
    assert Notice.objects.get().state == "sent"


@pytest.mark.parametrize("status", [500, 503, 429, 302])
def test_it_waits_when_the_receiver_is_in_trouble(hook, listener, status):
    listener.status = status
    assert webhook_send(webhook_id=hook.pk) == 0
    assert webhook_send(webhook_id=hook.pk) == 0  # not before the pause is over
    assert len(listener.told) == 1
    assert (Notice.objects.get().state, Webhook.objects.get().trouble) == ("waiting", "http_status")
    listener.status = 200
    Webhook.objects.update(next_try_at=None)
    assert webhook_send(webhook_id=hook.pk) == 1
    assert Webhook.objects.get().n_failures == 0


@pytest.mark.parametrize(("status", "trouble"), [(410, "http_gone"), (422, "http_status")])
def test_it_does_not_insist_when_it_is_turned_down(hook, listener, actor, status, trouble):  # noqa: F811
    listener.status = status
    assert webhook_send(webhook_id=hook.pk) == 0
    row = Notice.objects.select_related("webhook__hospital", "hospital").get()
    assert (row.state, row.trouble) == ("failed", trouble)
    listener.status = 200
    notice_retry(actor=actor, row=row)
    assert webhook_send(webhook_id=hook.pk) == 1


def test_it_does_not_call_this_machine_unless_allowed(hook, listener, settings):
    settings.YINGHENG_WEBHOOK_LOCAL = False
    assert webhook_send(webhook_id=hook.pk) == 0
    assert listener.told == []
    assert (Notice.objects.get().state, Notice.objects.get().trouble) == ("failed", "address_forbidden")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "169.254.169.254", "fe80::1%eth0", "::ffff:127.0.0.1",
                "224.0.0.1", "::", "240.0.0.1"],
)  # fmt: skip
def test_it_knows_addresses_of_this_machine_and_link(address):
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "172.16.0.9", "8.8.8.8", "fd00::5", "2001:db8:1::1"])
def test_it_lets_the_house_and_the_world_be_called(address):
    assert not is_forbidden(address)
