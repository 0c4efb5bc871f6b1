"""Reference pictures: cleaned of everything but pixels before they are kept, told apart by number, taken away again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from PIL import Image, ImageOps, UnidentifiedImageError

from imagingqc.dicom.header import read_instance
from imagingqc.errors import AnalysisError, DataError
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.rendering import slice_png
from yingheng.documents.storage import file_put
from yingheng.review.dictionary.catalogue import catalogue_for
from yingheng.review.models import ReferencePicture
from yingheng.tenancy.models import Organisation

LARGEST, MOST_PIXELS = 25 * 1024 * 1024, 60_000_000
LONGEST_SIDE, THUMBNAIL = 2048, 240  # pixels
_FORMATS = ("PNG", "JPEG")


@dataclass(frozen=True, slots=True)
class PictureFields:
    """What a person says of a picture: of which position or defect (or of both: a defect in a position), where it
    comes from, who may use it, and, word for word, what was confirmed ("" when nothing was)."""

    position: str = ""
    defect: str = ""
    caption: str = ""
    source: str = ""
    licence: str = ""
    confirmed: str = ""


@transaction.atomic
def picture_put(
    *, actor: Actor | None, organisation: Organisation, fields: PictureFields, data: bytes, is_demo: bool = False
) -> ReferencePicture:
    """Keep a picture.  Header, EXIF, comments and colour profiles go; only pixels stay.

    Invalid for what is no PNG, JPEG or DICOM image of one frame, is too large or cannot be read, for an image whose
    header says that text is burned in, and without source, licence and confirmation.
    """
    known = catalogue_for(organisation)
    if not (fields.position or fields.defect) or (fields.position and fields.position not in known.positions) or (
        fields.defect and fields.defect not in known.defects
    ):  # fmt: skip
        raise Invalid("review.entry_unknown")
    if not fields.source.strip() or not fields.licence.strip():
        raise Invalid("review.picture_source")
    if not fields.confirmed.strip():
        raise Invalid("review.picture_confirm")
    image = cleaned(data)
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=organisation.pk)
    of = {"organisation": organisation, "position": fields.position, "defect": fields.defect}
    number = ReferencePicture.objects.filter(**of).aggregate(n=Max("number"))["n"] or 0
    row = ReferencePicture.objects.create(
        **of, number=number + 1, sha256=file_put(_png(image)), thumbnail_sha256=file_put(_png(small)),
        columns=image.width, rows=image.height, caption=fields.caption.strip(), source=fields.source.strip(),
        licence=fields.licence.strip(), confirmed=fields.confirmed.strip(), is_demo=is_demo,
        added_by_id=actor.id if actor else "", added_by_name=actor.name if actor else "", added_at=now(),
    )  # fmt: skip
    _record(actor, row, "put", after={"sha256": row.sha256, "source": row.source, "licence": row.licence})
    return row


@transaction.atomic
def picture_remove(*, actor: Actor, picture: ReferencePicture, reason: str) -> ReferencePicture:
    """Show a picture no more; who added and who removed it stays."""
    if not reason.strip():
        raise Invalid("review.reason_missing")
    rows = ReferencePicture.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    row = rows.get(pk=picture.pk)
    if row.removed_at is not None:
        raise Conflict("review.picture_unknown")
    row.removed_at, row.removed_by_name, row.removed_reason = now(), actor.name, reason.strip()
    row.save(update_fields=["removed_at", "removed_by_name", "removed_reason"])
    _record(actor, row, "remove", reason=row.removed_reason)
    return row


def pictures_of_entry(organisation_paths: list[str], code: str) -> list[ReferencePicture]:
    """The pictures that organisations of those paths have of a position or defect: standards first.  One query."""
    rows = ReferencePicture.objects.filter(Q(position=code) | Q(defect=code), removed_at__isnull=True)
    rows = rows.filter(organisation__path__in=organisation_paths).select_related("organisation")
    return list(rows.order_by("defect", "organisation__path", "number"))


def cleaned(data: bytes) -> Image.Image:
    """The pixels of a picture, grey or colour of 8 bits, at most LONGEST_SIDE long."""
    if len(data) > LARGEST:
        raise Invalid("review.picture_large")
    if data[128:132] == b"DICM":
        data = _of_dicom(data)
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Invalid("review.picture_large")
            turned = ImageOps.exif_transpose(opened)
            plain = _eight_bits(turned)
    except UnidentifiedImageError as exc:
        raise Invalid("review.picture_kind") from exc
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
        raise Invalid("review.picture_bad") from exc
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return Image.frombytes(plain.mode, plain.size, plain.tobytes())  # a new picture: nothing clings to it


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits: from the darkest to the brightest
        low, high = image.getextrema()
        scale = 255.0 / (high - low) if high > low else 0.0
        return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    return image.convert("L" if image.mode in {"1", "L", "LA"} else "RGB")


def _of_dicom(data: bytes) -> bytes:
    """The one frame of a DICOM image as it is shown first; nothing of its header."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.dcm"
        path.write_bytes(data)
        try:
            instance = read_instance(path)
            if len(instance.frames) != 1:
                raise Invalid("review.picture_kind")
            if str(instance.facts.get("BurnedInAnnotation") or "").upper() == "YES":
                raise Invalid("review.picture_text")
            return slice_png(instance, 0, max_side=LONGEST_SIDE)
        except (DataError, AnalysisError) as exc:
            raise Invalid("review.picture_bad") from exc


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=False)
    return out.getvalue()


def _record(actor: Actor | None, row: ReferencePicture, verb: str, **more: Any) -> None:
    code = row.position or row.defect
    audit.record(
        actor=actor,
        action=f"review_picture.{verb}",
        subject=f"review_entry:{code}",
        scope=row.organisation.path,
        **more,
    )
