"""Settling cases: from readings to rulings.  `ruling_make` is the only writer of rulings."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.jobs import services as jobs
from yingheng.review.conformity import conforms
from yingheng.review.grading import Difference, Result, alone, combined, differences
from yingheng.review.models import Assignment, Campaign, Case, Reading, Ruling, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.models.reading import ARBITER
from yingheng.review.results import is_open, is_real
from yingheng.review.services.effects import effects_apply
from yingheng.review.spec import ReadingSpec
from yingheng.sheets.selectors import spec_of

_GONE = (Assignment.State.DECLINED, Assignment.State.WITHDRAWN)


@transaction.atomic
def case_consider(*, case: Case) -> Ruling | None:
    """Settle a case as far as its readings allow; the ruling when this call made one.

    Readers who differ about a repeat or a known answer are not arbitrated: such a case settles without a ruling.

    Callable again at any time: a case that is settled or withdrawn stays as it is.  Two readings that differ put the
    case into arbitration and ask for an arbiter; where none could be found then, the next call asks again.
    """
    return case_considered(case)


def case_considered(case: Case) -> Ruling | None:
    """`case_consider` in the caller's transaction, which has nothing else to do should it fail."""
    row = _locked(case)
    if row.state not in {Case.State.WAITING, Case.State.ARBITRATION} or _closed(row.campaign):
        return None
    rules = ReadingSpec.from_dict(row.campaign.reading)
    readings = list(Reading.objects.filter(case=row).order_by("slot", "pk"))
    third = next((r for r in readings if r.slot == ARBITER), None)
    own = [r for r in readings if r.slot != ARBITER]
    if third is not None:
        return _arbitrated(row, own, third, rules)
    return _read(row, own, rules) if len(own) >= rules.readers else None


def _read(row: Case, own: Sequence[Reading], rules: ReadingSpec) -> Ruling | None:
    """What a case comes to once everybody of the first round has read it."""
    if rules.readers == 1:
        basis = Ruling.Basis.LEADER if row.campaign.purpose == Purpose.DAILY else Ruling.Basis.SINGLE
        return _settle(row, basis, alone(own[0], spec_of(row.template)), own[:1])
    if differences(own[0], own[1], rules):
        if is_real(row):
            _ask_arbiter(row)
        else:
            _settle_unruled(row)
        return None
    return _settle(row, Ruling.Basis.AGREEMENT, combined(own[:2], spec_of(row.template)), own[:2])


def _closed(campaign: Campaign) -> bool:
    return campaign.state == Campaign.State.CANCELLED


def _locked(case: Case) -> Case:
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    related = ("campaign__organisation", "template", "hospital", "exam__hospital", "item")
    return rows.select_related(*related).get(pk=case.pk)


def _ask_arbiter(row: Case) -> None:
    from yingheng.review.services.assigning import arbiter_give  # noqa: PLC0415 - that service settles nothing itself

    if row.state != Case.State.ARBITRATION:
        row.state = Case.State.ARBITRATION
        row.save(update_fields=["state"])
    if not Assignment.objects.filter(case=row, slot=ARBITER).exclude(state__in=_GONE).exists():
        arbiter_give(case=row)


def _settle_unruled(row: Case) -> None:
    """A case that only tests its readers is done once they have read it."""
    row.state, row.settled_at = Case.State.SETTLED, now()
    row.save(update_fields=["state", "settled_at"])
    Campaign.objects.filter(pk=row.campaign_id).update(n_settled=F("n_settled") + 1)


def _arbitrated(row: Case, own: Sequence[Reading], third: Reading, rules: ReadingSpec) -> Ruling:
    told = str(third.details.get("note") or "").strip()
    reason = told or differences_text(differences(own[0], own[1], rules) if len(own) > 1 else [])
    result = alone(third, spec_of(row.template))
    return _settle(row, Ruling.Basis.ARBITRATION, result, [*own, third], reason)


def _settle(row: Case, basis: str, result: Result, readings: Sequence[Reading], reason: str = "") -> Ruling:
    return _written(row, basis, result, readings, reason, None)


def differences_text(found: Sequence[Difference]) -> str:
    """What two readings differed in, in both languages: the reason of a ruling that gives none of its own."""
    if not found:
        return "仲裁评定 · settled by arbitration"
    told = []
    for lang, between in (("zh-hans", "；"), ("en", "; ")):
        with translation.override(lang):
            told.append(between.join(_difference(one) for one in found))
    return " · ".join(told)


def _difference(one: Difference) -> str:
    words = {
        "points": _("points differed: %(first)s and %(second)s"),
        "grade": _("grades differed: %(first)s and %(second)s"),
        "veto": _("vetoes differed: %(first)s and %(second)s"),
    }
    return words[one.kind] % {"first": _shown(one.first), "second": _shown(one.second)}


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    return "—" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)


def _conformity(row: Case, result: Result) -> dict[str, bool | None]:
    """Of a report whether it conforms, by what the dictionary says on the day of the ruling."""
    if row.campaign.subject_kind != SubjectKind.REPORT:
        return {}
    return {"conform": conforms(spec_of(row.template), result.faults)}


@transaction.atomic
def ruling_make(
    *,
    case: Case,
    basis: str,
    result: Result,
    readings: Sequence[Reading] = (),
    reason: str = "",
    actor: Actor | None = None,
) -> Ruling:
    """Write the next version of what holds about a case, and what follows from it once results are open.

    Conflict for a case that was withdrawn, or whose campaign was cancelled.  `actor` is the person who decided, where
    it was one by name (an appeal, a leader); readers are never named.
    """
    row = _locked(case)
    if row.state == Case.State.WITHDRAWN or _closed(row.campaign):
        raise Conflict("review.case_state")
    return _written(row, basis, result, readings, reason, actor)


def _written(
    row: Case, basis: str, result: Result, readings: Sequence[Reading], reason: str, actor: Actor | None
) -> Ruling:
    moment = now()
    newest = Ruling.objects.filter(case=row).order_by("-version").values_list("version", flat=True).first() or 0
    ruling = Ruling.objects.create(
        case=row,
        hospital_id=row.hospital_id,
        version=newest + 1,
        basis=basis,
        score=result.score,
        grade=result.grade,
        vetoed=list(result.vetoed),
        faults=list(result.faults),
        details=dict(result.details) | _conformity(row, result),
        readings=[str(reading.pk) for reading in readings],
        reason=reason.strip(),
        actor_id=actor.id if actor else "",
        actor_name=actor.name if actor else "",
        made_at=moment,
    )
    if row.state != Case.State.SETTLED:
        Campaign.objects.filter(pk=row.campaign_id).update(n_settled=F("n_settled") + 1)
        row.settled_at = moment
    row.state, row.score, row.grade = Case.State.SETTLED, ruling.score, ruling.grade
    row.save(update_fields=["state", "score", "grade", "settled_at"])
    if actor is not None:
        audit.record(
            actor=actor,
            action="review.rule",
            subject=f"review_case:{row.pk}",
            scope=row.hospital.path,
            after={"version": ruling.version, "basis": basis, "score": ruling.score, "grade": ruling.grade},
            reason=ruling.reason,
        )
    told = row.campaign.organisation  # while results are sealed no hospital hears that there is one
    if is_open(row.campaign):
        effects_apply(case=row)
        told = row.hospital
    jobs.emit(events.CASE_RULED, str(ruling.pk), scope=told.path)
    return ruling
