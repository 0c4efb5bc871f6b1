"""Own entries of the dictionaries: written, changed, withdrawn; entries of others hidden, or put into an edition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.dictionary.catalogue import Catalogue, catalogue_changed, catalogue_for, own_of, row_of
from yingheng.review.dictionary.defects import COLUMNS as DEFECT_COLUMNS
from yingheng.review.dictionary.defects import REPORT_COLUMNS
from yingheng.review.dictionary.positions import COLUMNS as POSITION_COLUMNS
from yingheng.review.dictionary.positions import editions
from yingheng.review.dictionary.table import OWN, DictionaryError
from yingheng.review.models import DictionaryChoice, DictionaryEntry, DictionaryVersion, EntryKind
from yingheng.tenancy.models import Organisation

State = DictionaryEntry.State
COLUMNS: Mapping[str, tuple[str, ...]] = {
    EntryKind.DEFECT: DEFECT_COLUMNS,
    EntryKind.REPORT: REPORT_COLUMNS,
    EntryKind.POSITION: POSITION_COLUMNS,
}
_LETTER = {EntryKind.DEFECT: "D", EntryKind.REPORT: "R", EntryKind.POSITION: "P"}


@dataclass(frozen=True, slots=True)
class EntryFields:
    """An entry as a person says it: its kind, and the row with the columns of its table.  `code` may be missing."""

    kind: str
    row: Mapping[str, str]

    def content(self, code: str) -> dict[str, str]:
        """All columns as text; Invalid for an entry that cannot be."""
        if self.kind not in COLUMNS:
            raise Invalid("review.entry_kind")
        row = {name: " ".join(str(value).split()) for name, value in self.row.items()} | {"code": code}
        try:
            return row_of(own_of(self.kind, row), COLUMNS[self.kind])
        except DictionaryError as exc:
            raise Invalid("review.entry", why=exc.text) from exc


@transaction.atomic
def entry_put(
    *,
    actor: Actor | None,
    organisation: Organisation,
    fields: EntryFields,
    entry: DictionaryEntry | None = None,
    reason: str = "",
    is_demo: bool = False,
) -> DictionaryEntry:
    """Write an own entry, or a new version of `entry`, whose code and kind stay; the same words again change nothing.

    Without a code the next free one is given.  Invalid for a bad row; Conflict for a code that is or ever was there,
    or a name that another entry has.
    """
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=organisation.pk)
    if entry is not None:
        return _changed(actor, entry, fields, reason)
    code = str(fields.row.get("code") or "").strip().upper() or next_code(organisation, fields.kind)
    content = fields.content(code)
    _require_free(catalogue_for(organisation), fields.kind, content)
    at = now()
    row = DictionaryEntry(organisation=organisation, kind=fields.kind, code=code, content=content, created_at=at,
                          changed_at=at, is_demo=is_demo)  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as exc:
        raise Conflict("review.entry_code", entry=code) from exc
    _version(actor, row, reason)
    _record(actor, organisation, "put", code, after=content)
    return row


def _changed(actor: Actor | None, entry: DictionaryEntry, fields: EntryFields, reason: str) -> DictionaryEntry:
    row = _locked(entry)
    if fields.kind != row.kind:
        raise Invalid("review.entry_kind")
    content = fields.content(row.code)
    if content == row.content:
        return row
    _require_free(catalogue_for(row.organisation), row.kind, content)
    before, row.content = row.content, content
    _kept(actor, row, reason)
    changes = {name: value for name, value in content.items() if before.get(name) != value}
    _record(actor, row.organisation, "put", row.code, before={name: before.get(name) for name in changes},
            after=changes, reason=reason)  # fmt: skip
    return row


@transaction.atomic
def entry_withdraw(*, actor: Actor, entry: DictionaryEntry, reason: str) -> DictionaryEntry:
    """Offer an own entry no more; results that name it keep it, and its code is not given again."""
    return _state(actor, entry, State.WITHDRAWN, reason, "withdraw")


@transaction.atomic
def entry_restore(*, actor: Actor, entry: DictionaryEntry, reason: str) -> DictionaryEntry:
    """Offer an own entry again."""
    return _state(actor, entry, State.ACTIVE, reason, "restore")


def _state(actor: Actor, entry: DictionaryEntry, state: str, reason: str, verb: str) -> DictionaryEntry:
    if not reason.strip():
        raise Invalid("review.reason_missing")
    row = _locked(entry)
    if row.state != state:
        row.state = state
        _kept(actor, row, reason)
        _record(actor, row.organisation, verb, row.code, reason=reason.strip())
    return row


@transaction.atomic
def choice_put(
    *, actor: Actor | None, organisation: Organisation, code: str, holds: bool, edition: str = "", reason: str = ""
) -> None:
    """Hide an entry of the product or of an organisation above (`holds` False: offer it again); with an edition, say
    that a position belongs to it, or no longer.  What holds already is not said again."""
    kind = DictionaryChoice.Kind.MEMBER if edition else DictionaryChoice.Kind.HIDDEN
    known = catalogue_for(organisation)
    if edition:
        if edition not in editions() or code not in known.positions:
            raise Invalid("review.edition_unknown")
        present = edition in known.positions[code].editions
    else:
        if code not in known.positions and code not in known.defects:
            raise Invalid("review.entry_unknown")
        if DictionaryEntry.objects.filter(code=code, organisation=organisation).exists():
            raise Conflict("review.entry_own")
        if holds and not reason.strip():
            raise Invalid("review.reason_missing")
        present = code in known.hidden
    if present == holds:
        return
    DictionaryChoice.objects.create(
        organisation=organisation, code=code, kind=kind, edition=edition, holds=holds, reason=reason.strip(),
        made_by_id=actor.id if actor else "", made_by_name=actor.name if actor else "", made_at=now(),
    )  # fmt: skip
    catalogue_changed()
    verb = ("hide" if holds else "show") if not edition else ("member" if holds else "no_member")
    _record(actor, organisation, verb, code, reason=reason.strip(), after={"edition": edition} if edition else None)


def next_code(organisation: Organisation, kind: str) -> str:
    """The next code of an organisation: "H-", its own code, a letter for the kind and a running number."""
    if kind not in _LETTER:
        raise Invalid("review.entry_kind")
    owner = re.sub(r"[^A-Z0-9]+", "-", organisation.code.upper()).strip("-")[:30]
    stem = f"H-{owner}-{_LETTER[kind]}" if owner else f"H-{_LETTER[kind]}"
    used = DictionaryEntry.objects.filter(code__startswith=stem).values_list("code", flat=True)
    numbers = [int(code[len(stem) :]) for code in used if code[len(stem) :].isdigit()]
    return f"{stem}{max(numbers, default=0) + 1:03d}"


def _require_free(known: Catalogue, kind: str, content: Mapping[str, str]) -> None:
    """No other entry that is offered has the name."""
    code = content["code"]
    if not OWN.fullmatch(code):
        raise Invalid("review.entry_code_form")
    if kind == EntryKind.POSITION:
        others: Any = known.offered_positions().values()
    else:
        others = known.offered_defects("image" if kind == EntryKind.DEFECT else "report")
    for one in others:
        if one.code != code and one.name.zh == content["zh"]:
            raise Conflict("review.entry_name", entry=one.code)


def _locked(entry: DictionaryEntry) -> DictionaryEntry:
    rows = DictionaryEntry.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    return rows.get(pk=entry.pk)


def _kept(actor: Actor | None, row: DictionaryEntry, reason: str) -> None:
    row.version, row.changed_at = row.version + 1, now()
    row.save(update_fields=["version", "changed_at", "state", "content"])
    _version(actor, row, reason)


def _version(actor: Actor | None, row: DictionaryEntry, reason: str) -> None:
    DictionaryVersion.objects.create(
        entry=row, version=row.version, state=row.state, content=row.content, reason=reason.strip(),
        made_by_id=actor.id if actor else "", made_by_name=actor.name if actor else "", made_at=row.changed_at,
    )  # fmt: skip
    catalogue_changed()


def _record(actor: Actor | None, organisation: Organisation, verb: str, code: str, **more: Any) -> None:
    audit.record(
        actor=actor, action=f"review_entry.{verb}", subject=f"review_entry:{code}", scope=organisation.path, **more
    )
