"""The generators themselves: deterministic, valid, and true to what they promise."""

import hashlib

import numpy as np
import pytest
from pydicom import dcmread
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import pixels
from imagingqc.dicom.geometry import plane
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.series import scan, split_stacks


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.dcm"))}


def everything(folder, seed):
    faults = phantoms.CTFaults(shuffle=True, duplicate=(1,), irregular_mm=0.3, localizer=True)
    phantoms.ct_series(folder, n=4, rows=32, faults=faults, seed=seed)
    phantoms.dx_image(folder, rows=32, columns=24, seed=seed)
    phantoms.mr_exam(folder / "mr", n=2, rows=32, seed=seed)
    phantoms.enhanced_mr(folder, n=2, rows=16, seed=seed)
    phantoms.enhanced_ct(folder, n=2, rows=16, seed=seed)
    phantoms.us_colour(folder, seed=seed)
    phantoms.screenshot(folder, seed=seed)
    phantoms.dose_report(folder, seed=seed)


def test_it_writes_the_same_bytes_for_the_same_seed(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        everything(tmp_path / name, seed)
    first, again, other = (digest(tmp_path / n) for n in "abc")
    assert first == again
    assert not set(first.values()) & set(other.values())


def test_it_marks_every_person_as_invented_and_reads_back_without_problems(tmp_path):
    everything(tmp_path, 3)
    result = scan([tmp_path])
    assert result.unreadable == ()
    for exam in result.exams:
        for series in exam.series:
            for instance in series.instances:
                assert instance.text("PatientName").startswith("DEMO^")
                assert instance.problems == ()


@pytest.mark.parametrize("noise_hu", [5.0, 20.0])
def test_it_holds_the_promised_hu_and_noise(tmp_path, noise_hu):
    path = phantoms.ct_series(tmp_path, n=3, rows=128, body="abdomen", noise_hu=noise_hu)[1]
    image = pixels.decode(read_instance(path))
    air = image.pixels[(image.pixels < -900) & ~image.padding]
    assert len(air) > 100
    region = image.pixels[52:65, 38:51]  # within the one organ of 60 HU
    assert region.std() == pytest.approx(noise_hu, rel=0.2)
    assert region.mean() == pytest.approx(60, abs=noise_hu / 4)


def test_it_moves_the_body_off_the_isocentre(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=128, offset_mm=(30.0, -20.0), body="head", fov_mm=400)[0]
    image = pixels.decode(read_instance(path))
    rows, columns = np.nonzero(image.pixels > -300)
    centre = 63.5
    assert (rows.mean() - centre) * 400 / 128 == pytest.approx(30, abs=1)
    assert (columns.mean() - centre) * 400 / 128 == pytest.approx(-20, abs=1)


@pytest.mark.parametrize("fraction", [0.0, 0.01, 0.1])
def test_it_clips_the_promised_fraction_of_the_field(tmp_path, fraction):
    instance = read_instance(phantoms.dx_image(tmp_path, rows=200, columns=200, field=(0, 0, 0, 0), clipped=fraction))
    assert (pixels.decode(instance).stored == 4095).mean() == pytest.approx(fraction, abs=1e-9)


def test_it_computes_the_deviation_index(tmp_path):
    instance = read_instance(phantoms.dx_image(tmp_path, rows=32, columns=32, ei=500, target_ei=250))
    assert instance.number("DeviationIndex") == pytest.approx(3.01)


def test_it_modulates_the_tube_current_unless_told_not_to(tmp_path):
    def currents(name, **faults):
        paths = phantoms.ct_series(tmp_path / name, n=10, rows=16, faults=phantoms.CTFaults(**faults))
        return [read_instance(p).number("XRayTubeCurrent") for p in paths]

    assert np.std(currents("tcm")) / np.mean(currents("tcm")) > 0.1
    assert set(currents("flat", flat_current=True)) == {200}


def test_it_leaves_series_out_of_an_mr_exam(tmp_path):
    phantoms.mr_exam(tmp_path, omit=("T2", "DWI"), n=2, rows=16)
    names = [s.first.text("SeriesDescription") for s in scan([tmp_path]).exams[0].series]
    assert names == ["t1_se_tra", "t2_flair_tra", "ep2d_diff_tra_ADC", "t1_se_sag"]
    with pytest.raises(KeyError):
        phantoms.mr_exam(tmp_path, omit=("T9",))


@pytest.mark.parametrize(
    ("item", "planes"), [("lumbar", {"axial", "sagittal"}), ("knee", {"axial", "coronal", "sagittal"})]
)
def test_it_plans_every_series_in_its_plane(tmp_path, item, planes):
    phantoms.mr_exam(tmp_path, item, n=3, rows=16)
    stacks = [s for series in scan([tmp_path]).exams[0].series for s in split_stacks(series)]
    assert {plane(s.orientation).name for s in stacks} == planes


def test_it_mixes_another_patient_into_a_series(tmp_path):
    paths = phantoms.ct_series(tmp_path, n=4, rows=16, faults=phantoms.CTFaults(other_patient=(2,)))
    assert [dcmread(p).PatientID for p in paths] == ["DEMO0001", "DEMO0001", "DEMO0001X", "DEMO0001"]
