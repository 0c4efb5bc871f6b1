"""Parts of the page of an entry: its pictures and what it said before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui.parts import Action, Empty, Lines, Part, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.entry_texts import column_text
from yingheng.review.faults import fault_text, position_text
from yingheng.review.models import DictionaryEntry, DictionaryVersion, ReferencePicture
from yingheng.review.readers import upward
from yingheng.review.services.picturing import pictures_of_entry
from yingheng.review.views.dictionary.common import Seen


@dataclass(frozen=True)
class ReferenceThumbnail(Part):
    """A reference picture, small, that opens the whole one."""

    template: ClassVar[str] = "review/_reference.html"
    url: str
    whole: str
    name: str


def picture_words(row: ReferencePicture) -> str:
    """What a picture shows."""
    if row.position and row.defect:
        return fault_text(row.defect)
    return _("how it should be") if row.position else _("typical")


def pictures_section(seen: Seen, *, may: bool) -> Section:
    """The pictures of an entry.  One query."""
    found = pictures_of_entry(upward(seen.place.path), seen.code)
    rows = [
        Row(
            {
                "picture": ReferenceThumbnail(
                    f"{reverse('review:picture', args=[one.pk])}?small=1",
                    reverse("review:picture", args=[one.pk]),
                    one.caption or picture_words(one),
                ),
                "what": Lines(picture_words(one), one.caption or _other(one, seen.code)),
                "source": Lines(one.source, one.licence),
                "who": Lines(one.added_by_name or one.organisation.name, _("demonstration") if one.is_demo else ""),
                "remove": Action(_("Take away"), reverse("review:picture_remove", args=[one.pk]), "x", kind="quiet")
                if may and one.organisation_id == seen.place.pk
                else None,
            },
            id=str(one.pk),
        )
        for one in found
    ]
    columns = (
        Column("picture", _("Picture"), nowrap=True),
        Column("what", _("What it shows"), wide=True),
        Column("source", _("Source and licence"), phone=False),
        Column("who", _("Added by"), phone=False),
        Column("remove", _("Take away"), nowrap=True),
    )
    empty = Empty(
        _("No reference picture yet"),
        _("None come with the product. A position shows its picture in the reading room."),
        "photo",
    )
    table = Table(columns=columns if may else columns[:-1], rows=rows, caption=_("Reference pictures"), empty=empty)
    return Section(_("Reference pictures"), table, flush=True)


def _other(one: ReferencePicture, code: str) -> str:
    return position_text(one.position) if one.position and one.position != code else ""


def versions_section(own: DictionaryEntry) -> Section:
    """What an own entry said, the newest first.  One query."""
    versions = list(DictionaryVersion.objects.filter(entry=own).order_by("-version")[:20])
    rows = []
    for at, one in enumerate(versions):
        before = versions[at + 1].content if at + 1 < len(versions) else {}
        changed = [column_text(name) for name, value in one.content.items() if before and before.get(name) != value]
        gone = one.state == DictionaryEntry.State.WITHDRAWN
        rows.append(
            Row(
                {
                    "version": one.version,
                    "what": Lines("、".join(changed) if changed else one.content["zh"], one.reason),
                    "state": Tag(one.get_state_display(), "none" if gone else "pass"),
                    "at": Lines(When(one.made_at), one.made_by_name),
                },
                id=str(one.version),
            )
        )
    columns = (
        Column("version", _("Version"), align="right", nowrap=True),
        Column("what", _("What changed"), wide=True),
        Column("state", _("State"), nowrap=True),
        Column("at", _("When"), nowrap=True, phone=False),
    )
    return Section(_("Versions"), Table(columns=columns, rows=rows, caption=_("Versions")), flush=True)
