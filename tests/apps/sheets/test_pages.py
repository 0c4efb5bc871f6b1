"""The pages of sheets: written, tried out, filled in, submitted, signed, corrected, given back as files."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.apps.conftest import PASSWORD
from tests.apps.sheets.making import GOOD, SCORE, TEXT, kind_of

from yingheng.documents.models import Attachment, Signature
from yingheng.sheets import subjects
from yingheng.sheets.models import Response, Template
from yingheng.sheets.services import response_begin, template_begin, template_publish

pytestmark = pytest.mark.django_db
SIGNED = (
    TEXT
    + """
[[group.item]]
key = "photo"
type = "file"
label = "照片"
required = false

[[group.item]]
key = "author"
type = "signature"
label = "检测人"

[[group.item]]
key = "witness"
type = "signature"
label = "见证人"
by = "witness"
"""
)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\n"
    b"IDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def things(hospital, other_hospital, monkeypatch):
    kind, made = kind_of(hospital, other_hospital)
    monkeypatch.setattr(subjects, "_kinds", {"thing": kind})
    return made


@pytest.fixture
def begin(hospital, actor, things):
    def make(text=TEXT, occasion="2026-11-22"):
        template = template_publish(actor=actor, template=template_begin(actor=actor, hospital=hospital, text=text))
        return response_begin(actor=actor, template=template, subject=things["thing-h1"], occasion=occasion)

    return make


def at(name, row):
    return reverse(f"web:{name}", args=[row.pk])


def test_typing_is_kept_and_judged_at_once(begin, signed_in):
    row, client = begin(), signed_in("technologist")
    page = client.get(at("sheet_fill", row)).content.decode()
    assert 'name="temperature"' in page
    assert "18" in page  # the limit stands beside the field before anything is typed
    answer = client.post(at("sheet_save", row), {"temperature": "30", "humidity": ["50", "x"], "revision": "0"})
    told = answer.json()
    assert (answer.status_code, told["revision"]) == (200, 1)
    assert "x" in told["judged"]["temperature"]
    assert set(told["errors"]) == {"humidity"}
    row.refresh_from_db()
    assert row.typed == {"temperature": "30", "humidity": ["50", "x"]}
    conflict = client.post(at("sheet_save", row), {"temperature": "22", "revision": "0"})
    assert conflict.status_code == 409
    assert conflict.json()["text"]
    over = client.post(at("sheet_save", row), {"temperature": "22", "revision": "0", "over": "1"})
    assert over.json()["revision"] == 2
    assert 'value="22"' in client.get(at("sheet_fill", row)).content.decode()


def test_what_is_refused_stays_on_the_page(begin, signed_in):
    row, client = begin(), signed_in("technologist")
    answer = client.post(at("sheet_fill", row), {"temperature": "warm", "humidity": ["50", "54"]})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="warm"' in page
    row.refresh_from_db()
    assert (row.state, row.typed["temperature"]) == ("draft", "warm")
    assert f'data-revision="{row.revision}"' in page


def test_it_is_submitted_shown_and_given_back_as_files(begin, signed_in):
    row, client = begin(), signed_in("technologist")
    answer = client.post(at("sheet_fill", row), GOOD)
    assert (answer.status_code, answer.url) == (302, at("sheet", row))
    page = client.get(at("sheet", row)).content.decode()
    assert "21.5" in page
    assert "data-sheet-done" in page
    assert client.get(at("sheet_fill", row)).status_code == 302
    assert client.post(at("sheet_save", row), {"temperature": "1", "revision": "9", "over": "1"}).status_code == 409
    for ending, magic in (("pdf", b"%PDF-"), ("docx", b"PK"), ("xlsx", b"PK")):
        file = client.get(reverse("web:sheet_report", args=[row.pk, ending]))
        assert file.content.startswith(magic)
        assert "attachment" in file["Content-Disposition"]
    assert client.get(reverse("web:sheet_report", args=[row.pk, "exe"])).status_code == 404
    listed = client.get(reverse("web:sheets")).content.decode()
    assert str(row.pk) in listed


def test_a_correction_begins_with_the_answers(begin, signed_in):
    row, client = begin(), signed_in("technologist")
    client.post(at("sheet_fill", row), GOOD)
    assert client.post(at("sheet_correct", row), {"reason": ""}).status_code == 400
    answer = client.post(at("sheet_correct", row), {"reason": "读错"})
    draft = Response.objects.get(version=2)
    assert answer.url == at("sheet_fill", draft)
    assert 'value="21.5"' in client.get(answer.url).content.decode()
    client.post(at("sheet_fill", draft), GOOD | {"temperature": "20"})
    assert "读错" in client.get(at("sheet", draft)).content.decode()
    client.post(at("sheet_correct", draft), {"reason": "x"})
    third = Response.objects.get(version=3)
    assert client.post(at("sheet_discard", third)).status_code == 302
    assert Response.objects.count() == 2


def test_two_people_sign_what_was_submitted(begin, signed_in, person):
    row, client, witness = begin(SIGNED), signed_in("technologist"), person("engineer")
    mine = {"sign.author.password": PASSWORD}
    wrong = [
        {},
        {"sign.author.password": "no"},
        mine,
        mine | {"sign.witness.user": "technologist", "sign.witness.password": PASSWORD},
        mine | {"sign.witness.user": "engineer", "sign.witness.password": "no"},
    ]
    for given in wrong:
        answer = client.post(at("sheet_fill", row), GOOD | given)
        assert answer.status_code == 400, given
        assert PASSWORD not in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, Signature.objects.count()) == ("draft", 0)
    assert PASSWORD not in json.dumps(row.typed)
    both = mine | {"sign.witness.user": "Engineer", "sign.witness.password": PASSWORD}
    assert client.post(at("sheet_fill", row), GOOD | both).status_code == 302
    row.refresh_from_db()
    made = {s.role: (s.person_name, s.sha256) for s in Signature.objects.all()}
    assert made["witness"] == (witness.actor.name, row.sha256)
    assert made["author"][1] == row.sha256
    assert witness.actor.name in client.get(at("sheet", row)).content.decode()


def test_a_picture_is_attached_and_shown(begin, signed_in):
    row, client = begin(SIGNED), signed_in("technologist")
    taken = client.post(at("sheet_attach", row), {"file": SimpleUploadedFile("错误.png", PNG)}).json()
    assert (taken["name"], taken["picture"]) == ("错误.png", True)
    assert client.get(taken["url"]).content == PNG
    refused = client.post(at("sheet_attach", row), {"file": SimpleUploadedFile("a.png", b"<script>")})
    assert (refused.status_code, bool(refused.json()["text"])) == (400, True)
    assert client.post(at("sheet_attach", row)).status_code == 400
    client.post(at("sheet_save", row), {"photo": taken["id"], "revision": "0"})
    assert taken["url"] in client.get(at("sheet_fill", row)).content.decode()
    assert Attachment.objects.count() == 1


def test_another_hospital_fills_in_nothing(begin, signed_in, other_hospital):
    row, client = begin(), signed_in("technologist", "other", other_hospital)
    for name in ("sheet", "sheet_fill", "sheet_correct"):
        assert client.get(at(name, row)).status_code == 404
    for name in ("sheet_save", "sheet_attach", "sheet_discard"):
        assert client.post(at(name, row)).status_code == 404
    page = client.get(reverse("web:sheet_new")).content.decode()
    assert "thing-h1" not in page
    assert "thing-h2" in page


def test_a_sheet_is_begun_from_the_form(things, begin, signed_in):
    begin()
    client = signed_in("technologist")
    template = Template.objects.get()
    given = {"template": str(template.pk), "subject": "thing:thing-h1", "occasion": "x"}
    answer = client.post(reverse("web:sheet_new"), given)
    assert answer.url == at("sheet", Response.objects.get(occasion="x"))
    assert client.post(reverse("web:sheet_new"), given).url == answer.url
    assert client.post(reverse("web:sheet_new"), given | {"subject": "thing:thing-h2"}).status_code == 400


def test_templates_are_written_tried_and_published(things, signed_in):
    client = signed_in("qc_officer")
    bad = client.post(reverse("sheets:new"), {"text": TEXT.replace("plausible = [0, 50]", "plausible = [9]")})
    assert bad.status_code == 400
    assert "plausible" in bad.content.decode()
    made = client.post(reverse("sheets:new"), {"file": SimpleUploadedFile("a.toml", SCORE.encode())})
    row = Template.objects.get()
    assert made.url == reverse("sheets:template", args=[row.pk])
    page = client.get(reverse("sheets:preview", args=[row.pk])).content.decode()
    assert "data-judge" in page
    assert "data-save=" not in page
    told = client.post(
        reverse("sheets:preview", args=[row.pk]), {"position.faults": ["cut"], "contrast": "10", "revision": "0"}
    ).json()
    assert "62.5" in told["score"]
    assert Response.objects.count() == 0
    client.post(reverse("sheets:edit", args=[row.pk]), {"text": row.text.replace("评分", "评片")})
    client.post(reverse("sheets:publish", args=[row.pk]))
    row.refresh_from_db()
    assert (row.state, row.title) == ("published", "评片")
    assert client.get(reverse("sheets:edit", args=[row.pk])).status_code == 400
    assert client.get(reverse("sheets:download", args=[row.pk])).content.decode() == row.text
    client.post(reverse("sheets:next", args=[row.pk]))
    second = Template.objects.get(version=2)
    client.post(reverse("sheets:discard", args=[second.pk]))
    assert client.post(reverse("sheets:withdraw", args=[row.pk]), {"reason": "x"}).status_code == 302
    listed = client.get(reverse("sheets:templates")).content.decode()
    assert "device-morning" in listed
    product = client.get(reverse("sheets:product", args=["device-morning"]))
    assert product.status_code == 200
    assert client.get(reverse("sheets:product", args=["nothing"])).status_code == 404


def test_score_sheets_have_a_list_of_their_own(things, signed_in):
    client = signed_in("qc_officer")
    listed = client.get(reverse("sheets:templates"), {"kind": "score"}).content.decode()
    assert "chest-pa" in listed
    assert "device-morning" not in listed
    assert "device-morning" in client.get(reverse("sheets:templates"), {"kind": "poem"}).content.decode()
    page = client.get(reverse("sheets:product", args=["chest-pa"])).content.decode()
    for told in ("EUR 16260", "CHEST", "→ 10", "甲", "60"):
        assert told in page, told
    assert client.get(reverse("sheets:product", args=["chest-pa"]), {"version": "99"}).status_code == 404


def test_a_draft_is_looked_at_before_it_is_kept(things, signed_in):
    client = signed_in("qc_officer")
    page = client.post(reverse("sheets:look"), {"text": SCORE}).content.decode()
    assert 'name="look.text"' in page
    assert "缺边" in page
    told = client.post(reverse("sheets:look"), {"look.text": SCORE, "position": "seen", "contrast": "20"}).json()
    assert "甲" in told["score"]
    bad = client.post(reverse("sheets:look"), {"text": SCORE.replace("weight = 60", "weight = 0")})
    assert (bad.status_code, "position" in bad.content.decode()) == (400, True)
    assert Template.objects.count() == 0
    assert signed_in("technologist", "other").post(reverse("sheets:look"), {"text": SCORE}).status_code == 403


def test_versions_say_what_they_changed(things, hospital, actor, signed_in):
    first = template_publish(actor=actor, template=template_begin(actor=actor, hospital=hospital, text=SCORE))
    changed = SCORE.replace('label = "缺边", points = 20', 'label = "缺边", points = 25').replace(
        "least = 60", "least = 70"
    )
    second = template_begin(actor=actor, hospital=hospital, text=changed)
    client = signed_in("qc_officer")
    page = client.get(reverse("sheets:template", args=[second.pk])).content.decode()
    for told in ("缺边 −20", "缺边 −25", reverse("sheets:template", args=[first.pk])):
        assert told in page, told
    assert second.version == 2
    assert first.text != second.text
    old = client.get(reverse("sheets:template", args=[first.pk])).content.decode()
    assert "缺边 −25" not in old


def test_a_technologist_writes_no_template(things, signed_in):
    client = signed_in("technologist")
    assert client.get(reverse("sheets:new")).status_code == 403
    assert client.get(reverse("sheets:product_preview", args=["device-morning"])).status_code == 200
