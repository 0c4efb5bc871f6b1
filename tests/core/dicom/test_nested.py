"""Facts from inside of sequences: kept whole or not at all, and never able to stop the reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from imagingqc.dicom.attributes import ATTRIBUTES, EVERY_ITEM, FIRST_ITEM
from imagingqc.dicom.header import KEYWORDS, read_instance
from imagingqc.dicom.nested import nested_facts
from imagingqc.dicom.synthetic import mg_exam, mg_image, nm_tomo, pet_series, us_frame, xa_run


def item(**values):
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def region(x0=10, unit=3, delta=0.05, **more):
    known = {
        "RegionSpatialFormat": 1, "RegionDataType": 1, "RegionLocationMinX0": x0, "RegionLocationMinY0": 5,
        "RegionLocationMaxX1": 90, "RegionLocationMaxY1": 80, "PhysicalUnitsXDirection": unit,
        "PhysicalUnitsYDirection": unit, "PhysicalDeltaX": delta, "PhysicalDeltaY": delta,
    }  # fmt: skip
    return item(**known, **more)


def holding(**sequences):
    return item(**sequences)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from([0, 3, 4]), st.floats(0.001, 1)), min_size=1, max_size=5)
)
def test_it_keeps_one_value_of_every_region_in_their_order(rows):
    ds = holding(SequenceOfUltrasoundRegions=[region(x0, unit, delta) for x0, unit, delta in rows])
    facts, problems = nested_facts(ds)
    assert problems == []
    assert facts["RegionLocationMinX0"] == tuple(float(x0) for x0, _, _ in rows)
    assert facts["PhysicalUnitsXDirection"] == tuple(float(unit) for _, unit, _ in rows)
    assert facts["PhysicalDeltaX"] == pytest.approx(tuple(delta for _, _, delta in rows))


def test_it_keeps_no_region_when_one_is_incomplete_or_absurd():
    incomplete, absurd = region(), region()
    del incomplete.PhysicalDeltaX
    absurd.PhysicalDeltaY = 1e12
    for bad in (incomplete, absurd):
        facts, _ = nested_facts(holding(SequenceOfUltrasoundRegions=[region(), bad]))
        assert not [keyword for keyword in facts if keyword.startswith(("Region", "Physical"))]
    _, problems = nested_facts(holding(SequenceOfUltrasoundRegions=[absurd]))
    assert [(p.keyword, p.reason.code) for p in problems] == [("PhysicalDeltaY", "absurd_value")]


def test_it_reads_the_first_radiopharmaceutical_only():
    given_first = item(Radiopharmaceutical="FDG", RadionuclideTotalDose="370000000", RadionuclideHalfLife="6586.2")
    other = item(Radiopharmaceutical="NaF", RadionuclideTotalDose="1")
    facts, _ = nested_facts(holding(RadiopharmaceuticalInformationSequence=[given_first, other]))
    assert (facts["Radiopharmaceutical"], facts["RadionuclideTotalDose"]) == ("FDG", 370e6)


def test_it_reports_what_is_no_sequence_and_reads_on():
    ds = holding(RotationInformationSequence=[item(NumberOfFramesInRotation=60), item(NumberOfFramesInRotation=40)])
    ds.add_new("SequenceOfUltrasoundRegions", "LO", "nonsense")
    facts, problems = nested_facts(ds)
    assert facts["NumberOfFramesInRotation"] == (60.0, 40.0)
    assert [(p.keyword, p.reason.code) for p in problems] == [("SequenceOfUltrasoundRegions", "unreadable_value")]


def test_it_bounds_the_items_it_reads():
    ds = holding(SequenceOfUltrasoundRegions=[region() for _ in range(300)])
    facts, problems = nested_facts(ds)
    assert facts == {}
    assert [p.reason.code for p in problems] == ["unreadable_value"]


def test_it_reads_nested_attributes_of_the_closed_list_alone():
    nested = {name for names in (*EVERY_ITEM.values(), *FIRST_ITEM.values()) for name in names}
    assert nested <= set(ATTRIBUTES) == KEYWORDS


def test_its_new_generators_write_the_same_bytes_and_read_without_problems(tmp_path):
    def everything(folder):
        mg_exam(folder / "mg")
        mg_image(folder / "tomo", kind="tomosynthesis")
        us_frame(folder / "us", frames=2, probe="curved", rows=60, columns=80)
        xa_run(folder / "xa", kind="roadmap")
        xa_run(folder / "rf", modality="RF", kind="fluoroscopy", frames=1)
        nm_tomo(folder / "nm")
        pet_series(folder / "pet", slices=3)
        return sorted(folder.rglob("*.dcm"))

    first, second = everything(tmp_path / "a"), everything(tmp_path / "b")
    assert [a.read_bytes() for a in first] == [b.read_bytes() for b in second]
    for path in first:
        instance = read_instance(path)
        assert instance.problems == (), path.name
        assert set(instance.facts) <= KEYWORDS
        assert instance.text("PatientName").startswith("DEMO^")
