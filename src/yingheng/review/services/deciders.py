"""Who decides on objections: of a hospital's own samples its leaders, then the region; of a region's samples the
region's group, then its leader, and nobody of the hospital that objects."""

from __future__ import annotations

from yingheng.review.models import Appeal, Case
from yingheng.review.readers import hospital_path
from yingheng.tenancy.models import User
from yingheng.tenancy.permissions import REVIEW_RULE
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import memberships_today, role_holders

LEVELS = 2
LEADER = "regional_leader"
_OWN = ("head", "qc_officer")  # of a hospital's own samples, level 1
_GROUP = ("regional_centre", "qc_officer", "head")  # of a region's samples, held at the region


def is_regional(case: Case) -> bool:
    """Whether somebody above the hospital asked for the case to be read."""
    return not case.campaign.organisation.path.startswith(case.hospital.path)


def deciders(case: Case, level: int) -> tuple[tuple[str, ...], str]:
    """Roles, and the path at which they are held, of those who are told of an objection."""
    if not is_regional(case):
        return (_OWN if level < LEVELS else ("regional_centre", LEADER)), case.hospital.path
    path = case.campaign.organisation.path
    return (_GROUP if level < LEVELS or not role_holders(LEADER, path) else (LEADER,)), path


def place_refusal(user: User, appeal: Appeal) -> str:
    """Why the person's place forbids a decision on this objection, as an error code; "" when it does not."""
    case, scope = appeal.case, Scope.of_user(user, REVIEW_RULE)
    if not is_regional(case):
        return "" if scope.contains(appeal.hospital.path) else "review.not_yours"
    path = case.campaign.organisation.path
    if not scope.contains(path):
        return "review.appeal_region"
    held = memberships_today(user)
    places = [*([user.home] if user.home else []), *(row.organisation for row in held)]
    if any(hospital_path(one) == case.hospital.path for one in places):
        return "review.appeal_hospital"
    return _level_refusal(user, appeal.level, path)


def _level_refusal(user: User, level: int, path: str) -> str:
    """The leader has the second word, and leaves the first to the group where there is one."""
    leads = user.pk in {one.pk for one in role_holders(LEADER, path)}
    if level == LEVELS:
        return "" if leads or not role_holders(LEADER, path) else "review.appeal_leader"
    if not leads:
        return ""
    group = {one.pk for role in _GROUP for one in role_holders(role, path)} - {user.pk}
    return "review.appeal_group" if group else ""
