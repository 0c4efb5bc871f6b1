"""The side bar as a table: group -> pages.  A page shows once its address resolves and the user may see it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Item:
    """A page of the side bar; `go` is the letter of the `g` key, `permission` None is for everyone signed in.

    `also` are pages whose addresses do not begin with its own and that it stands for as well.
    """

    url_name: str
    icon: str
    label: str | Promise
    permission: str | None = None
    go: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    key: str
    label: str | Promise
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Shown:
    """An item that this user sees, with its address."""

    item: Item
    url: str
    current: bool


@dataclass(frozen=True)
class ShownGroup:
    group: Group
    items: tuple[Shown, ...]


MENU: tuple[Group, ...] = (
    Group("today", _("Today"), (Item("web:today", "home", _("Today"), go="t"),)),
    Group(
        "exams",
        _("Exams"),
        (
            Item("web:exams", "clipboard-list", _("Exam list"), "exam.view", "e"),
            Item("web:board", "layout-kanban", _("Exam-room board"), "exam.view", "b"),
            Item("web:retakes", "repeat", _("Retakes"), "exam.view", "w"),
            Item("rejects:analysis", "chart-pie", _("Reject analysis"), "exam.view"),
            Item("web:items", "tag", _("Exam items"), "mapping.edit", "i"),
            Item("web:patients", "link", _("Patients under several ids"), "patient.merge"),
            Item("ingest:held", "hand-stop", _("Held for release"), "exam.decide"),
        ),
    ),
    Group(
        "review",
        _("Film review"),
        (
            Item("web:readings", "eye-check", _("My reading"), "review.read", "a"),
            Item("review:daily", "calendar-check", _("Daily review"), "review.rule"),
            Item("review:campaigns", "stack-2", _("Samples"), "review.view", "p"),
            Item("review:sheets", "list-check", _("Score sheets"), "sheet.view", also=("review:dictionary",)),
            Item("review:statistics", "chart-bar", _("Statistics and agreement"), "review.view"),
            Item("review:appeals", "scale", _("Appeals"), "review.view"),
            Item("review:tracings", "zoom-in", _("Cause tracing"), "review.view"),
            Item("review:mine", "user-circle", _("My films"), "review.appeal"),
            Item("review:teaching", "school", _("Teaching library"), "review.learn", also=("review:exercises",)),
        ),
    ),
    Group(
        "equipment",
        _("Equipment"),
        (
            Item("web:devices", "device-desktop-analytics", _("Devices"), "device.view", "d"),
            Item("phantomqc:tests", "clipboard-check", _("Performance tests"), "device.view", "q"),
            Item("schedule:calendar", "calendar", _("Calendar"), "schedule.view", "c"),
            Item("web:sheets", "clipboard-check", _("Sheets"), "sheet.view", "k"),
        ),
    ),
    Group(
        "improvement",
        _("Improvement"),
        (
            Item("web:findings", "alert-triangle", _("Findings"), "finding.view", "f"),
            Item("governance:meetings", "users-group", _("Meetings"), "meeting.view", "m"),
        ),
    ),
    Group(
        "standards",
        _("Standards"),
        (
            Item("web:standards", "book-2", _("Standards library"), "standard.view", "s"),
            Item("rulebook:list", "certificate", _("Rules of the hospital"), "standard.view", "r"),
            Item("web:methods", "ruler-measure", _("Methods"), "standard.view"),
            Item("web:calibration", "scale", _("Calibration"), "finding.view"),
        ),
    ),
    Group(
        "system",
        _("System"),
        (
            Item("web:persons", "users", _("Staff"), "person.view"),
            Item("tenancy:users", "user-cog", _("Users and roles"), "user.view"),
            Item("tenancy:organisations", "sitemap", _("Organisations"), "organisation.manage"),
            Item("ingest:overview", "transfer", _("Data intake"), "ingest.view"),
            Item("ingest:messages", "inbox", _("Messages"), "ingest.view"),
            Item("ingest:outbox", "send", _("Outbox"), "ingest.view"),
            Item("web:quarantine", "archive", _("Put aside"), "ingest.view"),
            Item("web:storage", "database", _("Storage"), "ingest.view"),
            Item("jobs:list", "stack-2", pgettext_lazy("work queue", "Jobs"), "job.view"),
            Item("notify:list", "bell", _("Notifications")),
            Item("audit:list", "history", _("Audit trail"), "audit.view"),
        ),
    ),
)


def _resolve(item: Item) -> str | None:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return None


def _allowed(item: Item, permissions: Iterable[str]) -> bool:
    return item.permission is None or item.permission in permissions


def _current_url(urls: Iterable[str], path: str) -> str:
    """The longest address that starts the path, so that the page of an exam lights "Exam list"."""
    return max((u for u in urls if path == u or (u != "/" and path.startswith(u))), key=len, default="")


def menu_for(request: HttpRequest, menu: tuple[Group, ...] = MENU) -> list[ShownGroup]:
    """The groups and pages that this request's user may see.

    `request.permissions` (a frozenset of permission names, put there by tenancy) decides; without it only the
    pages for everyone are shown.
    """
    permissions = getattr(request, "permissions", frozenset())
    found = {
        item: url
        for group in menu
        for item in group.items
        if _allowed(item, permissions) and (url := _resolve(item)) is not None
    }
    also = {reverse(name): url for item, url in found.items() for name in item.also}
    current = _current_url([*found.values(), *also], request.path)
    current = also.get(current, current)
    groups = []
    for group in menu:
        items = tuple(Shown(i, found[i], found[i] == current) for i in group.items if i in found)
        if items:
            groups.append(ShownGroup(group, items))
    return groups
