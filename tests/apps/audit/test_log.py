import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from yingheng.audit import triggers
from yingheng.audit.digest import canonical, entry_digest
from yingheng.audit.models import REASONED, Chain, Entry
from yingheng.audit.selectors import EntryFilter, chain_names, entry_list, subject_entries
from yingheng.audit.services import record
from yingheng.audit.verify import Broken, verify_all, verify_chain
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
H1, H2 = "/cn-14/h1/", "/cn-14/h2/"


def deed(actor, number=1, scope=H1, **more):
    return record(actor=actor, action="device.edit", subject=f"device:{number}", scope=scope, **more)


def tamper(sql, *params):
    """Change the log behind the platform's back, as somebody with the database password could."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
    triggers.install(connection)


def test_it_links_each_entry_to_the_one_before(actor):
    first, second = deed(actor), deed(actor, 2)
    assert (first.sequence, first.previous) == (1, "")
    assert (second.sequence, second.previous) == (2, first.digest)
    assert Chain.objects.get(name=H1).head == second.digest
    assert verify_all() == []


def test_it_keeps_one_chain_per_organisation_and_one_for_the_system(actor):
    deed(actor)
    deed(actor, scope=H2)
    record(actor=None, action="backup.run", subject="system:backup", scope="")
    assert sorted(Chain.objects.values_list("name", "length")) == [(H1, 1), (H2, 1), ("system", 1)]


def test_it_copies_the_actors_name(actor):
    entry = Entry.objects.get(pk=deed(actor).pk)
    assert (entry.actor_id, entry.actor_name) == (actor.id, "张三")


def test_it_returns_before_and_after_as_they_were_given(actor):
    before, after = {"limit": 1.0, "名": "旧"}, {"limit": 1e5, "none": None, "list": [1, 0.1]}
    entry = Entry.objects.get(pk=deed(actor, before=before, after=after).pk)
    assert (entry.before, entry.after) == (before, after)
    assert entry_digest(entry) == entry.digest


def test_it_refuses_a_number_that_is_none(actor):
    with pytest.raises(ValueError, match="JSON compliant"):
        deed(actor, after={"value": float("nan")})


@pytest.mark.parametrize("suffix", REASONED)
def test_it_demands_a_reason_for_going_against_a_result(actor, suffix):
    with pytest.raises(Invalid, match=r"audit\.reason_missing"):
        record(actor=actor, action=f"finding{suffix}", subject="finding:1", scope=H1, reason="  ")
    assert record(actor=actor, action=f"finding{suffix}", subject="finding:1", scope=H1, reason="复核").reason == "复核"


def test_it_demands_the_reason_in_the_database_too(actor):
    first = deed(actor)
    bad = Entry(chain=H1, sequence=2, at=now(), action="finding.overrule", subject="x", scope=H1, digest="0" * 64)
    with pytest.raises(IntegrityError, match="audit_entry_reason"), transaction.atomic():
        bad.save(force_insert=True)
    assert list(Entry.objects.all()) == [first]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET reason = 'x'", "DELETE FROM audit_entry"])
def test_it_refuses_to_change_or_delete_an_entry(actor, statement):
    deed(actor)
    with pytest.raises(DatabaseError, match="insert only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.count() == 1


def test_it_leaves_no_entry_when_the_deed_is_undone(actor):
    with transaction.atomic():
        deed(actor)
        transaction.set_rollback(True)
    assert Entry.objects.count() == 0
    assert deed(actor).sequence == 1


@pytest.mark.parametrize(
    ("sql", "what", "where"),
    [
        ("UPDATE audit_entry SET reason = 'forged' WHERE sequence = 2", ["changed"], [2]),
        ("UPDATE audit_entry SET actor_name = '李四' WHERE sequence = 3", ["changed"], [3]),
        ("DELETE FROM audit_entry WHERE sequence = 2", ["missing"], [3]),
        ("DELETE FROM audit_entry WHERE sequence = 3", ["tail"], [3]),
        ("DELETE FROM audit_entry", ["tail"], [3]),
    ],
)
def test_it_finds_what_was_tampered_with(actor, sql, what, where):
    for number in range(3):
        deed(actor, number)
    tamper(sql)
    broken = verify_chain(H1)
    assert [place.what for place in broken] == what
    assert [place.sequence for place in broken] == where


def test_it_finds_an_entry_rewritten_with_a_fresh_hash(actor):
    for number in range(3):
        deed(actor, number)
    forged = Entry.objects.get(sequence=2)
    forged.actor_name = "李四"
    tamper("UPDATE audit_entry SET actor_name = '李四', digest = %s WHERE sequence = 2", entry_digest(forged))
    assert verify_chain(H1) == [Broken(H1, 3, "unlinked")]


def test_it_finds_a_chain_whose_head_was_removed(actor):
    deed(actor)
    Chain.objects.all().delete()
    assert [place.what for place in verify_all()] == ["tail"]


def test_it_shows_only_the_scope(actor):
    deed(actor)
    deed(actor, scope=H2)
    record(actor=None, action="backup.run", subject="system:backup", scope="")
    assert [row.scope for row in entry_list(Scope((H1,)), EntryFilter())] == [H1]
    assert [row.scope for row in entry_list(Scope(("/cn-14/",), system=True), EntryFilter())] == ["", H2, H1]
    assert entry_list(Scope(), EntryFilter()) == []
    assert chain_names(Scope((H1,))) == [H1]
    assert chain_names(Scope(("/cn-14/",), system=True)) == [H1, H2, "system"]
    assert subject_entries(Scope((H2,)), "device:1")[0].scope == H2


def test_it_narrows_and_pages_the_list(actor):
    rows = [deed(actor, number) for number in range(5)]
    everything = Scope.everything()
    page = entry_list(everything, EntryFilter(), limit=2)
    assert page == [rows[4], rows[3]]
    assert entry_list(everything, EntryFilter(before=page[-1].id), limit=9) == [rows[2], rows[1], rows[0]]
    assert entry_list(everything, EntryFilter(subject="device:3")) == [rows[3]]
    assert entry_list(everything, EntryFilter(actor="张")) == rows[::-1]
    assert entry_list(everything, EntryFilter(action="finding.")) == []
    assert entry_list(everything, EntryFilter(since=now() + timedelta(hours=1))) == []
    assert entry_list(everything, EntryFilter(until=rows[1].at)) == [rows[0]]


def test_it_writes_one_text_per_value():
    assert canonical({"b": 1, "a": [None, True]}) == '{"a":[null,true],"b":1}'
    assert json.loads(canonical({"名": "值"})) == {"名": "值"}
