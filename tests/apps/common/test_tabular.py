"""Files that people send to rows of text: every encoding and separator, workbooks as programs write them, and traps."""

import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from yingheng.common.tabular import Limits, TableRefused, table_read

LIMITS = Limits(size=2_000_000, rows=1000, unpacked=3_000_000)
LOG = Limits(size=2_000_000, rows=1000, unpacked=3_000_000, log=True)
ROWS = (("工号", "姓名", "岗位"), ("1001", "张三，丰", "a;b|c"), ("1002", "李四", ""))


def book_of(*sheets, **options):
    """A workbook; every sheet is (name, {(row, column): cell})."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as book:
        forms = {dt.date: "yyyy/m/d", dt.datetime: "yyyy/m/d h:mm:ss", dt.time: "h:mm"}
        formats = {kind: book.add_format({"num_format": text}) for kind, text in forms.items()}
        for name, cells in sheets:
            sheet = book.add_worksheet(name)
            for (row, column), cell in cells.items():
                sheet.write(row, column, cell, formats.get(type(cell)))
    return out.getvalue()


def changed(data, name, change):
    """The workbook with one part changed; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as to:
        for one in source.namelist():
            part = source.read(one)
            if one.endswith(name):
                part = change(part)
            if part is not None:
                to.writestr(one, part)
    return out.getvalue()


def why(data, limits=LIMITS):
    with pytest.raises(TableRefused) as refused:
        table_read(data, limits)
    return refused.value.why


PLAIN = book_of(("a", {(0, 0): "x", (0, 1): "y", (1, 0): "1"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_it_reads_any_encoding_separator_and_end_of_line(encoding, separator, end):
    rows = [("a", "字符", "c"), ("1", " 二 ", ""), ("", "", "3")]
    sheet = table_read(end.join(separator.join(row) for row in rows).encode(encoding), LIMITS)
    assert sheet.rows == (("a", "字符", "c"), ("1", "二", ""), ("", "", "3"))
    assert (sheet.separator, sheet.encoding) == (separator, encoding.removesuffix("-sig"))


def test_it_separates_by_what_stands_between_the_headings():
    assert table_read("\n".join(",".join(row) for row in ROWS).encode(), LIMITS).rows == ROWS
    one = table_read("名称\n胸部，正位\n腹部，站立\n".encode(), LIMITS)
    assert one.rows == (("名称",), ("胸部，正位",), ("腹部，站立",))
    assert one.separator == ""


def test_it_looks_below_the_lines_that_precede_the_headings_of_a_log():
    text = "导出，V3\n\n日期;部位\n2026-10-13;胸\n2026-10-14;腹\n".encode()
    assert table_read(text, LOG).rows[2:4] == (("日期", "部位"), ("2026-10-13", "胸"))


def test_it_takes_quotes_of_a_log_as_they_come_and_refuses_a_list_that_loses_its_end():
    text = b'a,b\n1,"open\n2,x\n'
    assert why(text) == "quotes"
    assert table_read(text, LOG).rows[0] == ("a", "b")
    assert table_read(b'a,b\n1,"x, ""y""\nz"\n', LIMITS).rows[1] == ("1", 'x, "y"\nz')


def test_it_reads_a_workbook_like_the_text():
    cells = {(n, m): text for n, row in enumerate(ROWS) for m, text in enumerate(row) if text}
    assert [row + ("",) * (3 - len(row)) for row in table_read(book_of(("a", cells)), LIMITS).rows] == list(ROWS)


@pytest.mark.parametrize("options", [{}, {"date_1904": True}, {"in_memory": True, "constant_memory": True}])
def test_it_reads_dates_and_numbers_of_a_workbook(options):
    at = dt.datetime(2026, 10, 13, 8, 5, 1)  # noqa: DTZ001 - as a workbook has it
    cells = (at, dt.date(2026, 10, 13), dt.time(8, 5), 12, 1.5, 1e15, True, " 文 ")
    sheet = table_read(book_of(("a", {(0, n): cell for n, cell in enumerate(cells)}), **options), LIMITS)
    assert sheet.rows == (
        ("2026-10-13 08:05:01", "2026-10-13", "08:05:00", "12", "1.5", "1000000000000000", "1", "文"),
    )


def test_it_keeps_all_digits_of_a_long_number():
    data = changed(
        book_of(("a", {(0, 0): 7})), "sheet1.xml", lambda part: part.replace(b">7<", b">110101199001011234<")
    )
    assert table_read(data, LIMITS).rows == (("110101199001011234",),)


def test_it_takes_the_first_visible_sheet_with_rows_and_keeps_lines_in_their_place():
    data = book_of(("空", {}), ("值", {(1, 1): "b", (3, 0): "d"}), ("后", {(0, 0): "z"}))
    assert table_read(data, LIMITS).rows == ((), ("", "b"), (), ("d",))
    hidden = changed(data, "xl/workbook.xml", lambda part: part.replace(b'sheetId="2"', b'sheetId="2" state="hidden"'))
    assert table_read(hidden, LIMITS).rows == (("z",),)


def test_it_leaves_out_the_phonetic_guide_of_a_text():
    data = changed(
        PLAIN, "sharedStrings.xml",
        lambda part: part.replace(b"<t>x</t>", b"<r><t>x</t></r><r><t>z</t></r><rPh><t>kana</t></rPh>"),
    )  # fmt: skip
    assert table_read(data, LIMITS).rows[0] == ("xz", "y")


def test_it_reads_the_strict_form_of_a_workbook():
    old, new = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    data = PLAIN
    for name in ("xl/workbook.xml", "sheet1.xml", "sharedStrings.xml", "styles.xml"):
        data = changed(data, name, lambda part: part.replace(old, new))
    assert table_read(data, LIMITS).rows == (("x", "y"), ("1",))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"), (b"  \r\n\t", "empty"), (b",,\n,,\n", "empty"), (book_of(("a", {})), "empty"),
        (b"1," * 1_000_001, "bytes"), (b"a,b\n" * 1001, "rows"), (b"\x00\x01\x02", "encoding"),
        (b"a,b\x01\x02\n1,2\n", "encoding"), (b"\xff\xfeabc", "encoding"), (b"a,\xff\xff\xff\n" * 5, "encoding"),
        (b"PK\x03\x04 broken", "workbook"), (b"\xd0\xcf\x11\xe0" + bytes(600), "workbook"),
        (book_of(("a", {(1000, 0): "x"})), "rows"), (PLAIN[: len(PLAIN) // 2], "workbook"),
        (changed(PLAIN, "workbook.xml.rels", lambda _part: None), "workbook"),
        (changed(PLAIN, "sharedStrings.xml", lambda _part: None), "workbook"),
        (changed(PLAIN, "sheet1.xml", lambda part: part[:-20]), "workbook"),
    ],
)  # fmt: skip
def test_it_refuses_what_is_no_table_and_says_why(data, expected):
    assert why(data) == expected


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "sheet1.xml", "sharedStrings.xml", "styles.xml", "workbook.xml.rels"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_it_refuses_xml_that_could_grow_or_read_other_files(part, encoding):
    def grown(xml):
        text = xml.decode().partition("?>")[2].lstrip()
        trap = f'<?xml version="1.0" encoding="{encoding}"?>{" " * 65_490}<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{text}'
        return trap.encode(encoding)

    assert why(changed(PLAIN, part, grown)) == "workbook"


def test_it_never_unpacks_more_than_allowed():
    bomb = changed(PLAIN, "sheet1.xml", lambda part: part + b" " * 3_000_000)
    assert len(bomb) < 20_000
    assert why(bomb) == "unpacked"


def test_it_reads_no_more_than_a_part_says_that_it_holds():
    """The size that the archive tells is a lie."""
    big = changed(PLAIN, "sheet1.xml", lambda part: part + b" " * 5_000_000)
    with zipfile.ZipFile(io.BytesIO(big)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lie = big.replace(size.to_bytes(4, "little"), (2000).to_bytes(4, "little"))
    assert lie != big
    assert why(lie) == "workbook"


def test_it_leaves_out_columns_beyond_the_limit():
    assert table_read(book_of(("a", {(0, 0): "x", (0, 16_383): "far"})), LIMITS).rows == (("x",),)
    assert len(table_read(b"a," * 5000, LIMITS).rows[0]) == LIMITS.columns


@given(st.binary(max_size=300), st.booleans())
def test_it_reads_or_refuses_any_bytes_and_never_breaks(data, log):
    for head in (b"", b"PK\x03\x04", b"\xff\xfe", b"date,reason\n", PLAIN[:-300], PLAIN[:400]):
        try:
            assert table_read(head + data, LOG if log else LIMITS).rows
        except TableRefused:
            continue
