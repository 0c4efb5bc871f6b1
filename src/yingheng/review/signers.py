"""Who answers for a report: the first of those that sign it whom the hospital's staff list knows by name or number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from yingheng.registry.models import Person

_BETWEEN_NAMES = re.compile(r"[\s^,;，；、()（）/|]+")
Staff = Mapping[str, UUID | None]


def signing_words(signers: Iterable[object]) -> list[str]:
    """What of the texts that sign a report can be a name or a number: each text whole, then its parts."""
    texts = [str(text).strip() for text in signers]
    parts = [word for text in texts for word in _BETWEEN_NAMES.split(text)]
    return [word for word in (*texts, *parts) if word]


def staff_of(hospitals: Iterable[UUID]) -> dict[UUID, Staff]:
    """Staff of hospitals by name and by number; None for a name that two have.  One query."""
    found: dict[UUID, dict[str, UUID | None]] = defaultdict(dict)
    rows = Person.objects.filter(hospital__in=set(hospitals)).order_by("pk")
    told = list(rows.values_list("hospital_id", "pk", "name", "staff_number"))
    for hospital, pk, name, _number in told:
        found[hospital][name] = None if name in found[hospital] else pk
    for hospital, pk, _name, number in told:
        found[hospital][number] = pk
    return dict(found)


def signer_of(signers: Sequence[object], staff: Staff) -> UUID | None:
    """The member of the staff who answers for a report; None where nobody known signs it."""
    return next((pk for word in signing_words(signers) if (pk := staff.get(word)) is not None), None)
