"""Logs into the platform: once, whatever is broken off, brought twice, or overlaps."""

import datetime as dt

import pytest
from tests.apps.rejects.making import ACTOR, DAY, EN_HEADS, brought, csv_of, device_of, workbook_of, zh_rows

from yingheng.audit.models import Entry
from yingheng.catalog.keys import bytes_decrypt
from yingheng.catalog.models import Operator
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.rejects.logs.headings import Columns, guessed
from yingheng.rejects.models import CountedDay, ExposureDay, LogFile, ReasonDecision, RejectedExposure
from yingheng.rejects.services import importing
from yingheng.rejects.services.counting import month_count
from yingheng.rejects.services.importing import log_bring, log_import, log_preview, log_sheet, log_start
from yingheng.rejects.services.reasons import reason_apply, reason_decide, row_reason_set

pytestmark = pytest.mark.django_db
MONTH = DAY.replace(day=1)


@pytest.fixture
def device(hospital):
    return device_of(hospital)


def day_of(device):
    month_count(device=device, month=MONTH)
    return CountedDay.objects.get(device=device, day=DAY)


def begun(device, data):
    row = log_bring(actor=ACTOR, device=device, name="a.csv", data=data)
    return log_start(actor=ACTOR, row=row, mapping=guessed(log_sheet(row).rows), first_day=DAY, last_day=DAY)


def test_it_counts_the_same_file_once(device):
    first, second = (brought(device, csv_of(zh_rows(50))) for _n in range(2))
    assert (first.n_new, first.n_known) == (5, 0)
    assert (second.n_new, second.n_known) == (0, 5)
    day = day_of(device)
    assert (day.rejected, day.acquired) == (5, 50)


def test_it_counts_files_that_overlap_once_in_any_order(device, hospital):
    """A later export of the same log holds more of the day: it counts, whichever came first."""
    rows = zh_rows(80)
    for one in (rows[:40], rows):
        brought(device, csv_of(one))
    other = device_of(hospital, "DR2")
    for one in (rows, rows[:40]):
        brought(other, csv_of(one, encoding="utf-16"))
    for each in (device, other):
        day = day_of(each)
        assert (day.rejected, day.acquired) == (8, 80)


def test_it_counts_two_exposures_that_say_the_same(device):
    """Two rejected images within a second, without a number: both count, and both are known the second time."""
    row = ("2026-10-13 08:00:01", "CHEST", "PA", "Positioning", "", "")
    for known in (0, 2):
        done = brought(device, csv_of([row, row], EN_HEADS))
        assert (done.n_new, done.n_known) == (2 - known, known)


def test_it_goes_on_where_it_was_broken_off(device, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 3)
    row = begun(device, csv_of(zh_rows(100)))
    real, calls = importing._batch, []

    def breaks(*args):
        if len(calls) == 2:
            raise RuntimeError("killed")
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(importing, "_batch", breaks)
    with pytest.raises(RuntimeError):
        log_import(row=row)
    assert RejectedExposure.objects.count() == 6
    monkeypatch.setattr(importing, "_batch", real)
    row.refresh_from_db()
    done = log_import(row=row)
    assert (done.state, done.n_new, done.n_known) == ("done", 10, 0)
    assert log_import(row=done).n_new == 10, "again: nothing"
    assert day_of(device).rejected == 10


def test_it_keeps_no_bytes_and_no_names(device):
    row = begun(device, csv_of(zh_rows(20)))
    assert "张三".encode() not in bytes(row.content)
    assert "张三".encode() in bytes_decrypt(row.content)
    done = log_import(row=row)
    assert done.content is None
    assert "张三" not in str(list(RejectedExposure.objects.values()) + list(ExposureDay.objects.values()))
    assert Operator.objects.count() == 1, "a person can say whose it is"
    entry = Entry.objects.get(action="reject_log.import")
    assert "张三" not in entry.after_text


def test_it_imports_once_when_started_twice(device):
    row = begun(device, csv_of(zh_rows(20)))
    with pytest.raises(Conflict):
        log_start(actor=ACTOR, row=row, mapping=Columns(0, {"at": 0}), first_day=DAY, last_day=DAY)
    log_import(row=row)
    with pytest.raises(Conflict):
        log_sheet(LogFile.objects.get())
    assert {job.kind for job in Job.objects.all()} >= {"reject_log.asked", "exposures.changed"}


def test_it_refuses_columns_that_say_too_little(device):
    row = log_bring(actor=ACTOR, device=device, name="a.csv", data=csv_of(zh_rows(5)))
    for columns in ({}, {"reason": 5}, {"day": 0, "acquired": 1}, {"day": 0, "view": 0}, {"day": 99}):
        with pytest.raises(Invalid):
            log_start(actor=ACTOR, row=row, mapping=Columns(0, columns), first_day=DAY, last_day=DAY)
    with pytest.raises(Invalid):
        log_start(actor=ACTOR, row=row, mapping=Columns(0, {"day": 0}), first_day=DAY,
                  last_day=DAY - dt.timedelta(days=1))  # fmt: skip
    row.refresh_from_db()
    assert row.state == "uploaded"


def test_it_counts_only_days_that_are_whole(device):
    rows = zh_rows(20) + zh_rows(20, day=DAY + dt.timedelta(days=1))
    brought(device, csv_of(rows), first=DAY + dt.timedelta(days=1), last=DAY + dt.timedelta(days=1))
    assert day_of(device).source == "none"
    assert CountedDay.objects.get(day=DAY + dt.timedelta(days=1)).rejected == 2
    assert RejectedExposure.objects.filter(counted=0).count() == 2, "kept, but not in the rate"


def test_it_takes_totals_of_days(device):
    heads = ("日期", "曝光总数", "废片数")
    rows = [("2026年10月13日", "1,250", "90"), ("2026-10-14", "10", "11")]
    done = brought(device, csv_of(rows, heads, separator="\t"), last=DAY + dt.timedelta(days=1))
    assert (done.shape, done.n_refused) == ("totals", 1)
    day = day_of(device)
    assert (day.source, day.rejected, day.acquired) == ("log", 90, 1250)
    assert not CountedDay.objects.filter(day=DAY + dt.timedelta(days=1), source="log").exists()


def test_it_takes_a_workbook(device):
    at = dt.datetime(2026, 10, 13, 8, 30, 5)  # noqa: DTZ001 - as a workbook has it
    heads = ("Date Time", "Body Part", "View Position", "Reject Reason", "Operator", "Accession Number")
    brought(device, workbook_of([(at, "CHEST", "PA", "Patient moved", "Zhang San", 1234)], heads), name="a.xlsx")
    row = RejectedExposure.objects.get()
    assert (row.at.isoformat(), row.reason, row.accession) == ("2026-10-13T00:30:05+00:00", "RT-06", "1234")


def test_it_shows_before_what_an_import_would_find(device):
    brought(device, csv_of(zh_rows(20)))
    data = csv_of(
        [*zh_rows(40), ("不是日期", "", "", "", "接受", "", "", ""), ("2026/10/13", "9:00", "", "", "?", "", "", "")]
    )
    row = log_bring(actor=ACTOR, device=device, name="b.csv", data=data)
    found = log_preview(row, guessed(log_sheet(row).rows))
    assert (found.n_rows, found.n_rejected, found.n_accepted, found.n_known, found.n_refused) == (42, 4, 36, 2, 2)
    assert [one.why for one in found.refused] == ["rejects.row_time", "rejects.row_flag"]
    assert LogFile.objects.get(pk=row.pk).state == "uploaded"


def test_it_never_changes_what_a_person_decided(device, hospital):
    """By hand for one row; for a text; then the file again, and the text decided otherwise."""
    data = csv_of(zh_rows(30, reasons=("奇怪的话",)))
    brought(device, data)
    one, *_others = RejectedExposure.objects.order_by("pk")
    row_reason_set(actor=ACTOR, row=one, reason="RT-15")
    for code in ("RT-01", "RT-06"):
        reason_apply(decision=reason_decide(actor=ACTOR, hospital=hospital, text="奇怪的话", reason=code))
    brought(device, data)
    assert sorted(RejectedExposure.objects.values_list("reason", flat=True)) == ["RT-06", "RT-06", "RT-15"]
    brought(device, csv_of(zh_rows(10, day=DAY + dt.timedelta(days=1), reasons=("奇怪的话",))))
    assert RejectedExposure.objects.filter(reason="RT-06").count() == 3, "new rows follow what was decided"
    reason_apply(decision=reason_decide(actor=ACTOR, hospital=hospital, text="奇怪的话", reason=""))
    assert RejectedExposure.objects.filter(reason="").count() == 3, "taken back"
    assert ReasonDecision.objects.count() == 3


def test_it_refuses_decisions_about_nothing(device, hospital):
    brought(device, csv_of(zh_rows(1, reasons=("有",))))
    for text, code in (("没有的文本", "RT-01"), ("有", "RT-99")):
        with pytest.raises(Invalid):
            reason_decide(actor=ACTOR, hospital=hospital, text=text, reason=code)


def test_it_forgets_files_that_nobody_imports(device):
    old = log_bring(actor=ACTOR, device=device, name="a.csv", data=csv_of(zh_rows(5)))
    LogFile.objects.filter(pk=old.pk).update(made_at=old.made_at - dt.timedelta(days=8))
    log_bring(actor=ACTOR, device=device, name="b.csv", data=csv_of(zh_rows(5)))
    assert [row.name for row in LogFile.objects.all()] == ["b.csv"]
