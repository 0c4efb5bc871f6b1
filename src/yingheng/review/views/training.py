"""Results of exercises: of one attempt, of oneself over time, of the people of one's hospital."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.pages import DashboardPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Alert, Empty, Fact, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Filter, FilterBar, Option, Row, Table
from yingheng.common.ui.tiles import Point, Rate, Tile
from yingheng.review.faults import fault_advice, fault_list, fault_text
from yingheng.review.library import GRADE_KEYS, GRADES
from yingheng.review.models import Attempt, AttemptAnswer
from yingheng.review.services.exercising import is_over
from yingheng.review.shown import placed_tag, score_text
from yingheng.review.training import answers_of, attempt_seen, attempts_of, exercises, people
from yingheng.review.views.exercises import result_tag
from yingheng.review.views.teaching import tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH

_RECENT = 30


@page(REVIEW_LEARN)
@require_safe
def attempt(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """One attempt: what is left to do, or what it came to, case by case."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    request.demo = row.is_demo
    answers = {one.place: one for one in answers_of(row)}
    done = row.submitted_at is not None
    return ThingPage(
        title=_("%(exercise)s, attempt %(n)s") % {"exercise": row.exercise.title, "n": row.number},
        purpose=str(row.person) if row.person_id != request.user.pk else "",
        kind=_("Exercise"),
        crumbs=[Link(row.exercise.title, reverse("review:exercise", args=[row.exercise_id]))],
        state=_state(row),
        facts=_facts(row),
        alerts=_alerts(row),
        actions=_actions(request, row, answers),
        sections=[
            _cases(row, answers),
            *([_confusion(row.result), _missed(row.result)] if done else []),
        ],
        wide=True,
    ).response(request)


def _state(row: Attempt) -> Tag:
    if row.submitted_at is None:
        return Tag(_("under way"), "accent", "player-play")
    return Tag(_("passed"), "pass", "circle-check") if row.passed else Tag(_("not passed"), "human", "x")


def _facts(row: Attempt) -> list[Fact]:
    found = [
        Fact(_("Points"), score_text(row.score)),
        Fact(_("Pass mark"), score_text(row.exercise.pass_mark)),
        Fact(pgettext("exercise", "Answered"), f"{row.n_answered} / {row.exercise.n_cases}"),
    ]
    return [*found, Fact(_("Submitted") if row.submitted_at else _("Begun"), When(row.submitted_at or row.begun_at))]


def _alerts(row: Attempt) -> list[Alert]:
    if row.submitted_at is not None:
        return []
    if is_over(row):
        return [Alert(_("The time is over: submit what you have."), "human")]
    if row.n_answered >= row.exercise.n_cases:
        return [Alert(_("Everything is answered. Submit it when you are ready."), "accent")]
    return [Alert(_("What you answered is kept; you can go on at any time."), "neutral")]


def _actions(request: HttpRequest, row: Attempt, answers: dict[int, AttemptAnswer]) -> list[Action]:
    if row.submitted_at is not None or row.person_id != request.user.pk:
        again = reverse("review:exercise", args=[row.exercise_id])
        return [Action(_("To the exercise"), again, "arrow-right", kind="quiet")]
    left = row.exercise.n_cases - row.n_answered
    confirm = _("%(n)d cases have no answer and count with nothing.") % {"n": left} if left else ""
    send = Action(_("Submit the exercise"), reverse("review:attempt_finish", args=[row.pk]), "send", method="post",
                  kind="secondary" if left else "primary", confirm=confirm, key="s")  # fmt: skip
    open_ = (n for n in range(1, row.exercise.n_cases + 1) if n not in answers or not answers[n].grade)
    following = next(open_, None)
    if following is None or is_over(row):
        return [send]
    go = Action(_("Go on"), reverse("web:exercise", args=[row.pk, following]), "player-play", kind="primary", key="n")
    return [go, send]


def _cases(row: Attempt, answers: dict[int, AttemptAnswer]) -> Section:
    rows = [_case(row, n, answers.get(n)) for n in range(1, row.exercise.n_cases + 1)]
    columns = (
        Column("case", _("Case"), wide=True),
        Column("own", _("My grade"), nowrap=True),
        Column("agreed", _("Agreed grade"), nowrap=True),
        Column("missed", _("Missed"), phone=False),
        Column("points", _("Points"), align="right", nowrap=True),
    )
    return Section(_("Case by case"), Table(columns=columns, rows=rows, caption=_("Case by case")), flush=True)


def _case(row: Attempt, n: int, answer: AttemptAnswer | None) -> Row:
    name = _("Case %(n)s") % {"n": n}
    final = answer is not None and answer.is_final
    told = answer.result if answer is not None and final else {}
    cells: dict[str, Any] = {
        "case": Lines(name, answer.case.title) if answer is not None and final else name,
        "own": _grade(answer.grade) if answer is not None else None,
        "agreed": _grade(answer.case.grade) if answer is not None and final else None,
        "missed": fault_list(told.get("missed", ())) or None,
        "points": score_text(told["points"]) if told else None,
    }
    name = "web:exercise_answer" if final else "web:exercise"
    return Row(cells, url="" if is_over(row) and not final else reverse(name, args=[row.pk, n]), id=str(n))


def _grade(grade: str) -> Tag | None:
    return placed_tag(GRADE_KEYS, grade, str(GRADES.get(grade, grade)))


def _confusion(result: dict[str, Any]) -> Section:
    """Rows: agreed; columns: given."""
    columns = [Column("agreed", _("Agreed grade"), nowrap=True)]
    columns += [Column(key, str(GRADES[key]), align="right") for key in GRADE_KEYS]
    rows = []
    for key, counts in zip(GRADE_KEYS, result.get("confusion") or (), strict=False):
        if any(counts):
            cells: dict[str, Any] = {"agreed": _grade(key)}
            rows.append(Row(cells | dict(zip(GRADE_KEYS, counts, strict=True)), id=key))
    title = _("Grades given, by agreed grade")
    hint = _("%(n)s without a grade") % {"n": result["ungraded"]} if result.get("ungraded") else ""
    return Section(title, Table(columns=columns, rows=rows, caption=title), hint=hint, flush=True)


def _missed(result: dict[str, Any]) -> Section:
    """Defects that were there, and those named where they were not."""
    there, added = result.get("missed") or {}, result.get("added") or {}
    codes = sorted({*there, *added}, key=lambda code: (-there.get(code, [0, 0])[0], code))
    rows = [
        Row(
            {
                "name": Lines(fault_text(code), fault_advice(code)),
                "missed": Rate(there[code][0], there[code][1]) if code in there else None,
                "added": added.get(code) or None,
            },
            id=code,
        )
        for code in codes
    ]
    columns = (
        Column("name", _("Defect"), wide=True),
        Column("missed", _("Missed")),
        Column("added", _("Named where it is not"), align="right"),
    )
    title = pgettext("exercise", "Defects")
    empty = Empty(_("No defect was missed."), icon="check")
    return Section(title, Table(columns=columns, rows=rows, caption=title, empty=empty), flush=True)


@page(REVIEW_LEARN)
@require_safe
def training(request: HttpRequest) -> HttpResponse:
    """One's own exercises over time."""
    rows = list(attempts_of(request.user)[:_RECENT])
    done = [one for one in rows if one.submitted_at is not None and one.score is not None]
    best = max((one.score or 0 for one in done), default=None)
    points = [
        Point(one.submitted_at, one.score) for one in reversed(done) if one.submitted_at and one.score is not None
    ]
    waiting = sum(one.submitted_at is None for one in rows)
    passed = len({one.exercise_id for one in done if one.passed})
    return DashboardPage(
        title=_("My results"),
        purpose=_("How I did in exercises, and which defects I miss."),
        crumbs=[Link(_("Exercises"), reverse("review:exercises"))],
        tiles=[
            Tile(_("Last result"), score_text(done[0].score) if done else None, points=points, n=len(done)),
            Tile(_("Best result"), score_text(best)),
            Tile(_("Exercises passed"), passed),
            Tile(_("Under way"), waiting, url=reverse("review:exercises")),
        ],
        sections=[_own(rows), _habits(done)],
    ).response(request)


def _own(rows: list[Attempt]) -> Section:
    told = [
        Row(
            {
                "title": Lines(one.exercise.title, _("Attempt %(n)s") % {"n": one.number}),
                "when": When(one.submitted_at or one.begun_at),
                "score": result_tag(one) if one.submitted_at else Tag(_("under way"), "accent", "player-play"),
            },
            url=reverse("review:attempt", args=[one.pk]),
            id=str(one.pk),
        )
        for one in rows
    ]
    title = _("My attempts")
    columns = (Column("title", _("Exercise"), wide=True), Column("when", _("When"), nowrap=True),
               Column("score", _("Result"), nowrap=True))  # fmt: skip
    empty = Empty(_("No exercise begun yet"), icon="school", action=Action(_("Exercises"), reverse("review:exercises")))
    return Section(title, Table(columns=columns, rows=told, caption=title, empty=empty), flush=True)


def _habits(done: list[Attempt]) -> Section:
    """Confusions and misses of all attempts together."""
    missed: dict[str, list[int]] = {}
    added: dict[str, int] = {}
    for one in done:
        for code, (gone, n) in (one.result.get("missed") or {}).items():
            have = missed.setdefault(code, [0, 0])
            missed[code] = [have[0] + gone, have[1] + n]
        for code, n in (one.result.get("added") or {}).items():
            added[code] = added.get(code, 0) + n
    return _missed({"missed": missed, "added": added})


@page(REVIEW_TEACH)
@require_safe
def trainees(request: HttpRequest) -> HttpResponse:
    """People of the requester's own hospital, with how many attempts they made."""
    asked = identifier(request.GET.get("exercise", ""))
    found = exercises(scope_of(request, REVIEW_LEARN))
    chosen = found.filter(pk=asked).first() if asked else None
    shown, pager = offset_page(request, people(request.scope, chosen))
    options = [Option(str(pk), title) for pk, title in found.values_list("pk", "title")[:100]]
    return ListPage(
        title=_("Results of others"),
        purpose=_("People of your own hospital; a region sees figures of exercises, not of persons."),
        tabs=tabs(request, "trainees"),
        alerts=_exercise_refused(request, found=chosen is not None),
        filters=FilterBar([Filter("exercise", _("Exercise"), "select", str(chosen.pk) if chosen else "", options)]),
        table=Table(
            columns=(
                Column("name", _("Person"), wide=True),
                Column("n", _("Attempts"), align="right", nowrap=True),
                Column("passed", _("Exercises passed"), align="right", nowrap=True),
                Column("mean", _("Mean score"), align="right", nowrap=True),
                Column("last", _("Last"), nowrap=True, phone=False),
            ),
            rows=[_person(row) for row in shown],  # type: ignore[arg-type]
            caption=_("Results of others"),
            pager=pager,
            empty=Empty(_("Nobody of your hospital has submitted an exercise"), icon="school"),
        ),
    ).response(request)


def _exercise_refused(request: HttpRequest, *, found: bool) -> list[Alert]:
    if found or not request.GET.get("exercise"):
        return []
    return [Alert(_("This exercise is not there, or you have no access to it; all are shown."), "human")]


def _person(row: dict[str, Any]) -> Row:
    return Row(
        {
            "name": Lines(row["person__display_name"], row["hospital__name"]),
            "n": row["n"],
            "passed": row["passed"],
            "mean": score_text(row["mean"]),
            "last": When(row["last"]),
        },
        id=str(row["person_id"]),
    )
