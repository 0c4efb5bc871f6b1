"""Characters, segments, escape sequences and times of HL7 v2 messages; `hl7` itself is the second opinion."""

import datetime as dt
from zoneinfo import ZoneInfo

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingheng.ingest.hl7.encoding import decode
from yingheng.ingest.hl7.facts import MessageError
from yingheng.ingest.hl7.reading import day, moment, read

SHANGHAI = ZoneInfo("Asia/Shanghai")


def message(charset="", *lines, ending="\r"):
    head = f"MSH|^~\\&|RIS|医院|YH|QC|20260131102030||ORU^R01|C1|P|2.4||||||{charset}"
    return ending.join((head, *lines))


@pytest.mark.parametrize(
    ("declared", "sent", "expected"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8"),
        ("", "utf-8", "utf-8"),
        ("", "gbk", "gb18030"),
        ("GB 18030-2000", "gb18030", "gb18030"),
        ("8859/1", "gbk", "gb18030"),  # the lie that is told most
        ("UNICODE UTF-8", "gbk", "gb18030"),
        ("GB 18030-2000", "utf-8", "utf-8"),
        ("ASCII", "gbk", "gb18030"),
    ],
)
def test_it_finds_the_characters_whatever_is_declared(declared, sent, expected):
    text = message(declared, "PID|1||P1||张^三丰", "OBX|1|TX|所见||双肺纹理清晰，未见异常密度影。")
    assert decode(text.encode(sent)) == (text, expected)


def test_it_reads_gbk_whose_second_bytes_are_separators():
    name = "".join(c for c in "侽俓倈侊僜乗乣誠" if c.encode("gbk")[1] in b"\\^|~")
    assert name  # each ends in a byte that is a separator of HL7
    read_back = read(message("", f"PID|1||P1||{name}张三").encode("gbk"), default_encoding="gb18030")
    assert read_back.first("PID").text(5) == f"{name}张三"


def test_it_believes_latin_letters_between_plain_ones():
    text = message("8859/1", "PID|1||P1||Müller^Jürgen")
    assert decode(text.replace("医院", "H").encode("latin-1"))[1] == "latin-1"


def test_the_default_of_the_source_counts_where_the_bytes_do_not_tell():
    text = message("", "PID|1||P1||Müller").replace("医院", "H")
    with pytest.raises(MessageError, match=r"message\.encoding"):
        decode(text.encode("latin-1"))
    assert decode(text.encode("latin-1"), "latin-1") == (text, "latin-1")


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=60))
def test_it_never_takes_utf8_for_gbk(text):
    whole = message("", f"OBX|1|TX|A||{text}")
    assert decode(whole.encode()) == (whole, "utf-8")


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
def test_it_takes_any_line_end(ending):
    found = read(message("", "PID|1||P1", "OBX|1|TX|A||b", ending=ending).encode())
    assert [s.name for s in found.segments] == ["MSH", "PID", "OBX"]


def test_a_line_that_begins_no_segment_goes_on_with_the_text():
    found = read(message("", "OBX|1|TX|A||first", "second line", "OBX|2|TX|A||b", ending="\n").encode())
    assert found.all("OBX")[0].text(5) == "first\nsecond line"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two\.sp\three", "one\ntwo\nthree"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"\X0D0A\next", "next"),
        (r"\XE5BCA0\三", "张三"),
        (r"C:\temp\unknown", r"C:\temp\unknown"),
        ("half\\", "half\\"),
        (r"\.in+4\text\.ti-2\\.fi\.", "text."),
        (r"\X00\nul", "nul"),
    ],
)
def test_it_decodes_escape_sequences(sent, shown):
    assert read(message("UNICODE UTF-8", f"OBX|1|TX|A||{sent}").encode()).first("OBX").text(5) == shown


def test_what_is_not_there_reads_as_nothing():
    found = read(message("", "PID|1").encode())
    assert found.first("PID").text(5, 2, 3, repetition=4) == ""
    assert found.first("PID").repetitions(3) == 0
    assert found.first("OBR") is None


def test_repetitions_components_and_subcomponents_are_told_apart():
    pid = read(message("", "PID|1||A&x^B~C^D").encode()).first("PID")
    assert [pid.text(3), pid.text(3, 1, 2), pid.text(3, 2), pid.text(3, repetition=2)] == ["A", "x", "B", "C"]
    assert pid.repetitions(3) == 2


def test_it_takes_the_separators_of_the_message():
    text = "MSH$%*!@$RIS$H$Y$Q$20260131102030$$ADT%A08$C9$P$2.4\rPID$1$$P1%%%HIS$$Li%Si"
    found = read(text.encode())
    assert (found.kind, found.control_id, found.first("PID").text(5, 2)) == ("ADT^A08", "C9", "Si")


@given(st.lists(st.text(alphabet="abcXYZ 01", min_size=0, max_size=8), min_size=1, max_size=12))
def test_it_reads_fields_as_the_library_does(values):
    text = message("", "ZZZ|" + "|".join(values))
    ours = read(text.encode()).first("ZZZ")
    theirs = hl7.parse(text.strip())
    for number in range(1, len(values) + 1):
        try:
            expected = str(theirs.segment("ZZZ")[number]).strip()
        except IndexError:
            expected = ""
        assert ours.text(number) == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "message.empty"),
        (b"\r\n\r", "message.empty"),
        (b"PID|1||P1", "message.no_header"),
        (b"GET / HTTP/1.1\r\nHost: x", "message.no_header"),
        (b"BHS|^~\\&|A\rMSH|^~\\&|A|B", "message.batch"),
        (b"MSH|^^\\&|A|B|C", "message.unreadable"),
        (b"MSH|^~\\&|A\xff\xfe\x80|B", "message.encoding"),
    ],
)
def test_it_refuses_what_is_no_message(data, code):
    with pytest.raises(MessageError) as refused:
        read(data)
    assert refused.value.code == code


@given(st.binary(max_size=400))
def test_noise_is_refused_and_nothing_worse(data):
    for given_bytes in (data, b"MSH|^~\\&|" + data):
        try:
            found = read(given_bytes)
        except MessageError:
            continue
        for segment in found.segments:
            assert list(segment.fields()) is not None
            assert isinstance(segment.text(3), str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260131102030", dt.datetime(2026, 1, 31, 2, 20, 30, tzinfo=dt.UTC)),
        ("202601311020", dt.datetime(2026, 1, 31, 2, 20, tzinfo=dt.UTC)),
        ("20260131102030.1234", dt.datetime(2026, 1, 31, 2, 20, 30, 123400, tzinfo=dt.UTC)),
        ("20260131102030+0000", dt.datetime(2026, 1, 31, 10, 20, 30, tzinfo=dt.UTC)),
        ("20260131102030-0330", dt.datetime(2026, 1, 31, 13, 50, 30, tzinfo=dt.UTC)),
        ("2026-01-31 10:20:30", dt.datetime(2026, 1, 31, 2, 20, 30, tzinfo=dt.UTC)),
        ("20260131", None),  # a day is no moment
        ("20261331102030", None),
        ("00010101000000", None),
        ("20260131102030+9900", None),
        ("tomorrow", None),
    ],
)
def test_it_reads_times_in_the_zone_of_the_hospital(text, expected):
    assert moment(text, SHANGHAI) == expected


def test_it_reads_days():
    assert day("19800102") == day("1980-01-02") == day("19800102103000") == dt.date(1980, 1, 2)
    assert day("19801302") is None
    assert day("") is None
