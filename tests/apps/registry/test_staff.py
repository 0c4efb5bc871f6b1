"""Staff: recorded, corrected, gone and back; lists taken over again and again without undoing what people edited."""

import io
import zipfile

import pytest
import xlsxwriter

from yingheng.audit.models import Entry as Audited
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.registry.models import Person
from yingheng.registry.services import (
    person_activate,
    person_change,
    person_create,
    staff_list_plan,
    staff_list_take,
)
from yingheng.registry.staff_list import Entry, staff_list, staff_rows

ROWS = [
    ["工号", "姓名", "岗位", "电话"],
    ["1001", "张三", "主任技师", "1"],
    ["1002", "李四", "副主任医师"],
    ["1003", "王五", "设备工程师"],
    ["1004", "赵六", ""],
]


def csv_of(rows, encoding="utf-8", between=","):
    return "\r\n".join(between.join(row) for row in rows).encode(encoding)


def xlsx_of(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for n, row in enumerate(rows):
            for m, text in enumerate(row):
                sheet.write(n, m, int(text) if text.isdigit() and m == 0 else text)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        csv_of(ROWS), csv_of(ROWS, "utf-8-sig"), csv_of(ROWS, "gb18030"), csv_of(ROWS, between=";"),
        csv_of(ROWS, between="\t"), xlsx_of(ROWS), csv_of([[""], *ROWS, ["", ""]]),
    ],
)  # fmt: skip
def test_a_list_is_read_whatever_it_was_saved_as(data):
    found = staff_list(staff_rows(data))
    assert [(e.number, e.name, e.category) for e in found.entries] == [
        ("1001", "张三", "technologist"),
        ("1002", "李四", "physician"),
        ("1003", "王五", "engineer"),
        ("1004", "赵六", ""),
    ]
    assert found.faults == ()


def test_rows_with_faults_say_what_and_where():
    rows = [*ROWS, ["", "无号"], ["1009", ""], ["1001", "又一个"], ["1010", "钱七", "宇航员"], ["1011", "x" * 201]]
    found = staff_list(rows)
    assert len(found.entries) == 4
    assert [(f.line, f.code) for f in found.faults] == [
        (6, "registry.staff_no_number"),
        (7, "registry.staff_no_name"),
        (8, "registry.staff_twice"),
        (9, "registry.staff_category"),
        (10, "registry.staff_long"),
    ]


def bomb(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04 no zip", "table_unreadable"),
        (b"\xff\xfe\x00\x01\xff", "table_unreadable"),
        (bomb('<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'), "table_unreadable"),
        (bomb(" " * 61_000_000), "table_large"),
        (b"1," * 3_000_000, "table_large"),
        (b"1,2\n" * 20_001, "table_large"),
        (b"\n" * 20_001, "staff_columns"),
    ],
)
def test_what_is_no_table_is_refused(data, code):
    with pytest.raises(Invalid, match=code):
        staff_rows(data)


@pytest.mark.parametrize("rows", [[], [["姓名", "岗位"], ["张三", "技师"]], [["1001", "张三"]]])
def test_a_list_without_its_columns_is_refused(rows):
    with pytest.raises(Invalid, match="staff_columns"):
        staff_list(rows)


@pytest.mark.django_db
def test_a_list_taken_twice_changes_nothing_the_second_time(hospital, other_hospital, actor):
    entries = staff_list(ROWS).entries
    first = staff_list_take(actor=actor, hospital=hospital, entries=entries)
    assert first == {"new": 4, "same": 0, "changed": 0, "by_hand": 0}
    assert Job.objects.filter(kind=events.STAFF_CHANGED, natural_key=str(hospital.pk)).count() == 1
    again = staff_list_take(actor=actor, hospital=hospital, entries=entries)
    assert again == {"new": 0, "same": 4, "changed": 0, "by_hand": 0}
    assert Audited.objects.filter(action="person.import").count() == 1
    assert not Person.objects.filter(hospital=other_hospital).exists()
    assert Person.objects.get(staff_number="1004").category == "other"


@pytest.mark.django_db
def test_what_somebody_edited_stays_until_it_is_said_otherwise(hospital, actor):
    staff_list_take(actor=actor, hospital=hospital, entries=staff_list(ROWS).entries)
    edited = Person.objects.get(staff_number="1001")
    person_change(actor=actor, person=edited, staff_number="1001", name="张叁", category="technologist")
    newer = [ROWS[0], ["1001", "张三丰", "技师"], ["1002", "李四", "护士"]]
    entries = staff_list(newer).entries
    assert [c.kind for c in staff_list_plan(hospital=hospital, entries=entries)] == ["by_hand", "changed"]
    told = staff_list_take(actor=actor, hospital=hospital, entries=entries)
    assert (told["changed"], told["by_hand"]) == (1, 1)
    assert set(Person.objects.filter(staff_number__in=("1001", "1002")).values_list("name", "category")) == {
        ("张叁", "technologist"),
        ("李四", "nurse"),
    }
    staff_list_take(actor=actor, hospital=hospital, entries=entries, overwrite=True)
    assert Person.objects.get(staff_number="1001").name == "张三丰"
    assert Person.objects.count() == 4  # whom the list does not name stays as they are


@pytest.mark.django_db
def test_somebody_recorded_by_hand_is_not_overwritten_by_the_first_list(hospital, actor):
    person_create(actor=actor, hospital=hospital, staff_number="1001", name="张叁", category="technologist")
    entries = (Entry(2, "1001", "张三", "technologist"),)
    assert [c.kind for c in staff_list_plan(hospital=hospital, entries=entries)] == ["by_hand"]
    staff_list_take(actor=actor, hospital=hospital, entries=entries)
    assert Person.objects.get().name == "张叁"


@pytest.mark.django_db
def test_a_staff_number_is_one_persons_in_a_hospital(hospital, other_hospital, actor):
    made = person_create(actor=actor, hospital=hospital, staff_number=" 7 ", name="张三", category="nurse")
    person_create(actor=actor, hospital=other_hospital, staff_number="7", name="张三", category="nurse")
    with pytest.raises(Conflict, match="staff_number_taken"):
        person_create(actor=actor, hospital=hospital, staff_number="7", name="李四", category="nurse")
    other = person_create(actor=actor, hospital=hospital, staff_number="8", name="李四", category="nurse")
    with pytest.raises(Conflict, match="staff_number_taken"):
        person_change(actor=actor, person=other, staff_number="7", name="李四", category="nurse")
    with pytest.raises(Invalid, match="person_incomplete"):
        person_change(actor=actor, person=made, staff_number="", name="张三", category="nurse")


@pytest.mark.django_db
def test_leaving_and_coming_back_are_recorded_once_each(hospital, actor):
    person = person_create(actor=actor, hospital=hospital, staff_number="7", name="张三", category="nurse")
    for _again in range(2):
        person_activate(actor=actor, person=person, active=False, reason="离职")
    person_activate(actor=actor, person=person, active=True)
    verbs = list(Audited.objects.filter(subject=f"person:{person.pk}").order_by("pk").values_list("action", flat=True))
    assert verbs == ["person.put", "person.deactivate", "person.activate"]
