"""The sections of the reject analysis.  Nothing is ranked by rate: intervals of small groups overlap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from yingheng.catalog.retake_reasons import retake_reasons
from yingheng.common.ui.parts import Empty, KeyValues, Lines, Many, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import CONFIDENCES, language
from yingheng.rejects.logs.positions import position_text
from yingheng.rejects.models import CountedDay
from yingheng.rejects.reasons import NOT_TOLD, reason_cause
from yingheng.rejects.sums import Asked, Pair, Rates, above, by_cause, rate_of
from yingheng.rejects.targets import lines
from yingheng.rejects.views.common import (
    cause_text,
    device_names,
    period_query,
    person_names,
    reason_text,
    rows_url,
)

SHOWN = 25
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def empty() -> Empty:
    """Nothing was counted."""
    return Empty(
        _("No rejected exposure known"),
        _("Import the log of a device, or let it send MPPS: without a source a rate is not known."),
        "chart-bar",
    )


def weekday_text(number: int) -> str:
    """The name of a weekday (Monday 0)."""
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return names[number]


def marks(pair: Pair) -> list[Tag]:
    """What is beyond chance above a line."""
    if above(pair, "investigate"):
        return [Tag(_("surely above %(limit)g %%") % {"limit": lines()["investigate"].value}, "fail")]
    if above(pair, "target"):
        return [Tag(_("surely above the target"), "human")]
    return []


def pair_table(title: str, rows: list[tuple[str, Any, Pair, str]], *, target: bool = False) -> Table:
    """Groups with rejected, all and rate: (id, what is shown, numbers, address)."""
    return Table(
        columns=(
            Column("what", title, wide=True),
            Column("rejected", _("Rejected"), align="right", nowrap=True),
            Column("acquired", _("Exposures"), align="right", nowrap=True, phone=False),
            Column("rate", _("Reject rate")),
        ),
        rows=[
            Row(
                {"what": shown, "rejected": pair[0], "acquired": pair[1], "rate": rate_of(pair, target=target)},
                url=url,
                id=key,
            )
            for key, shown, pair, url in rows[:SHOWN]
        ],
        caption=title,
        empty=empty(),
    )


def month_section(asked: Asked, told: Rates) -> Section:
    rows = [
        (f"{month:%Y-%m}", Many([f"{month:%Y-%m}", *marks(pair)]), pair,
         reverse("rejects:analysis") + period_query(Asked(asked.scope, month, month, asked.device)))
        for month, pair in sorted(told.by_month().items(), reverse=True)
    ]  # fmt: skip
    return Section(_("By month"), pair_table(_("Month"), rows), flush=True)


def cause_section(why: Mapping[str, int]) -> Section:
    total = sum(why.values())
    table = Table(
        columns=(
            Column("cause", _("Cause"), wide=True),
            Column("n", _("Rejected"), align="right", nowrap=True),
            Column("share", "%", align="right", nowrap=True),
        ),
        rows=[
            Row({"cause": cause_text(cause), "n": n, "share": f"{100 * n / total:.1f}"}, id=cause)
            for cause, n in by_cause(why, {code: reason_cause(code) for code in why}).items()
        ],
        caption=_("Cause"),
        empty=empty(),
    )
    return Section(_("By cause"), table, flush=True)


def reason_section(asked: Asked, why: Mapping[str, int]) -> Section:
    """The most frequent reasons first, with what they come to together (Pareto)."""
    total, sum_so_far, rows = sum(why.values()), 0, []
    for code, n in why.items():
        sum_so_far += n
        known = retake_reasons().get(code)
        detail = cause_text(known.cause) if known else _("counts, without a cause")
        rows.append(
            Row(
                {"reason": Lines(reason_text(code), detail), "n": n, "share": f"{100 * n / total:.1f}",
                 "together": f"{100 * sum_so_far / total:.1f}"},
                url=rows_url(asked, reason=code, counted="1"),
                id=code,
            )
        )  # fmt: skip
    table = Table(
        columns=(
            Column("reason", _("Reason"), wide=True),
            Column("n", _("Rejected"), align="right", nowrap=True),
            Column("share", "%", align="right", nowrap=True),
            Column("together", _("Together %"), align="right", nowrap=True),
        ),
        rows=rows,
        caption=_("Reason"),
        empty=empty(),
    )
    return Section(_("By reason"), table, flush=True)


def device_section(asked: Asked, told: Rates) -> Section:
    groups = told.by_device()
    names = device_names([key for key, _pair in groups])
    rows = [
        (key, Many([names.get(key, key), *marks(pair)]), pair,
         reverse("rejects:analysis") + period_query(Asked(asked.scope, asked.first, asked.last), device=key))
        for key, pair in groups
    ]  # fmt: skip
    hint = _("The most exposures first; a rate is marked only where it lies above a line beyond chance.")
    return Section(_("By device"), pair_table(_("Device"), rows), flush=True, hint=hint)


def performer_section(asked: Asked, groups: list[tuple[str, Pair]]) -> Section:
    names = person_names([key for key, _pair in groups])
    rows = [
        (key or NOT_TOLD, names.get(key, key) or _("not known"), pair,
         rows_url(asked, performer=key or NOT_TOLD, counted="1"))
        for key, pair in groups
    ]  # fmt: skip
    hint = _("Who takes the harder cases rejects more: compare only what is alike, and nobody by a few exposures.")
    return Section(_("By technologist"), pair_table(_("Technologist"), rows), flush=True, hint=hint)


def position_section(groups: list[tuple[str, Pair]]) -> Section:
    rows = [(key, position_text(key) or _("not known"), pair, "") for key, pair in groups]
    hint = _("The %(n)d largest.") % {"n": SHOWN} if len(groups) > SHOWN else ""
    return Section(_("By position"), pair_table(_("Position"), rows), flush=True, hint=hint)


def hour_sections(by_hour: Mapping[int, Pair], by_day: Mapping[int, Pair]) -> list[Section]:
    hours = [(str(hour), f"{hour:02}:00", pair, "") for hour, pair in by_hour.items()]
    days = [(str(number), weekday_text(number), pair, "") for number, pair in by_day.items()]
    return [
        Section(_("By hour"), pair_table(_("Hour"), hours), flush=True),
        Section(_("By weekday"), pair_table(_("Weekday"), days), flush=True),
    ]


def source_section(asked: Asked, where: Mapping[str, int]) -> Section:
    total = sum(where.values())
    table = Table(
        columns=(
            Column("source", _("Source"), wide=True),
            Column("n", _("Days of devices"), align="right", nowrap=True),
            Column("share", "%", align="right", nowrap=True),
        ),
        rows=[
            Row(
                {"source": str(CountedDay.Source(key).label).capitalize(), "n": where[key],
                 "share": f"{100 * where[key] / total:.1f}"},
                url=reverse("rejects:days") + period_query(asked, source=key),
                id=key,
            )
            for key in CountedDay.Source.values
            if where.get(key)
        ],
        caption=_("Source"),
        empty=empty(),
    )  # fmt: skip
    return Section(_("Where the numbers come from"), table, flush=True)


def repeat_section(groups: list[tuple[str, Pair]]) -> Section | None:
    """Exams, not exposures: shown apart, and only where there are any."""
    if not groups:
        return None
    table = Table(
        columns=(
            Column("what", _("Modality"), wide=True),
            Column("rejected", _("Exams with a retake"), align="right", nowrap=True),
            Column("acquired", _("Exams"), align="right", nowrap=True),
            Column("rate", _("Share")),
        ),
        rows=[
            Row({"what": key, "rejected": pair[0], "acquired": pair[1], "rate": rate_of(pair)}, id=key)
            for key, pair in groups
        ],
        caption=_("Retakes of other exams"),
    )
    hint = _("Of CT, MR and the like exams are counted, by the register alone: another figure than the reject rate.")
    return Section(_("Retakes of other exams"), table, flush=True, hint=hint)


def rule_section() -> Section:
    """How a day's source is chosen, and where the lines come from."""
    rows: list[tuple[str, Any]] = [
        (pgettext("sources", "First"), _("The log of the device, where it covers the whole day.")),
        (_("Else"), _("MPPS: exposures told that no image stands for; exams without MPPS count by the register.")),
        (_("Else"), _("The register against the images kept, in months in which the register of the device is kept.")),
        (_("Else"), _("The day is not known.")),
        (
            _("Counted once"),
            _("A retake entered at the console and a rejected exposure of the same exam are one; one asked for later "
              "by a review or the reporting physician is of an image that had been accepted, and adds."),
        ),
        (_("Not counted"), _("Reasons that the dictionary does not count, such as test images.")),
    ]  # fmt: skip
    rows += [(_line_name(key), _line_text(key)) for key in lines()]
    return Section(_("How it is counted"), KeyValues(rows))


def _line_name(key: str) -> str:
    return pgettext("reject rate", "Target") if key == "target" else _("Investigate above")


def _line_text(key: str) -> Many:
    line = lines()[key]
    word = CONFIDENCES.get(line.confidence)
    sure = [Tag(str(word.label), word.tone, word.icon)] if word else []
    return Many([f"{line.value:g} % · {line.zh if language() == 'zh' else line.en}", *sure])
