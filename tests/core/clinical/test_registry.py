"""The promises of the registry, and that every quantity is explained."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.core.clinical.builders import FakeReader, code, exam_of, instance, only, series_of, stack_of

from imagingqc.clinical import registry
from imagingqc.clinical.method import ExamMethod, SeriesMethod
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import EXAM_METHODS, SERIES_METHODS, measure_exam, measure_series
from imagingqc.dicom import pixels
from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Measurement, quantity_catalogue

DOCS = Path(__file__).parents[3] / "docs" / "methods"
METHODS = (*SERIES_METHODS, *EXAM_METHODS)
STACK = stack_of([5.0 * i for i in range(5)])


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_it_declares_known_and_documented_quantities(method):
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    for quantity in method.quantities:
        assert quantity in quantity_catalogue()
        family = quantity.rsplit(".", 1)[0] + ".*"
        assert f"`{quantity}`" in text or f"`{family}`" in text, quantity


def test_it_declares_every_quantity_and_every_method_once():
    names = [m.name for m in METHODS]
    assert len(names) == len(set(names))
    declared = [q for m in METHODS for q in m.quantities]
    assert len(declared) == len(set(declared))


def method_of(run):
    return SeriesMethod("x", "7", frozenset({"CT"}), needs_pixels=False, quantities=("ct.fov", "ct.kernel"), run=run)


def failing(_series, _stacks, _reader):
    raise AnalysisError("no_images", kinds="-")


def test_it_turns_an_error_into_reasons_of_everything_declared(monkeypatch):
    monkeypatch.setattr(registry, "SERIES_METHODS", (method_of(failing),))
    found = measure_series(series_of(STACK), (STACK,), FakeReader())
    assert [(m.quantity, code(m), m.method, m.version) for m in found] == [
        ("ct.fov", "no_images", "x", "7"),
        ("ct.kernel", "no_images", "x", "7"),
    ]
    assert found[0].evidence.series == "1.2.3"


def test_it_fills_in_what_a_method_forgot(monkeypatch):
    def forgetful(_series, _stacks, _reader):
        return [Measurement("ct.fov", 1.0, "mm", "x", "7")]

    monkeypatch.setattr(registry, "SERIES_METHODS", (method_of(forgetful),))
    found = measure_series(series_of(STACK), (STACK,), FakeReader())
    assert only(found, "ct.fov").value == 1.0
    assert code(only(found, "ct.kernel")) == "no_measurement"


def test_it_does_the_same_for_exams(monkeypatch):
    def fail(_exam, _stacks):
        raise AnalysisError("nothing_to_compare", n=1)

    method = ExamMethod("y", "1", frozenset({"CT"}), ("mr.orientation.inconsistent",), fail)
    monkeypatch.setattr(registry, "EXAM_METHODS", (method,))
    assert (
        code(only(measure_exam(exam_of(series_of(STACK)), {}), "mr.orientation.inconsistent")) == "nothing_to_compare"
    )
    assert measure_exam(exam_of(series_of(instances=[instance(1, modality="MR")])), {}) == ()


def test_it_does_not_hide_mistakes_of_programming(monkeypatch):
    def broken(_series, _stacks, _reader):
        raise ZeroDivisionError

    monkeypatch.setattr(registry, "SERIES_METHODS", (method_of(broken),))
    with pytest.raises(ZeroDivisionError):
        measure_series(series_of(STACK), (STACK,), FakeReader())


def test_it_measures_in_the_same_order_and_survives_storage():
    first = measure_series(series_of(STACK), (STACK,), FakeReader())
    assert first == measure_series(series_of(STACK), (STACK,), FakeReader())
    again = [Measurement.from_dict(m.as_dict()) for m in first]
    assert [(m.quantity, m.value, m.reason) for m in again] == [(m.quantity, m.value, m.reason) for m in first]


def test_it_decodes_every_frame_once(monkeypatch):
    calls = []
    monkeypatch.setattr(pixels, "decode", lambda one, frame: calls.append(("image", one.sop_uid, frame)) or object())
    monkeypatch.setattr(pixels, "pixel_hash", lambda one, frame: calls.append(("hash", one.sop_uid, frame)) or "h")
    reader = CachedReader(keep=2)
    a, b, c = (Slice(instance(n), 0, None) for n in (1, 2, 3))
    assert reader.image(a) is reader.image(a)
    assert reader.pixel_hash(a) == reader.pixel_hash(a) == "h"
    assert len(calls) == 2
    reader.image(b)
    reader.image(a)
    reader.image(c)
    reader.image(a)
    assert len(calls) == 4
    reader.image(b)
    assert len(calls) == 5
