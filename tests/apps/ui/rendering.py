"""Renders parts and pages without a server or a database."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory

from yingheng.common.ui.parts import Part


def a_request(path: str = "/ui/", **attributes: object) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def html_of(part: Part, request: HttpRequest | None = None) -> str:
    template = engines["django"].from_string("{% load ui %}{% part item %}")
    return template.render({"item": part}, request or a_request())
