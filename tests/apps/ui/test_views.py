import logging
import re
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import RequestFactory
from tests.apps.ui.rendering import a_request

from yingheng.common.ui import views

pytestmark = pytest.mark.urls("tests.apps.ui.urls")


def choose(language, back):
    request = RequestFactory().post("/ui/language/", {"language": language, "next": back})
    request.user = AnonymousUser()
    return views.set_language(request)


def test_it_keeps_the_language_in_the_cookie_and_goes_back(settings):
    response = choose("en", "/exams/?outcome=FAIL")
    assert (response.status_code, response["Location"]) == (302, "/exams/?outcome=FAIL")
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_it_never_leads_to_another_place(back):
    assert choose("en", back)["Location"] == "/"


def test_it_ignores_an_unknown_language(settings):
    assert settings.LANGUAGE_COOKIE_NAME not in choose("xx", "/").cookies


def test_it_changes_the_language_of_an_account_that_keeps_one():
    saved = []

    class Person:
        language = "zh-hans"
        is_authenticated = True

        def save(self, update_fields):
            saved.append((self.language, update_fields))

    request = RequestFactory().post("/ui/language/", {"language": "en", "next": "/"})
    request.user = Person()
    views.set_language(request)
    assert saved == [("en", ["language"])]


@pytest.mark.parametrize(
    ("view", "status"),
    [(views.bad_request, 400), (views.permission_denied, 403), (views.csrf_failure, 403), (views.not_found, 404)],
)
def test_it_answers_errors_with_an_id_that_the_log_has(view, status, caplog):
    with caplog.at_level(logging.INFO, logger="yingheng.ui"):
        response = view(a_request("/secret/"))
    assert response.status_code == status
    error_id = re.search(r"<code>([0-9A-F]{8})</code>", response.content.decode()).group(1)
    assert error_id in caplog.text


def fail():
    raise RuntimeError("private words")


def test_it_logs_the_failure_but_never_shows_it(caplog):
    with caplog.at_level(logging.ERROR, logger="yingheng.ui"):
        try:
            fail()
        except RuntimeError:
            response = views.server_error(a_request())
    assert response.status_code == 500
    assert "private words" not in response.content.decode()
    assert "private words" in caplog.text


def test_it_asks_strangers_to_sign_in_before_the_gallery(settings):
    settings.LOGIN_URL = "/login/"
    for view, args in ((views.gallery, ()), (views.sample_page, ("list",)), (views.sample_image, (0,))):
        assert view(a_request(), *args).status_code == 302


def test_it_marks_the_gallery_as_demonstration():
    request = a_request()
    request.user = SimpleNamespace(is_authenticated=True)
    response = views.sample_page(request, "list")
    assert request.demo is True
    assert response.context_data["page"].title


@pytest.mark.parametrize(("name", "query"), [("planet", ""), ("list", "?state=odd")])
def test_it_knows_no_other_samples(name, query):
    request = a_request(f"/ui/page/{name}/{query}")
    request.user = SimpleNamespace(is_authenticated=True)
    with pytest.raises(Http404):
        views.sample_page(request, name)
