"""The pages on methods in the product: every method has one, every verdict leads to it."""

import re
import shutil

import hatch_build
import pytest
from django.urls import reverse

from imagingqc.clinical.registry import DEVICE_METHODS, EXAM_METHODS, SERIES_METHODS
from imagingqc.phantom.registry import TESTS
from imagingqc.quantity import quantity_catalogue
from yingheng.web import method_pages
from yingheng.web.method_pages import method_url, methods, page_by_method, pages

ALL = (*SERIES_METHODS, *EXAM_METHODS, *DEVICE_METHODS, *TESTS)


def test_every_method_of_the_code_has_exactly_one_page():
    named = [name for page in pages().values() for name in (m.name for m in page.methods)]
    assert sorted(named) == sorted(set(named))
    assert {m.name for m in ALL} | {"mr.required_series"} == set(named)


def test_every_page_has_a_chinese_title_a_summary_and_a_method():
    for slug, page in pages().items():
        assert re.search("[一-鿿]", page.zh), f"{slug}: no title in docs/methods/index.toml"
        assert re.search("[一-鿿]", page.summary), slug
        assert page.text, slug


def test_every_quantity_of_a_method_is_named_on_its_page():
    missing = []
    for page in pages().values():
        listed = set(re.findall(r"`([a-z0-9_.*]+)`", page.text))
        stems = tuple(name[:-1] for name in listed if name.endswith(".*"))
        missing += [(page.slug, q) for q in page.quantities if q not in listed and not q.startswith(stems or ("?",))]
    assert missing == []


def test_the_index_names_only_pages_and_methods_that_there_are():
    index = method_pages.tomllib.loads((method_pages.folder() / "index.toml").read_text(encoding="utf-8"))
    assert set(index) == set(pages())
    assert [name for entry in index.values() for name in entry.get("methods", ()) if name not in methods()] == []


def test_a_method_of_another_version_has_no_link():
    assert method_url("no.such_method") == ""
    assert method_url("ct.noise") == reverse("web:method", args=["ct-noise"])


def test_the_wheel_carries_the_pages_where_the_product_looks(tmp_path, monkeypatch):
    root = hatch_build.Path(hatch_build.__file__).parent
    ((source, target),) = hatch_build.method_pages(root).items()
    packed = tmp_path / target
    shutil.copytree(source, packed)
    assert target == "yingheng/web/method_texts"
    monkeypatch.setattr(method_pages, "_PACKED", packed)
    assert method_pages.folder() == packed
    assert set(method_pages.pages.__wrapped__()) == set(pages())
    with pytest.raises(RuntimeError, match="cannot be packed"):
        hatch_build.method_pages(tmp_path)


@pytest.mark.django_db
def test_the_index_and_every_page_open(signed_in):
    client = signed_in("technologist", "me")
    listed = client.get(reverse("web:methods")).content.decode()
    for slug, page in pages().items():
        url = reverse("web:method", args=[slug])
        assert url in listed
        shown = client.get(url)
        assert shown.status_code == 200
        text = shown.content.decode()
        assert page.title("zh") in text
        assert " style=" not in text.split("<main")[1].split("</main")[0], slug
        for method in page.methods:
            assert f"{method.name} v{method.version}" in text
        for q in page.quantities:
            assert quantity_catalogue()[q].zh in text
    assert client.get(reverse("web:methods") + "?modality=MR").content.decode().count("/methods/ct-") == 0
    assert client.get(reverse("web:method", args=["no-such-page"])).status_code == 404


@pytest.mark.django_db
def test_a_page_links_its_neighbours_and_the_criteria(signed_in):
    client = signed_in("technologist", "me")
    text = client.get(reverse("web:method", args=["ct-noise"])).content.decode()
    assert f'href="{reverse("web:method", args=["ct-body"])}"' in text
    assert f'href="{reverse("web:standard", args=["image-quality-1"])}?text=ct.noise.global"' in text
    wide = client.get(reverse("web:method", args=["mr-sequence"])).content.decode()
    assert '<div class="table-scroll"' in wide.split('class="document"')[1]


@pytest.mark.django_db
def test_verdicts_lead_to_the_page_of_their_method(world, signed_in):
    client = signed_in("qc_officer", "me")
    link = f'href="{reverse("web:method", args=["slices"])}"'
    exam = client.get(f"{reverse('web:exam', args=[world.exam])}?series={world.series}").content.decode()
    assert exam.count(link) > 1  # in the verdict, and in the table of all measurements
    assert page_by_method()["ct.slices"] == "slices"
    assert link in client.get(reverse("web:finding", args=[world.finding])).content.decode()
