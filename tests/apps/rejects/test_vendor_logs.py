"""Logs as consoles of several makers write them, damaged as they arrive: read rightly, or refused row by row.

All of them are made here, in the manner of the exports; none is a maker's file.
"""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from tests.apps.rejects.making import csv_of

from yingheng.common.errors import Invalid
from yingheng.rejects.logs.decoding import sheet_of
from yingheng.rejects.logs.headings import bare, guessed
from yingheng.rejects.logs.reading import Refused, rows_told
from yingheng.rejects.logs.values import moment

ZONE, TODAY = ZoneInfo("Asia/Shanghai"), dt.date(2026, 11, 22)
NINE = "2026-10-13 09:00"


def read(data):
    """What is told and what is refused: (day, local time, reason) and (line, why)."""
    sheet = sheet_of(data)
    told, refused = [], []
    for one in rows_told(sheet.rows, guessed(sheet.rows), ZONE, TODAY, cut=bool(sheet.separator)):
        if isinstance(one, Refused):
            refused.append((one.line, one.why.removeprefix("rejects.")))
        elif one.acquired is not None:
            told.append((one.day.day, one.acquired, one.rejected))
        else:
            clock = f"{one.at.astimezone(ZONE):%H:%M:%S}" if one.at else ""
            told.append((one.day.day, clock, one.texts.get("reason", "")))
    return told, refused


def test_a_console_with_pages_sums_and_a_preamble():
    """Tabs, GB 18030, the headings again on each page, a line of sums at the end (in the manner of Fujifilm)."""
    heads = "序号\t检查日期\t检查时间\t部位\t体位\t拒绝原因\t操作员"
    lines = ["DR 控制台\t拒片统计\t", "期间\t2026/10/01 - 2026/10/31", "", heads,
             "1\t2026/10/13\t8:05:01\t胸部\tPA\t体位不正\t张三", heads, "2\t2026/10/14\t9:00\t膝\tAP\t运动\t李四",
             "合计\t\t\t\t\t2\t", "小计：2 张"]  # fmt: skip
    told, refused = read("\r\n".join(lines).encode("gb18030"))
    assert told == [(13, "08:05:01", "体位不正"), (14, "09:00:00", "运动")]
    assert refused == []


def test_an_export_for_a_table_program_with_its_separator_in_the_first_line():
    """A mark of UTF-8, `sep=`, German dates, a line break within a cell (in the manner of Agfa)."""
    text = ('\ufeffsep=;\r\nDate Time;Body Part;View;Reject Reason;Operator\r\n'
            '13.10.2026 08:05:01;"CHEST";PA;"Positioning;\nrotated";AB\r\n14.10.2026 08:05;KNEE;AP;Motion;AB\r\n'
            'Summe: 2;;;;\r\n')  # fmt: skip
    told, refused = read(text.encode())
    assert told == [(13, "08:05:01", "Positioning;\nrotated"), (14, "08:05:00", "Motion")]
    assert refused == []


def test_a_separator_in_a_text_that_nobody_quoted():
    """UTF-16, dates month first, quotes within cells (in the manner of Carestream): the cells behind it moved."""
    text = ('Rejected Date Time,Body Part,Projection,Reject Reason,Technologist\r\n'
            '10/13/2026 1:05:00 PM,CHEST,PA,Exposure "5" too low,JD\r\n'
            '10/13/2026 1:06:00 PM,CHEST,PA,Clipped anatomy, left side,JD\r\n')  # fmt: skip
    told, refused = read(text.encode("utf-16"))
    assert told == [(13, "13:05:00", 'Exposure "5" too low')]
    assert refused == [(3, "row_cells")]


def test_times_with_their_offset_from_utc():
    """In the manner of Siemens: half past eleven at night in UTC is the next morning in the hospital."""
    text = ("Exam date;Exam time;Operator;Organ program;Reject reason\r\n2026-10-13;08:05:01+00:00;AB;Thorax;x\r\n"
            "2026-10-13T23:30:00Z;;AB;Thorax;y\r\n2026-10-13T23:30:00+08:00;;AB;Thorax;z\r\n")  # fmt: skip
    told, refused = read(text.encode("cp1252"))
    assert told == [(13, "16:05:01", "x"), (14, "07:30:00", "y"), (13, "23:30:00", "z")]
    assert refused == []


def test_totals_with_marks_between_thousands_and_a_last_line():
    """In the manner of GE: beside a total, "Rejected" heads a number."""
    text = ('Repeat Reject Analysis\r\nFrom,10/01/2026,To,10/31/2026\r\nDate,Total,Rejected,%\r\n'
            '10/13/2026,"1,250",90,7.2\r\n10/14/2026,100,101,8.0\r\nGrand Total,1350,98,7.3\r\n')  # fmt: skip
    assert read(text.encode()) == ([(13, 1250, 90)], [(5, "row_more_rejected")])


def test_sums_by_anatomy_tell_of_no_day():
    told, refused = read(b"Anatomy,Accepted,Rejected,Total,%\r\nCHEST,90,10,100,10\r\nTotal,90,10,100,10\r\n")
    assert (told, refused) == ([], [(2, "row_no_time")])


@pytest.mark.parametrize("day", [46308, "2026/10/13"])
def test_a_workbook_with_merged_headings_and_days_as_numbers(day):
    """A title over all columns, headings in two lines, numbered in Chinese; a date merged over two rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "2026年10月废片登记表")
        sheet.merge_range(1, 0, 1, 1, "曝光")
        sheet.merge_range(1, 2, 1, 4, "拒绝情况")
        sheet.write_row(2, 0, ["一、曝光日期", "二、曝光时间", "（三）部位", "④投照体位", "五.拒绝原因"])
        sheet.write_row(3, 0, [day, 0.354166666667, "胸部", "正位", "体位不正"])
        sheet.merge_range(4, 0, 5, 0, 46308.5)
        sheet.write_row(4, 1, ["", "胸部", "侧位", "伪影", "备注不在标题之下"])
        sheet.write_row(5, 1, ["9:00", "胸部", "侧位", "同上"])
        sheet.write_row(6, 0, ["合计", 3])
    told, refused = read(out.getvalue())
    assert told == [(13, "08:30:00", "体位不正"), (13, "12:00:00", "伪影")]
    assert refused == [(6, "row_no_time")], "nobody guesses the day of a row from the one above"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<html><table><tr><td>Date</td><td>Reject reason</td></tr></table></html>", "file_markup"),
        (b'\xef\xbb\xbf\r\n<?xml version="1.0"?><Workbook/>', "file_markup"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file_workbook"),
        (b"Datum;Uhrzeit;Untersucher;Grund\r\n13.10.2026;08:05;AB;x\r\n", "file_no_headings"),
    ],
)
def test_what_only_looks_like_a_table(data, why):
    with pytest.raises(Invalid, match=why):
        read(data)


def test_full_width_signs_old_line_ends_and_words_for_numbers():
    text = ("检查日期，检查时间，拒绝原因，部位\r２０２６－１０－１３，０８：０５，体位不正，胸部\r"
            "二〇二六年十月十四日，８：０５，体位不正，胸部\r26-10-13，8:00，x，胸部\r")  # fmt: skip
    told, refused = read(text.encode("gb18030"))
    assert told == [(13, "08:05:00", "体位不正")]
    assert refused == [(3, "row_time"), (4, "row_time")]


def test_doubled_line_ends_an_end_mark_and_states_that_say_nothing():
    lines = ["Date Time,Status,Reason", f"{NINE},rejected,x", f"{NINE},R,x", f"{NINE},Rejected - Motion,",
             f"{NINE},已接收,", f"{NINE},已作废,y"]  # fmt: skip
    told, refused = read("\r\r\n".join([*lines, "\x1a"]).encode())
    assert told == [(13, "09:00:00", "x"), (13, "09:00:00", ""), (13, "09:00:00", "y")]
    assert [why for _line, why in refused] == ["row_flag", "row_flag"]


def test_a_line_that_was_cut_off_in_its_time():
    text = f"Date Time,Reason,View\r\n{NINE},{'很长' * 3000},PA\r\n2026-10-13 8:0"
    told, refused = read(text.encode())
    assert (told[0][:2], len(told[0][2]), len(told)) == ((13, "09:00:00"), 200, 1)
    assert refused == [(3, "row_time")]


def test_a_total_in_the_name_of_a_thing_is_no_sum():
    told, refused = read(
        csv_of([("Total spine", NINE, "x"), ("Total: 2", NINE, "")], ("Body part", "Date Time", "Reason"))
    )
    assert (len(told), refused) == (1, [])


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("一、检查日期", "检查日期"), ("（三）部位", "部位"), ("④投照体位", "投照体位"), ("12.拒绝原因", "拒绝原因"),
     ("第二项 部位", "部位"), ("2nd reader", "2ndreader"), ("一次曝光", "一次曝光"), ("时间(s)", "时间")],
)  # fmt: skip
def test_headings_lose_their_numbers_alone(heading, expected):
    assert bare(heading) == expected


@pytest.mark.parametrize("text", ["46308", "46308.5", "46308,5"])
def test_days_as_table_programs_count_them(text):
    day, clock = moment(text)
    assert (day, clock) == (dt.date(2026, 10, 13), dt.time(12) if len(text) > 5 else None)


@pytest.mark.parametrize("text", ["32873", "4630", "463080", "46308.", "0.5"])
def test_other_numbers_are_no_days(text):
    with pytest.raises(Invalid):
        moment(text)
