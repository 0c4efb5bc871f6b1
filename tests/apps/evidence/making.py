"""Generated verdicts, measurements and standards."""

import datetime as dt

from imagingqc.criteria.model import Confidence, Limit, Outcome, Standard, Verdict
from imagingqc.errors import Reason
from imagingqc.quantity import Evidence, Measurement
from yingheng.evidence.services import Run, assessment_store

NOISE, GAPS = "ct.phantom.noise", "ct.slices.missing"


def standard(year=2026, name="hospital-rules"):
    return Standard(
        id=f"{name}-{year}",
        title="规则",
        title_en="rules",
        body="hospital",
        level="hospital",
        source="generated",
        valid_from=dt.date(year, 1, 1),
    )


def verdict(criterion, outcome, *, quantity=NOISE, value=0.6, severity="major", grade="A", edition=None):
    told = outcome in {"PASS", "FAIL"}
    return Verdict(
        standard=(edition or standard()).id,
        criterion=criterion,
        clause="5.1",
        outcome=Outcome(outcome),
        quantity=quantity,
        value=value if told else None,
        unit="%",
        limit=Limit(op="<", value=0.45),
        reason=None if told else Reason("limit_unconfirmed"),
        confidence=Confidence.VERIFIED,
        grade=grade,
        severity=severity,
        evidence=Evidence(series="1.2", instance="1.2.3"),
    )


def measurement(value=0.6, quantity=NOISE):
    return Measurement(quantity=quantity, value=value, unit="%", method="m", version="1")


def store(subject, *verdicts, inputs="in-1", code="1.0", edition=None, **changes):
    """Store an assessment of generated verdicts; `inputs` names what was judged."""
    row, created = assessment_store(
        subject=subject,
        standard=edition or standard(),
        verdicts=verdicts,
        run=Run(code_version=code, input_hash=inputs),
        **changes,
    )
    return row, created
