"""What holds for all intake of a hospital: the time of holding, and how long raw messages are kept."""

import datetime as dt

import pytest
from django.urls import reverse
from tests.apps.ingest.making import destination, rule
from tests.apps.ingest.telling import hl7, pid

from imagingqc.dicom.synthetic import Patient, Study, dx_image
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.catalog.models import Patient as Person
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.message_rows import message_rows
from yingheng.ingest.models import Delivery, IntakePolicy, Message
from yingheng.ingest.selectors.policies import policy_of
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.forwarding_policy import PolicyFields, policy_put
from yingheng.ingest.services.forwarding_routing import exam_route
from yingheng.ingest.services.messages import Arrived, message_again, message_keep
from yingheng.ingest.services.messages_keeping import messages_expire

pytestmark = pytest.mark.django_db
BROKEN = hl7("ORM^O01", "C5", pid("P9"), "NTE|1||x")
SOUND = hl7("ADT^A08", "C1", pid("P9"))


def keep(hospital, data, age_days):
    return message_keep(hospital=hospital, arrived=Arrived(data, now() - dt.timedelta(days=age_days)))


@pytest.mark.parametrize(("own", "expected"), [(None, 77), (5, 5)])
def test_a_rule_without_a_time_holds_as_long_as_the_hospital(home, hospital, actor, tmp_path, own, expected):
    policy_put(actor=actor, hospital=hospital, fields=PolicyFields(hold_minutes=77))
    rule(hospital, actor, destination(hospital, actor), hold=True, hold_minutes=own)
    dx_image(tmp_path / "dx", rows=32, columns=32, patient=Patient(id="H1"), study=Study(key="hold"))
    folder_import(hospital=hospital, paths=[tmp_path / "dx"], actor=actor)
    exam_route(exam_id=Exam.objects.get().pk)
    row = Delivery.objects.get()
    assert row.goes_at - row.held_at == dt.timedelta(minutes=expected)


def test_it_keeps_what_was_decided_and_says_who_did(hospital, actor):
    assert policy_of(hospital).message_days == 365
    policy_put(actor=actor, hospital=hospital, fields=PolicyFields(message_days=30))
    assert IntakePolicy.objects.get().message_days == 30
    entry = Entry.objects.get(action="ingest.policy_put")
    assert (entry.before["message_days"], entry.after["message_days"]) == (365, 30)


@pytest.mark.parametrize("fields", [{"hold_minutes": 0}, {"message_days": 4000}, {"commitment_hours": 0}])
def test_it_refuses_numbers_out_of_range(hospital, actor, fields):
    with pytest.raises(Invalid):
        policy_put(actor=actor, hospital=hospital, fields=PolicyFields(**fields))


def test_bytes_of_old_messages_go_and_the_facts_stay(hospital, actor):
    policy_put(actor=actor, hospital=hospital, fields=PolicyFields(message_days=30))
    old, young = keep(hospital, SOUND, 31), keep(hospital, BROKEN, 29)
    assert messages_expire() == 1
    assert messages_expire() == 0
    old.refresh_from_db()
    young.refresh_from_db()
    assert (bytes(old.raw_cipher), old.state) == (b"", "applied")
    assert old.results
    assert old.raw_removed_at is not None
    assert young.raw_removed_at is None
    assert Person.objects.filter(hospital=hospital).count() == 1
    assert message_rows(old, identified=True) == []
    entry = Entry.objects.get(action="message.expire")
    assert entry.after == {"messages": 1, "days": 30}


def test_a_failed_message_cannot_be_applied_without_its_bytes(hospital, actor, settings):
    row = keep(hospital, BROKEN, 400)
    assert messages_expire() == 1
    with pytest.raises(Conflict):
        message_again(actor=actor, message=row)
    again = keep(hospital, BROKEN, 0)  # the system sends it once more
    assert again.pk == row.pk
    assert again.raw_removed_at is None
    assert again.state == "failed"
    assert Message.objects.get().n_received == 2


def test_the_page_keeps_the_policy(signed_in, hospital):
    client = signed_in("system_admin", "boss")
    url = reverse("ingest:policy", args=[hospital.pk])
    assert b"365" in client.get(url).content
    answer = client.post(url, {"hold_minutes": 45, "message_days": 90, "commitment_hours": 12})
    assert answer.status_code == 302
    assert policy_of(hospital).hold_minutes == 45
    assert client.post(url, {"hold_minutes": 0, "message_days": 90, "commitment_hours": 12}).status_code == 400
