"""Who sees which cases of the teaching library, and which of them fit.

A hospital has its own library.  Cases of a region are seen by all hospitals of the region; those of a hospital are
seen by others once they were offered to the region and accepted there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yingheng.common.rows import row_or_not_found
from yingheng.review.dictionary import defects, letters_of, positions
from yingheng.review.models import DictionaryEntry, EntryKind, Exercise, TeachingCase, TeachingImage
from yingheng.tenancy.models import User
from yingheng.tenancy.scope import Scope

GRADES: Mapping[str, Promise] = {"a": _("Grade A"), "b": _("Grade B"), "c": _("Grade C"), "waste": _("Waste film")}
GRADE_KEYS = tuple(GRADES)  # from the best to the worst
_State, _Share = TeachingCase.State, TeachingCase.Share
_MOST_BESIDE, _MOST_FILMS = 5, 500
_MOST_FACETS, _MOST_NAMED = 5000, 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in the library; empty conditions ask for nothing."""

    words: str = ""
    kind: str = ""
    modality: str = ""
    body_part: str = ""
    position: str = ""
    defect: str = ""
    owner: str = ""


def library(learns: Scope, wanted: Wanted | None = None) -> QuerySet[TeachingCase]:
    """Published cases that somebody who learns within the scope may see, the newest first."""
    rows = TeachingCase.objects.filter(_seen(learns), state=_State.PUBLISHED).select_related("organisation")
    return _narrowed(rows, wanted or Wanted()).order_by("-published_at", "-pk")


def workshop(teaches: Scope, wanted: Wanted | None = None) -> QuerySet[TeachingCase]:
    """Cases in any state of organisations within the scope, and those offered to them, for those who build it."""
    rows = TeachingCase.objects.select_related("organisation", "shared_with")
    own = teaches.filter(TeachingCase.objects.all(), "organisation__path").values("pk")
    offered = teaches.filter(TeachingCase.objects.exclude(share=_Share.NONE), "shared_with__path").values("pk")
    return _narrowed(rows.filter(Q(pk__in=own) | Q(pk__in=offered)), wanted or Wanted()).order_by("-made_at", "-pk")


def teaching_get(learns: Scope, teaches: Scope, case_id: UUID | str) -> TeachingCase:
    """A published case that is seen, or one in any state for those who build; NotFound for any other."""
    related = ("organisation", "shared_with", "template")
    published = TeachingCase.objects.filter(_seen(learns), state=_State.PUBLISHED).values("pk")
    rows = TeachingCase.objects.filter(Q(pk__in=published) | Q(pk__in=workshop(teaches).values("pk")))
    return row_or_not_found(rows.select_related(*related), case_id, "review.teaching_unknown")


def images_of(case: TeachingCase) -> list[TeachingImage]:
    """The images of a case in their order.  One query."""
    return list(TeachingImage.objects.filter(case=case).order_by("series", "index"))


def standard_films_for(learns: Scope, modality: str, body_part: str, position: str) -> list[TeachingCase]:
    """Published standard films of that position (else of the body part) that may be hung beside; at most five."""
    if not learns or not (position or body_part):
        return []
    rows = library(learns, Wanted(kind=TeachingCase.Kind.STANDARD))
    like = Q(position=position) if position else Q(body_part__iexact=body_part)
    return list(rows.filter(like, modality__in=_alike(modality))[:_MOST_BESIDE])


def standard_films(learns: Scope, modality: str) -> list[TeachingCase]:
    """Published standard films of known positions of a modality, the newest first.  One query."""
    if not learns:
        return []
    rows = library(learns, Wanted(kind=TeachingCase.Kind.STANDARD)).exclude(position="")
    return list(rows.filter(modality__in=_alike(modality)).only("title", "position", "organisation")[:_MOST_FILMS])


def related_to(learns: Scope, case: TeachingCase) -> list[tuple[str, TeachingCase]]:
    """What a case is compared with: ("standard", standard films of its position), ("defect", its defects elsewhere)."""
    found = [("standard", one) for one in standard_films_for(learns, case.modality, case.body_part, case.position)]
    same = Q()
    for code in case.defects:
        same |= Q(codes__contains=f"|{code}|")
    if same:
        found += [("defect", one) for one in library(learns).filter(same)[: _MOST_BESIDE + 1]]
    told: dict[UUID, tuple[str, TeachingCase]] = {}
    for why, one in found:
        if one.pk != case.pk:
            told.setdefault(one.pk, (why, one))
    return list(told.values())


def is_examined(user: User, case: TeachingCase) -> bool:
    """Whether the person is being examined with that case now: its answer stays away until they have submitted."""
    rows = Exercise.objects.filter(mode=Exercise.Mode.EXAM, places__case__key=case.key)
    return rows.filter(attempts__person=user, attempts__submitted_at__isnull=True).exists()


def _seen(learns: Scope) -> Q:
    if not learns:
        return Q(pk__in=[])
    paths, above = learns.paths, above_of(learns.paths)
    if "/" in paths:
        return Q()
    own = Q(organisation__path__in=above)
    shared = Q(share=_Share.ACCEPTED) & Q(shared_with__path__in=above)
    for path in paths:
        own |= Q(organisation__path__startswith=path)
        shared |= Q(share=_Share.ACCEPTED, shared_with__path__startswith=path)
    return own | shared


def above_of(paths: Iterable[str]) -> list[str]:
    """The paths of all organisations that these lie below."""
    found = set()
    for path in paths:
        parts = path.strip("/").split("/")
        found |= {"/" + "/".join(parts[:n]) + "/" for n in range(1, len(parts))}
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Facets:
    """What the cases that somebody sees can be told apart by: only what finds something is offered.

    `owners` by id with their names, `parts` as they were written (one spelling of each), codes of positions and
    defects.
    """

    owners: Mapping[str, str]
    parts: tuple[str, ...]
    positions: tuple[str, ...]
    defects: tuple[str, ...]


def facets(rows: QuerySet[TeachingCase]) -> Facets:
    """The facets of cases.  One query, of at most _MOST_FACETS different answers."""
    told = rows.order_by("organisation__path").values_list(
        "organisation_id", "organisation__name", "body_part", "position", "codes"
    )
    owners: dict[str, str] = {}
    parts: dict[str, str] = {}
    places: set[str] = set()
    codes: set[str] = set()
    for owner, name, part, position, several in told.distinct()[:_MOST_FACETS]:
        owners[str(owner)] = name
        parts.setdefault(part.upper(), part)
        places.add(position)
        codes.update(several.split("|"))
    known = sorted(part for key, part in parts.items() if key)
    return Facets(owners, tuple(known), tuple(sorted(places - {""})), tuple(sorted(codes - {""})))


def _narrowed(rows: QuerySet[TeachingCase], wanted: Wanted) -> QuerySet[TeachingCase]:
    equal = {"kind": wanted.kind, "modality": wanted.modality, "body_part__iexact": wanted.body_part,
             "position": wanted.position, "organisation": wanted.owner}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    if wanted.defect:
        rows = rows.filter(codes__contains=f"|{wanted.defect}|")
    words = wanted.words.lower().split()[:8]
    own = _own_names() if words else []
    for word in words:
        found = Q(search__contains=word)
        named = [(kind, code) for kind, code, text in own if word in text]
        for kind, code in named[:_MOST_NAMED]:
            found |= Q(position=code) if kind == EntryKind.POSITION else Q(codes__contains=f"|{code}|")
        rows = rows.filter(found)
    return rows


def _own_names() -> list[tuple[str, str, str]]:
    """(kind, code, names and letters) of the entries that organisations added, as they are called now.  One query.

    Cases keep codes, so that an entry that is renamed is found under its new name.
    """
    rows = DictionaryEntry.objects.exclude(kind=EntryKind.REPORT).values_list("kind", "code", "content")
    found = []
    for kind, code, content in rows:
        zh, en = str(content.get("zh", "")), str(content.get("en", ""))
        found.append((kind, code, "\n".join((zh, en, letters_of(zh))).lower()))
    return found


def _alike(modality: str) -> tuple[str, ...]:
    """The names under which the same kind of picture is sent."""
    return ("DX", "CR", "DR") if modality in {"DX", "CR", "DR"} else (modality,)


def codes_text(codes: Iterable[str]) -> str:
    """Codes as they are searched for."""
    return "".join(f"|{code}" for code in codes) + "|"


def search_text(case: TeachingCase) -> str:
    """What a case is found by: its words, and the product's names of its defects and position with their letters."""
    names = [defects()[code].name for code in case.defects if code in defects()]
    names += [positions()[case.position].name] if case.position in positions() else []
    told = [case.title, case.explanation, case.lessons, case.modality, case.body_part, case.position, *case.defects]
    for name in names:
        told += [name.zh, name.en, letters_of(name.zh)]
    return "\n".join([*told, letters_of(case.title)]).lower()
