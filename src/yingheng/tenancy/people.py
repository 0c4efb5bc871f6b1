"""The list of people and the page of one person, as page types."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from yingheng.common.ui.pages import ListPage, ThingPage
from yingheng.common.ui.parts import Action, Empty, Fact, Lines, Link, Many, Section, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Pager, Row, Table
from yingheng.tenancy.models import ApiToken, Membership, User
from yingheng.tenancy.roles import ROLES
from yingheng.tenancy.token_pages import user_tokens_section


def user_list_page(asked: Mapping[str, str], rows: Sequence[User], size: int, *, may_create: bool) -> ListPage:
    """`rows` holds one more than `size` when there is a next page."""
    language = get_language() or ""
    shown = rows[:size]
    actions = [Action(_("New user"), reverse("tenancy:user_new"), icon="plus", kind="primary")] if may_create else []
    return ListPage(
        title=_("Users and roles"),
        purpose=_("Who may sign in, and what they may do where."),
        actions=actions,
        filters=_filters(asked, language),
        table=Table(
            columns=(
                Column("name", _("Name"), wide=True),
                Column("roles", _("Roles")),
                Column("state", _("Account")),
                Column("seen", _("Last sign-in"), phone=False, nowrap=True),
            ),
            rows=[_row(user, language) for user in shown],
            caption=_("Users and roles"),
            pager=_pager(asked, shown, more=len(rows) > size),
            empty=Empty(_("Nobody matches"), _("Change the filters to see more people."), icon="users"),
        ),
    )


def _filters(asked: Mapping[str, str], language: str) -> FilterBar:
    roles = [Option(role.key, role.name(language)) for role in ROLES.values()]
    states = [Option("open", pgettext("account", "Open")), Option("closed", pgettext("account", "Closed"))]
    return FilterBar(
        (
            Filter("text", _("Name"), value=asked.get("text", "")),
            Filter("role", _("Role"), kind="select", value=asked.get("role", ""), options=roles),
            Filter("state", _("Account"), kind="select", value=asked.get("state", ""), options=states),
        )
    )


def _pager(asked: Mapping[str, str], shown: Sequence[User], *, more: bool) -> Pager:
    kept = {key: value for key, value in asked.items() if key != "after" and value}
    following = f"?{urlencode({**kept, 'after': shown[-1].username})}" if more else ""
    return Pager(shown=len(shown), next_url=following)


def _row(user: User, language: str) -> Row:
    held: list[Membership] = user.live_memberships  # type: ignore[attr-defined]
    roles = [Tag(f"{ROLES[row.role].name(language)} · {row.organisation.name}") for row in held]
    return Row(
        {
            "name": Lines(user.display_name, user.username),
            "roles": Many(roles) if roles else None,
            "state": account_tag(user),
            "seen": When(user.last_login) if user.last_login else None,
        },
        url=reverse("tenancy:user", kwargs={"user_id": user.pk}),
        id=str(user.pk),
    )


def account_tag(user: User) -> Tag:
    """Open, closed, or waiting for the first own password."""
    if not user.is_active:
        return Tag(pgettext("account", "Closed"), "none", "lock")
    if user.is_machine:
        return Tag(_("Machine account"), "neutral", "plug")
    if user.must_change_password:
        return Tag(_("First sign-in due"), "human", "key")
    return Tag(pgettext("account", "Open"), "neutral", "check")


def user_page(
    user: User,
    held: Sequence[Membership],
    *,
    tokens: Sequence[ApiToken],
    may_manage: bool,
    may_grant: bool,
    language: str,
) -> ThingPage:
    """One person; `held` are roles in force and past ones, `tokens` theirs for who administers the account."""
    roles = _roles_section(user, held, may_grant=may_grant, language=language)
    shown = may_manage and (user.is_machine or tokens)
    return ThingPage(
        title=user.display_name,
        kind=_("User"),
        crumbs=[Link(_("Users and roles"), reverse("tenancy:users"))],
        state=account_tag(user),
        facts=[
            Fact(_("User name"), user.username),
            Fact(_("Organisation"), user.home.name if user.home else None),
            Fact(_("Last sign-in"), When(user.last_login) if user.last_login else None),
        ],
        actions=_account_actions(user) if may_manage else [],
        sections=[roles, *([user_tokens_section(user, tokens)] if shown else [])],
    )


def _account_actions(user: User) -> list[Action]:
    where = {"user_id": user.pk}
    if not user.is_active:
        return [Action(_("Open the account again"), reverse("tenancy:activate", kwargs=where), method="post")]
    close = Action(_("Close the account"), reverse("tenancy:deactivate", kwargs=where), icon="lock", kind="danger")
    if user.is_machine:
        return [close]
    return [
        Action(
            _("New password"),
            reverse("tenancy:reset", kwargs=where),
            icon="key",
            method="post",
            confirm=_("The present password stops working at once. The new one is shown to you once."),
        ),
        close,
    ]


def _roles_section(user: User, held: Sequence[Membership], *, may_grant: bool, language: str) -> Section:
    columns = (
        Column("role", _("Role"), wide=True),
        Column("place", _("Organisation")),
        Column("from", _("From"), nowrap=True),
        Column("to", _("Until"), nowrap=True),
        Column("do", "", align="right"),
    )
    grant = Action(_("Grant a role"), reverse("tenancy:grant", kwargs={"user_id": user.pk}), icon="plus")
    return Section(
        title=_("Roles"),
        body=Table(
            columns=columns,
            rows=[_role_row(row, may_grant=may_grant, language=language) for row in held],
            caption=_("Roles"),
            empty=Empty(_("No role"), _("Without a role this person sees nothing."), icon="user-off"),
        ),
        actions=[grant] if may_grant else (),
        flush=True,
    )


def _role_row(row: Membership, *, may_grant: bool, language: str) -> Row:
    revoke = reverse("tenancy:revoke", kwargs={"membership_id": row.pk})
    live = row.revoked_at is None
    return Row(
        {
            "role": ROLES[row.role].name(language),
            "place": row.organisation.name,
            "from": When(row.valid_from),
            "to": When(row.valid_to) if live else Tag(_("Revoked"), "none"),
            "do": Action(_("Revoke"), revoke, kind="quiet") if live and may_grant else None,
        },
        id=str(row.pk),
        tone="" if live else "none",
    )
