"""Lists of entries that are sent: read, looked at first, taken over; the whole dictionary as a workbook."""

import pytest
from tests.apps.review.making import ACTOR, make_hospital
from tests.apps.review.rooming import client_of, film_exam, home, room, url  # noqa: F401 - a fixture
from tests.apps.review.wording import put, table

from yingheng.common.errors import Invalid
from yingheng.review.dictionary import catalogue_for, editions
from yingheng.review.faults import fault_text
from yingheng.review.lists import CHANGED, MEMBER, NEW, SAME, WRONG, list_read, list_take, list_unseal, table_rows
from yingheng.review.models import DictionaryEntry
from yingheng.review.views.dictionary.taking import workbook

pytestmark = pytest.mark.django_db


HEAD = ("编码", "名称", "部位组", "部位（DICOM）", "投照方向", "合格标准", "备注")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_list_of_an_edition_is_looked_at_first_and_then_taken_over(encoding):
    hospital = make_hospital()
    data = table(
        HEAD,
        ("CH-PA", "", "", "", "", "", "第 1 页"),
        ("", "胸部左侧位", "", "", "", "", ""),
        ("", "本院特殊位", "胸部", "chest", "PA，AP", "清晰", ""),
        ("", "没有部位", "胸部", "", "", "清晰", ""),
        ("ZZ-1", "别处的编码", "胸部", "CHEST", "", "清晰", ""),
        ("CH-PA", "", "", "", "", "", ""),
        encoding=encoding,
    )
    found = list_read(organisation=hospital, kind="position", data=data, edition="seventy-six")
    assert [one.what for one in found.rows] == [MEMBER, MEMBER, NEW, WRONG, WRONG, WRONG]
    assert found.ignored == ["备注"]
    assert not DictionaryEntry.objects.exists()
    again = list_unseal(organisation=hospital, sealed=found.sealed)
    assert list_take(actor=ACTOR, organisation=hospital, preview=again, change=False) == {MEMBER: 2, NEW: 1}
    members = catalogue_for(hospital).offered_positions("seventy-six")
    assert set(members) == {"CH-PA", "CH-LL", "H-RH1-P001"}
    assert members["H-RH1-P001"].views == ("PA", "AP")
    assert catalogue_for(make_hospital("rh2")).offered_positions("seventy-six") == {}
    same = list_read(organisation=hospital, kind="position", data=data, edition="seventy-six")
    assert [one.what for one in same.rows][:3] == [SAME, SAME, SAME]


def test_a_list_changes_own_entries_only_when_asked_to():
    hospital = make_hospital()
    put(hospital, code="H-1")
    data = table(("code", "zh", "class", "severity"), ("H-1", "另一个名字", "artefact", "严重"))
    found = list_read(organisation=hospital, kind="defect", data=data)
    assert [one.what for one in found.rows] in ([CHANGED], [WRONG])
    data = table(("code", "zh", "class", "severity"), ("H-1", "另一个名字", "artefact", "major"))
    found = list_read(organisation=hospital, kind="defect", data=data)
    assert [one.what for one in found.rows] == [CHANGED]
    assert list_take(actor=ACTOR, organisation=hospital, preview=found, change=False) == {}
    assert fault_text("H-1") == "本院缺陷"
    assert list_take(actor=ACTOR, organisation=hospital, preview=found, change=True) == {CHANGED: 1}
    assert fault_text("H-1") == "另一个名字"


def test_codes_of_another_organisation_are_not_taken():
    hospital, other = make_hospital(), make_hospital("rh2")
    put(other, code="H-1")
    data = table(("code", "zh", "class", "severity"), ("H-1", "别的", "artefact", "major"))
    (row,) = list_read(organisation=hospital, kind="defect", data=data).rows
    assert row.what == WRONG


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x00\x01\x02", "list_file"),
        (b"PK\x03\x04nothing", "list_file"),
        (b"code,zh\n", "list_empty"),
        (b"", "list_empty"),
        (b"a,b\n1,2\n", "list_columns"),
        (b"zh\n" + "名\n".encode() * 2001, "list_large"),
    ],
)
def test_a_bad_file_is_refused(data, code):
    with pytest.raises(Invalid, match=code):
        list_read(organisation=make_hospital(), kind="position", data=data)


def test_a_preview_of_another_organisation_is_refused():
    hospital, other = make_hospital(), make_hospital("rh2")
    found = list_read(organisation=hospital, kind="position", data=table(("code",), ("CH-PA",)))
    for place, sealed in ((other, found.sealed), (hospital, found.sealed + "x")):
        with pytest.raises(Invalid, match="list_stale"):
            list_unseal(organisation=place, sealed=sealed)


def test_the_whole_dictionary_goes_out_as_a_workbook_and_comes_back():
    hospital = make_hospital()
    entry = put(hospital)
    data = workbook(catalogue_for(hospital))
    head, *rows = table_rows(data)
    assert head[:2] == ["编码", "名称"]
    assert any(row[0] == entry.code for row in rows)
    found = list_read(organisation=hospital, kind="defect", data=data)
    assert {one.what for one in found.rows} == {SAME}
    assert len(found.rows) == 140


def test_editions_say_that_their_lists_could_not_be_had():
    assert {one.confidence for one in editions().values()} <= {"secondary", "expert"}
    for key in ("four-seven", "seventy-six", "one-hundred-forty-six"):
        assert not catalogue_for(make_hospital(f"e{key}")).offered_positions(key)
