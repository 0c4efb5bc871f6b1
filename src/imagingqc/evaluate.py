"""The pure path: series and exams to measurements and verdicts, without database, network or clock.

The same functions serve a notebook, the `check` command and the platform, so that the same images give the
same numbers everywhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imagingqc import __version__
from imagingqc.clinical.ct.bolus_series import is_watching
from imagingqc.clinical.method import Pace
from imagingqc.clinical.mr import sequence
from imagingqc.clinical.reader import CachedReader, PixelReader
from imagingqc.clinical.registry import EXAM_METHODS, SERIES_METHODS
from imagingqc.clinical.registry import measure_exam as clinical_measure_exam
from imagingqc.clinical.registry import measure_series as clinical_measure_series
from imagingqc.criteria.judge import References, judge_all
from imagingqc.criteria.model import Context, Outcome, Standard, Verdict
from imagingqc.dicom.model import Exam, Series, Stack, Unreadable
from imagingqc.dicom.series import split_stacks
from imagingqc.errors import Reason
from imagingqc.imaging.text_rapidocr import default_text_reader
from imagingqc.protocol import measure as required
from imagingqc.protocol.facts import exam_facts, image_modality, series_facts
from imagingqc.protocol.items import ItemMatch, identify_item, phantom_word
from imagingqc.quantity import Measurement

JsonDict = dict[str, Any]

# What is judged when nobody chooses: the mutual-recognition standard, the exposure bands, our own integrity rules.
DEFAULT_STANDARDS = ("taiyuan-mutual-recognition-trial", "tg-116-2009", "exam-integrity-1", "image-quality-1")


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """What was measured on one series and what each standard says of it."""

    series: Series
    stacks: tuple[Stack, ...]
    context: Context
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def n_images(self) -> int:
        """Frames with pixels (an enhanced multi-frame object counts all its frames)."""
        return sum(len(i.frames) for i in self.series.instances if i.rows and i.columns)

    def as_dict(self, lang: str = "zh") -> JsonDict:
        return {
            "study_uid": self.series.study_uid,
            "series_uid": self.series.uid,
            "modality": self.series.modality,
            "n_images": self.n_images,
            "description": self.series.first.text("SeriesDescription"),
            "stacks": [{"kind": s.kind, "n": len(s.slices), "key": dict(s.key)} for s in self.stacks],
            "measurements": [m.as_dict(lang) for m in self.measurements],
            "verdicts": [v.as_dict(lang) for v in self.verdicts],
        }


@dataclass(frozen=True, slots=True)
class ExamResult:
    """One exam: its series, and what is measured and judged over all of them."""

    exam: Exam
    series: tuple[SeriesResult, ...]
    context: Context
    measurements: tuple[Measurement, ...]
    verdicts: tuple[Verdict, ...]

    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Verdicts of the exam itself, then of its series."""
        return self.verdicts + tuple(v for s in self.series for v in s.verdicts)

    def as_dict(self, lang: str = "zh") -> JsonDict:
        return {
            "study_uid": self.exam.study_uid,
            "modality": self.exam.modality,
            "measurements": [m.as_dict(lang) for m in self.measurements],
            "verdicts": [v.as_dict(lang) for v in self.verdicts],
        }


def methods_version() -> str:
    """A version that changes exactly when a method of series or exams does: the package's, and a digest of theirs.

    What is measured on a device over many exams carries the version of its own method.
    """
    known = [(m.name, m.version) for m in SERIES_METHODS] + [(m.name, m.version) for m in EXAM_METHODS]
    known.append((required.NAME, required.VERSION))
    digest = hashlib.sha256(" ".join(f"{name}={version}" for name, version in known).encode()).hexdigest()
    return f"{__version__}+{digest[:8]}"


def judge_measurements(
    measurements: Iterable[Measurement],
    context: Context,
    standards: Sequence[Standard],
    references: References | None = None,
) -> tuple[Verdict, ...]:
    """Verdicts of every standard on measurements that may have been stored long ago."""
    by_quantity: dict[str, list[Measurement]] = defaultdict(list)
    for m in measurements:
        by_quantity[m.quantity].append(m)
    judged = (v for standard in standards for v in judge_all(standard, by_quantity, context, references))
    return tuple(v for v in judged if v.reason is None or v.reason.code not in context.silent)


def evaluate_series(
    series: Series,
    standards: Sequence[Standard],
    *,
    reader: PixelReader | None = None,
    complete: bool = True,
    item: str = "",
    pace: Pace = "full",
    references: References | None = None,
) -> SeriesResult:
    """Split, measure and judge one series.  Never raises for bad pixels: they become reasons.

    `item` is the code of the exam's item where it is certain (`ItemMatch.fact`), else "".  At the pace "fast" what
    belongs to the full set alone is not measured and says so.
    """
    stacks = split_stacks(series)
    reader = reader or CachedReader(text_reader=default_text_reader())
    measurements = clinical_measure_series(series, stacks, reader, pace)
    context = Context("series", series_facts(series, item), complete, silent_reasons(stacks))
    verdicts = judge_measurements(measurements, context, standards, references)
    return SeriesResult(series, stacks, context, measurements, verdicts)


def stacks_of(exam: Exam) -> dict[str, tuple[Stack, ...]]:
    """The stacks of every series, by Series Instance UID."""
    return {series.uid: split_stacks(series) for series in exam.series}


def evaluate_exam(
    exam: Exam,
    stacks: Mapping[str, tuple[Stack, ...]],
    standards: Sequence[Standard],
    *,
    results: Sequence[SeriesResult] = (),
    complete: bool = True,
    item: ItemMatch | None = None,
) -> ExamResult:
    """Measure and judge what concerns the exam as a whole; `results` are its evaluated series, where wanted along.

    `item` is what the exam was mapped to where somebody decided it; else it is read from the headers.
    """
    item = item or exam_item(exam)
    measurements = clinical_measure_exam(exam, stacks) + required_series(exam, stacks, item)
    context = Context("exam", exam_facts(exam, item.fact), complete)
    verdicts = judge_measurements(measurements, context, standards)
    return ExamResult(exam, tuple(results), context, measurements, verdicts)


_BESIDE_THE_EXAM = frozenset({"localizer", "secondary"})
_NO_SUCH_IMAGES = frozenset({"not_a_volume", "no_images"})
_NO_VOLUME = frozenset({"not_a_volume", "too_few_slices"})
_NOT_FOR_READING = frozenset({"planning_images"})
# The streaks of metal where there is none, lungs on a head, fat that nobody meant to suppress, a bolus not watched.
_NO_BOLUS = frozenset({"bolus_not_watched", "bolus_many_places", "bolus_many_images", "bolus_dose"})
_NOTHING_TO_JUDGE = frozenset({"no_metal", "other_region", "not_fat_suppressed"}) | _NO_BOLUS


def silent_reasons(stacks: Sequence[Stack]) -> frozenset[str]:
    """Reasons for which verdicts about diagnostic images do not concern a series that holds none.

    A series of scouts, captures or documents only, or of planning images, is neither good nor bad: demands on its
    slices do not apply; nor do demands on what the series was never meant to show.  One place again and again (a test
    bolus) is no volume.  What does apply to every object (one patient, sound header) stays.
    """
    silent = set(_NOT_FOR_READING | _NOTHING_TO_JUDGE)
    if is_watching(tuple(stacks)):
        silent |= _NO_VOLUME
    if all(stack.kind in _BESIDE_THE_EXAM for stack in stacks):
        silent |= _NO_SUCH_IMAGES
    if not stacks:  # documents: what needs an image was not even tried
        silent |= {"no_measurement", "not_an_image"}
    return frozenset(silent)


_EXAM_TEXTS = ("StudyDescription", "RequestedProcedureDescription", "PerformedProcedureStepDescription")


def exam_item(exam: Exam) -> ItemMatch:
    """Which exam item this is, from the texts about the exam and the body part.

    Names of series never choose an item, but they may rule it out: an exam whose every named series is of a phantom
    was booked as a patient's only to run the scanner.
    """
    phantom = _phantom(exam)
    if phantom:
        return ItemMatch(None, "none", (phantom,), Reason("item_excluded", {"what": phantom}))
    return identify_item(exam_texts(exam), exam.modality, exam_body_part(exam) or None)


def exam_texts(exam: Exam) -> tuple[str, ...]:
    """The texts about an exam as a whole, each once: study description, requested and performed procedure."""
    found = (t for keyword in _EXAM_TEXTS for s in exam.series if (t := s.first.text(keyword)))
    return tuple(dict.fromkeys(found))


def exam_body_part(exam: Exam) -> str:
    """The body part attribute on which all series that carry one agree, else ""."""
    parts = {part for s in exam.series if (part := s.first.text("BodyPartExamined"))}
    return parts.pop() if len(parts) == 1 else ""


def _phantom(exam: Exam) -> str | None:
    names = [name for s in exam.series if (name := s.first.text("SeriesDescription"))]
    words = [phantom_word(name, exam.modality) for name in names]
    return words[0] if words and all(words) else None


def required_series(exam: Exam, stacks: Mapping[str, tuple[Stack, ...]], item: ItemMatch) -> tuple[Measurement, ...]:
    """Missing required series of an MR exam; nothing for other modalities, whose series cannot be told by header.

    An item known from the body part attribute alone is not enough: a phantom scan says HEAD as well, and nobody
    ordered a plain head.  Then the number is refused.
    """
    if exam.modality != "MR":
        return ()
    observed = [
        required.observed_series(found, "MR", series.first.text("SeriesDescription"))
        for series in exam.series
        if image_modality(series) == "MR"
        for found in sequence.METHOD.run(series, stacks[series.uid], CachedReader())
    ]
    if item.confidence == "body_part":
        reason = Reason("item_body_part_only", {"part": "、".join(item.why)})
        return required.measure_required_series(None, observed, item_reason=reason)
    return required.measure_required_series(item.item_code, observed, item_reason=item.reason)


def report_dict(
    standards: Sequence[Standard], exams: Sequence[ExamResult], unreadable: Sequence[Unreadable], lang: str = "zh"
) -> JsonDict:
    """The documented JSON of `yingheng check`; keys are only ever added."""
    totals = Counter(v.outcome for e in exams for v in e.all_verdicts())
    return {
        "version": methods_version(),
        "language": lang,
        "standards": [s.id for s in standards],
        "totals": {outcome.value: totals[outcome] for outcome in Outcome},
        "series": [s.as_dict(lang) for e in exams for s in e.series],
        "exams": [e.as_dict(lang) for e in exams],
        "unreadable": [
            {"path": u.path, "reason": u.reason.text(lang), "reason_code": u.reason.code} for u in unreadable
        ],
    }
