"""Attached files: told by their bytes, kept once, given back safely, never changed."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from PIL import Image

from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.documents import access
from yingheng.documents.kinds import LARGEST, media_type_of, safe_name
from yingheng.documents.models import Attachment, Signature
from yingheng.documents.selectors import attachment_get, attachment_list
from yingheng.documents.services import (
    Signed,
    attachment_put,
    attachment_read,
    attachment_remove,
    signature_holds,
    signature_make,
)
from yingheng.documents.storage import file_put, file_read
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


def png():
    out = BytesIO()
    Image.new("L", (4, 4), 90).save(out, "PNG")
    return out.getvalue()


def archive(*names):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def put(hospital, actor, data=None, name="photo.png", subject="1"):
    return attachment_put(
        actor=actor, hospital=hospital, subject_type="sheet", subject_id=subject, name=name, data=data or png()
    )


def test_it_tells_kinds_by_bytes_and_not_by_names():
    assert media_type_of(png()) == "image/png"
    assert media_type_of(b"\xff\xd8\xff\xe0rest") == "image/jpeg"
    assert media_type_of(b"%PDF-1.7 x") == "application/pdf"
    assert media_type_of(archive("word/document.xml")).endswith("wordprocessingml.document")
    assert media_type_of(archive("xl/workbook.xml")).endswith("spreadsheetml.sheet")
    assert media_type_of("读数,1\n".encode("gb18030")) == "text/plain"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "documents.file_empty"),
        (b"x" * (LARGEST + 1), "documents.file_large"),
        (b"MZ\x90\x00\x03", "documents.file_kind"),
        (b"<html><script>1</script>", "documents.file_kind"),
        (b"  <svg xmlns='x'/>", "documents.file_kind"),
        (archive("evil.txt"), "documents.file_kind"),
        (b"PK\x03\x04cut", "documents.file_kind"),
        (archive("word/document.xml", "word/vbaProject.bin"), "documents.file_macros"),
    ],
    ids=["empty", "large", "program", "page", "drawing", "archive", "cut", "macros"],
)
def test_it_refuses_what_is_not_kept(data, code):
    with pytest.raises(Invalid) as refused:
        media_type_of(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\x\\照片.PNG", "照片.PNG"),
        ("a\r\nb.png", "ab.png"),
        ("", "file.png"),
        ("page.html", "page.html.png"),
        ("\u202egnp.exe", "gnp.exe.png"),
    ],
)
def test_it_makes_names_harmless(name, kept):
    assert safe_name(name, "image/png") == kept


def test_one_copy_lies_for_all_subjects(hospital, actor, settings):
    first, again, other = put(hospital, actor), put(hospital, actor), put(hospital, actor, subject="2")
    assert first.pk == again.pk != other.pk
    assert len([p for p in Path(settings.YINGHENG_HOME, "documents").rglob("*") if p.is_file()]) == 1
    assert attachment_read(first) == png()
    assert [a.pk for a in attachment_list(Scope.everything(), subject_type="sheet", subject_id="1")] == [first.pk]


def test_a_file_that_was_cut_off_is_written_again_and_a_damaged_one_refused(settings):
    sha256 = file_put(b"%PDF-1.7 whole")
    (path,) = (p for p in Path(settings.YINGHENG_HOME, "documents").rglob("*") if p.is_file())
    path.write_bytes(b"%PDF")
    with pytest.raises(Invalid):
        file_read(sha256)
    assert file_read(file_put(b"%PDF-1.7 whole")) == b"%PDF-1.7 whole"
    path.unlink()
    with pytest.raises(NotFound):
        file_read(sha256)
    with pytest.raises(Invalid):
        file_read("../../secret")


def test_removing_hides_and_keeps(hospital, actor):
    row = put(hospital, actor)
    with pytest.raises(Invalid):
        attachment_remove(actor=actor, attachment=row, reason=" ")
    attachment_remove(actor=actor, attachment=row, reason="拍错")
    row.refresh_from_db()
    with pytest.raises(NotFound):
        attachment_read(row)
    with pytest.raises(Conflict):
        attachment_remove(actor=actor, attachment=row, reason="x")
    assert put(hospital, actor).pk != row.pk
    for change in ({"sha256": "0" * 64}, {"removed_reason": "y"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Attachment.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Attachment.objects.filter(pk=row.pk).delete()


def test_it_gives_files_back_safely(hospital, other_hospital, actor, signed_in, monkeypatch):
    monkeypatch.setattr(access, "_views", {"sheet": "sheet.view", "person": "user.view"})
    row = put(hospital, actor, name='照片".png')
    client = signed_in("technologist")
    answer = client.get(reverse("documents:file", args=[row.pk]))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, png(), "image/png")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "\n" not in answer["Content-Disposition"]
    pdf = put(hospital, actor, b"%PDF-1.7 x", "a.pdf")
    assert client.get(reverse("documents:file", args=[pdf.pk]))["Content-Disposition"].startswith("attachment")
    theirs = put(other_hospital, actor, subject="3")
    assert client.get(reverse("documents:file", args=[theirs.pk])).status_code == 404
    private = attachment_put(
        actor=actor, hospital=hospital, subject_type="person", subject_id="1", name="x", data=png()
    )
    assert client.get(reverse("documents:file", args=[private.pk])).status_code == 404
    with pytest.raises(NotFound):
        attachment_get(Scope.of_organisation(other_hospital), row.pk)


def test_a_signature_stands_for_exactly_those_bytes(hospital, person):
    user = person("head")
    signed = Signed(hospital, "sheet", "1", "a" * 64)
    made = signature_make(user=user, signed=signed, role="author", meaning="检测人")
    assert (made.person_name, signature_holds(made, "a" * 64), signature_holds(made, "b" * 64)) == (
        user.actor.name, True, False,
    )  # fmt: skip
    with pytest.raises(Conflict):
        signature_make(user=user, signed=signed, role="author")
    with pytest.raises(DatabaseError), transaction.atomic():
        Signature.objects.filter(pk=made.pk).update(person_name="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        made.delete()
