"""Which folders may be watched, and the pages of those that are."""

import pytest
from django.urls import reverse
from tests.apps.rejects.making import ACTOR, brought, device_of
from tests.apps.rejects.watching import days, looked, put

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.rejects.handlers import folders_ask, look_folder
from yingheng.rejects.logs.headings import guessed
from yingheng.rejects.models import FolderFile
from yingheng.rejects.services.folders import FolderFields, folder_put, folder_switch
from yingheng.rejects.services.importing import log_bring, profile_save
from yingheng.tenancy.services import organisation_create

pytestmark = pytest.mark.django_db


def fields(row, path, **more):
    return FolderFields(profile=row.profile, path=str(path), **more)


def test_it_watches_allowed_folders_alone(row, root, tmp_path):
    home = tmp_path / "home"
    for place in (root / "a" / "b", tmp_path / "outside", home):
        place.mkdir(parents=True, exist_ok=True)
    (root / "link").symlink_to(tmp_path / "outside")
    for path in (tmp_path / "outside", root / ".." / "outside", root / "link", home, "relative", "/etc"):
        with pytest.raises(Invalid, match="folder_root"):
            folder_put(actor=ACTOR, fields=fields(row, path))
    with pytest.raises(Invalid, match="folder_none"):
        folder_put(actor=ACTOR, fields=fields(row, root / "none"))
    for path in (root / "dr1", root):
        with pytest.raises(Conflict, match="folder_known"):
            folder_put(actor=ACTOR, fields=fields(row, path))
    for wrong in ({"stable_s": 9}, {"whole": "x"}, {"after": "x"}):
        with pytest.raises(Invalid):
            folder_put(actor=ACTOR, fields=fields(row, root / "a", **wrong))
    made = folder_put(actor=ACTOR, fields=fields(row, root / "a" / "b"))
    assert (made.path, made.device_id) == (str(root / "a" / "b"), row.device_id)
    assert Entry.objects.filter(action="reject_folder.put").count() == 1


def test_it_keeps_hospitals_apart(row, root, hospital):
    organisation_create(actor=None, parent=hospital.parent, kind="hospital", code="h9", name="另一家")
    for name in ("h9", hospital.code):
        (root / name).mkdir()
    with pytest.raises(Invalid, match="folder_root"):
        folder_put(actor=ACTOR, fields=fields(row, root / "h9"))
    assert folder_put(actor=ACTOR, fields=fields(row, root / hospital.code)).path.endswith(hospital.code)


def test_it_changes_a_folder_of_the_same_device_alone(row, root, hospital):
    other = brought(device_of(hospital, "DR2"), days())
    columns = guessed([["检查日期", "检查时间", "状态"]])
    profile = profile_save(actor=ACTOR, device=other.device, name="x", mapping=columns)
    with pytest.raises(Invalid, match="folder_profile"):
        folder_put(actor=ACTOR, fields=FolderFields(profile=profile, path=row.path), row=row)
    assert folder_put(actor=ACTOR, fields=fields(row, row.path, after="move"), row=row).after == "move"


def test_the_chore_asks_for_every_watched_folder_once(row, clock):
    assert (folders_ask(), folders_ask()) == (1, 1)
    job = Job.objects.get(kind="reject_folder.look")
    put(row, "a.csv", days())
    look_folder(job.natural_key, {})
    clock.on(60)
    look_folder(job.natural_key, {})
    assert FolderFile.objects.get().state == "taken"
    folder_switch(actor=ACTOR, row=row, active=False)
    assert folders_ask() == 0
    put(row, "b.csv", days(30))
    assert looked(row, clock).waiting == 0
    look_folder(str(log_bring(actor=ACTOR, device=row.device, name="x", data=days()).pk), {})  # of nothing


def test_pages_show_a_folder_and_take_what_people_say(row, clock, root, signed_in):
    put(row, "坏<b>.csv", b"nothing")
    put(row, "a.csv", days())
    looked(row, clock)
    reader, client = signed_in("engineer"), signed_in("qc_officer")
    url = reverse("rejects:folder", args=[row.pk])
    for one in (reader, client):
        assert row.path in one.get(reverse("rejects:folders")).content.decode()
        text = one.get(url).content.decode()
        assert "坏&lt;b&gt;.csv" in text
        assert ("folder_edit" in str(one.get(url).context["page"].actions)) is False
        assert "a.csv" not in one.get(url + "?state=refused").content.decode()
    for name in ("folder_edit", "folder_new"):
        args = [row.pk] if name == "folder_edit" else []
        assert reader.get(reverse(f"rejects:{name}", args=args)).status_code == 403
    (root / "dr2").mkdir()
    sent = {"profile": str(row.profile_id), "path": str(root / "dr2"), "whole": "every", "after": "keep",
            "stable_s": 60}  # fmt: skip
    new = reverse("rejects:folder_new")
    assert client.post(new, sent | {"path": "/etc"}).status_code == 400
    assert client.post(new, sent | {"profile": "x"}).status_code == 400
    assert client.post(new, sent).status_code == 302
    assert client.post(reverse("rejects:folder_edit", args=[row.pk]), sent | {"path": row.path}).status_code == 302
    assert client.post(reverse("rejects:folder_again", args=[row.pk])).status_code == 302
    assert not FolderFile.objects.filter(state="refused").exists()
    assert client.post(reverse("rejects:folder_switch", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert (row.whole, row.is_active) == ("every", False)
    assert client.get(url).status_code == 200


def test_another_hospital_sees_no_folder(row, signed_in, other_hospital):
    client = signed_in("qc_officer", "stranger", other_hospital)
    assert client.get(reverse("rejects:folder", args=[row.pk])).status_code == 404
    assert row.path not in client.get(reverse("rejects:folders")).content.decode()
    assert client.post(reverse("rejects:folder_again", args=[row.pk])).status_code == 404
