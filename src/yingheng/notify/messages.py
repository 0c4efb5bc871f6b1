"""The closed list of what people are told, as sentences with placeholders. An app adds its own when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Kind:
    """A kind of message: its sentence (`%(name)s` placeholders filled from the params) and its level."""

    text: str | Promise
    level: str = "info"


_KINDS: dict[str, Kind] = {}


def message_kinds_add(kinds: Mapping[str, Kind]) -> None:
    """Register kinds; a kind registered twice with another sentence is a programming error."""
    for key, kind in kinds.items():
        known = _KINDS.get(key)
        if known is not None and (str(known.text), known.level) != (str(kind.text), kind.level):
            raise ValueError(f"message kind registered twice: {key}")
        _KINDS[key] = kind


def message_kind(key: str) -> Kind:
    """The kind called `key`; KeyError when nobody registered it."""
    return _KINDS[key]


def message_text(key: str, params: Mapping[str, Any]) -> str:
    """The sentence in the current language. A kind of a part no longer installed shows its key, never nothing."""
    kind = _KINDS.get(key)
    return str(kind.text) % params if kind else key


message_kinds_add(
    {
        "job.parked": Kind(_("A job was parked: %(kind)s, %(natural_key)s."), "warning"),
        "finding.opened": Kind(_("New finding: %(what)s."), "warning"),
        "exam.attention": Kind(_("Exam %(accession)s: %(what)s."), "warning"),
        "exam.needs_human": Kind(_("Exam %(accession)s waits for a person to decide."), "info"),
        "device.unconfirmed": Kind(_("An unknown device sent images: %(device)s. Confirm it."), "info"),
        "device.restricted": Kind(_("%(device)s was restricted: %(reason)s."), "urgent"),
        "device.released": Kind(_("%(device)s was released for use."), "info"),
        "baseline.changed": Kind(_("%(device)s has a new baseline for %(quantity)s."), "info"),
        "instance.quarantined": Kind(_("Images of exam %(study)s contradict others and were put aside."), "warning"),
    }
)
