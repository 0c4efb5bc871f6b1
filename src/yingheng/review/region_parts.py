"""Parts of the page of a region's sample: how far each hospital has come, and deadlines that were moved."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.common.ui.parts import Empty, Lines, Progress, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.review.models import Campaign
from yingheng.review.progress import hospitals_of


def hospitals_section(row: Campaign) -> Section:
    """Progress by hospital.  Three queries."""
    rows = [
        Row(
            {
                "name": one.hospital.name,
                "settled": Progress(one.settled, one.cases),
                "unread": one.unread,
                "late": Tag(str(one.late), "fail") if one.late else 0,
                "third": one.arbitration,
            },
            id=str(one.hospital.pk),
        )
        for one in hospitals_of(row)
    ]
    return Section(
        _("Hospitals"),
        Table(
            columns=(
                Column("name", pgettext("case", "Hospital"), wide=True),
                Column("settled", pgettext("case", "Settled"), nowrap=True),
                Column("unread", _("Readings open"), align="right"),
                Column("late", _("Overdue"), align="right"),
                Column("third", _("In arbitration"), align="right", phone=False),
            ),
            rows=rows,
            caption=_("Hospitals"),
            empty=Empty(_("No case"), icon="stack-2"),
        ),
        flush=True,
    )


def extensions_section(row: Campaign) -> list[Section]:
    """Deadlines that were moved, the newest first; nothing where none was.  One query."""
    found = list(row.extensions.select_related("reader").order_by("-made_at")[:50])
    if not found:
        return []
    title = _("Deadlines that were moved")
    body = Table(
        columns=(
            Column("who", _("For"), wide=True),
            Column("days", _("From and to"), nowrap=True),
            Column("why", _("Reason")),
            Column("at", _("When"), nowrap=True, phone=False),
        ),
        rows=[
            Row(
                {
                    "who": one.reader.display_name if one.reader else _("everybody"),
                    "days": f"{one.before} → {one.due_on}",
                    "why": one.reason,
                    "at": Lines(When(one.made_at), one.actor_name),
                },
                id=str(one.pk),
            )
            for one in found
        ],
        caption=title,
    )
    return [Section(title, body, flush=True)]
