"""Where accounts of staff used to be: the staff has pages of its own."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from yingheng.registry.selectors import person_get
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import PERSON_VIEW


@page(PERSON_VIEW)
@require_safe
def account_list(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """The list of staff."""
    return redirect("web:persons")


@page(PERSON_VIEW)
@require_safe
def account(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One of the staff."""
    return redirect("web:person", person_get(request.scope, person_id).pk)
