"""Detective quantum efficiency: MTF of an edge and noise power of even fields at a known kerma."""

from __future__ import annotations

from statistics import fmean

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.noise_power import NoisePower, noise_power
from imagingqc.phantom.dr.edge import EdgeMtf, edge_mtfs
from imagingqc.phantom.dr.flat import require_flat, require_unclipped
from imagingqc.phantom.dr.raw import LAW_PARAMETERS, UNPROCESSED, Raw, linear_of, raw_images
from imagingqc.phantom.dr.resolution import direction
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, recorder

NAME, VERSION = "dr.dqe", "1"
AT = {"dr.phantom.dqe.f05": 0.5, "dr.phantom.dqe.f10": 1.0, "dr.phantom.dqe.f20": 2.0}
NNPS = "dr.phantom.nnps.f05"
KERMA = Parameter("kerma", "均匀图像处的空气比释动能", "air kerma of the even fields", "uGy")
BEAM = Parameter("beam", "射线质（IEC 61267）", "beam quality (IEC 61267)", kind="choice", default="rqa5",
                 choices=("rqa3", "rqa5", "rqa7", "rqa9"))  # fmt: skip
# Photons per mm² and µGy, IEC 62220-1 table 2.
PHOTONS = {"rqa3": 21759.0, "rqa5": 30174.0, "rqa7": 32362.0, "rqa9": 31077.0}
LEAST_UGY, MOST_UGY = 0.05, 1000.0
MOST = 1.05  # a DQE above 1 cannot be: kerma or law are wrong


def run(given: PhantomInput) -> PhantomFound:
    """DQE(f) = MTF²(f) / (q K NNPS(f)) at 0.5, 1 and 2 per mm, mean of the directions that the edge gives.

    Pictures: one of a slanted plate and one or more even fields at the kerma that is given, of one beam quality.
    AnalysisError: `dqe_needs_edge` without exactly one plate, `dqe_impossible` when a value is above 1, and those of
    the edge and of even fields.
    Source: IEC 62220-1.
    """
    images = raw_images(given, 2, 30)
    kerma = _kerma(given)
    signals = [(raw, linear_of(raw, given).signal(raw.values)) for raw in images]
    edges: list[tuple[Raw, list[EdgeMtf]]] = []
    flats = []
    for raw, signal in signals:
        try:
            edges.append((raw, edge_mtfs(raw, signal)))
        except AnalysisError as error:
            if error.reason.code != "edge_none":
                raise
            require_flat(raw, signal)
            flats.append(signal)
    if len(edges) != 1 or not flats:
        raise AnalysisError("dqe_needs_edge", edges=len(edges), flats=len(flats))
    plate, found = edges[0]
    require_unclipped(plate)
    power = noise_power(flats, plate.spacing_mm[0])
    if power is None:
        raise AnalysisError("receptor_small", side=f"{256 * plate.spacing_mm[0]:.0f}")
    curves = _curves(found, power, PHOTONS[str(given.parameters.get(BEAM.key, "rqa5"))] * kerma)
    record = recorder((NAME, VERSION), [raw.piece for raw in images])
    measurements = []
    for quantity, frequency in AT.items():
        if frequency > 0.9 / (2 * plate.spacing_mm[0]):
            measurements.append(record.refuse(quantity, "beyond_nyquist", frequency=frequency))
        else:
            value = fmean(float(np.interp(frequency, curve["x"], curve["y"])) for curve in curves)
            measurements.append(record.value(quantity, value))
    highest = max((m.value for m in measurements if isinstance(m.value, float)), default=0.0)
    if highest > MOST:
        raise AnalysisError("dqe_impossible", value=round(highest, 2))
    both = (power.along + power.down) / 2
    measurements.append(record.value(NNPS, float(np.interp(0.5, power.frequency_per_mm, both)) * 1e6))
    checks = {"regions": float(power.regions), "tilt_deg": found[0].edge.tilt_deg}
    return PhantomFound("edge-and-flat", tuple(measurements), checks=checks, curves=(*curves, _nnps(power, both)))


def _kerma(given: PhantomInput) -> float:
    kerma = given.number(KERMA.key)
    if kerma is None:
        raise AnalysisError("parameter_missing", parameter=KERMA.key)
    if not LEAST_UGY <= kerma <= MOST_UGY:
        raise AnalysisError("parameter_bad", parameter=KERMA.key, value=f"{kerma:g}")
    return kerma


def _curves(found: list[EdgeMtf], power: NoisePower, photons_per_mm2: float) -> list[Curve]:
    """DQE of each direction against frequency."""
    curves: list[Curve] = []
    for one in found:
        noise = power.along if direction(one) == "horizontal" else power.down
        mtf = np.interp(power.frequency_per_mm, one.mtf.frequency_per_mm, one.mtf.modulation)
        y = mtf**2 / (photons_per_mm2 * noise)
        curves.append({"key": f"dqe.{direction(one)}", "x": power.frequency_per_mm.tolist(), "y": y.tolist(),
                       "x_unit": "/mm", "y_unit": "1"})  # fmt: skip
    return curves


def _nnps(power: NoisePower, both: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Curve:
    x, y = power.frequency_per_mm.tolist(), (both * 1e6).tolist()
    return {"key": "nnps", "x": x, "y": y, "x_unit": "/mm", "y_unit": "um2"}


TEST = PhantomTest(
    NAME, VERSION, "DR 量子探测效率 DQE", "DR detective quantum efficiency", frozenset({"DX", "CR"}),
    ("edge-and-flat",), (*AT, NNPS), run, (KERMA, BEAM, UNPROCESSED, *LAW_PARAMETERS),
)  # fmt: skip
