"""Exercises: the list, one of them, setting one, beginning and submitting an attempt."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ListPage, ThingPage
from yingheng.common.ui.paging import offset_page
from yingheng.common.ui.parts import Action, Empty, Fact, KeyValues, Lines, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import number_text
from yingheng.review.forms.teaching import ExerciseForm
from yingheng.review.library import library
from yingheng.review.models import Attempt, Exercise
from yingheng.review.services.exercising import attempt_begin, attempt_submit, exercise_close, exercise_make
from yingheng.review.shown import score_text
from yingheng.review.training import attempt_own, attempts_of, by_exercise, exercise_get, exercises
from yingheng.review.views.teaching import tabs
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH
from yingheng.tenancy.selectors import organisation_get, organisation_list

_MOST_CHOICES = 300
_OWNERS = {Organisation.Kind.HOSPITAL, Organisation.Kind.REGION}


@page(REVIEW_LEARN)
@require_safe
def exercise_list(request: HttpRequest) -> HttpResponse:
    """Exercises that are for the requester; for those who set them, how they went."""
    teaches = scope_of(request, REVIEW_TEACH)
    rows = exercises(request.scope, None if teaches else request.user)
    shown, pager = offset_page(request, rows)
    own = _own_best(request.user, [one.pk for one in shown])
    sums = by_exercise(teaches, [one.pk for one in shown]) if teaches else {}
    columns = [
        Column("title", _("Exercise"), wide=True),
        Column("mode", _("Answers are shown"), phone=False),
        Column("cases", pgettext("exercise", "Cases"), align="right", nowrap=True),
        Column("due", _("To be done by"), nowrap=True, phone=False),
        Column("own", _("My best"), nowrap=True),
        *([Column("all", _("Attempts / passed"), align="right", nowrap=True, phone=False)] if teaches else []),
    ]
    return ListPage(
        title=_("Exercises"),
        purpose=_("Grade films whose answer is agreed; what you type is kept, and submitted once it counts once."),
        tabs=tabs(request, "exercises"),
        actions=_new(request),
        table=Table(
            columns=columns,
            rows=[_row(one, own.get(one.pk), sums.get(one.pk)) for one in shown],
            caption=_("Exercises"),
            pager=pager,
            empty=Empty(_("No exercise yet"), _("Those who build the library set exercises."), "school"),
        ),
    ).response(request)


def _own_best(user: User, ids: list[UUID]) -> dict[UUID, Attempt]:
    rows = Attempt.objects.filter(person=user, exercise__in=ids, submitted_at__isnull=False).order_by("score")
    return {row.exercise_id: row for row in rows}


def _row(one: Exercise, best: Attempt | None, sums: tuple[int, int, float | None] | None) -> Row:
    n, good, _mean = sums or (0, 0, None)
    return Row(
        {
            "title": Lines(one.title, one.organisation.name),
            "mode": str(one.get_mode_display()),
            "cases": one.n_cases,
            "due": When(one.due_on) if one.due_on else None,
            "own": result_tag(best) if best else (None if one.is_open else Tag(_("closed"), "none", "circle-off")),
            "all": f"{n} / {good}" if sums else None,
        },
        url=reverse("review:exercise", args=[one.pk]),
        id=str(one.pk),
        tone="" if one.is_open else "none",
    )


def result_tag(row: Attempt) -> Tag:
    """Points of a submitted attempt, and whether they were enough."""
    return Tag(score_text(row.score), "pass" if row.passed else "human", "circle-check" if row.passed else "x")


def _new(request: HttpRequest) -> list[Action]:
    places = [one for one in organisation_list(scope_of(request, REVIEW_TEACH)) if one.kind in _OWNERS]
    url = "review:exercise_new"
    return [
        Action(_("New exercise"), reverse(url, args=[one.pk]), "plus", kind="primary", key="n") for one in places[:1]
    ]


@page(REVIEW_LEARN)
@require_safe
def exercise(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """One exercise: what it asks, one's own attempts, beginning it."""
    row = exercise_get(request.scope, exercise_id)
    own = list(attempts_of(request.user, row)[:20])
    builds = scope_of(request, REVIEW_TEACH).contains(row.organisation.path)
    request.demo = row.is_demo
    return ThingPage(
        title=row.title,
        purpose=row.about or row.organisation.name,
        kind=_("Exercise"),
        crumbs=[Link(_("Exercises"), reverse("review:exercises"))],
        state=Tag(_("open"), "pass", "circle-check") if row.is_open else Tag(_("closed"), "none", "circle-off"),
        facts=[
            Fact(_("Cases"), row.n_cases),
            Fact(_("Answers are shown"), str(row.get_mode_display())),
            Fact(_("Pass mark"), number_text(row.pass_mark)),
            Fact(_("Time limit"), _("%(n)d min") % {"n": row.minutes} if row.minutes else "—"),
        ],
        actions=_actions(row, own, builds=builds),
        sections=[_attempts(own), *([_cases(row)] if builds else []), _rules(row)],
    ).response(request)


def _actions(row: Exercise, own: list[Attempt], *, builds: bool) -> list[Action]:
    running = any(one.submitted_at is None for one in own)
    found = []
    if row.is_open or running:
        label = _("Go on") if running else _("Begin again") if own else _("Begin")
        found.append(Action(label, reverse("review:exercise_begin", args=[row.pk]), "player-play", method="post",
                            kind="primary", key="b"))  # fmt: skip
    if builds:
        label = _("Close") if row.is_open else _("Open again")
        found.append(Action(label, reverse("review:exercise_close", args=[row.pk]), method="post", kind="quiet",
                            name="open", value="" if row.is_open else "1"))  # fmt: skip
        found.append(Action(_("Results by person"), f"{reverse('review:trainees')}?exercise={row.pk}", "users",
                            kind="quiet"))  # fmt: skip
    return found


def _attempts(own: list[Attempt]) -> Section:
    rows = [
        Row(
            {
                "n": _("Attempt %(n)s") % {"n": one.number},
                "when": When(one.submitted_at or one.begun_at),
                "score": result_tag(one) if one.submitted_at else Tag(_("under way"), "accent", "player-play"),
            },
            url=reverse("review:attempt", args=[one.pk]),
            id=str(one.pk),
        )
        for one in own
    ]
    columns = (
        Column("n", _("Attempt"), wide=True),
        Column("when", _("When"), nowrap=True),
        Column("score", _("Result")),
    )
    title = _("My attempts")
    empty = Empty(_("Not begun yet"), icon="school")
    return Section(title, Table(columns=columns, rows=rows, caption=title, empty=empty), flush=True)


def _cases(row: Exercise) -> Section:
    """Which cases it has: for those who set it."""
    rows = [
        Row(
            {"place": one.place, "title": one.case.title, "kind": str(one.case.get_kind_display())},
            url=reverse("review:teaching_case", args=[one.case_id]),
            id=str(one.place),
        )
        for one in row.places.select_related("case").order_by("place")[:200]
    ]
    columns = (
        Column("place", pgettext("exercise", "No."), nowrap=True),
        Column("title", _("Case"), wide=True),
        Column("kind", _("Kind"), nowrap=True),
    )
    title = pgettext("exercise", "Cases")
    hint = _("drawn by chance, seed %(seed)s") % {"seed": row.seed} if row.seed else ""
    return Section(title, Table(columns=columns, rows=rows, caption=title), hint=hint, flush=True)


def _rules(row: Exercise) -> Section:
    place = _("10, the share of marked places found") if row.with_marks else _("does not count here")
    rows = [
        (_("Grade"), _("50: the same, half of it one step off")),
        (_("Defects"), _("30: F1 over the defects named")),
        (_("Veto"), _("10: recognised, where one is there or was named")),
        (_("Place of the defects"), place),
        (_("Set by"), Lines(row.made_by_name, When(row.made_at))),
    ]
    return Section(_("How points are given"), KeyValues(rows), hint=_("parts that a case has nothing of do not count"))


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, organisation_id: UUID) -> HttpResponse:
    """Set an exercise."""
    place = organisation_get(request.scope, organisation_id)
    learns = scope_of(request, REVIEW_LEARN)
    known = list(library(learns).values_list("pk", "title", "modality")[:_MOST_CHOICES])
    cases = [(str(pk), f"{title} · {modality}") for pk, title, modality in known]
    modalities = sorted({modality for _pk, _title, modality in known})
    people = User.objects.filter(home__path__startswith=place.path, is_active=True, is_machine=False)
    names = [(str(one.pk), str(one)) for one in people.order_by("display_name")[:_MOST_CHOICES]]
    form = ExerciseForm(request.POST or None, cases=cases, people=names, modalities=modalities)
    if request.method == "POST" and form.is_valid():
        told = form.fields_of(secrets.token_hex(8))
        made = attempt(
            form, lambda: exercise_make(actor=request.actor, organisation=place, learns=learns, told=told)
        )  # fmt: skip
        if made is not None:
            messages.success(request, _("The exercise is there."))
            return redirect("review:exercise", made.pk)
    return FormPage(
        title=_("New exercise"),
        purpose=_("For %(place)s. Cases are kept in the version that they have today.") % {"place": place.name},
        crumbs=[Link(_("Exercises"), reverse("review:exercises"))],
        form=form,
        submit=_("Set the exercise"),
        cancel_url=reverse("review:exercises"),
    ).response(request, status=400 if form.is_bound else 200)


@page(REVIEW_LEARN)
@require_POST
def begin(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Begin, or go on where one stopped."""
    row = attempt_begin(user=request.user, exercise=exercise_get(request.scope, exercise_id))
    done = set(row.answers.exclude(grade="").values_list("place", flat=True))
    following = next((n for n in range(1, row.exercise.n_cases + 1) if n not in done), None)
    return redirect("web:exercise", row.pk, following) if following else redirect("review:attempt", row.pk)


@page(REVIEW_TEACH)
@require_POST
def close(request: HttpRequest, exercise_id: UUID) -> HttpResponse:
    """Take it out of use, or into use again."""
    row = exercise_get(scope_of(request, REVIEW_LEARN), exercise_id)
    if not request.scope.contains(row.organisation.path):
        raise PermissionDenied(REVIEW_TEACH)
    exercise_close(actor=request.actor, exercise=row, is_open=bool(request.POST.get("open")))
    return redirect("review:exercise", row.pk)


@page(REVIEW_LEARN)
@require_POST
def finish(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Submit an attempt."""
    row = attempt_submit(user=request.user, attempt=attempt_own(request.user, attempt_id))
    return redirect("review:attempt", row.pk)
