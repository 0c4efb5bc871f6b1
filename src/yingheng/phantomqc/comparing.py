"""What was measured beside the limits of acceptance, status and constancy tests: for a page, stored nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imagingqc.criteria.model import Context, Verdict
from imagingqc.phantom.run import judge_device
from imagingqc.phantom.standards import phantom_standards
from imagingqc.quantity import Measurement
from yingheng.phantomqc.models import Occasion, PhantomCase, PhantomRun
from yingheng.phantomqc.naming import protocol_of
from yingheng.phantomqc.selectors import references_of_test, standards_of

ByOccasion = Mapping[str, Mapping[str, Sequence[Verdict]]]


def side_by_side(case: PhantomCase, run: PhantomRun) -> ByOccasion:
    """Verdicts by quantity, for each of the three occasions: a constancy value shows how far it is from the others."""
    measurements = [Measurement.from_dict(value) for value in run.result["measurements"]]
    standards = standards_of(case, phantom_standards(run.phantom))
    device = case.device
    references = references_of_test(device, protocol_of(case.test), case.exam.sort_at) if device else {}
    found: dict[str, dict[str, list[Verdict]]] = {}
    for occasion in Occasion.values:
        context = Context("device", _facts(case, run, occasion))
        by_quantity: dict[str, list[Verdict]] = {}
        for verdict in judge_device(measurements, context, standards, references):
            by_quantity.setdefault(str(verdict.quantity), []).append(verdict)
        found[occasion] = by_quantity
    return found


def _facts(case: PhantomCase, run: PhantomRun, occasion: str) -> dict[str, Any]:
    stored = run.result.get("facts") or {}
    return {"modality": case.modality, **stored, "phantom": run.phantom, "test": occasion}
