"""Which methods measure which series, and the promise that nothing declared is silently absent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from imagingqc.clinical import any_series
from imagingqc.clinical.ct import acquisition as ct_acquisition
from imagingqc.clinical.ct import body as ct_body
from imagingqc.clinical.ct import bolus as ct_bolus
from imagingqc.clinical.ct import contents as ct_contents
from imagingqc.clinical.ct import coverage as ct_coverage
from imagingqc.clinical.ct import motion as ct_motion
from imagingqc.clinical.ct import noise as ct_noise
from imagingqc.clinical.ct import orientation as ct_orientation
from imagingqc.clinical.ct import ring as ct_ring
from imagingqc.clinical.ct import sharpness as ct_sharpness
from imagingqc.clinical.ct import slices as ct_slices
from imagingqc.clinical.ct import streak as ct_streak
from imagingqc.clinical.dx import chest, clipping, collimation, detector, exposure, grid_lines, repeats, tags, text
from imagingqc.clinical.method import ANY, DeviceMethod, ExamMethod, Pace, SeriesMethod, Stacks, StacksBySeries
from imagingqc.clinical.mg import exam as mg_exam
from imagingqc.clinical.mg import image as mg_image
from imagingqc.clinical.mr import artefacts as mr_artefacts
from imagingqc.clinical.mr import fat as mr_fat
from imagingqc.clinical.mr import geometry as mr_geometry
from imagingqc.clinical.mr import lines as mr_lines
from imagingqc.clinical.mr import orientation as mr_orientation
from imagingqc.clinical.mr import sequence as mr_sequence
from imagingqc.clinical.mr import signal as mr_signal
from imagingqc.clinical.mr import wrap as mr_wrap
from imagingqc.clinical.nm import activity as nm_activity
from imagingqc.clinical.nm import frames as nm_frames
from imagingqc.clinical.nm import pet as nm_pet
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.us import probe as us_probe
from imagingqc.clinical.us import series as us_series
from imagingqc.clinical.xa import runs as xa_runs
from imagingqc.dicom.model import Exam, Series
from imagingqc.errors import AnalysisError, DataError, Reason
from imagingqc.quantity import Evidence, Measurement, Recorder

SERIES_METHODS: tuple[SeriesMethod, ...] = (
    *any_series.METHODS,
    ct_slices.METHOD,
    ct_acquisition.METHOD,
    ct_orientation.METHOD,
    ct_body.METHOD,
    ct_noise.METHOD,
    ct_coverage.METHOD,
    ct_contents.METHOD,
    ct_sharpness.METHOD,
    ct_streak.METHOD,
    ct_motion.METHOD,
    ct_ring.METHOD,
    ct_bolus.METHOD,
    exposure.METHOD,
    tags.METHOD,
    clipping.METHOD,
    grid_lines.METHOD,
    collimation.METHOD,
    chest.METHOD,
    text.METHOD,
    mr_sequence.METHOD,
    *mr_geometry.METHODS,
    mr_signal.METHOD,
    mr_wrap.METHOD,
    mr_lines.METHOD,
    mr_fat.METHOD,
    mr_artefacts.METHOD,
    us_series.METHOD,
    mg_image.METHOD,
    xa_runs.METHOD,
    nm_activity.METHOD,
    nm_frames.METHOD,
    nm_pet.METHOD,
)
EXAM_METHODS: tuple[ExamMethod, ...] = (repeats.METHOD, mr_orientation.METHOD, mg_exam.METHOD)
DEVICE_METHODS: tuple[DeviceMethod, ...] = (detector.METHOD, us_probe.METHOD)
HEADERS_ONLY = frozenset({"US", "XA", "RF"})  # what is measured of them says nothing of the picture


def measure_series(series: Series, stacks: Stacks, reader: PixelReader, pace: Pace = "full") -> tuple[Measurement, ...]:
    """Everything that can be measured on one series, by every method of its modality.

    At the pace "fast", quantities of the full set are not measured and say so.  Never raises for bad data: what could
    not be measured carries its reason.
    """
    series = _image_part(series, stacks)
    out: list[Measurement] = []
    for method in SERIES_METHODS:
        if not method.modalities & {series.modality, ANY}:
            continue
        record = Recorder(method.name, method.version, (series.first.sop_uid,), Evidence(series=series.uid))
        if pace == "fast" and method.pace == "full":
            out += _refused(method, Reason("measured_later"), record)
        else:
            out += _measured(method, series, stacks, reader, record)
    return tuple(out)


def _measured(
    method: SeriesMethod, series: Series, stacks: Stacks, reader: PixelReader, record: Recorder
) -> list[Measurement]:
    try:
        found = method.run(series, stacks, reader)
    except (AnalysisError, DataError) as error:
        return _refused(method, error.reason, record)
    return found + _left_out(method, found, record)


def has_full_set(modality: str) -> bool:
    """Whether some method of this modality belongs to the full set alone."""
    return any(m.pace == "full" and m.modalities & {modality, ANY} for m in SERIES_METHODS)


def _image_part(series: Series, stacks: Stacks) -> Series:
    """The series without stray objects: some systems file an RTSTRUCT or SR under the Series UID of the images."""
    counts = Counter(piece.instance.modality for stack in stacks for piece in stack.slices)
    if not counts:
        return series
    modality = counts.most_common(1)[0][0]
    kept = tuple(instance for instance in series.instances if instance.modality == modality)
    return replace(series, modality=modality, instances=kept)


def measure_exam(exam: Exam, stacks_by_series: StacksBySeries) -> tuple[Measurement, ...]:
    """Everything that can be measured on the exam as a whole.  Keys of the mapping are Series Instance UIDs."""
    parts = tuple(_image_part(series, stacks_by_series.get(series.uid, ())) for series in exam.series)
    exam = replace(exam, series=parts)
    present = {series.modality for series in exam.series}
    out: list[Measurement] = []
    for method in EXAM_METHODS:
        if not present & method.modalities:
            continue
        record = Recorder(method.name, method.version)
        try:
            found = method.run(exam, stacks_by_series)
        except (AnalysisError, DataError) as error:
            out += _refused(method, error.reason, record)
            continue
        out += found + _left_out(method, found, record)
    return (*out, *_unjudged(exam.modality))


def _unjudged(modality: str) -> list[Measurement]:
    """Why nothing that is measured here speaks for the pictures of such an exam: it counts, but is not assessed."""
    known = frozenset[str]().union(*(m.modalities for m in SERIES_METHODS), *(m.modalities for m in EXAM_METHODS))
    if modality in known - HEADERS_ONLY:
        return []
    code = "headers_only" if modality in known else "modality_not_measured"
    return [Recorder("any.unjudged", "1").refuse("exam.image_quality", code, modality=modality)]


def _refused(method: SeriesMethod | ExamMethod, reason: Reason, record: Recorder) -> list[Measurement]:
    return [record.refuse_for(quantity, reason) for quantity in method.quantities]


def _left_out(method: SeriesMethod | ExamMethod, found: Sequence[Measurement], record: Recorder) -> list[Measurement]:
    missing = [q for q in method.quantities if q not in {m.quantity for m in found}]
    return [record.refuse_for(quantity, Reason("no_measurement", {"quantity": quantity})) for quantity in missing]
