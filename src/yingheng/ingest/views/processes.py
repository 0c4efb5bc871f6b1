"""Whether the processes of intake live, and when the last objects came."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam
from yingheng.common.ui.parts import Alert, Lines, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.ingest.pulse import Vital, vital
from yingheng.ingest.receiver.log import association_log_tail
from yingheng.tenancy.scope import Scope

_LOOKED_AT = 500  # lines of the association log
_RECENT = 200  # exams by time of examination; what came last is among them


def processes_section(home: Path, scope: Scope) -> Section:
    """Receivers and the intake process: alive, last sign of life, and the last thing each took."""
    receivers = vital(home, "receive")
    table = Table(
        columns=(
            Column("name", _("Process"), wide=True),
            Column("state", _("State"), nowrap=True),
            Column("beat", _("Last sign of life"), nowrap=True),
            Column("last", _("Last objects"), nowrap=True, phone=False),
        ),
        rows=[
            _row(_("DICOM receivers"), _("take what is sent, onto disk"), receivers, _received_at(home, scope)),
            _row(_("Intake"), _("takes from disk into the catalog"), vital(home, "intake"), _catalogued_at(scope)),
        ],
        caption=_("Processes"),
    )
    return Section(_("Processes"), table, flush=True)


def process_alerts(home: Path) -> list[Alert]:
    """One notice for every kind of process that should run and gives no sign of life."""
    found = []
    if _is_silent(vital(home, "receive")):
        text = _("No receiver gives a sign of life: nobody can send now. Start it again; scanners keep their images.")
        found.append(Alert(text, "fail", _("DICOM receivers")))
    if _is_silent(vital(home, "intake")):
        text = _("What is received waits on disk and is safe, but does not come into the catalog. Start it again.")
        found.append(Alert(text, "fail", _("Intake")))
    return found


def _is_silent(found: Vital) -> bool:
    """Whether it ran here once and does not now; where it never ran there is nothing to miss."""
    return found.n_alive == 0 and found.last_at is not None


def _row(name: str, does: str, found: Vital, last: dt.datetime | None) -> Row:
    if found.n_alive:
        tag = Tag(_("%(n)s running") % {"n": found.n_alive}, "pass", "check")
    elif found.last_at:
        tag = Tag(_("no sign of life"), "fail", "x")
    else:
        tag = Tag(_("not running"), "neutral")
    return Row(
        {
            "name": Lines(name, does),
            "state": tag,
            "beat": When(found.last_at, ago=True) if found.last_at else None,
            "last": When(last, ago=True) if last else None,
        }
    )


def _received_at(home: Path, scope: Scope) -> dt.datetime | None:
    """When the newest association that brought objects ended."""
    for line in association_log_tail(home, None, _LOOKED_AT) if "/" in scope.paths else ():
        if line["n_objects"] and line["event"] != "object_refused":
            return dt.datetime.fromisoformat(line["at"])
    return None


def _catalogued_at(scope: Scope) -> dt.datetime | None:
    rows = scope.filter(Exam.objects.all()).order_by("-sort_at", "-pk")
    return max(rows.values_list("last_received_at", flat=True)[:_RECENT], default=None)
