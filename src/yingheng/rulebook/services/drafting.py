"""Drafts of a hospital's own rules: begun empty, from a standard or from a file; one criterion at a time."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max

from imagingqc.criteria.load import lint_text, load_builtin, standard_from_text
from imagingqc.criteria.model import Criterion, Standard
from imagingqc.criteria.precedence import loosenings
from imagingqc.criteria.write import criterion_table, standard_toml, table_toml
from imagingqc.errors import RuleError
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ui.words import language
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.rules import edition_standard
from yingheng.rulebook.selectors import rules_of
from yingheng.tenancy.models import Organisation

_LARGEST = 1_000_000  # characters of a rule file: the largest standard of the library has a tenth


@transaction.atomic
def edition_create(
    *,
    actor: Actor,
    hospital: Organisation,
    title: str,
    title_en: str = "",
    base: str = "",
    criteria: Sequence[Criterion] = (),
) -> RuleEdition:
    """Begin a draft.  `base` is the standard it starts from, `criteria` what it begins with."""
    if not title.strip():
        raise Invalid("rulebook.title_missing")
    if base and base not in load_builtin():
        raise Invalid("rulebook.standard_unknown")
    Organisation.objects.select_for_update(no_key=True).only("pk").get(pk=hospital.pk)
    newest = RuleEdition.objects.filter(hospital=hospital).aggregate(n=Max("number"))["n"] or 0
    edition = RuleEdition(
        hospital=hospital,
        number=newest + 1,
        code=edition_code(hospital, newest + 1, local_day(hospital.zone)),
        base=base,
        title=title.strip(),
        title_en=title_en.strip() or title.strip(),
        created_by_id=actor.id,
        created_by_name=actor.name,
        created_at=now(),
        changed_at=now(),
    )
    _write(edition, criteria)
    edition.save(force_insert=True)
    _record(actor, "create", edition, after={"title": edition.title, "base": base, "criteria": len(criteria)})
    return edition


def edition_code(hospital: Organisation, number: int, day: dt.date) -> str:
    """The id that an edition has as a standard; without its year and number the same for all of a hospital."""
    name = "-".join(part for part in hospital.code.split("-") if part)
    return f"{name}-rules-{day.year}.{number}"


def edition_from_file(*, actor: Actor, hospital: Organisation, text: str, name: str) -> RuleEdition:
    """Begin a draft from a rule file of level "hospital"; Invalid with the first mistake in it.

    The draft has an id of its own and no date: it gets both here, whatever the file says.
    """
    if len(text) > _LARGEST:
        raise Invalid("rulebook.file_large")
    errors = lint_text(text, name)
    if errors:
        raise Invalid("rulebook.file_bad", detail=problems_text(errors))
    document = standard_from_text(text, name)
    if document.level != "hospital":
        raise Invalid("rulebook.file_level")
    return edition_create(
        actor=actor,
        hospital=hospital,
        title=document.title,
        title_en=document.title_en,
        criteria=document.criteria,
    )


@transaction.atomic
def criteria_take(*, actor: Actor, edition: RuleEdition, standard: str, ids: Iterable[str]) -> list[str]:
    """Copy chosen criteria of a built-in standard into a draft, to be tightened there; returns those taken.

    One that the draft has already stays as it is.
    """
    draft = _draft(edition)
    document, wanted = load_builtin().get(standard), set(ids)
    if document is None:
        raise Invalid("rulebook.standard_unknown")
    present = {c.id for c in edition_standard(draft).criteria}
    taken = [c for c in document.criteria if c.id in wanted and c.id not in present]
    if not taken:
        raise Invalid("rulebook.nothing_chosen")
    own = [replace(c, source=f"{c.source}；{document.id} {c.clause}") for c in taken]
    _write(draft, [*edition_standard(draft).criteria, *own])
    draft.save()
    _record(actor, "take", draft, after={"standard": standard, "criteria": [c.id for c in taken]})
    return [c.id for c in taken]


def criterion_problems(*, edition: RuleEdition, table: Mapping[str, Any]) -> list[RuleError]:
    """What is wrong with one criterion (a table as in a rule file): mistakes, or else a loosened mandatory limit."""
    text = _alone(edition, table)
    errors = lint_text(text, edition.code)
    if errors:
        return errors
    rules, today = rules_of(edition.hospital), local_day(edition.hospital.zone)
    return loosenings(standard_from_text(text, edition.code), rules.binding(today), edition.code)


@transaction.atomic
def criterion_put(*, actor: Actor, edition: RuleEdition, table: Mapping[str, Any], instead_of: str = "") -> str:
    """Add one criterion to a draft, or change the one named `instead_of`; returns its id.

    Invalid with the first of `criterion_problems`; Conflict when the draft has another criterion of that id.
    """
    draft = _draft(edition)
    errors = criterion_problems(edition=draft, table=table)
    if errors:
        raise Invalid("rulebook.file_bad", detail=problems_text(errors))
    (criterion,) = standard_from_text(_alone(draft, table), draft.code).criteria
    present = edition_standard(draft).criteria
    if criterion.id != instead_of and criterion.id in {c.id for c in present}:
        raise Conflict("rulebook.criterion_taken")
    if instead_of and instead_of not in {c.id for c in present}:
        raise Conflict("rulebook.criterion_unknown")
    kept = [criterion if c.id == instead_of else c for c in present]
    _write(draft, kept if instead_of else [*kept, criterion])
    draft.save()
    before = next(({"rule": table_toml(criterion_table(c))} for c in present if c.id == instead_of), None)
    _record(actor, "criterion", draft, before=before, after={"rule": table_toml(table)})
    return criterion.id


@transaction.atomic
def criterion_remove(*, actor: Actor, edition: RuleEdition, criterion: str) -> None:
    """Take one criterion out of a draft."""
    draft = _draft(edition)
    present = edition_standard(draft).criteria
    gone = next((c for c in present if c.id == criterion), None)
    if gone is None:
        raise Conflict("rulebook.criterion_unknown")
    _write(draft, [c for c in present if c is not gone])
    draft.save()
    _record(actor, "criterion", draft, before={"rule": table_toml(criterion_table(gone))})


@transaction.atomic
def edition_discard(*, actor: Actor, edition: RuleEdition) -> None:
    """Throw a draft away, with its trial runs."""
    draft = _draft(edition)
    _record(actor, "discard", draft, before={"title": draft.title, "sha256": draft.sha256})
    draft.delete()


def _draft(edition: RuleEdition) -> RuleEdition:
    row = RuleEdition.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=edition.pk)
    if row.state != RuleEdition.State.DRAFT:
        raise Conflict("rulebook.edition_state")
    return row


def _write(draft: RuleEdition, criteria: Sequence[Criterion]) -> None:
    """Give the draft these criteria; `text` is always written by us, so that equal rules are equal texts."""
    draft.text = ""
    if criteria:
        document = Standard(
            id=draft.code,
            title=draft.title,
            title_en=draft.title_en,
            body=draft.hospital.name,
            level="hospital",
            source=draft.hospital.name,
            valid_from=None,
            criteria=tuple(criteria),
        )
        draft.text = standard_toml(document)
    draft.sha256 = hashlib.sha256(draft.text.encode()).hexdigest() if draft.text else ""
    draft.changed_at = now()


def _alone(edition: RuleEdition, table: Mapping[str, Any]) -> str:
    """A rule file with this criterion alone."""
    head = replace(edition_standard(edition), valid_from=None, criteria=())
    return standard_toml(head) + "\n" + table_toml(table)


def problems_text(errors: Sequence[RuleError]) -> str:
    """The first three problems, each with its place, in the reader's language."""
    shown = "；".join(error.reason.text(language()) for error in errors[:3])
    return shown if len(errors) <= 3 else f"{shown} …（{len(errors)}）"


def _record(
    actor: Actor,
    verb: str,
    edition: RuleEdition,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        action=f"rules.{verb}",
        subject=f"rules:{edition.code}",
        scope=edition.hospital.path,
        before=before,
        after=after,
    )
