"""Addresses of the gallery server: the gallery, the login layout, and pages that stand in for the menu's."""

from collections.abc import Callable
from types import SimpleNamespace

from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import include, path

from yingheng.common.ui import views


class SamplePersonMiddleware:
    """Puts a signed-in made-up person on the request, as tenancy and notify do on the real server."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleNamespace(
            is_authenticated=True,
            get_full_name=lambda: "演示用户",
            get_short_name=lambda: "演示",
            get_username=lambda: "demo",
        )
        request.permissions = frozenset({"exam.view", "device.view", "finding.view", "standard.view", "job.view"})
        request.scope_name = "演示市第一人民医院 · 医学影像科"
        request.unread = 3
        request.unread_url = "/"
        return self.get_response(request)


def login(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "ui/login.html", {"form": AuthenticationForm(), "demo": True})


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("on purpose")


def stub(request: HttpRequest) -> HttpResponse:
    return views.sample_page(request, "list")


def _app(name: str, *pages: str) -> object:
    urls = [path(f"demo/{name}/{page}/", stub, name=page) for page in pages]
    return path("", include((urls, name)))


urlpatterns = [
    path("ui/", include("yingheng.common.ui.urls")),
    path("login/", login, name="login"),
    path("broken/", broken),
    _app("web", "today", "exams", "findings", "standards", "devices"),
    _app("jobs", "list"),
    _app("notify", "list"),
]
handler400 = "yingheng.common.ui.views.bad_request"
handler403 = "yingheng.common.ui.views.permission_denied"
handler404 = "yingheng.common.ui.views.not_found"
handler500 = "yingheng.common.ui.views.server_error"
