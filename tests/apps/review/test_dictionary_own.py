"""A hospital's own entries: written, versioned, withdrawn; entries hidden; lists taken over; pictures cleaned."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image
from tests.apps.review.making import ACTOR, make_hospital, make_reader, make_region, png_bytes
from tests.apps.review.rooming import client_of, film_exam, home, room, url  # noqa: F401 - a fixture

from imagingqc.dicom.synthetic import dx_image
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.dictionary import catalogue_for, editions, named
from yingheng.review.faults import fault_list, fault_text
from yingheng.review.lists import CHANGED, MEMBER, NEW, SAME, WRONG, list_read, list_take, list_unseal, table_rows
from yingheng.review.models import DictionaryEntry, DictionaryVersion, ReferencePicture
from yingheng.review.services.entering import (
    EntryFields,
    choice_put,
    entry_put,
    entry_restore,
    entry_withdraw,
)
from yingheng.review.services.picturing import PictureFields, cleaned, picture_put, picture_remove
from yingheng.review.views.dictionary.taking import workbook

pytestmark = pytest.mark.django_db
DEFECT = {"zh": "本院缺陷", "en": "Own defect", "class": "artefact", "severity": "minor", "modalities": "DX"}
PLACE = {"zh": "本院体位", "en": "Own view", "group": "chest", "part": "chest", "views": "XX", "criteria": "清晰"}
ALLOWED = {"source": "本院拍摄", "licence": "本院教学", "confirmed": "已查看"}


def put(hospital, kind="defect", **row):
    base = DEFECT if kind == "defect" else PLACE
    return entry_put(actor=ACTOR, organisation=hospital, fields=EntryFields(kind, base | row))


def offered(hospital):
    return {one.code for one in catalogue_for(hospital).offered_defects()}


# --- entries ---------------------------------------------------------------------------------------------


def test_an_own_entry_is_offered_and_named_and_keeps_what_it_said():
    hospital = make_hospital()
    entry = put(hospital)
    before = now()
    assert entry.code == "H-RH1-D001"
    assert entry.code in offered(hospital)
    assert fault_text(entry.code) == "本院缺陷"
    changed = entry_put(
        actor=ACTOR, organisation=hospital, entry=entry, reason="措辞",
        fields=EntryFields("defect", DEFECT | {"zh": "改名缺陷", "code": "H-OTHER"}),
    )  # fmt: skip
    assert (changed.code, changed.version) == (entry.code, 2)
    assert fault_list([entry.code]) == "改名缺陷"
    assert fault_text(entry.code, before) == "本院缺陷"
    assert put(hospital, zh="又一个").code == "H-RH1-D002"
    with pytest.raises(IntegrityError), transaction.atomic():
        DictionaryVersion.objects.update(reason="other")


def test_the_same_words_again_make_no_version():
    hospital = make_hospital()
    entry = put(hospital)
    entry_put(actor=ACTOR, organisation=hospital, entry=entry, fields=EntryFields("defect", DEFECT))
    assert DictionaryVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"zh": ""}, "entry"),
        ({"class": "nothing"}, "entry"),
        ({"severity": "awful"}, "entry"),
        ({"grade": "z"}, "entry"),
        ({"retake": "RT-NONE"}, "entry"),
        ({"colour": "red"}, "entry"),
        ({"code": "D-DX-001"}, "entry"),
        ({"code": "H-1 2"}, "entry"),
    ],
)
def test_a_bad_entry_is_refused(row, code):
    with pytest.raises(Invalid, match=f"review.{code}"):
        put(make_hospital(), **row)


def test_codes_and_names_are_given_once():
    hospital, other = make_hospital(), make_hospital("rh2")
    put(hospital, code="H-1")
    with pytest.raises(Conflict, match="entry_name"):
        put(hospital)
    with pytest.raises(Conflict, match="entry_code"):
        put(hospital, code="H-1", zh="别的")
    with pytest.raises(Conflict, match="entry_code"):
        put(other, code="H-1")
    assert put(other).code == "H-RH2-D001"


def test_a_withdrawn_entry_is_named_but_not_offered_and_its_code_stays_taken():
    hospital = make_hospital()
    entry = put(hospital, code="H-1")
    with pytest.raises(Invalid, match="reason_missing"):
        entry_withdraw(actor=ACTOR, entry=entry, reason=" ")
    entry_withdraw(actor=ACTOR, entry=entry, reason="不再使用")
    assert "H-1" not in offered(hospital)
    assert fault_text("H-1") == "本院缺陷"
    with pytest.raises(Conflict, match="entry_code"):
        put(hospital, code="H-1", zh="新的")
    entry_restore(actor=ACTOR, entry=entry, reason="恢复")
    assert "H-1" in offered(hospital)
    assert [v.state for v in entry.versions.order_by("version")] == ["active", "withdrawn", "active"]


def test_entries_of_a_region_hold_below_it_and_those_of_a_hospital_nowhere_else():
    region = make_region("cn-99")
    hospital, other = make_hospital(parent=region), make_hospital("rh2", parent=region)
    of_region, own = put(region), put(hospital, zh="只在本院")
    assert {of_region.code, own.code} <= offered(hospital)
    assert of_region.code in offered(other)
    assert own.code not in offered(other)
    assert own.code not in offered(region)
    assert fault_text(own.code) == "只在本院"  # results of the region name it all the same


def test_a_hidden_entry_of_the_product_is_offered_no_more_here_but_still_named():
    region = make_region("cn-99")
    hospital, other = make_hospital(parent=region), make_hospital("rh2", parent=region)
    with pytest.raises(Invalid, match="reason_missing"):
        choice_put(actor=ACTOR, organisation=hospital, code="D-DX-001", holds=True)
    choice_put(actor=ACTOR, organisation=region, code="D-DX-001", holds=True, reason="另有条目")
    assert "D-DX-001" not in offered(hospital)
    assert "D-DX-001" not in offered(other)
    choice_put(actor=ACTOR, organisation=other, code="D-DX-001", holds=False)
    assert "D-DX-001" in offered(other)  # the nearer one decides
    assert fault_text("D-DX-001") == named("D-DX-001").name.zh
    entry = put(hospital)
    with pytest.raises(Conflict, match="entry_own"):
        choice_put(actor=ACTOR, organisation=hospital, code=entry.code, holds=True, reason="x")
    with pytest.raises(Invalid, match="entry_unknown"):
        choice_put(actor=ACTOR, organisation=hospital, code="D-NONE", holds=True, reason="x")


def test_a_catalogue_costs_two_queries_and_names_are_kept(django_assert_num_queries):
    hospital = make_hospital()
    code = put(hospital).code
    with django_assert_num_queries(2):
        catalogue_for(hospital)
    fault_text(code)
    with django_assert_num_queries(1):
        assert fault_text(code) == "本院缺陷"
    with django_assert_num_queries(0):
        assert fault_text("D-DX-001") != "D-DX-001"


# --- lists -----------------------------------------------------------------------------------------------


def table(*rows, encoding="utf-8-sig"):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


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


# --- pictures --------------------------------------------------------------------------------------------


def test_a_picture_keeps_nothing_but_pixels(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    hospital = make_hospital()
    exif = Image.Exif()
    exif[0x010E] = "ZHANG SANFENG"
    exif[0x0112] = 6  # turned by 90°
    out = io.BytesIO()
    Image.new("RGB", (40, 20), (90, 90, 90)).save(out, "JPEG", exif=exif, comment=b"ZHANG SANFENG")
    assert b"ZHANG" in out.getvalue()
    row = picture_put(
        actor=ACTOR, organisation=hospital, fields=PictureFields(position="CH-PA", **ALLOWED), data=out.getvalue()
    )
    assert (row.columns, row.rows, row.number) == (20, 40, 1)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "documents").rglob("*") if path.is_file())
    assert stored
    assert b"ZHANG" not in stored
    assert b"Exif" not in stored
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferencePicture.objects.update(source="other")


def test_of_a_dicom_image_only_the_picture_is_kept(tmp_path):
    path = dx_image(tmp_path / "a.dcm", rows=64, columns=48, facts={"ImageComments": "ZHANG"})
    image = cleaned(path.read_bytes())
    assert image.size[0] > 0
    assert image.getextrema()[1] > image.getextrema()[0]
    path = dx_image(tmp_path / "b.dcm", rows=64, columns=48, facts={"BurnedInAnnotation": "YES"})
    with pytest.raises(Invalid, match="picture_text"):
        cleaned(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"GIF89a....", "picture_kind"),
        (b"%PDF-1.4", "picture_kind"),
        (png_bytes()[:60], "picture_bad"),
        (b"\x00" * 128 + b"DICM", "picture_bad"),
    ],
)
def test_what_is_no_picture_is_refused(data, code):
    with pytest.raises(Invalid, match=code):
        cleaned(data)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": ""}, "picture_source"),
        ({"licence": " "}, "picture_source"),
        ({"confirmed": ""}, "picture_confirm"),
        ({"position": "CH-NONE"}, "entry_unknown"),
        ({"position": ""}, "entry_unknown"),
    ],
)
def test_a_picture_needs_source_licence_and_somebody_who_looked(change, code):
    fields = PictureFields(**({"position": "CH-PA", **ALLOWED} | change))
    with pytest.raises(Invalid, match=code):
        picture_put(actor=ACTOR, organisation=make_hospital(), fields=fields, data=png_bytes())


def picture(place, **of):
    fields = PictureFields(**({"position": "CH-PA"} | of), **ALLOWED)
    return picture_put(actor=ACTOR, organisation=place, fields=fields, data=png_bytes())


def test_the_reading_room_shows_the_pictures_of_whoever_has_it_read(settings, home):  # noqa: F811
    region = make_region("cn-99")
    hospital = make_hospital(parent=region)
    exam = film_exam(hospital, home)
    own, of_region = put(hospital), put(region, zh="区域缺陷")
    here, above = picture(hospital, position="CH-LL"), picture(region, position="CH-LL")
    campaign, (assignment,), reader = room(hospital, [exam])
    case = campaign.cases.get()
    case.position = "CH-LL"
    case.save(update_fields=["position"])
    data = client_of(reader).get(url("reading_case", assignment)).json()
    assert data["position"]["name"] == "胸部左侧位"
    assert [one["url"] for one in data["position"]["pictures"]] == [
        url("reading_reference", assignment, here.pk), url("reading_reference", assignment, above.pk)
    ]  # fmt: skip
    answer = client_of(reader).get(data["position"]["pictures"][0]["url"])
    assert answer["Content-Type"] == "image/png"
    listed = client_of(reader).get(reverse("web:reading_defects"), {"modality": data["dictionary"]}).json()["defects"]
    assert {own.code, of_region.code} <= {one["code"] for one in listed}
    campaign.organisation = region  # a blind reader of the region learns nothing of the hospital by its own entries
    campaign.save(update_fields=["organisation"])
    data = client_of(reader).get(url("reading_case", assignment)).json()
    assert [one["url"] for one in data["position"]["pictures"]] == [url("reading_reference", assignment, above.pk)]
    assert client_of(reader).get(url("reading_reference", assignment, here.pk)).status_code == 404
    listed = client_of(reader).get(reverse("web:reading_defects"), {"modality": data["dictionary"]}).json()["defects"]
    assert own.code not in {one["code"] for one in listed}
    assert of_region.code in {one["code"] for one in listed}


def test_of_a_case_of_several_positions_the_room_names_that_of_each_film(home):  # noqa: F811
    hospital = make_hospital()
    exam = film_exam(hospital, home, ViewPosition="LL")
    _campaign, (assignment,), reader = room(hospital, [exam])
    data = client_of(reader).get(url("reading_case", assignment)).json()
    assert data["position"] is None
    assert [one["name"] for one in data["positions"].values()] == ["胸部左侧位"]


# --- pages -----------------------------------------------------------------------------------------------


def officer(hospital):
    client = Client()
    user = make_reader(hospital, "qc", "qc_officer")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_entry_is_written_changed_and_withdrawn_by_its_pages():
    hospital = make_hospital()
    client = officer(hospital)
    new = reverse("review:dictionary_new", args=[hospital.pk, "defect"])
    assert client.get(new).status_code == 200
    assert client.post(new, DEFECT | {"zh": ""}).status_code == 400
    assert client.post(new, DEFECT).status_code == 302
    entry = DictionaryEntry.objects.get()
    where = [hospital.pk, entry.code]
    assert client.post(new, DEFECT).status_code == 400  # the name is taken
    change = reverse("review:dictionary_change", args=where)
    assert "本院缺陷" in client.get(change).content.decode()
    typed = DEFECT | {"zh": "改名", "veto": "on", "modalities": ["DX", "CT"], "reason": "措辞"}
    assert client.post(change, typed).status_code == 302
    found = catalogue_for(hospital).defects[entry.code]
    assert (found.name.zh, found.veto, found.modalities) == ("改名", True, frozenset({"DX", "CT"}))
    withdraw = reverse("review:dictionary_withdraw", args=where)
    assert client.post(withdraw, {"reason": "停用"}).status_code == 302
    listed = client.get(reverse("review:dictionary"), {"q": "gm", "of": "off"}).content.decode()
    assert entry.code in listed
    assert entry.code not in client.get(reverse("review:dictionary"), {"q": "gm"}).content.decode()
    page = client.get(reverse("review:dictionary_entry", args=where))
    assert page.status_code == 200
    assert "措辞" in page.content.decode()


def test_a_position_is_found_by_letters_and_an_edition_says_what_is_known_of_it():
    client = officer(make_hospital())
    found = client.get(reverse("review:dictionary"), {"tab": "position", "q": "xbzcw"}).content.decode()
    assert "CH-LL" in found
    assert "CH-PA" not in found
    told = client.get(reverse("review:dictionary"), {"tab": "position", "edition": "seventy-six"}).content.decode()
    assert "清单原文未见" in told


def test_a_list_is_sent_looked_at_and_taken_over_by_its_page():
    hospital = make_hospital()
    client = officer(hospital)
    address = reverse("review:dictionary_import", args=[hospital.pk, "position"])
    file = SimpleUploadedFile("list.csv", table(("编码",), ("CH-PA",), ("CH-NONE",)))
    page = client.post(address, {"file": file, "edition": "four-seven"})
    assert page.status_code == 200
    sealed = page.context["page"].form.initial["sealed"]
    assert client.post(address, {"sealed": sealed}).status_code == 302
    assert set(catalogue_for(hospital).offered_positions("four-seven")) == {"CH-PA"}
    assert client.post(address, {"sealed": "forged"}).status_code == 302
    assert client.get(reverse("review:dictionary_export", args=[hospital.pk])).content[:2] == b"PK"


def test_pictures_are_added_shown_and_taken_away(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    region = make_region("cn-99")
    hospital, other = make_hospital(parent=region), make_hospital("rh2", parent=region)
    client = officer(hospital)
    address = reverse("review:picture_new", args=[hospital.pk, "CH-PA"])
    file = SimpleUploadedFile("a.png", png_bytes())
    typed = {"source": "本院", "licence": "教学", "defect": "", "caption": "标准片"}
    assert client.post(address, typed | {"file": file}).status_code == 400  # nobody says that they looked
    file.seek(0)
    assert client.post(address, typed | {"file": file, "confirmed": "on"}).status_code == 302
    row = ReferencePicture.objects.get()
    assert row.confirmed
    page = client.get(reverse("review:dictionary_entry", args=[hospital.pk, "CH-PA"])).content.decode()
    assert "标准片" in page
    seen = reverse("review:picture", args=[row.pk])
    assert client.get(seen)["Content-Type"] == "image/png"
    stranger = Client()
    user = make_reader(other, "qc2", "qc_officer")
    stranger.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert stranger.get(seen).status_code == 404
    of_region = picture(region)
    assert stranger.get(reverse("review:picture", args=[of_region.pk])).status_code == 200
    assert stranger.get(reverse("review:picture_remove", args=[row.pk])).status_code == 404
    remove = reverse("review:picture_remove", args=[row.pk])
    assert client.post(remove, {"reason": "换新"}).status_code == 302
    assert client.get(seen).status_code == 404
    with pytest.raises(Conflict):
        picture_remove(actor=ACTOR, picture=row, reason="again")


def test_nobody_writes_the_dictionary_of_another_hospital():
    hospital, other = make_hospital(), make_hospital("rh2")
    client = officer(hospital)
    entry = put(other)
    for name in ("dictionary_change", "dictionary_withdraw", "dictionary_hide", "dictionary_entry", "picture_new"):
        assert client.get(reverse(f"review:{name}", args=[other.pk, entry.code])).status_code == 404
    assert client.get(reverse("review:dictionary_new", args=[other.pk, "defect"])).status_code == 404
