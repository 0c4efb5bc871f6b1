"""Tests of devices as a kind of planned work."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yingheng.phantomqc.naming import KIND
from yingheng.schedule.kinds import PlanKind, plan_kind_add
from yingheng.schedule.models import Due


def register() -> None:
    """Let plans be made for tests of devices; only a submitted test says that one was done."""
    plan_kind_add(KIND, PlanKind(_("performance test"), page=_page))


def _page(due: Due) -> str:
    return f"{reverse('phantomqc:begin', args=[due.plan.subject_id])}?template={due.plan.rule}"
