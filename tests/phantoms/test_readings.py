"""Readings entered by people: formulas against worked examples, refusals, and what the forms promise."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings import READINGS, Input, measure, reading_named
from imagingqc.phantom.readings.formulas import half_value_layer, linearity_percent, variation_percent
from imagingqc.quantity import quantity_catalogue

WORKED = [
    ("xr.tube_voltage", {"set": [80, 100], "measured": [82.0, 99.5]},
     [("xr.phantom.tube_voltage", 82.0, 80), ("xr.phantom.tube_voltage", 99.5, 100)]),
    ("xr.output_repeatability", {"kerma": [100, 102, 98, 101, 99]},
        [("xr.phantom.output.repeatability", 1.5811, None)]),
    ("xr.output_linearity", {"mas": [10, 20, 40], "kerma": [300, 620, 1200]},
     [("xr.phantom.output.linearity", -1.6393, None)]),
    ("xr.hvl", {"thickness": [0, 2, 3, 4], "kerma": [100, 58, 46, 37]}, [("xr.phantom.hvl", 2.6403, None)]),
    ("xr.exposure_time", {"set": [50, 100], "measured": [51, 98]},
     [("xr.phantom.exposure_time.short", 51, 50), ("xr.phantom.exposure_time.long", 98, 100)]),
    ("xr.beam_tilt", {"displacement": 5.0}, [("xr.phantom.beam.tilt", 1.6228, None)]),
    ("xr.light_field", {"left": -0.4, "right": 0.8, "top": 0.1, "bottom": 0.9},
     [("xr.phantom.light_field.edge", 0.9, None), ("xr.phantom.light_field.centre", 0.7211, None)]),
    ("dr.ddi", {"indicated": [1000, 1020, 980], "calculated": 1100},
     [("dr.phantom.ddi", 1000, None), ("dr.phantom.ddi.deviation", 10.0, None)]),
    ("dr.distance", {"true": [100, 100], "measured": [101, 99.5]}, [("dr.phantom.distance.error", 1.0, None)]),
    ("dr.distance", {"true": [100], "measured": [104], "sid": 1000, "height": 40},
     [("dr.phantom.distance.error", -0.16, None)]),
    ("dr.resolution_visual", {"resolved": [3.1], "pitch": 0.139}, [("dr.phantom.resolution.limit", 3.1, 3.5971)]),
    ("dr.low_contrast", {"visible": 31}, [("dr.phantom.low_contrast.details", 31, None)]),
    ("dr.aec_chambers", {"values": [10, 11, 9.3]}, [("dr.phantom.aec.chambers", 8.9109, None)]),
    ("dr.signal_transfer", {"kerma": [1, 5, 10, 20, 30], "pixel": [110, 510, 1010, 2010, 3010]},
     [("dr.phantom.signal_transfer.r2", 1.0, None)]),
    ("dr.lag_readings", {"ghost": 1030, "around": 1000}, [("dr.phantom.lag", 3.0, None)]),
    ("cr.uniformity", {"means": [100, 104, 96]}, [("cr.phantom.uniformity.single", 4.0, None)]),
    ("ct.ctdi", {"phantom": "head", "centre": [4.0], "edge": [4.2, 4.1, 4.3, 4.2], "collimation": 10, "factor": 1.1,
                 "mas": 200, "pitch": 0.8, "length": 160},
     [("ct.phantom.ctdi.head", 4.54667, None), ("ct.phantom.ctdi.normalised", 0.0227333, None),
      ("ct.phantom.ctdivol", 5.68333, None), ("ct.phantom.dlp", 90.9333, None)]),
    ("ct.table", {"set": [300, 0], "measured": [301, -0.5]},
     [("ct.phantom.table.error", 1, None), ("ct.phantom.table.error", -0.5, None)]),
    ("ct.laser", {"deviations": [1.0, -2.5]}, [("ct.phantom.laser.error", -2.5, None)]),
    ("ct.tilt", {"set": 20, "upright": 100, "tilted": 106}, [("ct.phantom.tilt.error", -0.62996, None)]),
    ("ct.slice_thickness", {"widths": [12, 11.8], "nominal": 5}, [("ct.phantom.slice_thickness", 4.998, 5)]),
    ("ct.water_readings", {"centre": 1.0, "edge": [2, 0, -1.5, 1], "sd": 4.0, "thickness": 5},
     [("ct.phantom.ct_number", 1.0, None), ("ct.phantom.uniformity", -2.5, None),
         ("ct.phantom.noise", 0.282843, None)]),
    ("ct.linearity_readings", {"nominal": [-1000, -100, 120, 990], "measured": [-990, -110, 122, 950]},
     [("ct.phantom.linearity", -40, None)]),
    ("ct.high_contrast", {"kernel": "high_contrast_sharp", "resolved": 12},
     [("ct.phantom.resolution.high_contrast_sharp", 12, None)]),
    ("mg.output_specific", {"kerma": [2000], "mas": 20, "measured_at": 600},
        [("mg.phantom.output.specific", 36.0, None)]),
    ("mg.exposure_time", {"set": [200, 400], "measured": [210, 390]},
     [("mg.phantom.exposure_time.short", 210, 200), ("mg.phantom.exposure_time.long", 390, 400)]),
    ("mg.ghost", {"ghost": 505, "plain": 500, "object": 480}, [("mg.phantom.ghost", 0.25, None)]),
    ("mg.cnr_readings", {"plain": 500, "plain_sd": 5, "object": 450, "object_sd": 5}, [("mg.phantom.cnr", 10, None)]),
    ("mg.compression", {"power": 180, "shown": [100], "measured": [95]},
     [("mg.phantom.compression.power", 180, None), ("mg.phantom.compression.display", 5, None)]),
    ("mg.agd", {"kerma": [6.0], "measured_at": 600, "wanted_at": 600, "hvl": 0.35, "filter": "mo_mo"},
     [("mg.phantom.agd", 6.0 * 0.208 * 1.041, None)]),
    ("mg.agd", {"kerma": [6.0], "measured_at": 550, "wanted_at": 600, "hvl": 0.325, "filter": "w_rh"},
     [("mg.phantom.agd", 6.0 * (55 / 60) ** 2 * 0.1955 * 1.042 * 1.042, None)]),
    ("rf.entrance_rate", {"mode": "max", "rates": [20], "measured_at": 700, "wanted_at": 550},
     [("rf.phantom.kerma_rate.max", 32.3967, None)]),
    ("rf.screen_rate", {"field": "field_300", "rates": [80], "measured_at": 1000, "wanted_at": 1000, "grid": True},
     [("rf.phantom.screen_rate.field_300", 40, None)]),
    ("rf.operator_dose_rate", {"rates": [100, 200, 320, 280, 90], "factor": 1.05, "background": 0.1},
     [("rf.phantom.operator_dose_rate", 335.9, None)]),
    ("xa.dynamic_range", {"visible": 6}, [("xa.phantom.dynamic_range.missing", 1, None)]),
    ("mr.centre_frequency", {"frequency": 63.866, "nominal": 1.5, "last": 63.8659},
     [("mr.phantom.centre_frequency", 63.866, None), ("mr.phantom.field_strength", 1.499995, 1.5),
      ("mr.phantom.centre_frequency.change", 1.565781, None)]),
    ("mr.boil_off", {"level": 80, "before": 83, "days": 30},
     [("mr.magnet.helium_level", 80, None), ("mr.magnet.boil_off", 0.1, None)]),
    ("mr.homogeneity_width", {"width": 32, "frequency": 64}, [("mr.phantom.homogeneity", 0.5, None)]),
    ("mr.distortion_readings", {"true": [100, 80], "measured": [101, 78]}, [("mr.phantom.distortion", -2.5, None)]),
    ("mr.aspect_ratio", {"width": 190, "height": 200}, [("mr.phantom.aspect_ratio", 95, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "values", "wanted"), WORKED, ids=[f"{i}-{w[0]}" for i, w in enumerate(WORKED)])
def test_it_does_the_formula(key, values, wanted):
    found = measure(key, values)
    assert [m.quantity for m in found] == [q for q, _, _ in wanted]
    for m, (quantity, value, nominal) in zip(found, wanted, strict=True):
        assert m.value == pytest.approx(value, rel=1e-4)
        assert m.nominal == (None if nominal is None else pytest.approx(nominal, rel=1e-4))
        assert (m.unit, m.method) == (quantity_catalogue()[quantity].unit, f"reading.{key}")


REFUSED = [
    ("xr.tube_voltage", {"set": [80], "measured": [8200]}, "reading_implausible"),
    ("xr.tube_voltage", {"set": [80, 100], "measured": [80]}, "reading_rows"),
    ("xr.tube_voltage", {"set": [80]}, "reading_missing"),
    ("xr.tube_voltage", {"set": [80], "measured": [80], "kerma": [1]}, "reading_unknown_input"),
    ("xr.tube_voltage", {"set": 80, "measured": [80]}, "reading_bad"),
    ("xr.tube_voltage", {"set": [80], "measured": [math.nan]}, "reading_bad"),
    ("xr.tube_voltage", {"set": [True], "measured": [80]}, "reading_bad"),
    ("xr.output_repeatability", {"kerma": [100, 101]}, "reading_count"),
    ("dr.low_contrast", {"visible": 30.5}, "reading_bad"),
    ("xr.hvl", {"thickness": [1, 2, 3], "kerma": [100, 58, 46]}, "hvl_no_open"),
    ("xr.hvl", {"thickness": [0, 2, 3], "kerma": [100, 58, 60]}, "hvl_not_falling"),
    ("xr.hvl", {"thickness": [0, 1, 2], "kerma": [100, 78, 61]}, "hvl_not_reached"),
    ("ct.ctdi", {"phantom": "leg", "centre": [4], "edge": [4, 4, 4, 4], "collimation": 10}, "reading_choice"),
    ("ct.ctdi", {"phantom": "head", "centre": [4], "edge": [4, 4, 4], "collimation": 10}, "reading_count"),
    ("ct.tilt", {"set": 20, "upright": 106, "tilted": 100}, "tilt_shorter"),
    ("rf.screen_rate", {"field": "field_300", "rates": [8], "measured_at": 900, "wanted_at": 900, "grid": 1},
     "reading_bad"),
    ("xa.contrast", {"visible": 5}, "more_seen_than_there_are"),
    ("mg.agd", {"kerma": [6], "measured_at": 600, "wanted_at": 600, "hvl": 0.25, "filter": "mo_mo"}, "dance_hvl"),
    ("mg.agd", {"kerma": [6], "measured_at": 600, "wanted_at": 600, "hvl": 0.5, "filter": "w_al"}, "dance_filter"),
    ("mg.compression", {}, "compression_nothing"),
    ("mg.ghost", {"ghost": 505, "plain": 500, "object": 500}, "ghost_no_contrast"),
    ("mr.centre_frequency", {"frequency": 127.7, "nominal": 1.5}, "frequency_not_field"),
    ("mr.boil_off", {"level": 90, "before": 60, "days": 10}, "helium_rose"),
    ("dr.signal_transfer", {"kerma": [1, 1, 1, 10], "pixel": [1, 1, 1, 10]}, "response_few"),
    ("dr.signal_transfer", {"kerma": [10, 11, 12, 13], "pixel": [10, 11, 12, 13]}, "response_narrow"),
    ("dr.signal_transfer", {"kerma": [1, 2, 4, 8], "pixel": [50, 50, 50, 50]}, "response_flat"),
    ("dr.signal_transfer", {"kerma": [1, 2, 4, 8], "pixel": [0, 5, 10, 20], "law": "power"},
        "response_power_negative"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "values", "code"), REFUSED, ids=[f"{i}-{r[2]}" for i, r in enumerate(REFUSED)])
def test_it_refuses_readings_that_cannot_be_right(key, values, code):
    with pytest.raises(AnalysisError) as refused:
        measure(key, values)
    assert refused.value.reason.code == code
    for lang in ("zh", "en"):
        assert refused.value.reason.text(lang)


def test_it_names_the_field_that_a_refusal_is_about():
    with pytest.raises(AnalysisError) as refused:
        measure("ct.tilt", {"set": 20, "upright": 100, "tilted": 9999})
    assert refused.value.reason.values["input"] == "tilted"


def test_it_knows_only_its_own_forms():
    with pytest.raises(AnalysisError) as refused:
        reading_named("ct.magic")
    assert refused.value.reason.code == "reading_unknown"


def test_it_takes_the_factors_of_dance_that_a_person_gives():
    values = {"kerma": [6], "measured_at": 600, "wanted_at": 600, "hvl": 0.7, "filter": "w_al"}
    (dose,) = measure("mg.agd", values | {"g": 0.38, "c": 1.03, "s": 1.05})
    assert dose.value == pytest.approx(6 * 0.38 * 1.03 * 1.05)


@pytest.mark.parametrize("key", sorted(READINGS))
def test_it_promises_only_quantities_of_the_catalogue_and_says_them_in_two_languages(key):
    reading = READINGS[key]
    assert set(reading.quantities) <= quantity_catalogue().keys()
    assert all((reading.quantities, reading.formula, reading.source, reading.modalities))
    assert all((reading.label("zh"), reading.label("en")))
    assert len({i.key for i in reading.inputs}) == len(reading.inputs)
    for one in reading.inputs:
        assert all((one.label("zh"), one.label("en")))
        assert one.kind in {"choice", "flag"} or math.isfinite(one.high - one.low)
        assert (one.kind == "choice") == bool(one.choices)
        assert not one.table or one.kind == "numbers"


def filled_in(one: Input):
    """A plausible entry: the middle of the range."""
    if one.default is not None:
        return one.default
    if one.kind == "choice":
        return one.choices[0].key
    middle = one.low + (one.high - one.low) / 2 if one.low <= 0 else math.sqrt(one.low * one.high)
    if one.kind != "numbers":
        return round(middle) if one.kind == "integer" else middle
    return (middle,) * max(one.fewest, min(4, one.most))


@pytest.mark.parametrize("key", sorted(READINGS.keys() - {"ct.tilt", "mr.centre_frequency"}))
def test_it_gives_what_it_promises(key):
    reading = READINGS[key]
    values = {i.key: filled_in(i) for i in reading.inputs}
    if key in {"xr.hvl", "xr.hvl.intraoral", "mg.hvl"}:
        values = values | {"thickness": (0.0, 0.5, 1.0, 1.5), "kerma": (100.0, 60.0, 30.0, 10.0)}
    if key.endswith("signal_transfer"):
        values = values | {"kerma": (1.0, 3.0, 9.0, 27.0), "pixel": (10.0, 30.0, 90.0, 270.0)}
    if key.startswith("xa."):
        values = values | {"visible": 3}
    if key == "mg.agd":
        values = values | {"hvl": 0.4}
    if key == "mg.ghost":
        values = values | {"plain": 1.0}
    found = reading.measure(values)
    assert found
    assert {m.quantity for m in found} <= set(reading.quantities)
    assert all(math.isfinite(m.value) for m in found)


@given(mu=st.floats(0.2, 3.0), open_reading=st.floats(1, 1e4))
def test_it_finds_the_half_value_layer_of_a_monochromatic_beam(mu, open_reading):
    """For one energy ln K is a line, so the interpolation is exact: HVL = ln 2 / mu."""
    hvl = math.log(2) / mu
    layers = [0, 0.6 * hvl, 1.7 * hvl]
    assert half_value_layer(layers, [open_reading * math.exp(-mu * t) for t in layers]) == pytest.approx(hvl)


@given(st.lists(st.floats(1, 1e3), min_size=2, max_size=9), st.floats(0.1, 10))
def test_it_does_not_depend_on_the_unit_of_relative_readings(values, scale):
    assert variation_percent([v * scale for v in values]) == pytest.approx(variation_percent(values), abs=1e-9)
    loads = list(range(1, len(values) + 1))
    once = linearity_percent(loads, values)
    assert abs(linearity_percent(loads, [v * scale for v in values])) == pytest.approx(abs(once), abs=1e-9)
