"""Names of what a sample is spread over, and what people may write for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from yingheng.common.errors import Invalid
from yingheng.registry.models import Device, ExamItem, Person
from yingheng.review.dictionary import catalogue_for
from yingheng.review.faults import position_text
from yingheng.review.spec import SamplingSpec
from yingheng.review.subjects import person_text
from yingheng.tenancy.models import Organisation

STRATA_WORDS: Mapping[str, Promise] = {
    "hospital": gettext_lazy("hospital"),
    "device": gettext_lazy("device"),
    "modality": gettext_lazy("modality"),
    "body_part": gettext_lazy("body part"),
    "item": gettext_lazy("exam item"),
    "performer": gettext_lazy("technologist"),
    "position": pgettext_lazy("film", "position"),
}
_MOST = 2000  # names that somebody can mean


def _label(row: Any) -> str:
    return row.label


def _name(row: Any) -> str:
    return row.name


_TABLES: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "hospital": (Organisation.objects, _name),
    "device": (Device.objects, _label),
    "item": (ExamItem.objects, _label),
    "performer": (Person.objects, _name),
}


def stratum_text(stratum: str, kind: str) -> str:
    """A stratum of a sample in words: of reports the person is who signs them."""
    return person_text(kind).lower() if stratum == "performer" else str(STRATA_WORDS[stratum])


def stratum_names(stratum: str, values: Iterable[str]) -> dict[str, str]:
    """What people read for the values of a stratum.  One query at most."""
    wanted = set(values)
    found = {value: position_text(value) if stratum == "position" else value for value in wanted}
    if stratum in _TABLES:
        rows, name = _TABLES[stratum]
        known = rows.filter(pk__in=[value for value in wanted if value])
        found |= {str(row.pk): name(row) for row in known}
    return found | {"": _("unknown")}


def quota_keys(organisation: Organisation, strata: tuple[str, ...], typed: Mapping[str, str]) -> dict[str, int]:
    """Quotas by value from those by name.  Invalid for a name that nothing or several have, and for no number."""
    if not strata:
        raise Invalid("review.quotas")
    known = _by_name(organisation, strata[0])
    found = {}
    for name, number in typed.items():
        values = known.get(name, []) if known is not None else [name]
        if len(values) != 1 or not number.isdecimal():
            raise Invalid("review.quota_name", name=name)
        found[values[0]] = int(number)
    return found


def quota_lines(organisation: Organisation, sampling: SamplingSpec) -> str:
    """Quotas as `quota_keys` reads them."""
    if not sampling.quotas:
        return ""
    names = stratum_names(sampling.strata[0], sampling.quotas) if sampling.strata else {}
    del organisation  # ids are unique
    return "\n".join(f"{names.get(key, key)} = {n}" for key, n in sampling.quotas.items())


def _by_name(organisation: Organisation, stratum: str) -> dict[str, list[str]] | None:
    """Values of a stratum by name; None where the name is the value."""
    if stratum == "position":
        known = catalogue_for(organisation).offered_positions()
        told = [(text, code) for code, one in known.items() for text in {code, one.name.zh, one.name.en}]
        named: dict[str, list[str]] = {}
        for text, code in told:
            named.setdefault(text, []).append(code)
        return named
    if stratum not in _TABLES:
        return None
    rows, name = _TABLES[stratum]
    inside = {"hospital": "path__startswith", "device": "hospital__path__startswith",
              "performer": "hospital__path__startswith"}  # fmt: skip
    only = {inside[stratum]: organisation.path} if stratum in inside else {}
    found: dict[str, list[str]] = {}
    for row in rows.filter(**only)[:_MOST]:
        found.setdefault(name(row), []).append(str(row.pk))
    return found
