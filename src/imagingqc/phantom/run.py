"""One performance test from images to verdicts, without database, network or clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from imagingqc.criteria.judge import References, judge_all
from imagingqc.criteria.model import Context, Standard, Verdict
from imagingqc.dicom.model import Series, Stack
from imagingqc.dicom.series import split_stacks
from imagingqc.errors import AnalysisError, DataError
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.hand import by_hand
from imagingqc.phantom.model import PhantomFound, PhantomInput, PhantomResult, PhantomTest
from imagingqc.quantity import Measurement, Value


def analyse(
    test: PhantomTest, series: Iterable[Series], parameters: Mapping[str, Value] | None = None
) -> PhantomResult:
    """Run `test` on all images of `series`; what it refuses becomes `refused`, never an exception.

    The result is the same for any order of series and files.
    """
    chosen = tuple(sorted(series, key=lambda s: s.uid))
    given = _parameters(test, parameters or {})
    inputs = tuple(sorted(i.sop_uid for s in chosen for i in s.instances))
    modality = chosen[0].modality if chosen else ""
    chosen_there = by_hand(test, given, chosen)
    base = PhantomResult(test.name, test.version, None, None, inputs, given, modality, by_hand=chosen_there)
    try:
        _require_fit(test, chosen)
        found = test.run(PhantomInput(_stacks(chosen), Frames(), given))
    except (AnalysisError, DataError) as error:
        return replace(base, refused=error.reason)
    return replace(base, found=_complete(test, found))


def judge(
    result: PhantomResult, standards: Sequence[Standard], test_type: str, references: References | None = None
) -> PhantomResult:
    """The result with the verdicts of `standards` for a test of `test_type` (acceptance, status, constancy).

    Criteria about quantities that this test does not measure are left out: another test of the programme answers.
    A refused test gives no verdicts.
    """
    if result.found is None:
        return result
    context = device_context(result, test_type)
    verdicts = judge_device(result.found.measurements, context, standards, references)
    return replace(result, verdicts=verdicts)


def device_context(result: PhantomResult, test_type: str) -> Context:
    """What the limits of standards may ask about this test."""
    found = result.found
    facts: dict[str, str | float] = {"modality": result.modality, "test": test_type}
    return Context("device", facts | dict(found.facts) | {"phantom": found.phantom} if found else facts)


def judge_device(
    measurements: Iterable[Measurement],
    context: Context,
    standards: Sequence[Standard],
    references: References | None = None,
) -> tuple[Verdict, ...]:
    """Verdicts of all criteria about the quantities at hand; readings entered by a person are judged alike."""
    by_quantity: dict[str, list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        by_quantity[measurement.quantity].append(measurement)
    judged = (v for standard in standards for v in judge_all(standard, by_quantity, context, references))
    return tuple(v for v in judged if v.quantity in by_quantity)


def _require_fit(test: PhantomTest, series: Sequence[Series]) -> None:
    if not series:
        raise AnalysisError("phantom_no_images")
    others = sorted({s.modality for s in series} - test.modalities)
    if others:
        raise AnalysisError("phantom_modality", modality=", ".join(others), wanted=", ".join(sorted(test.modalities)))


def _stacks(series: Sequence[Series]) -> tuple[Stack, ...]:
    return tuple(stack for one in series for stack in split_stacks(one))


def _parameters(test: PhantomTest, given: Mapping[str, Value]) -> dict[str, Value]:
    """Defaults with what was given; AnalysisError `parameter_unknown` for a key the test has not."""
    known = {p.key: p for p in test.parameters}
    for key in given:
        if key not in known:
            raise AnalysisError("parameter_unknown", parameter=key, known=", ".join(sorted(known)) or "-")
    defaults = {p.key: p.default for p in test.parameters if p.default is not None}
    return {**defaults, **given}


def _complete(test: PhantomTest, found: PhantomFound) -> PhantomFound:
    """The test kept its promise: nothing undeclared, nothing silently left out."""
    measured = {m.quantity for m in found.measurements}
    if measured != set(test.quantities):
        raise AssertionError(f"{test.name}: {sorted(measured ^ set(test.quantities))}")
    if found.phantom not in test.phantoms:
        raise AssertionError(f"{test.name}: {found.phantom}")
    return found
