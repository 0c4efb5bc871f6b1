"""One's messages."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Action, Empty, Tab, Tag, When
from yingheng.common.ui.tables import Column, Pager, Row, Table
from yingheng.notify.selectors import Told, delivery_get, delivery_list, unread_count
from yingheng.notify.services import deliveries_read, delivery_acknowledge
from yingheng.tenancy.access import signed_in

PAGE_ROWS = 50
_TONES = {"info": "neutral", "warning": "human", "urgent": "fail"}


@signed_in
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """Everything one was told, newest first."""
    unread_only = request.GET.get("show") == "unread"
    rows = delivery_list(
        request.user, unread_only=unread_only, before=_uuid(request.GET.get("before", "")), limit=PAGE_ROWS + 1
    )
    shown = rows[:PAGE_ROWS]
    unread = unread_count(request.user)
    read_all = Action(_("Mark all as read"), reverse("notify:read_all"), icon="checks", method="post")
    return ListPage(
        title=_("Notifications"),
        purpose=_("What you were told, and what you took note of."),
        actions=[read_all] if unread else [],
        tabs=[
            Tab(_("All"), "?", current=not unread_only),
            Tab(_("Unread"), "?show=unread", count=unread, current=unread_only),
        ],
        table=Table(
            columns=(
                Column("text", _("Message"), wide=True),
                Column("level", _("Level")),
                Column("at", _("Time"), nowrap=True),
                Column("state", _("State"), phone=False),
                Column("do", "", align="right"),
            ),
            rows=[_row(told) for told in shown],
            caption=_("Notifications"),
            pager=_pager(request.GET, shown, more=len(rows) > PAGE_ROWS),
            empty=Empty(_("No messages"), icon="bell"),
        ),
    ).response(request)


@signed_in
@require_safe
def follow(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Opens what a message is about and marks it as read. Links lead nowhere but into the platform."""
    found = delivery_get(request.user, delivery_id)
    deliveries_read(user=request.user, delivery_ids=[found.pk])
    link = found.message.link
    inside = link.startswith("/") and url_has_allowed_host_and_scheme(link, allowed_hosts=None)
    return redirect(link if inside else "notify:list")


@signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    count = deliveries_read(user=request.user)
    text = ngettext("%(count)d message marked as read.", "%(count)d messages marked as read.", count)
    messages.success(request, text % {"count": count})
    return redirect("notify:list")


@signed_in
@require_POST
def acknowledge(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Take note of a message: kept with the time."""
    delivery_acknowledge(user=request.user, delivery_id=delivery_id)
    return redirect("notify:list")


def _row(told: Told) -> Row:
    delivery, message = told.delivery, told.delivery.message
    note = reverse("notify:acknowledge", kwargs={"delivery_id": delivery.pk})
    return Row(
        {
            "text": told.text,
            "level": Tag(message.get_level_display(), _TONES[message.level]),
            "at": When(message.created_at),
            "state": _state(told),
            "do": None if delivery.acknowledged_at else Action(_("Noted"), note, icon="check", method="post"),
        },
        url=reverse("notify:follow", kwargs={"delivery_id": delivery.pk}) if message.link else "",
        id=str(delivery.pk),
    )


def _state(told: Told) -> Tag:
    if told.delivery.acknowledged_at:
        return Tag(_("Noted"), "pass", "checks")
    return Tag(pgettext("message", "Read"), "neutral") if told.delivery.read_at else Tag(_("Unread"), "accent")


def _pager(asked: Mapping[str, str], shown: Sequence[Told], *, more: bool) -> Pager:
    kept = {key: value for key, value in asked.items() if key != "before" and value}
    following = f"?{urlencode({**kept, 'before': str(shown[-1].delivery.pk)})}" if more else ""
    return Pager(shown=len(shown), next_url=following)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
