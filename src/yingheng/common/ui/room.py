"""The board of one room: the last exams of a device, each with a big light, readable from three metres."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from .pages import Keys, Page
from .parts import Link, Part, Progress, Tag, Tone


@dataclass(frozen=True)
class Light:
    """A light: colour, icon and word."""

    tone: Tone
    icon: str
    word: str
    moving: bool = False


@dataclass(frozen=True)
class RoomCard:
    """One exam.  `reason` says in one line what is wrong and what to do; `facts` are short texts side by side.

    `progress` of what still arrives; `notes` are what people said of it (accepted, retaken), always in sight.
    """

    key: str
    title: str
    light: Light
    url: str = ""
    subtitle: str = ""
    reason: str = ""
    more: str = ""
    facts: Sequence[str] = ()
    tags: Sequence[Tag] = ()
    notes: Sequence[Tag] = ()
    at: dt.datetime | None = None
    ago: str = ""
    progress: Progress | None = None
    retake_url: str = ""
    accept_url: str = ""
    beep: bool = False


@dataclass(frozen=True)
class RoomBoard(Part):
    """Cards, newest first: the first one large, four more without scrolling."""

    template = "ui/components/room_board.html"
    cards: Sequence[RoomCard]
    empty: str = ""


@dataclass(kw_only=True)
class RoomPage(Page):
    """A board that fills the screen.  `events_url` announces changes; the board is also read anew every `every`
    seconds, so that its times stay true."""

    template = "ui/pages/room.html"
    scheme: ClassVar[str] = "dark"

    board: RoomBoard
    back: Link
    events_url: str = ""
    every: int = 30
    place: str = ""
    other: Link | None = None

    @property
    def keys(self) -> Keys:
        return [
            ("j / k", _("next / previous exam")),
            ("Enter", _("open the exam")),
            ("t", _("record a retake")),
            ("a", _("accept with a reason")),
            ("1–9", _("the reason, in an open form")),
            ("s", _("sound on / off")),
            ("l", _("full screen")),
        ]
