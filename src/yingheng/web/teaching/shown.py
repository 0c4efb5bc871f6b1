"""A case of the library as the viewer reads it.  Addresses name the case (or the attempt), never an exam."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from PIL import Image

from yingheng.common.errors import NotFound
from yingheng.common.ui.words import language
from yingheng.documents.storage import file_read
from yingheng.review.faults import fault_text, position_known
from yingheng.review.library import images_of
from yingheng.review.models import TeachingCase, TeachingImage
from yingheng.web.images import frame_answer
from yingheng.web.viewer_data import presets

_HOUR = 3600
_HEAD = 0.2  # of an arrow's length: its head
Mark = Mapping[str, Any]


class Shown:
    """The images of a case under a `key`; `frame` gives the address of a series' files with {instance} in it, and
    `picture` that of a small picture of it."""

    def __init__(
        self,
        case: TeachingCase,
        key: str,
        *,
        frame: Callable[[int], str],
        picture: Callable[[int], str],
        name: str = "",
    ) -> None:
        self.case, self.key, self.name = case, key, name or case.title
        self._frame, self._picture = frame, picture
        self.images = images_of(case)
        self.series = [list(rows) for _n, rows in groupby(self.images, key=lambda one: one.series)]

    def one_series(self, n: int) -> list[TeachingImage]:
        """The images of a series; Http404 when there is none."""
        if not 0 <= n < len(self.series):
            raise Http404
        return self.series[n]

    def words(self, n: int) -> str:
        """What a series is called."""
        return self.series[n][0].label or f"{self.series[n][0].modality} {n + 1}"

    def exam_data(self) -> dict[str, Any]:
        """The case as an exam of the viewer."""
        return {
            "id": self.key,
            "name": self.name,
            "when": "",
            "modality": self.case.modality,
            "series": [self._card(n) for n in range(len(self.series))],
        }

    def _card(self, n: int) -> dict[str, Any]:
        return {
            "id": f"{self.key}/{n}",
            "name": self.words(n),
            "modality": self.series[n][0].modality,
            "count": len(self.series[n]),
            "picture": self._picture(n),
            "light": {"tone": "neutral", "word": "", "icon": "photo", "count": None},
        }

    def series_data(self, n: int, marks: Sequence[tuple[Mark, str]] = (), side: str = "") -> dict[str, Any]:
        """One series with marks (and how they are drawn) and what stands beside it as HTML."""
        rows = self.one_series(n)
        return {
            "id": f"{self.key}/{n}",
            "exam": self.key,
            "name": self.words(n),
            "number": n + 1,
            "modality": rows[0].modality,
            "message": "",
            "facts": "",
            "file": self._frame(n),
            "slices": [[str(one.index), 0, one.position_mm] for one in rows],
            "places": {},
            "presets": presets(SimpleNamespace(modality=rows[0].modality)),  # type: ignore[arg-type]
            "scale": None,
            "overlays": [_overlay(mark, look) for mark, look in marks if mark["series"] == n],
            "seconds": None,
            "verdicts": side,
        }

    def start(self, n: int, marks: Sequence[Mark] = ()) -> int:
        """The slice that is shown first: the first marked one, else the middle."""
        found = [int(mark["index"]) for mark in marks if mark["series"] == n]
        return min(found) if found else len(self.series[n]) // 2

    def first(self, marks: Sequence[Mark] = ()) -> int:
        """The series that is shown first: that of the first mark, else the first."""
        found = [int(mark["series"]) for mark in marks if 0 <= int(mark["series"]) < len(self.series)]
        return min(found) if found else 0

    def image(self, n: int, index: int) -> TeachingImage:
        """One image; Http404 when there is none."""
        found = next((one for one in self.one_series(n) if one.index == index), None)
        if found is None:
            raise Http404
        return found

    def frame_answer(self, request: HttpRequest, n: int, index: int) -> HttpResponseBase:
        """The file of one image."""
        row = self.image(n, index)
        return frame_answer(request, f"teaching-{row.pk}", lambda: file_read(row.sha256))


def position_words(case: TeachingCase) -> dict[str, str] | None:
    """What must be shown in the position of a case; None where it has none."""
    found = position_known(case.position)
    if found is None:
        return None
    lang = language()
    return {"name": found.name.text(lang), "shows": found.shows.text(lang), "criteria": found.criteria.text(lang)}


def picture_answer(row: TeachingImage, side: int = 0) -> HttpResponse:
    """The picture of an image as PNG, as it is kept or with its longer side shortened to `side` pixels."""
    try:
        data = file_read(row.picture)
    except NotFound as exc:
        raise Http404 from exc
    if side:
        with Image.open(BytesIO(data)) as image:
            image.thumbnail((side, side))
            out = BytesIO()
            image.save(out, "PNG", compress_level=3)
        data = out.getvalue()
    answer = HttpResponse(data, content_type="image/png")
    patch_cache_control(answer, private=True, max_age=_HOUR)
    return answer


def mark_words(mark: Mark) -> str:
    """The defect that a mark shows, and what was noted at it."""
    name = fault_text(str(mark["defect"])) if mark.get("defect") else ""
    return " · ".join(filter(None, (name, str(mark.get("note") or "")))) or _("without a name")


def _overlay(mark: Mark, look: str) -> dict[str, Any]:
    return {"shape": _shape(mark["shape"]), "index": mark["index"], "label": mark_words(mark), "outcome": look}


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    """A mark as the viewer draws it."""
    points = [[float(value) for value in point] for point in shape["points"]]
    if shape["kind"] == "point":
        return {"kind": "points", "points": points}
    (x0, y0), (x1, y1) = points
    if shape["kind"] == "rect":
        return {"kind": "rect", "x": min(x0, x1), "y": min(y0, y1), "width": abs(x1 - x0), "height": abs(y1 - y0)}
    dx, dy = (x1 - x0) * _HEAD, (y1 - y0) * _HEAD
    barbs = [[x1 - dx + turn * dy * 0.6, y1 - dy - turn * dx * 0.6] for turn in (1, -1)]
    return {"kind": "polyline", "points": [points[0], points[1], barbs[0], points[1], barbs[1]]}
