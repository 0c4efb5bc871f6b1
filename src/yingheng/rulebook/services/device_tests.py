"""Performance tests in trial runs: which standards judge them beside those that a hospital uses for its exams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Standard
from imagingqc.criteria.precedence import in_force
from imagingqc.phantom.standards import phantom_standards
from yingheng.evidence.models import Assessment, MeasurementSet

TESTED = "device_test"  # subject of what performance tests of devices measured


def of_tests(standard: Standard) -> bool:
    """Whether a standard speaks of performance tests: one that does not never judges one."""
    return any("test" in c.applies for c in standard.criteria)


class TestRules:
    """What judges performance tests beside the standards in use: those that bind, and those of phantom and template."""

    def __init__(self) -> None:
        self._named: dict[UUID, set[str]] | None = None

    def more(self, row: MeasurementSet, used: Iterable[Standard]) -> list[Standard]:
        """The others that hold for one test on its day."""
        known, have = load_builtin(), {s.id for s in used}
        binding = {s.id for s in known.values() if s.level == "national" and in_force(s, row.local_day)}
        facts = (row.context or {}).get("facts") or {}
        named = binding | set(phantom_standards(facts.get("phantom"))) | self._judged_by(row)
        return [known[name] for name in sorted(named - have) if name in known and of_tests(known[name])]

    def _judged_by(self, row: MeasurementSet) -> set[str]:
        """The standards that its assessments are by.  One query for all tests of the hospital."""
        if self._named is None:
            found: defaultdict[UUID, set[str]] = defaultdict(set)
            rows = Assessment.objects.filter(hospital_id=row.hospital_id, subject_type=TESTED, is_current=True)
            for pk, standard in rows.values_list("subject_id", "standard"):
                found[pk].add(standard)
            self._named = found
        return self._named.get(row.subject_id, set())
