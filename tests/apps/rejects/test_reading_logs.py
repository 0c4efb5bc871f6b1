"""Rows out of files of many makers and programs: encodings, separators, headings, dates, broken files."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.rejects.making import DAY, EN_HEADS, ZH_HEADS, csv_of, text_of, workbook_of, zh_rows

from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.common.errors import Invalid
from yingheng.rejects.logs.decoding import sheet_of
from yingheng.rejects.logs.headings import FIELDS, Columns, guessed, known_headings
from yingheng.rejects.logs.positions import position_key
from yingheng.rejects.logs.reading import Refused, rows_told
from yingheng.rejects.logs.values import is_rejected, moment, number
from yingheng.rejects.reasons import reason_known, reason_suggested

ZONE, TODAY = ZoneInfo("Asia/Shanghai"), dt.date(2026, 11, 22)


def told(data, columns=None):
    sheet = sheet_of(data)
    return list(rows_told(sheet.rows, columns or guessed(sheet.rows), ZONE, TODAY))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_it_reads_any_encoding_and_separator(encoding, separator):
    rows = told(text_of(zh_rows(30), separator=separator).encode(encoding))
    assert sum(one.is_rejected for one in rows) == 3
    assert rows[0].at == dt.datetime(2026, 10, 13, 0, 0, tzinfo=dt.UTC)
    assert (rows[0].hour, rows[0].position, rows[0].texts["reason"]) == (8, "CHEST|PA", "体位不正")


def test_it_finds_the_headings_below_a_preamble():
    data = text_of(zh_rows(3), preamble=("DR 系统 V3 导出", "医院,第一医院", "")).encode()
    assert guessed(sheet_of(data).rows).head == 3
    assert len(told(data)) == 3


def test_it_tells_what_rows_are_by_their_columns():
    assert guessed([list(ZH_HEADS)]).shape == "every"
    assert guessed([list(EN_HEADS)]).shape == "rejected"
    assert guessed([["日期", "曝光总数", "废片数"]]).shape == "totals"
    assert set(known_headings().values()) <= set(FIELDS)


def test_it_takes_a_plain_yes_by_what_the_column_asks():
    for heading, word, out in (("是否拒绝", "是", True), ("是否接受", "是", False), ("Accepted", "no", True),
                               ("Rejected", "0", False)):  # fmt: skip
        [row] = told(csv_of([("2026-10-13 8:00", word, "PA")], ("Date Time", heading, "View")))
        assert row.is_rejected is out, heading


@pytest.mark.parametrize(
    ("text", "clock", "expected"),
    [
        ("2026-10-13 08:05:01", "", (8, 5)),
        ("2026/10/13", "8:05", (8, 5)),
        ("20261013", "080501", (8, 5)),
        ("20261013080501", "", (8, 5)),
        ("2026-10-13T08:05:01.250", "", (8, 5)),
        ("2026年10月13日 8时05分", "", (8, 5)),
        ("2026-10-13", "下午 1:05", (13, 5)),
        ("2026-10-13", "上午12:05", (0, 5)),
        ("10/13/2026 01:05:00 PM", "", (13, 5)),
        ("13.10.2026", "08:05", (8, 5)),
        ("13/10/2026 08:05", "", (8, 5)),
        ("２０２６－１０－１３", "０８：０５", (8, 5)),
    ],
)
def test_it_reads_dates_as_programs_write_them(text, clock, expected):
    day, time = moment(text, clock)
    assert (day, (time.hour, time.minute)) == (DAY, expected)


def test_it_asks_for_the_order_of_two_numbers_that_may_be_either():
    with pytest.raises(Invalid) as refused:
        moment("03/10/2026 08:00")
    assert refused.value.code == "rejects.row_time_order"
    assert moment("03/10/2026", order="dmy")[0] == dt.date(2026, 10, 3)
    assert moment("03/10/2026", order="mdy")[0] == dt.date(2026, 3, 10)
    assert moment("05/05/2026")[0] == dt.date(2026, 5, 5)


def test_it_takes_the_order_that_other_rows_of_the_file_show():
    heads = ("Date Time", "View", "Reason")
    rows = [("03/10/2026 8:00", "PA", "x"), ("13/10/2026 8:00", "PA", "x")]
    assert [one.day.day for one in told(csv_of(rows, heads))] == [3, 13]
    assert isinstance(told(csv_of(rows[:1], heads))[0], Refused)
    both = [*rows, ("10/13/2026 8:00", "PA", "x")]
    assert isinstance(told(csv_of(both, heads))[0], Refused), "they contradict each other"


@pytest.mark.parametrize("text", ["", "x", "2026-02-30", "1899-01-01", "2026-10", "2026-10-13 25:00", "13:00"])
def test_it_refuses_what_is_no_date(text):
    with pytest.raises(Invalid):
        moment(text)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2089, 12, 31)), st.times())
def test_it_reads_what_it_would_write(day, time):
    for form in (
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y%m%d%H%M%S",
        "%Y年%m月%d日 %H时%M分%S秒",
        "%d.%m.%Y %H:%M:%S",
    ):
        found, clock = moment(dt.datetime.combine(day, time).strftime(form))
        assert (found, clock) == (day, time.replace(microsecond=0)), form


@given(st.text(max_size=60), st.text(max_size=20))
def test_it_reads_or_refuses_any_text_and_never_breaks(text, clock):
    for read in (lambda: moment(text, clock), lambda: is_rejected(text), lambda: number(text)):
        try:
            read()
        except Invalid:
            continue
    position_key(text, clock)


@given(st.binary(max_size=300))
def test_it_reads_or_refuses_any_bytes_and_never_breaks(data):
    for head in (b"", b"PK\x03\x04", b"\xff\xfe", b"date,reason\n"):
        try:
            sheet = sheet_of(head + data)
            for one in rows_told(sheet.rows, Columns(0, {"at": 0, "reason": 1}), ZONE, TODAY):
                assert isinstance(one, Refused) or one.day
        except Invalid:
            continue


def test_it_refuses_rows_one_by_one_with_their_reasons():
    heads = ("Date Time", "Status", "Reason", "Operator")
    rows = [("2026-10-13 8:00", "rejected", "x", "Z"), ("", "rejected", "", "Z"), ("2027-01-01 8:00", "ok", "", "Z"),
            ("2026-10-13 8:00", "maybe", "", "Z")]  # fmt: skip
    found = told(csv_of(rows, heads))
    assert [one.why for one in found if isinstance(one, Refused)] == [
        "rejects.row_no_time", "rejects.row_time_range", "rejects.row_flag",
    ]  # fmt: skip
    assert all("operator" not in one.cells for one in found if isinstance(one, Refused))


def test_it_gives_the_same_row_of_another_file_the_same_key():
    rows = zh_rows(40)
    short, long = told(csv_of(rows[:20])), told(csv_of(rows, encoding="gb18030", separator=";"))
    assert [one.key for one in short] == [one.key for one in long[:20]]
    assert len({one.key for one in long}) == 40


def test_it_counts_an_identifier_once():
    heads = ("Date Time", "Status", "Image UID")
    rows = [("2026-10-13 8:00", "accepted", "1.2.3"), ("2026-10-13 8:00", "accepted", "1.2.3"),
            ("2026-10-13 8:01", "rejected", "1.2.4")]  # fmt: skip
    assert len(told(csv_of(rows, heads))) == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "rejects.file_empty"),
        (b"   \n ", "rejects.file_empty"),
        (b"just one column\nand rows\n", "rejects.file_one_column"),
        (b"PK\x03\x04 broken", "rejects.file_workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "rejects.file_workbook"),
        (b"a,b\x01\x02\n1,2\n", "rejects.file_encoding"),
        (b"\xff\xfeabc", "rejects.file_encoding"),
        (b"a,b,\xff\xff\xff\n" * 5, "rejects.file_encoding"),
    ],
)
def test_it_refuses_broken_files(data, code):
    with pytest.raises(Invalid) as refused:
        sheet_of(data)
    assert refused.value.code == code


def test_it_refuses_headings_that_nobody_knows():
    with pytest.raises(Invalid) as refused:
        guessed(sheet_of(csv_of([("1", "2")], ("alpha", "beta"))).rows)
    assert refused.value.code == "rejects.file_no_headings"


def test_it_reads_dates_and_numbers_of_a_workbook():
    at = dt.datetime(2026, 10, 13, 8, 5, 1)  # noqa: DTZ001 - as a workbook has it
    sheet = sheet_of(workbook_of([(at, 12, "胸部", 1.5)], ("检查时间", "检查号", "部位", "x")))
    assert sheet.rows == (("检查时间", "检查号", "部位", "x"), ("2026-10-13 08:05:01", "12", "胸部", "1.5"))


def test_it_counts_positions_together_that_are_written_differently():
    assert position_key("胸部", "后前位") == position_key("CHEST", "pa") == "CHEST|PA"
    assert position_key("", "") == ""


def test_it_takes_only_the_dictionarys_own_words_without_asking():
    assert reason_known("体位不正") == reason_known("RT-01") == reason_known(" positioning ") == "RT-01"
    assert reason_known("摆位不好") == ""
    assert reason_suggested("摆位不好").code == "RT-01"
    assert reason_suggested("qqq") is None
    for word in ("Patient motion", "呼吸运动", "标记错误", "detector failure"):
        assert reason_suggested(word).code in retake_reasons()
