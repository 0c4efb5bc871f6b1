"""The report of one performance test, as a hospital files it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from imagingqc.phantom.registry import TESTS
from yingheng.common.clock import now
from yingheng.common.ui.clauses import standard_title
from yingheng.common.ui.judged import value_text
from yingheng.common.ui.words import language, unit_text
from yingheng.documents.report.formats import outcome_text
from yingheng.documents.report.model import (
    LOCALES,
    Block,
    Column,
    Facts,
    JudgedTable,
    Language,
    Picture,
    Report,
    Section,
    SignatureLine,
    Table,
    Text,
)
from yingheng.phantomqc.by_hand import by_hand_texts, parameters_text
from yingheng.phantomqc.models import DeviceTest
from yingheng.phantomqc.reporting.charting import Wanted, course_chart, curve_charts
from yingheng.phantomqc.reporting.conclusion import conclusion_of
from yingheng.phantomqc.reporting.decided import (
    Decided,
    Key,
    decided_of,
    decided_section,
    decided_told,
    decided_words,
)
from yingheng.phantomqc.reporting.facts import ItemFacts, TestFacts, test_facts
from yingheng.phantomqc.reporting.imaging import evidence_of, run_picture
from yingheng.phantomqc.reporting.rows import item_rows
from yingheng.phantomqc.reporting.signed import signature_lines
from yingheng.tenancy.models import Organisation

COURSES = 4  # charts of a course that a report shows of one analysis


def test_report(hospital: Organisation, test_id: str, lang: Language) -> Report:
    """The report of a test of this hospital; of one in progress a draft.  NotFound when there is none of that id.

    A submitted test gives the same report again as long as nothing behind it changed.
    """
    with translation.override(LOCALES[lang]):
        facts = test_facts(hospital, test_id)
        decided, signed = decided_of(facts), signature_lines(facts, ZoneInfo(hospital.zone))
        later = (*decided_told(decided), *((line.role, line.name, line.at) for line in signed if line.name))
        return _report(replace(facts, later=later), decided, signed, lang)


test_report.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest


def _report(facts: TestFacts, decided: Mapping[Key, Decided], signed: list[SignatureLine], lang: Language) -> Report:
    test = facts.test
    zone = ZoneInfo(test.hospital.zone)
    outcome, words = conclusion_of(facts)
    words = (" " if lang == "en" else "").join(filter(None, (words, decided_words(decided), _aside(facts, lang))))
    title = facts.template.label(lang) if facts.template else test.template
    report = _("Performance test report")
    return Report(
        title=_("%(title)s (draft)") % {"title": report} if facts.draft else report,
        hospital=test.hospital.name if lang == "zh" else test.hospital.name_en or test.hospital.name,
        made_at=(test.submitted_at or now()).astimezone(zone),
        subtitle=title,
        number=number_of(test),
        facts=_head(facts, zone),
        sections=(*_sections(facts, lang), *decided_section(decided, zone)),
        outcome=outcome,
        conclusion=words,
        signatures=tuple(signed),
        foot=_("Yingheng"),
        digest=facts.digest,
        demo=facts.demo,
        lang=lang,
    )


def _aside(facts: TestFacts, lang: Language) -> str:
    """What no longer counts of a submitted test."""
    if not facts.aside:
        return ""
    names = "、".join(item.label(lang) for item in facts.aside)
    return _("Since it was submitted the images of %(items)s were matched to another test or put aside: "
             "they count no more.") % {"items": names}  # fmt: skip


def number_of(test: DeviceTest) -> str:
    """The number of a report: day, number of that day, and the end of the test's id."""
    return f"YH-{test.local_day:%Y%m%d}-{test.number:02d}-{test.pk.hex[-6:].upper()}"


def device_head(device: Any) -> list[tuple[str, str]]:
    """What identifies a device on paper."""
    return [
        (_("Device"), device.label),
        (_("Room"), device.room.name if device.room else ""),
        (_("Maker"), device.maker),
        (_("Model"), device.model),
        (_("Serial number"), device.serial),
        (_("Station name"), device.station_name),
    ]


def _head(facts: TestFacts, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    test = facts.test
    at = test.submitted_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if test.submitted_at else _("not submitted")
    standards = list(dict.fromkeys(standard_title(v["standard"]) for v in facts.verdicts))
    rows = [
        *device_head(test.device),
        (_("Type of test"), str(test.get_test_type_display())),
        (_("Day of the test"), test.local_day.isoformat()),
        (_("Performed by"), _performers(facts)),
        (_("Submitted"), at),
        (_("Judged by"), ("；" if language() == "zh" else "; ").join(standards)),
        (_("Instruments and phantoms"), "；".join(_instruments(facts))),
    ]
    return tuple(rows)


def _performers(facts: TestFacts) -> str:
    names = [facts.test.submitted_by_name, *(str(i.found["by"]) for i in facts.items if i.found and i.found["by"])]
    unique = list(dict.fromkeys(filter(None, names)))
    return "、".join(unique) or _("by itself, from the images")


def _instruments(facts: TestFacts) -> list[str]:
    """The phantoms that were recognised, and the instruments that people named."""
    found = [run.phantom for run in facts.runs if run.phantom]
    for item in facts.items:
        named = (e for e in _entries(item) if "instrument" in e["key"])
        found += filter(None, (answer_text(entry) for entry in named))
    return list(dict.fromkeys(found))


def _entries(item: ItemFacts) -> list[Mapping[str, Any]]:
    """What a sheet recorded, entry by entry."""
    return [entry for group in (item.response.record if item.response else ()) for entry in group["items"]]


def answer_text(entry: Mapping[str, Any]) -> str:
    """One recorded answer in words; "" for none."""
    value = entry["value"]
    if value is None or entry["type"] == "file":
        return ""
    if isinstance(value, dict):
        return str(value.get(language(), ""))
    unit = unit_text(entry["unit"]) if entry.get("unit") else ""
    return " ".join(filter(None, (value_text(value), unit)))


def _sections(facts: TestFacts, lang: Language) -> list[Section]:
    sections = [Section(_("Items of the test"), (_summary(facts, lang),))]
    done = [item for item in facts.items if item.found is not None]
    sections += [Section(item.label(lang), tuple(_item_blocks(item, lang))) for item in done]
    if facts.test.note:
        sections.append(Section(_("Remark"), (Text(facts.test.note),)))
    images = [block for item in facts.items for block in _image_blocks(item)]
    if images:
        sections.append(Section(_("Images and curves"), tuple(images)))
    courses = [block for item in facts.items for block in _course_blocks(facts, item)]
    if courses:
        sections.append(Section(_("Course of key quantities"), tuple(courses)))
    return sections


def _summary(facts: TestFacts, lang: Language) -> Table:
    kinds = {"image": _("images"), "readings": _("readings"), "visual": _("looked at")}
    rows = []
    for item in facts.items:
        if item.found is None:
            optional = item.item is not None and not item.item.required
            result = _("left out") if optional else _("not done yet")
        else:
            result = outcome_text("NOT_ASSESSABLE" if item.found["refused"] else item.found["outcome"])
        kind = kinds[item.item.kind] if item.item else ""
        rows.append((item.label(lang), kind, result, str(item.found["by"]) if item.found else ""))
    columns = (
        Column(_("Item"), 3.0),
        Column(_("By means of"), 1.0),
        Column(_("Result"), 1.2),
        Column(pgettext("report", "Person"), 1.2),
    )
    return Table(columns, tuple(rows))


def _item_blocks(item: ItemFacts, lang: Language) -> list[Block]:
    blocks: list[Block] = []
    if item.item and item.item.how(lang):
        blocks.append(Text(_("Method: %(method)s") % {"method": item.item.how(lang)}))
    blocks.append(JudgedTable(item_rows(item, lang)))
    if item.run is not None:
        blocks.append(Text(_analysis(item)))
    for group in item.response.record if item.response else ():
        rows = tuple((entry["label"][lang], answer_text(entry)) for entry in group["items"])
        blocks.append(Facts(rows))
    return blocks


def _analysis(item: ItemFacts) -> str:
    run = item.run
    assert run is not None
    known = next((t for t in TESTS if t.name == run.test), None)
    name = known.label(language()) if known else run.test
    told = _("Measured by %(name)s (%(test)s, version %(version)s), phantom %(phantom)s.") % {
        "name": name, "test": run.test, "version": run.version, "phantom": run.phantom or "—",
    }  # fmt: skip
    chosen = by_hand_texts(run, language())
    given = parameters_text({key: value for key, value in run.parameters.items() if key not in chosen})
    told += " " + _("Given: %(given)s.") % {"given": given} if given else ""
    if chosen:
        words = "；".join(f"{name}: {text}" for name, text in chosen.values())
        told += " " + _("Chosen by hand in the images: %(chosen)s.") % {"chosen": words}
    if run.asked_reason:
        told += " " + _("Analysed anew because: %(reason)s.") % {"reason": run.asked_reason.rstrip("。.")}
    if known is not None and not known.real:
        told += " " + _("This analysis has met generated images only, no real phantom yet.")
    return told


def _image_blocks(item: ItemFacts) -> list[Block]:
    run = item.run
    if run is None or run.refused:
        return []
    blocks: list[Block] = []
    picture, width_mm = run_picture(run)
    if picture:
        caption = _("%(item)s: what was measured is drawn on the images") % {"item": item.label(language())}
        blocks.append(Picture(picture, caption, width_mm))
    elif evidence_of(run):
        blocks.append(Text(_("%(item)s: the images are no longer stored.") % {"item": item.label(language())}))
    return [*blocks, *curve_charts(run)]


def _course_blocks(facts: TestFacts, item: ItemFacts) -> list[Block]:
    run, name = item.run, item.run.test if item.run else item.item.test if item.item else ""
    if not name or item.found is None or item.found["refused"]:
        return []
    here = run.case_id if run else UUID(item.found["source_id"])
    asked = list(item.item.quantities) if item.item else []
    judged = list(dict.fromkeys(v["quantity"] for v in item.verdicts if v["quantity"]))
    measured = {v["quantity"] for v in item.values if isinstance(v["value"], int | float)}
    keys = [key for key in dict.fromkeys([*judged, *asked]) if key in measured][:COURSES]
    charts = []
    for key in keys:
        verdicts = tuple(v for v in item.verdicts if v["quantity"] == key)
        wanted = Wanted(name, key, facts.test.local_day, verdicts=verdicts, here=here, occasion=facts.test.test_type)
        charts.append(course_chart(facts.test.device, wanted))
    return [chart for chart in charts if chart is not None]
