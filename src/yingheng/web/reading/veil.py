"""What a reader may see of the exams of a case: everything goes by the assignment and by number, never by an id.

Number 0 is the exam that is read, 1 and so on earlier exams of the same patient, newest first.  Series are counted as
they are listed, slices as the viewer counts them.  What is hidden is decided by the way in which the sample is read.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imagingqc.dicom.deidentify_values import cleaned
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.selectors import exam_get, instances_of_series, patient_exams, series_of_exam
from yingheng.common.errors import NotFound
from yingheng.review.letters import shown_blind
from yingheng.review.models import Assignment
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.scope import Scope
from yingheng.web.images import slice_at
from yingheng.web.viewer_data import frames_of, has_images, presets, uptake_scale, why_nothing
from yingheng.web.views.exams import exam_name

MOST_PRIORS = 3


class Veil:
    """The exams behind an assignment, as its reader may know them."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.blind = ReadingSpec.from_dict(assignment.campaign.reading).blind
        self.scope = Scope.of_organisation(assignment.case.hospital)
        self._series: dict[int, list[Series]] = {}

    @property
    def is_open(self) -> bool:
        """Whether nothing is hidden."""
        return self.blind == "open"

    @cached_property
    def exams(self) -> list[Exam]:
        """The exam that is read, then earlier ones of the patient.  Raises Http404 when there are no images at all."""
        exam_id = self.assignment.case.exam_id
        if exam_id is None:
            raise Http404
        try:
            row = exam_get(self.scope, exam_id)
        except NotFound as exc:
            raise Http404 from exc
        earlier = patient_exams(self.scope, row).filter(sort_at__lt=row.sort_at, modality=row.modality)
        return [row, *earlier[:MOST_PRIORS]]

    def exam(self, which: int) -> Exam:
        """The exam of that number; Http404 when there is none."""
        if which == 0:
            return self._own
        if not 0 < which < len(self.exams):
            raise Http404
        return self.exams[which]

    @cached_property
    def _own(self) -> Exam:
        exam = self.assignment.case.exam
        if exam is None:
            raise Http404
        return exam

    def series(self, which: int) -> list[Series]:
        """The series that are shown of an exam: none that holds a document, and no picture of a screen beside others,
        unless nothing is hidden."""
        if which not in self._series:
            rows = [one for one in series_of_exam(self.scope, self.exam(which)) if one.geometry.get("rows")]
            told = rows if self.is_open else shown_blind(rows)
            self._series[which] = told
        return self._series[which]

    def one_series(self, which: int, n: int) -> Series:
        """The series of that number; Http404 when there is none."""
        rows = self.series(which)
        if not 0 <= n < len(rows):
            raise Http404
        return rows[n]

    def frame(self, series: Series, index: int) -> tuple[Instance, int]:
        """Instance and frame of a slice; Http404 beyond the end."""
        return slice_at(self.scope, series, index)

    # --- words ---------------------------------------------------------------------------------------

    def title(self) -> str:
        """What the case is called: its number, for the exam has no name here."""
        return _("Case %(n)s") % {"n": self.assignment.case.number}

    def about(self) -> list[str]:
        """What is told of the exam: its item and part, and, as far as it is not hidden, where and when."""
        case = self.assignment.case
        told = [case.modality, self.item_words()]
        if self.blind in {"device", "open"} and case.device is not None:
            told.append(case.device.label)
        if self.is_open:
            told += [exam_name(self._own), _when(self._own)]
        return list(dict.fromkeys(filter(None, told)))

    def item_words(self) -> str:
        case = self.assignment.case
        if case.item is not None:
            return case.item.label
        return cleaned(case.body_part.replace("_", " "))

    def series_words(self, series: Series) -> str:
        """The description as sent, or what of it is anatomy and technique."""
        told = series.description if self.is_open else cleaned(series.description)
        view = str(series.facts.get("ViewPosition") or "") if not told else ""
        return told or " ".join(filter(None, (series.modality, cleaned(view))))

    def exam_words(self, which: int) -> tuple[str, str]:
        """Name and date of an exam, as far as they may be told."""
        row = self.exam(which)
        if self.is_open:
            return exam_name(row), _when(row)
        if which == 0:
            return self.item_words() or row.modality, ""
        return _("Earlier exam %(n)s") % {"n": which}, _before(self._own, row)

    # --- data ----------------------------------------------------------------------------------------

    def key(self, which: int, n: int | None = None) -> str:
        """The name of an exam or series on the page."""
        return f"{self.assignment.pk}/{which}" + ("" if n is None else f"/{n}")

    def exam_data(self, which: int) -> dict[str, Any]:
        """One exam for the viewer: its series as cards, with nothing that was measured."""
        name, when = self.exam_words(which)
        rows = self.series(which)
        return {
            "id": self.key(which),
            "name": name,
            "when": when,
            "modality": self.exam(which).modality,
            "series": [self._card(one, which, n) for n, one in enumerate(rows)],
        }

    def _card(self, one: Series, which: int, n: int) -> dict[str, Any]:
        args = [self.assignment.pk, which, n]
        return {
            "id": self.key(which, n),
            "name": self.series_words(one),
            "modality": one.modality,
            "count": one.n_frames,
            "picture": reverse("web:reading_thumbnail", args=args) if has_images(one) else "",
            "light": {"tone": "neutral", "word": "", "icon": "photo", "count": None},
        }

    def series_data(self, series: Series, which: int, n: int) -> dict[str, Any]:
        """One series for the viewer.  One query, and the headers of runs and of PET are read."""
        shown = has_images(series)
        instances = list(instances_of_series(self.scope, series)) if shown else []
        frames = [(i, f) for i in instances for f in range(i.n_frames)]
        positions, seconds = frames_of(instances) if shown else ({}, None)
        scale = uptake_scale(series, instances) if shown else None
        file = reverse("web:reading_frame", args=[self.assignment.pk, which, n, 0])
        return {
            "id": self.key(which, n),
            "exam": self.key(which),
            "name": self.series_words(series),
            "number": n + 1,
            "modality": series.modality,
            "message": "" if shown else why_nothing(series) if self.is_open else _("The pixels are no longer kept."),
            "facts": "",
            "file": file.replace("/0.dcm", "/{instance}.dcm"),
            "slices": [[str(k), 0, positions.get((i.pk, f), i.position_mm)] for k, (i, f) in enumerate(frames)],
            "places": {},
            "presets": presets(series, scale),
            "scale": scale,
            "overlays": [],
            "seconds": seconds,
            "verdicts": "",
        }

    def priors(self) -> list[dict[str, Any]]:
        """Earlier exams of the same patient to compare with."""
        found = []
        for which in range(1, len(self.exams)):
            name, when = self.exam_words(which)
            row = self.exam(which)
            found.append(
                {"id": self.key(which), "name": name, "when": when, "modality": row.modality, "why": _("same patient")}
            )
        return found


def _when(row: Exam) -> str:
    return localtime(row.sort_at).strftime("%Y-%m-%d %H:%M")


def _before(own: Exam, earlier: Exam) -> str:
    days = (own.sort_at - earlier.sort_at).days
    return ngettext("%(n)d day earlier", "%(n)d days earlier", days) % {"n": days}
