"""Pictures: of frames, instances, series and studies; windows, parts, sizes."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.apps.api.conftest import parts

pytestmark = pytest.mark.django_db


def picture(answer) -> Image.Image:
    assert answer.status_code == 200, answer.content
    return Image.open(BytesIO(answer.content))


def pixels(answer) -> np.ndarray:
    return np.asarray(picture(answer)).astype(int)


def test_every_level_has_a_picture(sent, program):
    client = program("expert")
    for address in (
        sent.url(),
        sent.url(sent.ct[0], level="series"),
        sent.url(sent.ct[0]),
        sent.url(sent.xa, "frames/2"),
    ):
        answer = client.get(f"{address}/rendered")
        assert picture(answer).format == "JPEG"
        assert "private" in answer["Cache-Control"]
        png = client.accept(f"{address}/rendered", "image/png, image/jpeg;q=0.5")
        assert picture(png).format == "PNG"
        small = client.accept(f"{address}/thumbnail", "image/*")
        assert max(picture(small).size) == 200
    assert picture(client.get(sent.url(sent.us, "rendered"))).mode == "RGB"


def test_one_picture_stands_for_the_middle(sent, program):
    client = program("expert")
    png = {"HTTP_ACCEPT": "image/png"}
    series = client.get(sent.url(sent.ct[0], "rendered", level="series"), **png).content
    assert series == client.get(sent.url(sent.ct[2], "rendered"), **png).content
    run = client.get(sent.url(sent.xa, "rendered"), **png).content
    assert run == client.get(sent.url(sent.xa, "frames/2/rendered"), **png).content


def test_many_pictures_come_in_parts(sent, program):
    client = program("expert")
    jpeg = 'multipart/related; type="image/jpeg"'
    got = parts(client.accept(sent.url(sent.ct[0], "rendered", level="series"), jpeg))
    assert len(got) == 4
    assert all(Image.open(BytesIO(content)).size == (32, 32) for _, content in got)
    assert got[1][0]["Content-Location"].endswith(f"{sent.ct[1].SOPInstanceUID}/frames/1/rendered")
    assert len(parts(client.accept(sent.url(sent.xa, "rendered"), jpeg))) == 3
    assert len(parts(client.accept(sent.url(tail="rendered"), jpeg))) == 4 + 2 + 3 + 1


def test_the_window_decides_the_grey(sent, program):
    client = program("expert")
    png = {"HTTP_ACCEPT": "image/png"}
    stored = sent.ct[0].pixel_array * float(sent.ct[0].RescaleSlope) + float(sent.ct[0].RescaleIntercept)
    url = sent.url(sent.ct[0], "rendered")
    exact = pixels(client.get(f"{url}?window=40,400,linear-exact", **png))
    assert np.abs(exact - np.clip((stored - 40) / 400 + 0.5, 0, 1) * 255).max() <= 0.51
    linear = pixels(client.get(f"{url}?window=40,400", **png))
    assert np.abs(linear - np.clip((stored - 39.5) / 399 + 0.5, 0, 1) * 255).max() <= 0.51
    curved = pixels(client.get(f"{url}?window=40,400,sigmoid", **png))
    assert np.abs(curved - 255 / (1 + np.exp(-4 * (stored - 40) / 400))).max() <= 0.51
    assert pixels(client.get(f"{url}?window=40,1", **png)).max() == 255


def test_part_and_size(sent, program):
    client = program("expert")
    png = {"HTTP_ACCEPT": "image/png"}
    url = sent.url(sent.ct[0], "rendered")
    whole = pixels(client.get(url, **png))
    assert pixels(client.get(f"{url}?viewport=8,16,4,2,8,16", **png)).tolist() == whole[2:18, 4:12].tolist()
    assert picture(client.get(f"{url}?viewport=64,100", **png)).size == (64, 64)
    assert picture(client.get(sent.url(sent.ct[0], "thumbnail") + "?viewport=50,50")).size == (50, 50)
    best, worst = (len(client.get(f"{url}?quality={q}").content) for q in (100, 1))
    assert best > worst


def test_what_cannot_be_drawn_is_refused(sent, program):
    client = program("expert")
    url = sent.url(sent.ct[0], "rendered")
    for query in ("window=1", "window=a,b", "window=40,0", "window=40,400,cubic", "window=nan,1", "viewport=1",
                  "viewport=0,5", "viewport=9,9,30,30,30,30", "viewport=99999,9", "quality=0",
                  "quality=x"):  # fmt: skip
        answer = client.get(f"{url}?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.bad_parameter"), query
    assert client.accept(url, "image/gif").status_code == 406
    assert client.get(sent.url(sent.report, "rendered")).status_code == 406
    assert client.get(sent.url(sent.xa, "frames/9/rendered")).status_code == 404


def test_the_other_hospital_sees_nothing(sent, program, other_hospital):
    client = program("expert", "other", other_hospital)
    for tail in ("rendered", "thumbnail", "metadata", "frames/1", "frames/1/rendered", "bulkdata/7FE00010"):
        assert client.get(sent.url(sent.ct[0], tail)).status_code == 404, tail
