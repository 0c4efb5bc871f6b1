"""Copies of images for the teaching library: nothing of the patient, the place or the people is in them.

Every copy goes through two gates: the object is de-identified and proved to be so (`imagingqc.dicom.deidentify`, with a
secret that is thrown away, without dates and descriptions, letters in the picture painted over), and of what is left
only the closed list of attributes that drawing needs is written, one file for each frame.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.utils.translation import gettext as _

from imagingqc.criteria.explain import reason_text
from imagingqc.dicom.blind_frame import blind_frame
from imagingqc.dicom.deidentify import deidentify
from imagingqc.dicom.deidentify_rules import Profile
from imagingqc.dicom.deidentify_values import cleaned
from imagingqc.dicom.header import read_instance
from imagingqc.errors import AnalysisError, DataError
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import Invalid, NotFound
from yingheng.common.rendering import slice_png
from yingheng.common.ui.words import language
from yingheng.review.letters import Covers, covers_of
from yingheng.review.services.teaching import MOST_IMAGES, NewImage
from yingheng.tenancy.scope import Scope

Positions = Callable[[Sequence[Instance]], Mapping[tuple[UUID, int], float | None]]
MOST_PICTURE = 1024  # of the longer side: what the checker looks at
_PROFILE = {"dates": "remove", "descriptions": False, "device": False, "patient": False, "looked_at": True}


@dataclass(frozen=True, slots=True)
class Pick:
    """Slices of a series to be copied: `first` to `last`, counted from 1 as the viewer counts, every `step`-th."""

    series: Series
    first: int
    last: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class Copied:
    """The copies, and where every copied frame is found in the case: (instance, frame) → (series, index)."""

    images: list[NewImage]
    places: dict[tuple[object, int], tuple[int, int]]


Frame = tuple[Instance, int, float | None]
Chosen = Sequence[tuple[Series, Sequence[Frame]]]


def chosen(scope: Scope, picks: Sequence[Pick], positions: Positions = lambda _rows: {}) -> Chosen:
    """The frames that are picked, in the order of the series.  `positions` tells those of frames that share an object.

    Invalid: none or more than MOST_IMAGES.
    """
    found = [(pick.series, _frames(scope, pick, positions)) for pick in picks]
    if not 1 <= sum(len(frames) for _series, frames in found) <= MOST_IMAGES:
        raise Invalid("review.teaching_images", n=MOST_IMAGES)
    return found


def copied(found: Chosen, report: Callable[[int, int], None] = lambda _done, _total: None) -> Copied:
    """Copies of chosen frames; `report` hears how many of how many are made.

    Invalid: an image cannot be copied (its pixels are gone, it is a document, something in it still tells whose it is).
    """
    images: list[NewImage] = []
    places: dict[tuple[object, int], tuple[int, int]] = {}
    total = sum(len(frames) for _series, frames in found)
    secret = secrets.token_bytes(32)  # for this case alone, and never kept: nothing leads back
    try:
        for n, (series, frames) in enumerate(found):
            for image in _series(n, series, frames, secret):
                images.append(image)
                report(len(images), total)
            places |= {(row.pk, frame): (n, at) for at, (row, frame, _mm) in enumerate(frames)}
    except (DataError, AnalysisError) as refused:
        raise Invalid("review.teaching_copy", why=reason_text(refused.reason, language())) from refused
    except NotFound as gone:
        raise Invalid("review.teaching_copy", why=_("The pixels are no longer kept.")) from gone
    return Copied(images, places)


def copies(scope: Scope, picks: Sequence[Pick], positions: Positions = lambda _rows: {}) -> Copied:
    """Copies of the chosen slices, at once: for a few of them."""
    return copied(chosen(scope, picks, positions))


def _frames(scope: Scope, pick: Pick, positions: Positions) -> list[Frame]:
    rows = list(instances_of_series(scope, pick.series))
    known = positions(rows)
    every = [(row, frame, known.get((row.pk, frame), row.position_mm)) for row in rows for frame in
             range(row.n_frames or 1)]  # fmt: skip
    return every[max(0, pick.first - 1) : pick.last : max(1, pick.step)]


def _series(n: int, series: Series, frames: Sequence[Frame], secret: bytes) -> Iterator[NewImage]:
    label = cleaned(series.description)
    with TemporaryDirectory(prefix="teaching-") as folder:
        clean: dict[object, tuple[Path, Covers]] = {}
        for at, (row, frame, mm) in enumerate(frames):
            if row.pk not in clean:
                for path, _covers in clean.values():
                    path.unlink(missing_ok=True)
                clean = {row.pk: _cleaned(row, series, secret, Path(folder) / f"{at}.dcm")}
            path, covers = clean[row.pk]
            yield _image((n, at), (series.modality, label), (path, frame, mm), covers)


def _cleaned(row: Instance, series: Series, secret: bytes, target: Path) -> tuple[Path, Covers]:
    """The object without identity as a file, its letters painted over."""
    source, covers = str(default_storage().local_path(row.storage_key)), covers_of(row, series)
    profile = Profile(**_PROFILE, blank=covers.boxes)  # type: ignore[arg-type]
    target.write_bytes(deidentify(source, secret, profile).data)
    return target, covers


def _image(
    place: tuple[int, int], words: tuple[str, str], source: tuple[Path, int, float | None], covers: Covers
) -> NewImage:
    path, frame, mm = source
    known = read_instance(str(path))
    rows, columns = int(known.number("Rows") or 0), int(known.number("Columns") or 0)
    side = MOST_PICTURE if max(rows, columns) > MOST_PICTURE else None
    return NewImage(
        series=place[0],
        index=place[1],
        data=blind_frame(str(path), frame, ()),
        picture=slice_png(known, frame, max_side=side),
        modality=words[0],
        label=words[1],
        rows=rows,
        columns=columns,
        position_mm=mm,
        is_unread=not covers.is_known,
    )
