"""DQE and noise power against what was drawn, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest
from tests.phantoms.xray import examined, refusal, values

from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_flat
from imagingqc.dicom.synthetic.phantoms.dr_sharpness import dr_edge, true_mtf
from imagingqc.imaging.noise_power import noise_power
from imagingqc.phantom.dr import dqe
from imagingqc.phantom.registry import test_named as named

DETECTOR = Detector(rows=560, columns=560, spacing=0.15, noise=0.06, electronic=0.3)
PHOTONS_RQA5 = 30174.0


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dqe")
    edge = dr_edge(folder, detector=DETECTOR, blur=0.1, kerma=20, number=1)
    return edge, *(dr_flat(folder, detector=DETECTOR, kerma=20, number=n, seed=n) for n in (2, 3, 4))


def test_it_is_registered_under_its_name():
    assert named("dr.dqe") is dqe.TEST


def test_it_measures_the_dqe_that_was_drawn(pictures):
    """White noise of relative SD s at 1 µGy on pixels of p mm: NNPS = s² p² / K, DQE = MTF² / (q s² p²)."""
    found = values(examined(dqe.TEST, *pictures[::-1], offset=100.0, kerma=20.0))
    for quantity, frequency in dqe.AT.items():
        wanted = float(true_mtf(np.array(frequency), 0.1, 0.15)) ** 2 / (PHOTONS_RQA5 * 0.06**2 * 0.15**2)
        assert found[quantity] == pytest.approx(wanted, rel=0.06)
    assert found["dr.phantom.nnps.f05"] == pytest.approx(1e6 * 0.06**2 / 20 * 0.15**2, rel=0.05)


@pytest.mark.parametrize(
    ("chosen", "parameters", "code"),
    [
        (slice(0, 4), {"kerma": 5.0}, "dqe_impossible"),
        (slice(0, 4), {}, "parameter_missing"),
        (slice(0, 4), {"kerma": 0.001}, "parameter_bad"),
        (slice(1, 4), {"kerma": 20.0}, "dqe_needs_edge"),
        (slice(0, 1), {"kerma": 20.0}, "image_count"),
    ],
)
def test_it_refuses_what_gives_no_dqe(pictures, chosen, parameters, code):
    assert refusal(examined(dqe.TEST, *pictures[chosen], offset=100.0, **parameters)) == code


def test_coarse_pixels_end_before_the_high_frequencies(tmp_path):
    coarse = Detector(rows=400, columns=400, spacing=0.25, noise=0.06)
    paths = [dr_edge(tmp_path, detector=coarse, number=1), dr_flat(tmp_path, detector=coarse, kerma=20, number=2)]
    result = examined(dqe.TEST, *paths, offset=100.0, kerma=20.0)
    reasons = {m.quantity: m.reason and m.reason.code for m in result.found.measurements}
    assert reasons == {
        "dr.phantom.dqe.f05": None, "dr.phantom.dqe.f10": None, "dr.phantom.dqe.f20": "beyond_nyquist",
        "dr.phantom.nnps.f05": None,
    }  # fmt: skip


@pytest.mark.parametrize("spacing", [0.1, 0.2])
def test_the_noise_power_integrates_to_the_variance(spacing):
    noise = np.random.default_rng(4).normal(1000, 20, (512, 512))
    power = noise_power([noise], spacing)
    assert power.regions == 9
    assert power.along.mean() == pytest.approx(0.02**2 * spacing**2, rel=0.05)
    assert power.down.mean() == pytest.approx(0.02**2 * spacing**2, rel=0.05)
    assert noise_power([noise[:200]], spacing) is None
