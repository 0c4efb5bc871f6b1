"""Who may come in."""

import json
from uuid import UUID

import pytest
from tests.apps.ingest.receiver.wire import HOSPITAL, OTHER, config_write

from yingheng.ingest.receiver.admission import Gate, networks, read
from yingheng.ingest.receiver.reasons import REJECTIONS, STATUSES, WORDS, Refused
from yingheng.ingest.receiver.reception import plain_address
from yingheng.ingest.services import peers

CONFIG = {
    "format": 1,
    "local": [
        {"ae": "CLOSED", "hospital": str(HOSPITAL), "open": False},
        {"ae": "OPEN", "hospital": str(OTHER), "open": True},
    ],
    "remote": [
        {"ae": "ANYWHERE", "hospital": str(HOSPITAL), "addresses": []},
        {"ae": "NEAR", "hospital": str(HOSPITAL), "addresses": ["10.0.0.0/8", "fd00::1"]},
        {"ae": "ELSEWHERE", "hospital": str(OTHER), "addresses": []},
        {"ae": "BROKEN", "hospital": str(HOSPITAL), "addresses": ["scanner.local"]},
    ],
}


@pytest.mark.parametrize(
    ("called", "calling", "address", "answer"),
    [
        ("CLOSED", "ANYWHERE", "192.168.1.1", HOSPITAL),
        ("CLOSED", "NEAR", "10.200.3.4", HOSPITAL),
        ("CLOSED", "NEAR", "fd00::1", HOSPITAL),
        ("CLOSED", "NEAR", "11.0.0.1", "address_not_allowed"),
        ("CLOSED", "NEAR", "fd00::2", "address_not_allowed"),
        ("CLOSED", "BROKEN", "10.0.0.1", "address_not_allowed"),
        ("CLOSED", "ELSEWHERE", "10.0.0.1", "calling_ae_unknown"),
        ("CLOSED", "near", "10.0.0.1", "calling_ae_unknown"),
        ("OPEN", "WHOEVER", "8.8.8.8", OTHER),
        ("NOBODY", "ANYWHERE", "10.0.0.1", "called_ae_unknown"),
        ("", "ANYWHERE", "10.0.0.1", "called_ae_unknown"),
    ],
)
def test_it_admits_who_may_send(called, calling, address, answer):
    directory = read(CONFIG)
    if isinstance(answer, UUID):
        assert directory.admit(called, calling, address) == answer
    else:
        with pytest.raises(Refused) as refused:
            directory.admit(called, calling, address)
        assert refused.value.reason == answer


def test_it_reads_the_file_again_when_it_changes_and_keeps_the_last_good_reading(tmp_path):
    gate = Gate(tmp_path)
    with pytest.raises(Refused, match="not_configured"):
        gate.directory()
    config_write(tmp_path)
    assert gate.directory().hospital_of("YINGHENG") == HOSPITAL
    assert gate.directory() is gate.directory()
    config_write(tmp_path, local=[{"ae": "NEW", "hospital": str(OTHER), "open": True}])
    assert gate.directory().admit("NEW", "X", "10.0.0.1") == OTHER
    for broken in ("", "{}", '{"format": 2, "local": [], "remote": []}', "[1]", '{"format": 1, "local": [{}]}'):
        (tmp_path / "receiver.json").write_text(broken)
        assert gate.directory().hospital_of("NEW") == OTHER
    (tmp_path / "receiver.json").unlink()
    assert gate.directory().hospital_of("NEW") == OTHER


@pytest.mark.django_db
def test_it_reads_what_the_platform_writes(hospital, settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    peers.LocalAE.objects.create(hospital=hospital, ae_title="QC")
    peers.RemoteAE.objects.create(
        hospital=hospital, name="CT", ae_title="CT1", addresses=["10.0.0.0/8"], may_send=True
    )  # fmt: skip
    path = peers.receiver_config_write()
    assert json.loads(path.read_text())["format"] == 1
    directory = Gate(tmp_path).directory()
    assert directory.admit("QC", "CT1", "10.1.1.1") == hospital.pk
    with pytest.raises(Refused, match="address_not_allowed"):
        directory.admit("QC", "CT1", "11.1.1.1")


@pytest.mark.parametrize(
    ("text", "plain"),
    [("::ffff:10.0.0.1", "10.0.0.1"), ("fe80::1%eth0", "fe80::1"), ("10.0.0.1", "10.0.0.1"), ("", "")],
)
def test_it_writes_addresses_as_people_do(text, plain):
    assert plain_address(text) == plain


def test_it_takes_no_addresses_for_any_and_nonsense_for_none():
    assert networks([]) is None
    assert networks(["nonsense"]) == ()


def test_it_has_words_in_both_languages_for_every_reason():
    assert set(REJECTIONS) | set(STATUSES) <= set(WORDS)
    assert all(words.zh and words.en and words.zh != words.en for words in WORDS.values())
