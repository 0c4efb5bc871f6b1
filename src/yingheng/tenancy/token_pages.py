"""Access tokens as page types: one's own list, and the section on the page of an account."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.pages import ListPage
from yingheng.common.ui.parts import Action, Empty, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.tenancy.forms import API_PERMISSIONS
from yingheng.tenancy.models import ApiToken, User
from yingheng.tenancy.tokens import in_force


def tokens_page(rows: Sequence[ApiToken]) -> ListPage:
    """One's own tokens."""
    new = Action(_("New access token"), reverse("tenancy:token_new"), icon="plus", kind="primary")
    return ListPage(
        title=_("My access tokens"),
        purpose=_("With a token a program acts in your name: a viewer, a script, another system."),
        crumbs=[Link(_("My account"), reverse("tenancy:password"))],
        actions=[new],
        table=_table(rows, own=True),
    )


def user_tokens_section(user: User, rows: Sequence[ApiToken]) -> Section:
    """The tokens of an account, for who administers it; new ones only for machines."""
    new = Action(_("New access token"), reverse("tenancy:machine_token_new", kwargs={"user_id": user.pk}), icon="plus")
    actions = [new] if user.is_machine and user.is_active else ()
    return Section(title=_("Access tokens"), body=_table(rows, own=False), actions=actions, flush=True)


def _table(rows: Sequence[ApiToken], *, own: bool) -> Table:
    return Table(
        columns=(
            Column("name", _("Name"), wide=True),
            Column("may", _("It may"), phone=False),
            Column("used", _("Last used"), nowrap=True),
            Column("until", _("Until"), nowrap=True),
            Column("do", "", align="right"),
        ),
        rows=[_row(row, own=own) for row in rows],
        caption=_("Access tokens"),
        empty=Empty(_("No access token"), _("A token is shown once, when it is made."), icon="key"),
    )


def _row(token: ApiToken, *, own: bool) -> Row:
    live = in_force(token)
    may = [Tag(str(API_PERMISSIONS.get(key, key))) for key in token.permissions]
    used = Lines(When(token.last_used_at), token.last_address) if token.last_used_at else None
    return Row(
        {
            "name": Lines(token.name, f"{token.hint}…"),
            "may": Many(may) if may else _("everything the account may"),
            "used": used,
            "until": When(token.expires_at) if live else _ended(token),
            "do": _revoke(token, own=own) if live else None,
        },
        id=str(token.pk),
        tone="" if live else "none",
    )


def _ended(token: ApiToken) -> Tag:
    return Tag(_("Revoked"), "none") if token.revoked_at else Tag(pgettext("token", "Expired"), "none")


def _revoke(token: ApiToken, *, own: bool) -> Action:
    where = {"token_id": token.pk} if own else {"token_id": token.pk, "user_id": token.user_id}
    address = reverse("tenancy:token_end" if own else "tenancy:user_token_end", kwargs=where)
    return Action(
        _("Revoke"), address, kind="quiet", method="post", confirm=_("Programs that use it are refused from now on.")
    )
