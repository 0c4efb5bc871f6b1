"""Lists of positions or defects that an organisation sends as a table: read, checked row by row, and taken over.

A code of the product takes a position into an edition and changes none of its words.  Rows without such a code become
own entries.  An own entry that is there and says something else is changed only when that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.tabular import Limits, TableRefused, table_read
from yingheng.review.dictionary.catalogue import Catalogue, catalogue_for
from yingheng.review.dictionary.defects import CLASSES, REPORT_CLASSES, SEVERITIES
from yingheng.review.dictionary.positions import GROUPS, editions
from yingheng.review.dictionary.table import CONFIDENCES, OWN
from yingheng.review.entry_texts import COLUMN_WORDS
from yingheng.review.models import DictionaryEntry, EntryKind
from yingheng.review.services.entering import COLUMNS, EntryFields, choice_put, entry_put
from yingheng.tenancy.models import Organisation

MOST_ROWS = 2000
_LIMITS = Limits(size=10_000_000, rows=20_000)  # empty rows among them
NEW, MEMBER, SAME, CHANGED, WRONG = "new", "member", "same", "changed", "wrong"
_SALT = "yingheng.review.list"
_KEPT_S = 3600  # a preview is good for an hour


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list: its number in the file, what becomes of it, and why not."""

    line: int
    what: str
    row: Mapping[str, str]
    why: str = ""

    @property
    def code(self) -> str:
        return self.row.get("code", "")


@dataclass(frozen=True, slots=True)
class ListPreview:
    """What a list would do.  `sealed` is the list as it is sent back to be taken over."""

    kind: str
    edition: str
    rows: Sequence[ListRow]
    sealed: str
    ignored: Sequence[str] = field(default_factory=tuple)

    def n(self, what: str) -> int:
        """How many rows become that."""
        return sum(one.what == what for one in self.rows)


def list_read(*, organisation: Organisation, kind: str, data: bytes, edition: str = "") -> ListPreview:
    """What a file would do to the dictionary of an organisation; nothing is written.

    Invalid for a file that is no table, has no rows or too many, or whose first row names neither code nor name.
    """
    if kind not in COLUMNS or (edition and (kind != EntryKind.POSITION or edition not in editions())):
        raise Invalid("review.entry_kind")
    head, *lines = table_rows(data)
    if not lines:
        raise Invalid("review.list_empty")
    if len(lines) > MOST_ROWS:
        raise Invalid("review.list_large", n=MOST_ROWS)
    names = [_column(kind, text) for text in head]
    if "code" not in names and "zh" not in names:
        raise Invalid("review.list_columns")
    told = [
        {name: _value(kind, name, cell) for name, cell in zip(names, line, strict=False) if name and cell}
        for line in lines
    ]
    sealed = signing.dumps([str(organisation.pk), kind, edition, told], salt=_SALT, compress=True)
    ignored = [text for text, name in zip(head, names, strict=True) if text and not name]
    return ListPreview(kind, edition, _checked(organisation, kind, edition, told), sealed, ignored)


def list_unseal(*, organisation: Organisation, sealed: str) -> ListPreview:
    """The preview that was sent back; Invalid when it is not ours, of another organisation, or an hour old."""
    try:
        owner, kind, edition, told = signing.loads(sealed, salt=_SALT, max_age=_KEPT_S)
    except signing.BadSignature as exc:
        raise Invalid("review.list_stale") from exc
    if owner != str(organisation.pk):
        raise Invalid("review.list_stale")
    return ListPreview(kind, edition, _checked(organisation, kind, edition, told), sealed)


@transaction.atomic
def list_take(*, actor: Actor, organisation: Organisation, preview: ListPreview, change: bool) -> dict[str, int]:
    """Write what the preview says; own entries that say something else only with `change`.  How many became what."""
    own = {row.code: row for row in DictionaryEntry.objects.filter(organisation=organisation)}
    done: dict[str, int] = {}
    for one in preview.rows:
        if one.what == WRONG or (one.what == CHANGED and not change):
            continue
        code = one.code
        if one.what in {NEW, CHANGED}:
            fields = EntryFields(preview.kind, _own_row(one.row, preview.edition))
            code = entry_put(
                actor=actor, organisation=organisation, fields=fields, entry=own.get(code), reason=_("list imported")
            ).code
        if one.what == MEMBER and preview.edition:
            choice_put(actor=actor, organisation=organisation, code=code, holds=True, edition=preview.edition)
        done[one.what] = done.get(one.what, 0) + 1
    audit.record(
        actor=actor, action="review_entry.import", subject=f"review_dictionary:{organisation.pk}",
        scope=organisation.path, after={"kind": preview.kind, "edition": preview.edition, **done},
    )  # fmt: skip
    return done


def table_rows(data: bytes) -> list[list[str]]:
    """The filled rows of a file, runs of blanks in a line of a cell as one.  Invalid `review.list_...`."""
    try:
        sheet = table_read(data, _LIMITS)
    except TableRefused as exc:
        if exc.why == "empty":
            raise Invalid("review.list_empty") from exc
        if exc.why in {"bytes", "unpacked", "rows"}:
            raise Invalid("review.list_large", n=MOST_ROWS) from exc
        raise Invalid("review.list_file") from exc
    return [[cell if "\n" in cell else " ".join(cell.split()) for cell in row] for row in sheet.rows if any(row)]


def _column(kind: str, text: str) -> str:
    """The column that a heading names: by its key, or by its words in either language; "" for another."""
    plain = text.strip().casefold()
    for name in COLUMNS[kind]:
        zh, en = COLUMN_WORDS[name]
        if plain in {name, zh.casefold(), en.casefold()}:
            return name
    return ""


def _value(kind: str, name: str, cell: str) -> str:
    """A cell, where a word of either language stands for a key as that key."""
    words = _WORDS.get((kind, name)) or _WORDS.get(("", name))
    if name in {"editions", "modalities", "views", "sides", "supported"}:
        return ",".join(part.strip() for part in cell.replace("，", ",").replace("、", ",").split(",") if part.strip())
    if name == "code":
        return cell.strip().upper()
    return _key_of(words, cell) if words else cell


def _key_of(words: Mapping[str, str | Promise], cell: str) -> str:
    for language in ("zh-hans", "en"):
        with override(language):
            found = next((key for key, word in words.items() if cell.strip() in {key, str(word)}), None)
        if found is not None:
            return found
    return cell


_YES_NO: Mapping[str, str | Promise] = {"yes": "是", "no": "否"}
_WORDS: Mapping[tuple[str, str], Mapping[str, str | Promise]] = {
    (EntryKind.DEFECT, "class"): CLASSES,
    (EntryKind.REPORT, "class"): REPORT_CLASSES,
    ("", "severity"): SEVERITIES,
    ("", "group"): GROUPS,
    ("", "veto"): _YES_NO,
    ("", "confidence"): {name: name for name in CONFIDENCES},
}


@dataclass(frozen=True, slots=True)
class _Against:
    """What rows are held against: the dictionary, the own entries, and codes that others have."""

    kind: str
    edition: str
    known: Catalogue
    own: Mapping[str, DictionaryEntry]
    elsewhere: frozenset[str]

    @property
    def entries(self) -> Mapping[str, Any]:
        return self.known.positions if self.kind == EntryKind.POSITION else self.known.defects

    def same_name(self, name: str) -> str:
        """The code of the offered entry of that very name; "" when there is none."""
        several: Any = self.known.offered_positions().values()
        if self.kind != EntryKind.POSITION:
            several = self.known.offered_defects("image" if self.kind == EntryKind.DEFECT else "report")
        return next((one.code for one in several if name and name == one.name.zh), "")


def _checked(organisation: Organisation, kind: str, edition: str, told: Sequence[Any]) -> list[ListRow]:
    entries = DictionaryEntry.objects.filter(organisation=organisation)
    others = DictionaryEntry.objects.exclude(organisation=organisation).values_list("code", flat=True)
    own = {row.code: row for row in entries}
    against = _Against(kind, edition, catalogue_for(organisation), own, frozenset(others))
    seen: set[str] = set()
    found = []
    for line, row in enumerate(told, start=2):
        one = _row(line, row, against)
        mark = one.code or one.row.get("zh", "")
        if one.what != WRONG and mark in seen:
            one = ListRow(line, WRONG, row, _("This row is there twice."))
        seen.add(mark)
        found.append(one)
    return found


def _row(line: int, row: Mapping[str, str], against: _Against) -> ListRow:
    code = row.get("code", "") or against.same_name(row.get("zh", ""))
    own, kind, edition = against.own, against.kind, against.edition
    if code in against.entries and code not in own:
        there = not edition or edition in against.known.positions[code].editions
        return ListRow(line, SAME if there else MEMBER, {**row, "code": code})
    why = _refused(code, against)
    if why:
        return ListRow(line, WRONG, row, why)
    try:
        content = EntryFields(kind, _own_row(row, edition)).content(code or "H-0")
    except Invalid as exc:
        return ListRow(line, WRONG, row, error_text(exc))
    if code in own:
        same = {**content, "code": code} == own[code].content
        return ListRow(line, SAME if same else CHANGED, {**row, "code": code})
    return ListRow(line, NEW, row)


def _refused(code: str, against: _Against) -> str:
    """Why a row with that code cannot be taken over; "" when nothing speaks against it."""
    if code in against.elsewhere:
        return error_text(Conflict("review.entry_code", entry=code))
    if code and not OWN.fullmatch(code):
        return _("The product has no such code; own codes begin with H-.")
    if code in against.own and against.own[code].kind != against.kind:
        return error_text(Invalid("review.entry_kind"))
    return ""


def _own_row(row: Mapping[str, str], edition: str) -> dict[str, str]:
    """The row as it is kept: a member of the edition of its list."""
    told = {name: value for name, value in row.items() if value}
    if edition:
        listed = dict.fromkeys([*filter(None, told.get("editions", "").split(",")), edition])
        told["editions"] = ",".join(listed)
    return told
