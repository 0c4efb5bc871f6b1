"""Changing what a hospital is judged by: standards in use, drafts of its own rules, trial runs, sign-off."""

from yingheng.rulebook.services.adopting import standard_adopt, standard_stop
from yingheng.rulebook.services.comparing import ShadowResult, shadow_compare
from yingheng.rulebook.services.drafting import (
    criteria_take,
    criterion_problems,
    criterion_put,
    criterion_remove,
    edition_create,
    edition_discard,
    edition_from_file,
)
from yingheng.rulebook.services.publishing import TRANSITIONS, edition_problems, edition_publish, edition_withdraw
from yingheng.rulebook.services.shadowing import shadow_ask, shadow_run

__all__ = [
    "TRANSITIONS",
    "ShadowResult",
    "criteria_take",
    "criterion_problems",
    "criterion_put",
    "criterion_remove",
    "edition_create",
    "edition_discard",
    "edition_from_file",
    "edition_problems",
    "edition_publish",
    "edition_withdraw",
    "shadow_ask",
    "shadow_compare",
    "shadow_run",
    "standard_adopt",
    "standard_stop",
]
