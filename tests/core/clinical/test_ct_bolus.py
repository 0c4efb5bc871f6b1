"""Generated test boluses whose arrival is known: found by place and time, read in the vessel, or refused by name."""

from __future__ import annotations

import pytest
from tests.core.clinical.builders import code

from imagingqc.clinical.ct import bolus
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_series
from imagingqc.criteria.load import load_builtin
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import Solid, ct_phantom, ct_series
from imagingqc.dicom.synthetic.ct_bolus import BLOOD_HU, Bolus, BolusFaults, BolusScan, Vessel, ct_bolus
from imagingqc.evaluate import evaluate_series

PEAK, INJECTED, THRESHOLD, ENHANCEMENT = bolus.QUANTITIES
TIMES = BolusScan().times_s


def measured(folder):
    series = scan([folder], 1).exams[0].series[0]
    return [m for m in measure_series(series, split_stacks(series), CachedReader()) if m.method == bolus.NAME]


def found(folder, *args, **kwargs):
    ct_bolus(folder, *args, **kwargs)
    return {m.quantity: m for m in measured(folder)}


def test_it_reads_the_passage(tmp_path):
    said = found(tmp_path)
    assert said[PEAK].value == pytest.approx(12.0, abs=0.3)
    assert said[INJECTED].value == pytest.approx(20.0, abs=0.3)
    assert said[THRESHOLD].value == pytest.approx(7.25, abs=0.3)
    assert said[ENHANCEMENT].value == pytest.approx(220.0, rel=0.03)
    assert {m.unit for m in said.values()} == {"s", "[hnsf'U]"}
    shape = said[PEAK].evidence.shape
    assert (shape["x"], shape["y"]) == pytest.approx((128 + 20 / 1.40625, 128 + 20 / 1.40625), abs=0.5)
    assert len(shape["curve"]) == len(TIMES)
    assert shape["curve"][0][1] == pytest.approx(BLOOD_HU, abs=5)


@pytest.mark.parametrize("seed", range(3))
def test_noise_moves_it_little(tmp_path, seed):
    assert found(tmp_path, BolusScan(noise_hu=40.0), seed=seed)[PEAK].value == pytest.approx(12.0, abs=1.0)


@pytest.mark.parametrize(
    ("how", "faults"),
    [
        (BolusScan(tilt_deg=20.0), BolusFaults()),
        (BolusScan(), BolusFaults(shuffle=True, duplicate=(3, 7))),
        (BolusScan(start="20260105235950"), BolusFaults()),
        (BolusScan(heights_mm=(0.0, 5.0)), BolusFaults()),
        (BolusScan(), BolusFaults(moved_mm=dict.fromkeys(range(5, 12), (4.0, 6.0)))),
    ],
    ids=["tilted", "shuffled", "midnight", "two places", "moved"],
)
def test_it_gives_the_same_whatever_the_way(tmp_path, how, faults):
    said = found(tmp_path, how, faults=faults)
    assert said[PEAK].value == pytest.approx(12.0, abs=0.3)
    assert said[INJECTED].value == pytest.approx(20.0, abs=0.3)
    assert said[ENHANCEMENT].value == pytest.approx(220.0, rel=0.04)


def test_midnight_needs_no_date_of_its_own(tmp_path):
    said = found(tmp_path, BolusScan(start="20260105235950"), facts={"AcquisitionDate": None})
    assert said[PEAK].value == pytest.approx(12.0, abs=0.3)


def test_the_aorta_goes_before_a_vein_that_rises_more(tmp_path):
    vein = Vessel((-30.0, -25.0), 11.0, Bolus(6.0, 11.0, 500.0))
    assert found(tmp_path / "a", vessels=[Vessel(), vein])[PEAK].value == pytest.approx(12.0, abs=0.3)
    alone = found(tmp_path / "b", BolusScan(times_s=[2.0 * i for i in range(16)]), vessels=[vein])
    assert alone[INJECTED].value == pytest.approx(11.0, abs=0.4)


def test_tracking_that_ends_at_its_threshold_has_a_time_to_it_but_no_peak(tmp_path):
    said = found(tmp_path, BolusScan(times_s=TIMES[:6]))
    assert {code(said[PEAK]), code(said[INJECTED])} == {"bolus_no_peak"}
    assert said[THRESHOLD].value == pytest.approx(7.25, abs=0.3)
    assert said[ENHANCEMENT].value > 150


def test_below_the_threshold_it_says_how_far_it_came(tmp_path):
    said = found(tmp_path, vessels=[Vessel(bolus=Bolus(height_hu=85.0))])
    assert code(said[THRESHOLD]) == "bolus_below_threshold"
    assert said[ENHANCEMENT].value == pytest.approx(85.0, rel=0.06)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ContrastBolusStartTime": None}, "missing_tag"),
        ({"ContrastBolusStartTime": "083000"}, "implausible"),
    ],
)
def test_without_a_believable_start_of_the_injection_the_time_since_is_not_said(tmp_path, facts, expected):
    said = found(tmp_path, facts=facts)
    assert said[PEAK].value == pytest.approx(12.0, abs=0.3)
    assert code(said[INJECTED]) == expected


def slow(n, step):
    return BolusScan(times_s=[8.0 + step * i for i in range(n)])


REFUSED = {
    "few": (BolusScan(times_s=TIMES[:4]), {}, "bolus_not_watched"),
    "copies": (BolusScan(times_s=TIMES[:4]), {"faults": BolusFaults(duplicate=(0, 1, 2))}, "bolus_not_watched"),
    "places": (BolusScan(rows=64, heights_mm=tuple(5.0 * i for i in range(6))), {}, "bolus_many_places"),
    "many": (BolusScan(times_s=[0.5 * i for i in range(201)], rows=32), {}, "bolus_many_images"),
    "dose": (BolusScan(), {"facts": {"CTDIvol": 200.0}}, "bolus_dose"),
    "no time": (BolusScan(), {"faults": BolusFaults(no_time=(4,))}, "missing_tag"),
    "one time": (BolusScan(), {"faults": BolusFaults(same_time=True)}, "bolus_times"),
    "long": (slow(8, 60.0), {}, "bolus_too_long"),
    "moved": (BolusScan(), {"faults": BolusFaults(moved_mm={6: (20.0, 6.0)})}, "bolus_moved"),
    "plain": (BolusScan(), {"vessels": [Vessel(bolus=Bolus(height_hu=30.0))]}, "bolus_no_vessel"),
    "small": (BolusScan(), {"vessels": [Vessel(radius_mm=3.0)]}, "bolus_no_vessel"),
    "late": (BolusScan(times_s=[15.0 + 2.0 * i for i in range(12)]), {}, "bolus_no_baseline"),
    "unsteady": (BolusScan(), {"faults": BolusFaults(wall_mm={6: (10.0, 10.0)})}, "bolus_unsteady"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_by_name(tmp_path, name):
    how, more, expected = REFUSED[name]
    said = found(tmp_path, how, **more)
    assert {code(m) for m in said.values()} == {expected}


@pytest.mark.parametrize("phases", [1, 2])
def test_a_volume_is_no_bolus(tmp_path, phases):
    ct_series(tmp_path, n=12, phases=phases, rows=64)
    assert {code(m) for m in measured(tmp_path)} == {"bolus_not_watched"}


def test_a_volume_costs_no_pixels(tmp_path, monkeypatch):
    ct_phantom(tmp_path, Solid(), n=6, rows=64)
    series = scan([tmp_path], 1).exams[0].series[0]
    reader = CachedReader()
    monkeypatch.setattr(reader, "image", lambda piece: pytest.fail("decoded"))
    with pytest.raises(bolus.AnalysisError):
        bolus.METHOD.run(series, split_stacks(series), reader)


def test_rules_on_volumes_do_not_concern_it_nor_it_a_volume(tmp_path):
    standards = [load_builtin()["image-quality-1"]]
    ct_bolus(tmp_path / "bolus")
    ct_series(tmp_path / "volume", n=12, rows=64)
    for name, silent in (("bolus", {"not_a_volume", "too_few_slices"}), ("volume", {"bolus_not_watched"})):
        series = scan([tmp_path / name], 1).exams[0].series[0]
        result = evaluate_series(series, standards)
        assert not {v.reason.code for v in result.verdicts if v.reason} & silent
        assert silent <= result.context.silent
