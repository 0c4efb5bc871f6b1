"""What the pages of the performance tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.phantom.registry import TESTS
from yingheng.common.ui.judged import Judged, JudgedList
from yingheng.common.ui.parts import Link, OutcomeBadge, Tab, Tag
from yingheng.common.ui.words import language
from yingheng.evidence.services import OF_TESTS
from yingheng.phantomqc.catalogue import template_named
from yingheng.phantomqc.models import DeviceTest, PhantomCase, Restriction
from yingheng.phantomqc.naming import protocol_of
from yingheng.registry.models import Device
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import DEVICE_TEST

CASE_TONES = {"unknown": "human", "asked": "accent", "done": "pass", "dismissed": "none"}


def may_test(request: HttpRequest, hospital: Organisation) -> bool:
    """Whether the requester may carry out tests of this hospital."""
    return scope_of(request, DEVICE_TEST).contains(hospital.path)


def crumbs(*more: Link) -> list[Link]:
    """The way back to the tests."""
    return [Link(_("Performance tests"), reverse("phantomqc:tests")), *more]


def tabs(current: str, counts: dict[str, int] | None = None) -> list[Tab]:
    """The lists of performance tests side by side."""
    pages = (
        ("tests", _("Tests")),
        ("cases", _("Images of phantoms")),
        ("templates", _("Templates")),
        ("rules", _("Recognition rules")),
    )
    return [
        Tab(label, reverse(f"phantomqc:{name}"), (counts or {}).get(name), name == current) for name, label in pages
    ]


def analysis_text(name: str) -> str:
    """What an analysis is called; its name where the product does not have it."""
    found = next((t for t in TESTS if t.name == name), None)
    return found.label(language()) if found else name


def course_url(device: Device | None, test: str, quantity: str) -> str:
    """The page of the course of what a test (or protocol key) measures; "" while its device is not known."""
    if device is None:
        return ""
    protocol = test if test.startswith(OF_TESTS) else protocol_of(test)
    query = urlencode({"protocol": protocol, "quantity": quantity})
    return f"{reverse('web:trend', args=[device.pk])}?{query}"


def judged_on_course(verdicts: Sequence[Mapping[str, Any]], device: Device | None, test: str) -> JudgedList:
    """Verdicts of a run, each number with the way to its course."""
    urls = [course_url(device, test, v["quantity"]) if on_course(v["value"]) else "" for v in verdicts]
    return JudgedList([Judged(v, history_url=url) for v, url in zip(verdicts, urls, strict=True)])


def on_course(value: object) -> bool:
    """Whether a value is a number that a course can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def template_text(test: DeviceTest) -> str:
    """What a test is called."""
    template = template_named(test.template)
    return template.label(language()) if template else test.template


def run_known(case: PhantomCase) -> bool:
    """Whether a case has a result that holds."""
    return case.state == PhantomCase.State.DONE and case.run is not None


def case_light(case: PhantomCase) -> OutcomeBadge | Tag:
    """The result of a case, or where it stands."""
    if not run_known(case):
        return Tag(str(case.get_state_display()), CASE_TONES[case.state])
    if case.run.refused:
        return Tag(_("refused"), "human", "alert-triangle")
    return OutcomeBadge(case.run.outcome)


def occasion_light(test: DeviceTest) -> OutcomeBadge | Tag:
    """The outcome of a submitted test."""
    return OutcomeBadge(test.outcome) if test.outcome else Tag(str(test.get_state_display()), "accent", "clock")


def restriction_text(row: Restriction) -> str:
    """What became of the restriction that a failed test announced."""
    if row.state == Restriction.State.ANNOUNCED:
        return _("announced to the engineers; the device is restricted once one takes note, or when the time is over")
    words = {
        "acknowledged": _("restricted after an engineer took note"),
        "time": _("restricted when the time was over"),
        "passed": _("called off: a later test passed"),
        "overruled": _("called off: people decided otherwise"),
    }
    return words.get(row.why, str(row.get_state_display()))
