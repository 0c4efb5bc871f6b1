"""What every template may know about the person: for menus and buttons."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from yingheng.tenancy.access import memberships_of, permissions_of


def access(request: HttpRequest) -> dict[str, Any]:
    """`may`: the permissions held somewhere; `my_roles`: role keys; addresses of the account menu.

    The frame around a page reads `permissions` and `scope_name` from the request.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": frozenset(), "my_roles": ()}
    rows = memberships_of(request)
    request.permissions = permissions_of(request)
    request.scope_name = rows[0].organisation.name if rows else ""
    return {
        "may": request.permissions,
        "my_roles": tuple(sorted({row.role for row in rows})),
        "account_url": reverse("tenancy:password"),
        "logout_url": reverse("tenancy:logout"),
    }
