"""Connections: what is accepted, what is refused in words, and the file that receivers read."""

import json
import re

import pytest
from django.urls import reverse
from tests.apps.ingest.making import destination, rule

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import LocalAE, RemoteAE
from yingheng.ingest.receiver.log import AssociationLog
from yingheng.ingest.receiver.log import Entry as Line
from yingheng.ingest.services.forwarding_rules import rule_switch
from yingheng.ingest.services.peers import (
    PeerFields,
    addresses_clean,
    ae_title_clean,
    host_clean,
    local_ae_put,
    local_ae_remove,
    remote_ae_put,
    remote_ae_start,
    remote_ae_stop,
)

pytestmark = pytest.mark.django_db
CT = PeerFields(name="CT 一号", ae_title="CT1", may_send=True, addresses=("10.2.0.7",))


def config(home):
    return json.loads((home / "receiver.json").read_text())


@pytest.mark.parametrize("title", ["", "   ", "A" * 17, "A\\B", "A\tB", "中文"])
def test_it_refuses_a_title_that_dicom_does_not_know(title):
    with pytest.raises(Invalid, match=r"ingest\.ae_title"):
        ae_title_clean(title)


def test_it_takes_titles_and_addresses_as_they_are_written():
    assert ae_title_clean(" CT 1/a ") == "CT 1/a"
    assert addresses_clean(["10.2.3.4", " 10.2.3.9/16 ", "10.2.3.4", "fd00::1/64", ""]) == (
        "10.2.3.4", "10.2.0.0/16", "fd00::/64",
    )  # fmt: skip
    assert [host_clean(h) for h in ("pacs.local", " 10.0.0.1 ", "::1", "")] == ["pacs.local", "10.0.0.1", "::1", ""]


@pytest.mark.parametrize("text", ["10.2.3.400", "10.2.0.0/33", "pacs", "10.2"])
def test_it_names_an_address_that_is_none(text):
    with pytest.raises(Invalid) as refused:
        addresses_clean(["10.0.0.1", text])
    assert refused.value.params["address"] == text


@pytest.mark.parametrize("host", ["10.2.3.400", "a b", "-pacs", "pacs:104", "http://pacs", "x" * 64])
def test_it_refuses_a_host_that_is_none(host):
    with pytest.raises(Invalid, match=r"ingest\.host"):
        host_clean(host)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"may_send": False}, "no_role"),
        ({"is_destination": True}, "unreachable"),
        ({"is_archive": True, "host": "pacs"}, "unreachable"),
        ({"is_destination": True, "host": "pacs", "port": 0}, "port"),
        ({"is_destination": True, "host": "pacs", "port": 70000}, "port"),
    ],
)
def test_it_refuses_what_could_not_work(hospital, actor, changes, code):
    fields = {name: getattr(CT, name) for name in PeerFields.__dataclass_fields__} | changes
    with pytest.raises(Invalid, match=rf"ingest\.{code}"):
        remote_ae_put(actor=actor, hospital=hospital, fields=PeerFields(**fields))
    assert not RemoteAE.objects.exists()


def test_it_tells_the_receivers_after_every_change(
    home, hospital, other_hospital, actor, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        ours = local_ae_put(actor=actor, hospital=hospital, ae_title="YH1", is_open=False)
        ct = remote_ae_put(actor=actor, hospital=hospital, fields=CT)
        destination(other_hospital, actor)
    assert config(home)["local"] == [{"ae": "YH1", "hospital": str(hospital.pk), "open": False}]
    assert config(home)["remote"] == [{"ae": "CT1", "hospital": str(hospital.pk), "addresses": ["10.2.0.7"]}]
    with django_capture_on_commit_callbacks(execute=True):
        remote_ae_stop(actor=actor, row=ct, reason="借用结束")
    assert config(home)["remote"] == []
    with django_capture_on_commit_callbacks(execute=True):
        remote_ae_start(actor=actor, row=RemoteAE.objects.get(pk=ct.pk))
        local_ae_remove(actor=actor, row=ours, reason="改名")
    assert (config(home)["local"], len(config(home)["remote"])) == ([], 1)
    actions = set(Entry.objects.filter(action__startswith="ingest.").values_list("action", flat=True))
    assert actions >= {
        "ingest.local_put", "ingest.local_remove", "ingest.remote_put", "ingest.remote_stop", "ingest.remote_start",
    }  # fmt: skip


def test_it_gives_a_title_to_one_hospital_only(home, hospital, other_hospital, actor):
    local_ae_put(actor=actor, hospital=hospital, ae_title="YH", is_open=False)
    with pytest.raises(Conflict, match=r"ingest\.ae_title_taken"):
        local_ae_put(actor=actor, hospital=other_hospital, ae_title="YH ", is_open=True)
    assert LocalAE.objects.get().hospital == hospital


def test_it_keeps_one_row_for_one_partner(home, hospital, actor):
    remote_ae_put(actor=actor, hospital=hospital, fields=CT)
    with pytest.raises(Conflict, match=r"ingest\.remote_known"):
        remote_ae_put(actor=actor, hospital=hospital, fields=CT)


def test_it_does_not_stop_a_destination_that_a_rule_names(home, hospital, actor):
    where = destination(hospital, actor)
    one = rule(hospital, actor, where)
    with pytest.raises(Conflict, match=r"ingest\.remote_in_rule"):
        remote_ae_stop(actor=actor, row=where, reason="搬迁")
    rule_switch(actor=actor, row=one, active=False)
    remote_ae_stop(actor=actor, row=where, reason="搬迁")
    assert not RemoteAE.objects.get().is_active


def log(home, **changes):
    line = {
        "event": "refused",
        "calling": "DR9",
        "called": "YH1",
        "address": "10.2.0.99",
        "reason": "calling_ae_unknown",
        "n_objects": 0,
        "n_bytes": 0,
        "seconds": 0.1,
        "hospital": None,
    } | changes
    writer = AssociationLog(home)
    writer.write(Line(**line))
    writer.close()


def test_a_refused_sender_is_allowed_by_one_click_and_a_filled_form(
    home, hospital, actor, signed_in, django_capture_on_commit_callbacks
):
    local_ae_put(actor=actor, hospital=hospital, ae_title="YH1", is_open=False)
    log(home, hospital=hospital.pk)
    client = signed_in("system_admin")
    page = client.get(reverse("ingest:associations")).content.decode()
    assert "主叫 AE 标题未登记为可发送" in page
    link = re.search(r'href="(/intake/connections/new/\?[^"]+)"', page)[1].replace("&amp;", "&")
    form = client.get(link).content.decode()
    assert 'value="DR9"' in form
    assert "10.2.0.99" in form
    answers = {"name": "DR 九号", "ae_title": "DR9", "may_send": "on", "addresses": "10.2.0.99"}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(link, answers).status_code == 302
    assert config(home)["remote"] == [{"ae": "DR9", "hospital": str(hospital.pk), "addresses": ["10.2.0.99"]}]


def test_a_mistake_in_the_form_is_said_at_its_field(home, hospital, signed_in):
    client = signed_in("system_admin")
    answers = {"name": "x", "ae_title": "A\\B", "is_destination": "on", "addresses": "10.2.0.999", "port": "0"}
    answer = client.post(reverse("ingest:remote_new"), answers)
    assert answer.status_code == 400
    errors = answer.context["page"].form.errors
    assert set(errors) >= {"ae_title", "addresses", "port"}
    assert "10.2.0.999" in str(errors["addresses"])
    assert not RemoteAE.objects.exists()


def test_the_log_of_another_hospital_is_not_shown(home, hospital, other_hospital, signed_in):
    log(home, hospital=other_hospital.pk, calling="THEIRS")
    log(home, hospital=hospital.pk, calling="OURS")
    log(home, calling="NOBODYS", called="WRONG", reason="called_ae_unknown")
    page = signed_in("engineer").get(reverse("ingest:associations")).content.decode()
    assert "OURS" in page
    assert "THEIRS" not in page
    assert "NOBODYS" not in page


@pytest.mark.parametrize("address", ["overview", "connections", "associations", "rules", "outbox", "webhooks"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_list_opens_empty_and_in_both_languages(home, hospital, signed_in, address, language):
    client = signed_in("system_admin")
    client.cookies["yingheng_language"] = language
    assert client.get(reverse(f"ingest:{address}")).status_code == 200
