"""What the pages of the dictionaries share: whose dictionary it is, one entry of it, the way back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yingheng.common.errors import NotFound
from yingheng.common.ui.parts import Link, Tag
from yingheng.review.dictionary import Catalogue, Defect, Position, catalogue_for
from yingheng.review.models import DictionaryEntry, EntryKind
from yingheng.review.statistics.sums import Asked, faults_named, grouped
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import REVIEW_PLAN
from yingheng.tenancy.scope import Scope
from yingheng.tenancy.selectors import organisation_get, organisation_list

_OWNING = {"region", "prefecture", "county", "hospital"}
TABS: Mapping[str, Promise] = {
    EntryKind.DEFECT.value: gettext_lazy("Defects of images"),
    EntryKind.REPORT.value: gettext_lazy("Defects of reports"),
    EntryKind.POSITION.value: gettext_lazy("Positions"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as an organisation has it; `own` is its row where it belongs to that very organisation."""

    place: Organisation
    known: Catalogue
    one: Defect | Position
    own: DictionaryEntry | None

    @property
    def code(self) -> str:
        return self.one.code

    @property
    def kind(self) -> str:
        if isinstance(self.one, Position):
            return EntryKind.POSITION.value
        return EntryKind.DEFECT.value if self.one.about == "image" else EntryKind.REPORT.value

    @property
    def url(self) -> str:
        return reverse("review:dictionary_entry", args=[self.place.pk, self.code])


def places_of(request: HttpRequest) -> list[Organisation]:
    """The organisations within reach that have a dictionary, the outermost first."""
    return [one for one in organisation_list(request.scope) if one.kind in _OWNING]


def place_of(request: HttpRequest, places: list[Organisation]) -> Organisation | None:
    """The one that is asked for, else the outermost; None for somebody who belongs to none."""
    asked = request.GET.get("place", "")
    return next((one for one in places if str(one.pk) == asked), places[0] if places else None)


def entry_seen(request: HttpRequest, organisation_id: UUID, code: str) -> Seen:
    """The entry of that code in the dictionary of an organisation of the scope; NotFound otherwise."""
    place = organisation_get(request.scope, organisation_id)
    known = catalogue_for(place)
    one: Defect | Position | None = known.defects.get(code) or known.positions.get(code)
    if one is None:
        raise NotFound("review.entry_unknown")
    rows = DictionaryEntry.objects.select_related("organisation")
    return Seen(place, known, one, rows.filter(organisation=place, code=code).first())


def may_write(request: HttpRequest, place: Organisation) -> bool:
    """Whether the requester writes the dictionary of this organisation."""
    return scope_of(request, REVIEW_PLAN).contains(place.path)


def list_url(place: Organisation, kind: str) -> str:
    """The list of one kind in the dictionary of an organisation."""
    return f"{reverse('review:dictionary')}?tab={kind}&place={place.pk}"


def crumbs(*more: Link, place: Organisation | None = None, kind: str = "") -> list[Link]:
    """The way back: score sheets, the dictionary, one of its lists."""
    found = [Link(_("Score sheets"), reverse("review:sheets")), Link(_("Dictionary"), reverse("review:dictionary"))]
    if place is not None and kind:
        found[-1] = Link(_("Dictionary"), list_url(place, kind))
    return [*found, *more]


def state_tag(known: Catalogue, one: Defect | Position) -> Tag:
    """Whose it is, and whether it is offered."""
    if one.code in known.hidden:
        return Tag(_("hidden"), "none", "eye-off")
    if one.code in known.off:
        return Tag(_("withdrawn"), "none", "archive")
    return Tag(known.owners.get(one.code, _("own")), "accent") if one.own else Tag(_("product"), "neutral")


def used_of(place: Organisation, kind: str) -> dict[str, int]:
    """How many cases with results in the last twelve months had each position or defect, there and below.

    At most three queries: which months are added up, their sums, and cells of the other days.
    """
    today = localdate()
    subject = "report" if kind == EntryKind.REPORT else "exam"
    asked = Asked(Scope.of_organisation(place), today - dt.timedelta(days=365), today, subject=subject).prepared()
    if kind != EntryKind.POSITION:
        return faults_named(asked)
    return {code: max(one.n, one.graded) for code, one in grouped(asked, "position") if code}
