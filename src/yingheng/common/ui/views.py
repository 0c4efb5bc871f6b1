"""Gallery, language switch and error pages."""

import logging
import secrets
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from .gallery import charts, components, samplepages
from .gallery.picture import COUNT, WINDOWS, slice_png
from .words import language

logger = logging.getLogger("yingheng.ui")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keeps the chosen language in the cookie, and in the account where it keeps one, and goes back."""
    wish, back = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if wish in {code for code, _name in settings.LANGUAGES}:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wish, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure()
        )
        if getattr(request.user, "language", ""):
            request.user.language = wish  # type: ignore[union-attr]
            request.user.save(update_fields=["language"])
    return response


@require_GET
@login_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    request.demo = True  # type: ignore[attr-defined]
    sections = components.badges() + components.numbers() + components.evidence() + components.actions()
    sections += charts.charts()
    context = {
        "page": samplepages.ThingPage(
            title=components.t("演示：组件画廊", "Demonstration: gallery"),
            purpose=components.t("每个组件和页面类型的每种状态。", "Every component and page type in every state."),
            facts=components.facts(),
            sections=sections,
        ),
        "samples": [(name, states) for name, (_make, states) in samplepages.PAGES.items()],
        "tiles": components.tiles(),
    }
    return TemplateResponse(request, "ui/gallery.html", context)


@require_GET
@login_required
def sample_page(request: HttpRequest, name: str) -> HttpResponse:
    """A sample of one page type; `?state=` chooses the state."""
    if name not in samplepages.PAGES:
        raise Http404
    make, states = samplepages.PAGES[name]
    state = request.GET.get("state", "full")
    if state not in states:
        raise Http404
    request.demo = True  # type: ignore[attr-defined]
    return make(request, state).response(request)


@require_GET
@login_required
def sample_image(request: HttpRequest, index: int) -> HttpResponse:
    """An artificial slice as PNG."""
    window = request.GET.get("w", "soft")
    if window not in WINDOWS or index >= COUNT:
        raise Http404
    return HttpResponse(slice_png(index, window), content_type="image/png")


# Django hands every handler what went wrong; a person is told the id alone.
def _error(request: HttpRequest, status: int, title: str, text: str, hint: str = "") -> HttpResponse:
    error_id = secrets.token_hex(4).upper()
    level = logging.ERROR if status >= 500 else logging.INFO
    failure = sys.exc_info() if status >= 500 else None
    logger.log(level, "error id %s: %s %s %s", error_id, status, request.method, request.path, exc_info=failure)
    context = {"status": status, "title": title, "text": text, "hint": hint, "error_id": error_id, "lang": language()}
    # Without the request: an error page must not need the session, the database or the menu.
    return HttpResponse(render_to_string("ui/error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return _error(request, 400, _("The request was not understood"), _("Go back and try again."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    text = _("Your role does not include this page.")
    return _error(request, 403, _("No access"), text, _("If you need it, ask the administrator of your hospital."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """For CSRF_FAILURE_VIEW."""
    text = _("The page was open too long or cookies are switched off, so the form was not accepted.")
    return _error(request, 403, _("The form has expired"), text, _("Go back, reload the page and send it again."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    text = _("This page does not exist, or it lies outside what you may see.")
    return _error(request, 404, _("Not found"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    text = _("Something went wrong on the server. What you had saved is safe.")
    return _error(request, 500, _("The server failed"), text, _("Give the administrator the id below."))
