"""The year of a device: its tests by month, what was due, restrictions, changes, and the course of key quantities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from imagingqc.phantom.registry import TESTS
from yingheng.common.clock import local_day, now
from yingheng.common.errors import NotFound
from yingheng.common.ui.words import language
from yingheng.documents.report.model import (
    LOCALES,
    Chart,
    Language,
    Report,
    Section,
    SignatureLine,
    Text,
)
from yingheng.phantomqc.models import DeviceTest, Restriction
from yingheng.phantomqc.naming import KIND
from yingheng.phantomqc.reporting.charting import Wanted, course_chart
from yingheng.phantomqc.reporting.test_report import device_head
from yingheng.phantomqc.reporting.year_tables import (
    YearOf,
    announced_texts,
    changes_table,
    missed_blocks,
    missed_of,
    months_table,
    plans_table,
    tests_table,
    uses_table,
)
from yingheng.registry.models import Device, UseChange
from yingheng.schedule.models import Due
from yingheng.tenancy.models import Organisation

FIRST_YEAR = 1990  # of which a book can be asked for
CHARTS = 8  # courses that a year's book shows


def book_key(device_id: UUID, year: int) -> str:
    """What a year's book is attached to."""
    return f"{device_id}/{year}"


def year_book(hospital: Organisation, key: str, lang: Language) -> Report:
    """The year of a device of this hospital, `key` by `book_key`; NotFound when it has no such device or year."""
    device, year = _asked(hospital, key)
    with translation.override(LOCALES[lang]):
        return _book(YearOf(device, year, ZoneInfo(hospital.zone)), lang)


def _asked(hospital: Organisation, key: str) -> tuple[Device, int]:
    device_id, _slash, year = key.partition("/")
    rows = Device.objects.select_related("room", "hospital").filter(hospital=hospital)
    try:
        device = rows.filter(pk=UUID(device_id)).first()
        number = int(year)
    except ValueError as exc:
        raise NotFound("phantomqc.book_unknown") from exc
    if device is None or not FIRST_YEAR <= number <= local_day(hospital.zone).year:
        raise NotFound("phantomqc.book_unknown")
    return device, number


def _book(year: YearOf, lang: Language) -> Report:
    device = year.device
    tests = list(
        DeviceTest.objects.filter(device=device, local_day__range=(year.first, year.last)).order_by(
            "local_day", "begun_at", "pk"
        )
    )
    dues = list(
        Due.objects.filter(
            plan__subject_type="device", plan__subject_id=device.pk, plan__kind=KIND, day__range=(year.first, year.last)
        ).select_related("plan").order_by("day", "plan__title", "pk")
    )  # fmt: skip
    uses = [u for u in UseChange.objects.filter(device=device).order_by("made_at", "pk") if year.holds(u.made_at)]
    restrictions = [
        r
        for r in Restriction.objects.filter(device=device).order_by("announced_at", "pk")
        if year.holds(r.announced_at)
    ]
    hospital = device.hospital
    return Report(
        title=_("Year's quality book of a device"),
        hospital=hospital.name if lang == "zh" else hospital.name_en or hospital.name,
        made_at=now().astimezone(year.zone),
        subtitle=f"{device.label} · {year.year}",
        number=f"YH-{year.year}-{device.pk.hex[-6:].upper()}",
        facts=(*device_head(device), *_numbers(tests, dues)),
        sections=(
            Section(_("Tests by month"), (months_table(tests),)),
            Section(_("All tests of the year"), (tests_table(tests),)),
            Section(_("What was due"), (plans_table(year, dues), *missed_blocks(year, dues))),
            Section(_("Restrictions and use"), (uses_table(year, uses), *announced_texts(year, restrictions))),
            Section(_("Changes of the device"), (changes_table(year),)),
            Section(_("Course of key quantities"), tuple(_courses(year, tests))),
        ),
        conclusion=_conclusion(year, tests, dues, uses),
        signatures=(
            SignatureLine(pgettext("signature", "Engineer")),
            SignatureLine(pgettext("signature", "Quality officer")),
            SignatureLine(pgettext("signature", "Head of department")),
        ),
        foot=_("Yingheng"),
        digest=_digest(tests, dues, uses),
        demo=bool(settings.YINGHENG_DEMO),
        lang=lang,
    )


def _digest(tests: Sequence[DeviceTest], dues: Sequence[Due], uses: Sequence[UseChange]) -> str:
    """SHA-256 over the tests with their items, the dues and how they were settled, and what was decided on the use."""
    told = [
        [[str(t.pk), t.state, t.outcome, t.items] for t in tests],
        [[str(d.pk), d.day.isoformat(), d.state, str(d.done_on or ""), str(d.satisfied_by_id or "")] for d in dues],
        [[str(u.pk), u.event, u.reason] for u in uses],
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _numbers(tests: Sequence[DeviceTest], dues: Sequence[Due]) -> list[tuple[str, str]]:
    done = [t for t in tests if t.state == DeviceTest.State.SUBMITTED]
    failed = sum(t.outcome == "FAIL" for t in done)
    kept = sum(d.state == Due.State.DONE for d in dues)
    return [
        (_("Tests submitted"), str(len(done))),
        (_("of these failed"), str(failed)),
        (_("Times due"), str(len(dues))),
        (_("of these done"), str(kept)),
    ]


def _courses(year: YearOf, tests: Sequence[DeviceTest]) -> list[Chart | Text]:
    """The quantities that limits judged most often, of every analysis."""
    charts = []
    for (name, occasion, quantity), verdicts in _watched(tests):
        wanted = Wanted(name, quantity, year.last, year.first, tuple(verdicts), occasion=occasion)
        chart = course_chart(year.device, wanted)
        if chart is not None:
            charts.append(chart)
        if len(charts) == CHARTS:
            break
    return charts or [Text(_("There are not enough values for a course."))]


_Key = tuple[str, str, str]


def _watched(tests: Sequence[DeviceTest]) -> list[tuple[_Key, list[dict]]]:
    """Analysis, type of test and quantity with the newest verdicts, most often judged first."""
    counts: dict[_Key, int] = {}
    newest: dict[_Key, list[dict]] = {}
    known = {test.name for test in TESTS}
    for test in tests:
        for item in test.items:
            names = {v["method"] for v in item["values"]} & known
            for quantity in dict.fromkeys(v["quantity"] for v in item["verdicts"] if v["quantity"]):
                for name in names:
                    key = (name, str(test.test_type), quantity)
                    counts[key] = counts.get(key, 0) + 1
                    newest[key] = [v for v in item["verdicts"] if v["quantity"] == quantity]
    return sorted(newest.items(), key=lambda one: (-counts[one[0]], one[0]))


def _conclusion(year: YearOf, tests: Sequence[DeviceTest], dues: Sequence[Due], uses: Sequence[UseChange]) -> str:
    """Numbers alone: what they mean is for the people who sign."""
    restricted = sum(u.event in {UseChange.Event.RESTRICT, UseChange.Event.STOP} for u in uses)
    opened = sum(t.state == DeviceTest.State.OPEN for t in tests)
    missed = len(missed_of(year, dues))
    words = [
        _("%(tests)d tests, of these %(failed)d failed and %(open)d not submitted.") % {
            "tests": len(tests), "failed": sum(t.outcome == "FAIL" for t in tests), "open": opened,
        },
        _("%(dues)d times due, of these %(missed)d missed.") % {"dues": len(dues), "missed": missed},
        _("The use was restricted %(n)d times.") % {"n": restricted},
        _("Evaluation of the year: to be written by those who sign."),
    ]  # fmt: skip
    return ("" if language() == "zh" else " ").join(words)
