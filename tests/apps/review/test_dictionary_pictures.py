"""Reference pictures: cleaned, kept with source and licence, shown in the reading room."""

import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image
from tests.apps.review.making import ACTOR, make_hospital, make_region, png_bytes
from tests.apps.review.rooming import client_of, film_exam, home, room, url  # noqa: F401 - a fixture
from tests.apps.review.wording import ALLOWED, picture, put

from imagingqc.dicom.synthetic import dx_image
from yingheng.common.errors import Invalid
from yingheng.review.models import ReferencePicture
from yingheng.review.services.picturing import PictureFields, cleaned, picture_put

pytestmark = pytest.mark.django_db


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
