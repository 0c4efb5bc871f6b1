"""Signing in and out, one's own password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action
from yingheng.tenancy.access import public, signed_in
from yingheng.tenancy.forms import SignInForm
from yingheng.tenancy.services import password_change, session_open

_COOKIE_AGE_S = 365 * 24 * 3600


class SignIn(LoginView):
    """The sign-in page. The browser takes on the person's language, whoever sat there before."""

    template_name = "ui/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:
        user = form.get_user()
        session_open(user=user, address=self.request.META.get("REMOTE_ADDR", ""))
        response = super().form_valid(form)
        if user.language:
            _remember(response, user.language)
        else:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return response


login = public(never_cache(SignIn.as_view()))


@public
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Ends the session; the way back is the sign-in page."""
    end_session(request)
    return redirect("tenancy:login")


def locked_out(request: HttpRequest, _response: HttpResponse | None = None, _who: Any = None) -> HttpResponse:
    """Shown instead of the sign-in page after too many wrong passwords."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "tenancy/locked.html", {"minutes": minutes}, status=429)


@never_cache
@signed_in
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """One's own password; the first page after a sign-in with a password made by somebody else."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        password_change(user=request.user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password was changed."))
        return redirect("/")
    forced = request.user.must_change_password
    purpose = _("Choose a password of your own before you go on.") if forced else ""
    tokens = Action(_("Access tokens"), reverse("tenancy:tokens"), icon="key")
    return FormPage(
        title=_("Change password"),
        purpose=purpose,
        actions=() if forced else (tokens,),
        form=form,
        submit=_("Change password"),
    ).response(request)


def _remember(response: HttpResponse, language_code: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language_code,
        max_age=_COOKIE_AGE_S,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
