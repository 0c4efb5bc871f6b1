"""The dictionaries by their pages."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.apps.review.making import ACTOR, make_hospital, make_reader, make_region, png_bytes
from tests.apps.review.rooming import client_of, film_exam, home, room, url  # noqa: F401 - a fixture
from tests.apps.review.wording import DEFECT, picture, put, table

from yingheng.common.errors import Conflict
from yingheng.review.dictionary import catalogue_for
from yingheng.review.models import DictionaryEntry, ReferencePicture
from yingheng.review.services.picturing import picture_remove

pytestmark = pytest.mark.django_db


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
    sealed = page.context["page"].sections[-1].context["form"].initial["sealed"]
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
