"""The next version of a case of the teaching library, and who else may see it: offered to the region and decided."""

from __future__ import annotations

from django.db import transaction

from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.common.ids import uuid7
from yingheng.review.library import above_of
from yingheng.review.models import TeachingCase, TeachingImage
from yingheng.review.services.teaching import case_locked, case_must_be, case_record, reason_of
from yingheng.tenancy.models import Organisation

_State, _Share = TeachingCase.State, TeachingCase.Share


@transaction.atomic
def case_next(*, actor: Actor, case: TeachingCase) -> TeachingCase:
    """A draft of the next version, with the same images; the published one holds until that is published."""
    row = case_locked(case.pk)
    case_must_be(row, _State.PUBLISHED, _State.WITHDRAWN, _State.REPLACED)
    versions = TeachingCase.objects.filter(key=row.key)
    if versions.filter(state__in=[_State.DRAFT, _State.CHECKED]).exists():
        raise Conflict("review.teaching_state")
    images = list(row.images.all())
    copied = ("key", "organisation", "kind", "title", "modality", "body_part", "position", "defects", "codes",
              "explanation", "lessons", "template", "grade", "score", "vetoed", "basis", "basis_reason", "ruling",
              "marks", "search", "n_images", "is_demo")  # fmt: skip
    fresh = TeachingCase(**{name: getattr(row, name) for name in copied})
    fresh.version = versions.order_by("-version").values_list("version", flat=True)[0] + 1
    fresh.made_by_id, fresh.made_by_name, fresh.made_at = actor.id, actor.name, now()
    fresh.save(force_insert=True)
    for image in images:
        image.pk, image.case = uuid7(), fresh
    TeachingImage.objects.bulk_create(images)
    case_record(actor, "make", fresh, after={"version": fresh.version})
    return fresh


def region_above(organisation: Organisation) -> Organisation | None:
    """The region that an organisation lies in; else the largest area above it (a prefecture, a county).  One query."""
    kinds = Organisation.Kind
    rows = Organisation.objects.filter(path__in=above_of([organisation.path]))
    areas = list(rows.filter(kind__in=[kinds.REGION, kinds.PREFECTURE, kinds.COUNTY]).order_by("path"))
    regions = [one for one in areas if one.kind == kinds.REGION]
    return regions[-1] if regions else areas[0] if areas else None


@transaction.atomic
def case_offer(*, actor: Actor, case: TeachingCase) -> TeachingCase:
    """Offer a published case to the region above; Conflict where there is none, or it was offered already."""
    row = case_locked(case.pk)
    case_must_be(row, _State.PUBLISHED)
    above = region_above(row.organisation)
    if above is None or row.share in {_Share.OFFERED, _Share.ACCEPTED}:
        raise Conflict("review.teaching_state")
    row.share, row.shared_with, row.share_by_name, row.share_reason = _Share.OFFERED, above, "", ""
    row.save(update_fields=["share", "shared_with", "share_by_name", "share_reason"])
    case_record(actor, "offer", row, after={"to": above.code})
    return row


@transaction.atomic
def case_share(*, actor: Actor, case: TeachingCase, accept: bool, reason: str = "") -> TeachingCase:
    """The region takes an offered case into its library, or does not, with a reason."""
    row = case_locked(case.pk)
    if row.share != _Share.OFFERED or row.state != _State.PUBLISHED:
        raise Conflict("review.teaching_state")
    row.share = _Share.ACCEPTED if accept else _Share.REFUSED
    row.share_by_name, row.share_reason = actor.name, reason.strip() if accept else reason_of(reason)
    row.save(update_fields=["share", "share_by_name", "share_reason"])
    case_record(actor, "share" if accept else "share_refuse", row, reason=row.share_reason)
    return row
