"""An import taken back: on record, in no figure, and what else is known of its days counts again."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from tests.apps.rejects.making import (
    ACTOR,
    DAY,
    brought,
    csv_of,
    device_of,
    exam_of,
    retake_of,
    step_of,
    zh_rows,
)

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.rejects.handlers import count_month
from yingheng.rejects.logs.headings import Columns, guessed
from yingheng.rejects.models import CountedDay, LogFile, LogMention, LogWithdrawal, RejectedExposure
from yingheng.rejects.month_cells import RATE, REASON
from yingheng.rejects.services import importing, mentions
from yingheng.rejects.services.counting import RECOUNTS, month_count
from yingheng.rejects.services.importing import log_bring, log_import, log_sheet, log_start
from yingheng.rejects.services.reasons import reason_decide, row_reason_set
from yingheng.rejects.services.withdrawing import log_withdraw
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cell_verify
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
MONTH = DAY.replace(day=1)
NEXT = DAY + dt.timedelta(days=1)
UID_HEADS = ("Date Time", "View", "Reject Reason", "Image UID")


@pytest.fixture
def device(hospital):
    return device_of(hospital)


def taken_back(row, why="列对应错了"):
    return log_withdraw(actor=ACTOR, row=row, reason=why)


def days_of(device):
    """By the jobs that were asked for alone."""
    for job in Job.objects.filter(kind="exposures.changed", natural_key__startswith=str(device.pk)):
        count_month(job.natural_key, {})
    for name, recount in RECOUNTS.items():
        assert cell_verify(indicator=name, scope=Scope.everything(), recount=recount) == [], name
    return {row.day: (row.source, row.rejected, row.acquired) for row in CountedDay.objects.filter(device=device)}


def rate_cells():
    return {
        (row.dimensions["source"], row.numerator, row.denominator)
        for row in Cell.objects.filter(indicator=RATE, denominator__gt=0)
    }


def live():
    return RejectedExposure.objects.filter(source="log", withdrawn=False)


def test_it_gives_the_day_back_to_mpps_then_to_the_register(device):
    """Log before MPPS before register, each day by what is left."""
    stepped, entered, bare = (exam_of(device, day=DAY + dt.timedelta(days=n), n=9) for n in range(3))
    step_of(stepped, 1)
    retake_of(entered)
    rows = [one for n in range(3) for one in zh_rows(20, day=DAY + dt.timedelta(days=n), every=4)]
    row = brought(device, csv_of(rows), last=DAY + dt.timedelta(days=2))
    assert {told[0] for told in days_of(device).values()} == {"log"}
    Job.objects.all().delete()
    taken_back(row)
    assert days_of(device) == {
        DAY: ("mpps", 1, 10), NEXT: ("register", 1, 9), bare.local_day: ("register", 0, 9),
    }  # fmt: skip
    assert rate_cells() == {("mpps", 1, 10), ("register", 1, 18)}


def test_it_leaves_a_day_that_nothing_else_tells_of_unknown(device):
    exam_of(device, n=9)
    row = brought(device, csv_of(zh_rows(20)))
    days_of(device)
    taken_back(row)
    assert days_of(device) == {DAY: ("none", 0, 0)}
    assert rate_cells() == set()
    assert not Cell.objects.filter(indicator=REASON, numerator__gt=0).exists()


def test_it_keeps_everything_on_record(device):
    row = brought(device, csv_of(zh_rows(20)))
    days = row.days.count()
    fact = taken_back(row, "  选错了\n设备 ")
    row.refresh_from_db()
    assert (row.state, row.n_new, row.days.count()) == ("withdrawn", 2, days)
    assert set(row.rejected.values_list("withdrawn", "counted")) == {(True, 0)}
    assert (fact.reason, fact.actor_name) == ("选错了 设备", "导入人")
    entry = Entry.objects.get(action="reject_log.withdraw")
    assert "选错了 设备" in entry.after_text
    for change in (lambda: LogWithdrawal.objects.update(reason="x"), lambda: LogWithdrawal.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_it_is_taken_back_once_however_often_one_clicks(device):
    row = brought(device, csv_of(zh_rows(20)))
    facts = {taken_back(row, why).pk for why in ("一", "二", "三")}
    assert len(facts) == 1
    assert LogWithdrawal.objects.get().reason == "一"
    assert Entry.objects.filter(action="reject_log.withdraw").count() == 1


def test_it_asks_for_a_reason_and_for_an_import(device):
    row = brought(device, csv_of(zh_rows(20)))
    with pytest.raises(Invalid, match="withdrawal_reason"):
        taken_back(row, " \n ")
    waiting = log_bring(actor=ACTOR, device=device, name="b.csv", data=csv_of(zh_rows(3)))
    with pytest.raises(Conflict, match="file_not_imported"):
        taken_back(waiting)
    assert not LogWithdrawal.objects.exists()


def test_it_takes_the_same_file_again_with_the_right_columns(device):
    """Read as a list of rejected exposures first, as accepted and rejected ones then."""
    data = csv_of(zh_rows(40))
    right = guessed(importing.sheet_of(data).rows)
    wrong = Columns(0, {name: n for name, n in right.columns.items() if name != "flag"})
    first = brought(device, data, mapping=wrong)
    assert (first.n_new, days_of(device)[DAY][1]) == (40, 40)
    taken_back(first)
    second = brought(device, data)
    assert (second.n_new, second.n_known) == (4, 0)
    assert days_of(device) == {DAY: ("log", 4, 40)}
    assert live().count() == 4


def test_it_takes_the_same_file_again_for_the_right_device(device, hospital):
    data, right = csv_of(zh_rows(30)), device_of(hospital, "DR2")
    taken_back(brought(device, data))
    assert brought(right, data).n_new == 3
    assert (days_of(device), days_of(right)) == ({}, {DAY: ("log", 3, 30)})


def test_it_leaves_what_another_log_tells_too(device):
    """The later export tells of the same exposures: taken back is the first file alone, then the second."""
    rows = zh_rows(60)
    first, second = brought(device, csv_of(rows[:30])), brought(device, csv_of(rows))
    third = brought(device, csv_of(rows[:20]))
    assert (second.n_new, second.n_known, third.n_known) == (3, 3, 2)
    days_of(device)
    taken_back(first)
    assert days_of(device) == {DAY: ("log", 6, 60)}
    assert set(live().values_list("file", flat=True)) == {second.pk}
    taken_back(second)
    assert days_of(device) == {DAY: ("log", 2, 20)}
    assert set(live().values_list("file", flat=True)) == {third.pk}
    taken_back(third)
    assert days_of(device) == {}
    assert RejectedExposure.objects.filter(withdrawn=True).count() == 3 + 6 + 2


def test_it_goes_on_as_the_other_log_read_it(device, hospital):
    """Exposures with identifiers: the first file was read with two columns mixed up, the second was not."""
    data = csv_of([("2026-10-13 8:00", "PA", "晃动", "1.2.3"), ("2026-10-13 8:09", "PA", "晃动", "1.2.4")], UID_HEADS)
    wrong = Columns(0, {"at": 0, "reason": 1, "view": 2, "uid": 3})
    first, second = brought(device, data, mapping=wrong), brought(device, data)
    assert set(live().values_list("reason_text", "view")) == {("PA", "晃动")}
    assert [one.told["reason_text"] for one in LogMention.objects.all()] == ["晃动", "晃动"]
    reason_decide(actor=ACTOR, hospital=hospital, text="PA", reason="RT-15")
    taken_back(first)
    assert set(live().values_list("reason_text", "view", "reason", "file")) == {("晃动", "PA", "", second.pk)}


def test_it_never_loses_what_a_person_decided_of_one(device):
    data = csv_of(zh_rows(20, reasons=("看不懂",)))
    first = brought(device, data)
    row_reason_set(actor=ACTOR, row=live().order_by("pk")[0], reason="RT-06")
    brought(device, data)
    taken_back(first)
    assert sorted(live().values_list("reason", "reason_by_name")) == [("", ""), ("RT-06", "导入人")]
    taken_back(LogFile.objects.get(state="done"))
    brought(device, data)
    assert sorted(live().values_list("reason", "reason_by_name")) == [("", ""), ("RT-06", "导入人")]


def test_a_row_taken_back_waits_for_nothing(device, hospital):
    row = brought(device, csv_of(zh_rows(20, reasons=("看不懂",))))
    one = live().first()
    taken_back(row)
    with pytest.raises(Invalid, match="row_withdrawn"):
        row_reason_set(actor=ACTOR, row=one, reason="RT-06")
    with pytest.raises(Invalid, match="text_unknown"):
        reason_decide(actor=ACTOR, hospital=hospital, text="看不懂", reason="RT-06")


def test_it_stops_an_import_that_is_under_way(device, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    monkeypatch.setattr(mentions, "BATCH", 2)
    row = log_bring(actor=ACTOR, device=device, name="a.csv", data=csv_of(zh_rows(100)))
    log_start(actor=ACTOR, row=row, mapping=guessed(log_sheet(row).rows), first_day=DAY, last_day=DAY)
    row.refresh_from_db()
    real, calls = importing._batch, []

    def meanwhile(found, batch, seen):
        calls.append(1)
        if len(calls) == 3:
            taken_back(found)
        return real(found, batch, seen)

    monkeypatch.setattr(importing, "_batch", meanwhile)
    assert log_import(row=row).state == "withdrawn"
    assert (live().count(), RejectedExposure.objects.filter(withdrawn=True).count()) == (0, 4)
    row.refresh_from_db()
    assert (row.content, row.days.count()) == (None, 0)
    month_count(device=device, month=MONTH)
    assert days_of(device) == {}
