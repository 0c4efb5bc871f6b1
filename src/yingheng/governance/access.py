"""Who sees what of meetings: one's own organisation wholly, those below only whether they met.

People who are invited, and those who are to do something, see their meeting wherever they belong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yingheng.common.errors import NotAllowed
from yingheng.governance.models import Meeting
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.permissions import MEETING_PLAN, MEETING_RECORD, MEETING_VIEW
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import memberships_today


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a person may do with meetings: `own` are paths of the organisations whose meetings are theirs to see.

    `plans` and `records` are those where they call meetings, and where they record them; `scope` reaches below.
    """

    user: User
    own: frozenset[str]
    plans: frozenset[str]
    records: frozenset[str]
    scope: Scope

    def may_plan(self, organisation: Organisation) -> bool:
        return organisation.path in self.plans

    def may_record(self, meeting: Meeting) -> bool:
        """Whether they keep the minutes: by their role, or because they were asked to."""
        return meeting.organisation.path in self.records or self.user.pk in {meeting.recorder_id, meeting.chair_id}


def eyes_of(user: User, memberships: Iterable[Membership] | None = None) -> Eyes:
    """The eyes of a person; at most one query."""
    held = memberships_today(user) if memberships is None else list(memberships)
    return Eyes(
        user,
        _exactly(held, MEETING_VIEW),
        _exactly(held, MEETING_PLAN),
        _exactly(held, MEETING_RECORD),
        Scope.of_memberships(held, MEETING_VIEW),
    )


def _exactly(held: list[Membership], permission: str) -> frozenset[str]:
    return frozenset(path for row in held for path in Scope.of_memberships([row], permission).paths)


def require_planner(user: User, organisation: Organisation) -> None:
    """NotAllowed for those who do not call meetings of that organisation."""
    if not eyes_of(user).may_plan(organisation):
        raise NotAllowed("governance.not_yours")


def require_recorder(user: User, meeting: Meeting) -> None:
    """NotAllowed for those who do not keep the minutes of a meeting."""
    if not eyes_of(user).may_record(meeting):
        raise NotAllowed("governance.not_yours")
