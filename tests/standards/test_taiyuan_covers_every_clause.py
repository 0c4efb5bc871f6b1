"""Every clause of the Taiyuan standard is covered, and every figure of the document stands as it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Confidence, Limit

# requirement -> criteria that cover it (S003-001 is the standard as a whole)
COVERED_BY = {
    "S003-002": ("dr.environment",),
    "S003-003": ("dr.room.layout",),
    "S003-004": ("dr.room.protection",),
    "S003-005": (
        "dr.room.air-conditioning",
        "dr.room.temperature",
    ),
    "S003-006": ("dr.room.humidity",),
    "S003-007": ("dr.room.clean",),
    "S003-008": ("dr.power",),
    "S003-009": ("dr.performance",),
    "S003-010": ("dr.calibration-interval",),
    "S003-011": ("dr.daily-check",),
    "S003-012": ("dr.storage-space",),
    "S003-013": ("dr.preventive-maintenance",),
    "S003-014": ("dr.barrier.lead",),
    "S003-015": (
        "dr.status.dark-noise",
        "dr.status.dark-noise-image",
    ),
    "S003-016": ("dr.status.signal-transfer",),
    "S003-017": ("dr.status.uniformity",),
    "S003-018": ("dr.status.lag",),
    "S003-019": ("dr.status.artefact",),
    "S003-020": ("dr.prepare.clinical",),
    "S003-021": ("dr.prepare.identity",),
    "S003-022": ("dr.prepare.assess",),
    "S003-023": ("dr.prepare.foreign-body",),
    "S003-024": ("dr.prepare.shielding",),
    "S003-025": ("dr.prepare.technique",),
    "S003-026": ("dr.prepare.procedure",),
    "S003-027": ("dr.image.range",),
    "S003-028": ("dr.image.contrast",),
    "S003-029": ("dr.image.position",),
    "S003-030": ("dr.image.artefact",),
    "S003-031": ("dr.image.marks",),
    "S003-032": ("ct.environment",),
    "S003-033": ("ct.room.layout",),
    "S003-034": ("ct.room.protection",),
    "S003-035": (
        "ct.room.air-conditioning",
        "ct.room.temperature",
    ),
    "S003-036": (
        "ct.room.humidity",
        "ct.room.clean",
    ),
    "S003-037": ("ct.power",),
    "S003-038": ("ct.performance",),
    "S003-039": ("ct.calibration-interval",),
    "S003-040": ("ct.status.table",),
    "S003-041": ("ct.status.slice-thickness",),
    "S003-042": ("ct.status.water",),
    "S003-043": ("ct.status.uniformity",),
    "S003-044": ("ct.status.noise",),
    "S003-045": ("ct.status.high-contrast",),
    "S003-046": ("ct.status.low-contrast",),
    "S003-047": ("ct.air-calibration",),
    "S003-048": ("ct.storage-space",),
    "S003-049": ("ct.preventive-maintenance",),
    "S003-050": ("ct.injector",),
    "S003-051": ("ct.emergency-equipment",),
    "S003-052": ("ct.emergency-drugs",),
    "S003-053": ("ct.garment.set",),
    "S003-054": (
        "ct.garment.lead",
        "ct.garment.material",
    ),
    "S003-055": ("ct.prepare.request",),
    "S003-056": ("ct.prepare.identity",),
    "S003-057": ("ct.prepare.inform",),
    "S003-058": ("ct.prepare.patient",),
    "S003-059": ("ct.prepare.consent",),
    "S003-060": ("ct.prepare.dose",),
    "S003-061": ("ct.prepare.special",),
    "S003-062": ("ct.prepare.plan",),
    "S003-063": ("ct.prepare.parameters",),
    "S003-064": ("ct.contrast.use",),
    "S003-065": ("ct.contrast.reaction",),
    "S003-066": ("ct.contrast.observation",),
    "S003-067": ("ct.prepare.procedure",),
    "S003-068": ("ct.image.range",),
    "S003-069": ("ct.image.centre",),
    "S003-070": ("ct.image.matrix",),
    "S003-071": (
        "ct.image.geometry",
        "ct.image.anatomy",
    ),
    "S003-072": ("ct.image.reconstruction",),
    "S003-073": ("ct.image.resolution",),
    "S003-074": (
        "ct.slices.missing",
        "ct.slices.order",
        "ct.slices.irregular",
        "ct.slices.duplicated",
    ),
    "S003-075": ("ct.image.phase",),
    "S003-076": ("ct.image.artefact",),
    "S003-077": ("mr.environment",),
    "S003-078": ("mr.room.layout",),
    "S003-079": ("mr.room.magnet-site",),
    "S003-080": (
        "mr.room.air-conditioning",
        "mr.room.temperature",
    ),
    "S003-081": (
        "mr.room.humidity",
        "mr.room.clean",
    ),
    "S003-082": ("mr.power",),
    "S003-083": ("mr.helium-cooling",),
    "S003-084": ("mr.exhaust",),
    "S003-085": ("mr.performance",),
    "S003-086": ("mr.coil.set",),
    "S003-087": ("mr.coil.use",),
    "S003-088": ("mr.check.image",),
    "S003-089": (
        "mr.check.helium",
        "mr.check.helium-daily",
    ),
    "S003-090": ("mr.check.log",),
    "S003-091": ("mr.check.table",),
    "S003-092": ("mr.check.housing",),
    "S003-093": ("mr.check.door",),
    "S003-094": ("mr.software.cleanup",),
    "S003-095": ("mr.software.backup",),
    "S003-096": ("mr.software.shutdown",),
    "S003-097": ("mr.cooling.cold-head",),
    "S003-098": ("mr.cooling.record",),
    "S003-099": ("mr.cooling.clean",),
    "S003-100": ("mr.coil.check",),
    "S003-101": ("mr.ancillary.check",),
    "S003-102": ("mr.prepare.request",),
    "S003-103": ("mr.prepare.identity",),
    "S003-104": ("mr.prepare.safety",),
    "S003-105": ("mr.prepare.special",),
    "S003-106": ("mr.prepare.position",),
    "S003-107": ("mr.prepare.hearing",),
    "S003-108": ("mr.prepare.plan",),
    "S003-109": ("mr.prepare.procedure",),
    "S003-110": ("mr.image.plan",),
    "S003-111": ("mr.image.range",),
    "S003-112": ("mr.image.geometry",),
    "S003-113": (
        "mr.image.direction",
        "mr.image.postprocessing",
    ),
    "S003-114": (
        "mr.series.required",
        "mr.series.required-expert",
        "mr.image.weighting",
    ),
    "S003-115": ("mr.image.resolution",),
    "S003-116": ("mr.image.phase",),
    "S003-117": ("mr.image.artefact",),
}

HU = "[hnsf'U]"
FIGURES = {
    "dr.room.temperature": (Limit("between", (18, 24)), "Cel"),
    "dr.room.humidity": (Limit("between", (45, 65)), "%"),
    "dr.barrier.lead": (Limit(">=", 2), "mm{Pb}"),
    "dr.status.dark-noise": (
        Limit(any=(Limit("within_abs", 0, "vendor", "above"), Limit("within_pct", 50.0, "baseline"))),
        "1",
    ),
    "dr.status.signal-transfer": (Limit(">=", 0.95), "1"),
    "dr.status.uniformity": (Limit("<=", 5.0), "%"),
    "dr.status.lag": (Limit("abs<=", 5.0), "%"),
    "ct.room.temperature": (Limit("between", (18, 24)), "Cel"),
    "ct.room.humidity": (Limit("between", (45, 65)), "%"),
    "ct.status.table": (Limit("abs<=", 2), "mm"),
    "ct.status.slice-thickness": (Limit("within_abs", 1, "nominal"), "mm"),
    "ct.status.water": (Limit("abs<=", 6), HU),
    "ct.status.uniformity": (Limit("abs<=", 6), HU),
    "ct.status.noise": (Limit("<", 0.45), "%"),
    "ct.status.high-contrast": (Limit(">", 5.0), "{lp}/cm"),
    "ct.status.low-contrast": (Limit("<", 3.0), "mm"),
    "ct.garment.lead": (Limit(">=", 0.5), "mm{Pb}"),
    "ct.contrast.observation": (Limit(">=", 15), "min"),
    "ct.image.matrix": (Limit(">=", 512), "1"),
    "mr.room.temperature": (Limit("between", (20, 22)), "Cel"),
    "mr.room.humidity": (Limit("between", (45, 65)), "%"),
    "mr.check.helium": (Limit(">=", 60), "%"),
    "mr.software.shutdown": (Limit("<=", 7), "d"),
}
COUNTS_OF_ZERO = {
    "ct.slices.missing",
    "ct.slices.order",
    "ct.slices.irregular",
    "ct.slices.duplicated",
    "mr.image.direction",
    "mr.series.required",
    "mr.series.required-expert",
}


def criteria():
    return {c.id: c for c in load_builtin()["taiyuan-mutual-recognition-trial"].criteria}


def test_it_covers_every_clause():
    assert sorted(COVERED_BY) == [f"S003-{n:03d}" for n in range(2, 118)]
    assert all(COVERED_BY.values())


def test_it_names_only_criteria_that_exist_and_uses_all_of_them():
    named = {c for several in COVERED_BY.values() for c in several}
    assert named == set(criteria())


@pytest.mark.parametrize("requirement", sorted(COVERED_BY))
def test_it_keeps_a_requirement_within_its_part_of_the_document(requirement):
    number = int(requirement[-3:])
    part, prefix = ("第一部分", "dr.") if number < 32 else ("第二部分", "ct.") if number < 77 else ("第三部分", "mr.")
    for name in COVERED_BY[requirement]:
        assert name.startswith(prefix)
        assert criteria()[name].clause.startswith(part)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_it_keeps_the_figures_of_the_document(name):
    c = criteria()[name]
    assert (c.limit, c.unit) == FIGURES[name]
    assert c.confidence is Confidence.VERIFIED


def test_it_judges_nothing_automatically_beyond_the_figures_and_the_plain_counts():
    automatic = {c.id for c in criteria().values() if c.grade != "manual"}
    assert automatic == set(FIGURES) | COUNTS_OF_ZERO
    assert all(criteria()[name].limit == Limit("one_of", (0,)) for name in COUNTS_OF_ZERO)


def test_it_waits_with_what_is_missing_until_the_exam_is_closed():
    absent = {c.id for c in criteria().values() if c.absence}
    assert absent == {
        "ct.slices.missing",
        "ct.slices.irregular",
        "mr.series.required",
        "mr.series.required-expert",
    }


def test_it_only_asks_where_the_document_itself_is_soft():
    soft = {c.id for c in criteria().values() if c.grade == "C"}
    assert soft == {
        "ct.contrast.observation",
        "ct.slices.irregular",
        "ct.slices.duplicated",
        "mr.check.helium",
        "mr.software.shutdown",
    }


def test_it_says_how_sure_the_list_of_required_series_is():
    assert criteria()["mr.series.required"].confidence is Confidence.SECONDARY
    assert criteria()["mr.series.required-expert"].confidence is Confidence.EXPERT


def test_it_invents_no_date():
    standard = load_builtin()["taiyuan-mutual-recognition-trial"]
    assert (standard.level, standard.valid_from, standard.valid_to) == ("city", None, None)


def test_it_judges_the_tables_as_status_tests():
    tables = {c.id for c in criteria().values() if "test" in c.applies}
    assert tables == {name for name in criteria() if ".status." in name}
    assert all(criteria()[name].applies["test"] == ("status",) for name in tables)


def test_it_counts_its_criteria_on_its_page():
    page = Path(__file__).parents[2] / "docs" / "standards" / "taiyuan-mutual-recognition-trial.md"
    manual = sum(c.grade == "manual" for c in criteria().values())
    text = page.read_text(encoding="utf-8")
    assert f"{len(criteria())} 条判据" in text
    assert f"{len(criteria()) - manual} 条自动判定，{manual} 条由人评价" in text
