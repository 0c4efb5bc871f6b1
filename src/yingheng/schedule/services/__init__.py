"""Writing plans, and settling what falls due."""

from yingheng.schedule.services.dues import due_done, due_fulfil, due_reopen, due_satisfy, due_skip
from yingheng.schedule.services.escalating import dues_escalate
from yingheng.schedule.services.planning import (
    HORIZON_DAYS,
    PlanFields,
    dues_extend,
    plan_change,
    plan_create,
    plan_end,
)

__all__ = [
    "HORIZON_DAYS",
    "PlanFields",
    "due_done",
    "due_fulfil",
    "due_reopen",
    "due_satisfy",
    "due_skip",
    "dues_escalate",
    "dues_extend",
    "plan_change",
    "plan_create",
    "plan_end",
]
