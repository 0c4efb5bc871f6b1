"""Any uniform MR phantom, sphere or cylinder: signal to noise, uniformity, ghosting, geometry.

Source: WS/T 263-2006 (nine regions, ratio to the background), NEMA MS 1 (difference of two acquisitions), ACR MRI
phantom test guidance (integral uniformity, ghosting).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import BoolArray
from imagingqc.phantom.hand import IMAGE, OUTLINE
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, recorder
from imagingqc.phantom.mr import signal
from imagingqc.phantom.mr.acr_find import shading
from imagingqc.phantom.mr.facts import device_facts
from imagingqc.phantom.mr.frame import Frame
from imagingqc.phantom.mr.uniform_find import INSIDE, Chosen, choose, smooth
from imagingqc.quantity import Measurement, Recorder

NAME, VERSION, PHANTOM = "mr.uniform", "1", "mr-uniform"

SNR, SNR_IMAGE = "mr.phantom.snr", "mr.phantom.snr.background"
SNR_PAIR, SNR_LOCAL = "mr.phantom.snr.difference", "mr.phantom.snr.local"
UNIFORMITY, PIU, GHOSTING = "mr.phantom.uniformity", "mr.phantom.piu", "mr.phantom.ghosting"
DIAMETER, DISTORTION, ASPECT = "mr.phantom.geometry.diameter", "mr.phantom.distortion", "mr.phantom.aspect_ratio"
QUANTITIES = (SNR, SNR_IMAGE, SNR_PAIR, SNR_LOCAL, UNIFORMITY, PIU, GHOSTING, DIAMETER, DISTORTION, ASPECT)

AREA = 0.75  # of the phantom's section: region of the signal (NEMA MS 1: at least three quarters)
NINE_PIXELS, EDGE_MM = 200, 10.0  # size of each of the nine regions, and how far inside of the edge they end
HOLE, HOLE_MM2 = 0.6, 10.0  # of the local signal, and how much of it may be darker
DIRECTIONS = 8  # diameters looked at for the distortion

PARAMETERS = (
    Parameter("diameter_mm", "体模内径（该层面处）的真值", "true inner diameter of the phantom at this slice", "mm"),
    Parameter(
        "slice", "测量层面（从 1 起，按位置）", "slice to measure (from 1, by position)", kind="integer", pick="number"
    ),
    Parameter("series", "序列（UID、序列号或名称）", "series (UID, number or name)", kind="text"),
    IMAGE,
    OUTLINE,
)


def run(given: PhantomInput) -> PhantomFound:
    """Measure one slice of a uniform phantom, against a second acquisition where one was given.

    AnalysisError when no even round section is found (`uniform_find.choose`).
    """
    chosen = choose(given)
    frame = chosen.frame
    area = AREA * math.pi * frame.disc.radius_mm**2 / 100
    record = recorder((NAME, VERSION), [frame.piece])
    measurements = (*_ratios(chosen, area, record), *_evenness(frame, area, record), *_geometry(frame, given, record))
    disc = frame.disc
    return PhantomFound(
        phantom=PHANTOM,
        measurements=measurements,
        evidence=(frame.circle(0.0, 0.0, disc.radius_mm),),
        facts=device_facts(frame.piece),
        checks={
            "diameter_mm": round(2 * disc.radius_mm, 2),
            "outline_residual_mm": round(disc.residual_mm, 3),
            "outline_seen": round(disc.inliers, 3),
            "unevenness": round(chosen.unevenness, 4),
        },
    )


def _tried(record: Recorder, quantity: str, measure: Callable[[], Measurement]) -> Measurement:
    try:
        return measure()
    except AnalysisError as error:
        return record.refuse_for(quantity, error.reason)


def _ratios(chosen: Chosen, area: float, record: Recorder) -> list[Measurement]:
    """Signal to noise by background, by difference and by local texture."""
    frame = chosen.frame
    region = frame.circle(0.0, 0.0, math.sqrt(100 * area / math.pi))

    def by_background(quantity: str, factor: float) -> Measurement:
        return record.value(quantity, round(factor * signal.background_snr(frame, area), 1), evidence=region)

    def by_difference() -> Measurement:
        if chosen.second is None:
            raise AnalysisError("second_acquisition_missing")
        both = recorder((NAME, VERSION), [frame.piece, chosen.second.piece])
        return both.value(SNR_PAIR, round(signal.difference_snr(frame, chosen.second, area), 1), evidence=region)

    def by_texture() -> Measurement:
        return record.value(SNR_LOCAL, round(signal.local_snr(frame), 1), evidence=region)

    return [
        _tried(record, SNR, lambda: by_background(SNR, 1.0)),
        _tried(record, SNR_IMAGE, lambda: by_background(SNR_IMAGE, signal.RAYLEIGH)),
        _tried(record, SNR_PAIR, by_difference),
        _tried(record, SNR_LOCAL, by_texture),
    ]


def _evenness(frame: Frame, area: float, record: Recorder) -> list[Measurement]:
    """Nine regions, integral uniformity and ghosting."""

    def nine() -> Measurement:
        places, means = nine_regions(frame)
        low, high = min(means), max(means)
        shown = frame.shown({"kind": "points", "points": frame.corners(places)})
        return record.value(UNIFORMITY, round(100 * (1 - (high - low) / (high + low)), 2), evidence=shown)

    def piu() -> Measurement:
        _require_whole(frame, signal.roi_mask(frame, area))
        found = signal.integral_uniformity(frame, area)
        shown = frame.shown({"kind": "points", "points": frame.corners([found.low_at, found.high_at])})
        return record.value(PIU, round(found.percent, 2), evidence=shown)

    def ghosts() -> Measurement:
        found = signal.ghosting(frame, area)
        points = [[round(e[0], 2), round(e[1], 2)] for e in found.ellipses]
        shown = frame.shown({"kind": "points", "points": points})
        return record.value(GHOSTING, round(found.percent, 3), evidence=shown)

    return [_tried(record, UNIFORMITY, nine), _tried(record, PIU, piu), _tried(record, GHOSTING, ghosts)]


def nine_regions(frame: Frame) -> tuple[list[tuple[float, float]], list[float]]:
    """Centres (u, v) in mm and means of the centre and eight regions of about 200 pixels, 10 mm inside of the edge.

    AnalysisError `phantom_small` when the eight would reach the centre, `roi_not_uniform`.
    Source: WS/T 263-2006, image uniformity.
    """
    rows, columns = frame.disc.spacing_mm
    radius = math.sqrt(NINE_PIXELS * rows * columns / math.pi)
    reach = frame.disc.radius_mm - EDGE_MM - radius
    if reach < 2 * radius:
        raise AnalysisError("phantom_small", diameter=f"{2 * frame.disc.radius_mm:.0f}")
    angles = [k * math.pi / 4 for k in range(8)]
    places = [(0.0, 0.0), *((reach * math.cos(a), reach * math.sin(a)) for a in angles)]
    u, v = frame.coordinates()
    regions = [np.hypot(u - a, v - b) <= radius for a, b in places]
    _require_whole(frame, np.logical_or.reduce(regions))
    return places, [float(frame.pixels[region].mean()) for region in regions]


def _require_whole(frame: Frame, mask: BoolArray) -> None:
    """AnalysisError `roi_not_uniform` when a bubble or an insert lies in the region: darker than shading explains."""
    inside = np.hypot(*frame.coordinates()) < INSIDE * frame.disc.radius_mm
    dark = smooth(frame) < HOLE * shading(frame, inside)
    if float(dark[mask].sum()) * frame.disc.spacing_mm[0] * frame.disc.spacing_mm[1] > HOLE_MM2:
        raise AnalysisError("roi_not_uniform")


def _geometry(frame: Frame, given: PhantomInput, record: Recorder) -> list[Measurement]:
    disc = frame.disc
    shown = frame.circle(0.0, 0.0, disc.radius_mm)
    across, down = disc.diameter_at(0.0), disc.diameter_at(math.pi / 2)
    widths = [disc.diameter_at(k * math.pi / DIRECTIONS) for k in range(DIRECTIONS)]

    def distortion() -> Measurement:
        truth = given.number("diameter_mm")
        if truth is None:
            raise AnalysisError("parameter_missing", parameter="diameter_mm")
        if truth <= 0:
            raise AnalysisError("parameter_bad", parameter="diameter_mm", value=f"{truth:g}")
        if abs(2 * disc.radius_mm / truth - 1) > 0.1:
            raise AnalysisError("phantom_scale", measured=f"{2 * disc.radius_mm:.1f}", expected=f"{truth:g}")
        worst = max((100 * (width - truth) / truth for width in widths), key=abs)
        return record.value(DISTORTION, round(worst, 2), evidence=shown)

    return [
        record.value(DIAMETER, round(2 * disc.radius_mm, 2), evidence=shown),
        _tried(record, DISTORTION, distortion),
        record.value(ASPECT, round(100 * across / down, 2), evidence=shown),
    ]


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="磁共振：均匀体模",
    en="MR: uniform phantom",
    modalities=frozenset({"MR"}),
    phantoms=(PHANTOM,),
    quantities=QUANTITIES,
    run=run,
    parameters=PARAMETERS,
    general=True,
)
