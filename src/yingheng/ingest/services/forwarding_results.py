"""Results beside the exam: what the present results are called, the report of them, and whom they are due to."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation

from imagingqc.criteria.explain import value_text
from imagingqc.errors import DataError
from imagingqc.export.report import About, Group, StatedVerdict, report_uid
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.common.errors import NotFound
from yingheng.common.ui.judged import find_clause, reason_text
from yingheng.evidence.models import Assessment, Decision
from yingheng.evidence.selectors import assessments_of_exam, measurements_of_exam, verdicts_effective_of_exam
from yingheng.evidence.truth import EffectiveVerdict
from yingheng.ingest.forwarding.scu import Outgoing
from yingheng.ingest.models import Delivery, Webhook
from yingheng.ingest.services.forwarding_notices import exam_notices
from yingheng.ingest.services.forwarding_routing import send_emit
from yingheng.tenancy.scope import Scope

State = Delivery.State
REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.88.34"  # Comprehensive 3D SR
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
SETTLE = dt.timedelta(seconds=20)  # results that still change are not sent
AT_ONCE = 50  # exams looked at in one go
FIRST_LOOK = dt.timedelta(days=1)
MARGIN = dt.timedelta(seconds=30)  # a row may be seen that much later than it was made
MOST_IMAGES = 50  # that a group refers to


@dataclass(frozen=True, slots=True)
class Results:
    """The results of an exam as they are: `key` names them, `at` is when the newest was made."""

    key: str
    at: dt.datetime


def results_of(exam: Exam) -> Results | None:
    """The present results; None while the exam is still arriving or nothing of it was judged.  Two queries."""
    if exam.state != Exam.State.CLOSED or not exam.outcome:
        return None
    made = list(assessments_of_exam(Scope.everything(), exam).values_list("pk", "created_at"))
    if not made:
        return None
    made += Decision.objects.filter(exam=exam).values_list("pk", "made_at")
    names = "|".join(sorted(str(pk) for pk, _ in made))
    return Results(hashlib.sha256(names.encode()).hexdigest(), max(at for _, at in made))


def results_outgoing(delivery: Delivery) -> AbstractContextManager[tuple[str, Outgoing]] | None:
    """Results that the destination does not have yet, with a file of them that is there inside the context; or None.

    None too when no report can be made, because the images it would refer to are gone or damaged.
    """
    exam = Exam.objects.select_related("hospital", "patient").get(pk=delivery.exam_id)
    found = results_of(exam)
    if found is None or found.key == delivery.results_key or now() - found.at < SETTLE:
        return None
    try:
        report = exam_report(exam, found)
    except DataError:
        return None
    return _filed(exam, found, report)


@contextmanager
def _filed(exam: Exam, found: Results, report: bytes) -> Iterator[tuple[str, Outgoing]]:
    with TemporaryDirectory(prefix="yingheng-report-") as folder:
        path = Path(folder) / "report.dcm"
        path.write_bytes(report)
        yield found.key, Outgoing(report_uid(exam.study_uid, found.key), REPORT_CLASS, EXPLICIT_LITTLE, path)


def exam_report(exam: Exam, found: Results) -> bytes:
    """The structured report of an exam's present results, in Chinese unless the installation speaks otherwise.

    Raises DataError when there is nothing to refer to.
    """
    from imagingqc.export.sr import quality_report  # noqa: PLC0415 - it takes long to load and is seldom needed

    lang = "en" if settings.LANGUAGE_CODE.startswith("en") else "zh"
    with translation.override(settings.LANGUAGE_CODE):
        groups = _groups(exam, lang)
    files = _files(exam, {uid for group in groups for uid in group.images})
    about = About(study_uid=exam.study_uid, results_key=found.key, at=found.at, lang=lang)
    return quality_report(files, groups, about)


def results_follow(since: dt.datetime, pending: dict[UUID, None]) -> int:
    """Send results of exams that were judged or decided on since then to whom they are due; returns how many exams.

    What is due: destinations whose rule sends results and that have the exam, and addresses that are told outcomes.
    At most AT_ONCE exams are looked at; those still to look at, or whose results still change, stay in `pending`.
    """
    asked = Delivery.objects.filter(with_results=True).exists()
    if not asked and not Webhook.objects.filter(is_active=True).exists():
        pending.clear()
        return 0
    pending.update(dict.fromkeys([*_exams_touched(Assessment, since), *_exams_touched(Decision, since)]))
    ids = list(pending)[:AT_ONCE]
    done = 0
    for exam in Exam.objects.filter(pk__in=ids).select_related("hospital", "patient").order_by("pk"):
        del pending[exam.pk]
        found = results_of(exam)
        if exam.state == Exam.State.RECEIVING or (found and now() - found.at < SETTLE):
            pending[exam.pk] = None  # later, behind the others
        elif found:
            done += _follow(exam, found)
    return done


_watch: dict[UUID, None] = {}
_until: list[dt.datetime] = []


def results_push() -> int:
    """`results_follow` for what happened since this process looked last, at first for the last day."""
    begun = now()
    done = results_follow((_until[-1] if _until else begun - FIRST_LOOK) - MARGIN, _watch)
    _until[:] = [begun]
    return done


def _exams_touched(model: type[Assessment | Decision], since: dt.datetime) -> list[UUID]:
    """Exams about which rows were made since then; ids begin with the time, so that their index serves."""
    first = UUID(int=int(since.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
    rows = model.objects.filter(pk__gte=first, exam__isnull=False).order_by("exam")
    return list(rows.values_list("exam", flat=True).distinct())


def _follow(exam: Exam, found: Results) -> bool:
    with transaction.atomic():
        rows = Delivery.objects.select_for_update(of=("self",), no_key=True).filter(exam=exam, with_results=True)
        due = list(rows.filter(state=State.SENT).exclude(results_key=found.key).select_related("destination__hospital"))
        for row in due:
            Delivery.objects.filter(pk=row.pk).update(state=State.WAITING, next_at=None, changed_at=now())
            send_emit(row.destination)
    return bool(exam_notices(exam)) or bool(due)


def _groups(exam: Exam, lang: str) -> list[Group]:
    """One group a series, and one for the exam as a whole: what was measured and judged of each."""
    measured: dict[tuple[str, UUID], list[Measurement]] = defaultdict(list)
    for one in measurements_of_exam(Scope.everything(), exam):
        measured[one.subject_type, one.subject_id] += [Measurement.from_dict(value) for value in one.values]
    judged: dict[tuple[str, UUID], list[EffectiveVerdict]] = defaultdict(list)
    for verdict in verdicts_effective_of_exam(Scope.everything(), exam):
        if verdict.counts:
            row = verdict.assessment
            judged[row.subject_type, row.subject_id].append(verdict)
    titles = _titles(exam)
    first = _first_objects(exam)
    groups = []
    for subject in sorted(measured.keys() | judged.keys(), key=lambda s: (s[0], titles.get(s[1], ""), str(s[1]))):
        kind, pk = subject
        images = _images(measured[subject]) or first.get(pk if kind == "series" else None, ())
        groups.append(
            Group(
                key=f"{kind}:{pk}",
                title=titles.get(pk, kind),
                measurements=tuple(measured[subject]),
                verdicts=tuple(_stated(v, lang) for v in judged[subject]),
                images=tuple(images),
            )
        )
    return groups


def _titles(exam: Exam) -> dict[UUID, str]:
    found = {exam.pk: exam.description or exam.modality}
    for pk, number, text in Series.objects.filter(exam=exam).values_list("pk", "number", "description"):
        found[pk] = " ".join(str(part) for part in (number, text) if part not in (None, "")) or str(pk)
    return found


def _first_objects(exam: Exam) -> dict[UUID | None, tuple[str, ...]]:
    """The first object of each series, and of the exam under None: what a group refers to that names no image."""
    found: dict[UUID | None, tuple[str, ...]] = {}
    rows = Instance.objects.filter(series__exam=exam).order_by("series__number", "number", "sop_uid")
    for series, uid in rows.values_list("series", "sop_uid"):
        found.setdefault(series, (uid,))
        found.setdefault(None, (uid,))
    return found


def _images(measurements: Sequence[Measurement]) -> list[str]:
    """The objects that measurements say they come from, each once."""
    named = [uid for m in measurements for uid in m.sources]
    named += [m.evidence.instance for m in measurements if m.evidence and m.evidence.instance]
    return list(dict.fromkeys(named))[:MOST_IMAGES]


def _stated(v: EffectiveVerdict, lang: str) -> StatedVerdict:
    data: Mapping[str, Any] = v.verdict
    clause = find_clause(data["standard"], data["criterion"])
    value = tuple(data["value"]) if isinstance(data["value"], list) else data["value"]
    return StatedVerdict(
        standard=data["standard"],
        criterion=data["criterion"],
        clause=data["clause"] or "",
        requirement=clause.text if clause else "",
        outcome=v.outcome,
        quantity=data["quantity"] or "",
        value_text=value_text(value, data["unit"] or "", lang) if value is not None else "",
        remark=reason_text(data) if v.decision is None and data["reason_code"] else "",
        by="person" if v.decision else "",
    )


def _files(exam: Exam, uids: set[str]) -> dict[str, Path]:
    """Files of these objects that are still there."""
    store, found = default_storage(), {}
    rows = Instance.objects.filter(series__exam=exam, sop_uid__in=uids).values_list("sop_uid", "storage_key")
    for uid, key in rows:
        try:
            found[uid] = store.local_path(key)
        except NotFound:
            continue
    return found
