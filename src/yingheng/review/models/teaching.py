"""The teaching library: de-identified films that show how it should be, or one defect, with the agreed answer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.ruling import Ruling


class TeachingCase(models.Model):
    """One version of a case of the library.  A published one never changes: what is wrong is put right in the next.

    `key` is the same for all versions.  `marks` are those of the answer: {"series", "index", "shape", "defect",
    "note"} in image pixels.  `looked` holds the ids of the images that the checker looked at.  `codes` is `defects` as
    "|D-DX-001|D-DX-004|", `search` what words are looked for in.
    """

    class Kind(models.TextChoices):
        STANDARD = "standard", pgettext_lazy("teaching case", "standard film")
        DEFECT = "defect", pgettext_lazy("teaching case", "typical defect")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("teaching case", "draft")
        CHECKED = "checked", pgettext_lazy("teaching case", "checked")
        PUBLISHED = "published", pgettext_lazy("teaching case", "published")
        REPLACED = "replaced", pgettext_lazy("teaching case", "replaced by a newer version")
        WITHDRAWN = "withdrawn", pgettext_lazy("teaching case", "withdrawn")

    class Basis(models.TextChoices):
        RULING = "ruling", pgettext_lazy("teaching case", "result of film review")
        EXPERT = "expert", pgettext_lazy("teaching case", "answer of an expert")

    class Share(models.TextChoices):
        NONE = "", pgettext_lazy("teaching case", "own library")
        OFFERED = "offered", pgettext_lazy("teaching case", "offered to the region")
        ACCEPTED = "accepted", pgettext_lazy("teaching case", "in the library of the region")
        REFUSED = "refused", pgettext_lazy("teaching case", "not taken by the region")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.UUIDField(default=uuid7, editable=False)
    version = models.PositiveIntegerField(default=1)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=120)
    modality = models.CharField(max_length=16)
    body_part = models.CharField(max_length=64, blank=True)
    position = models.CharField(max_length=64, blank=True, help_text="code of the dictionary of positions")
    defects = models.JSONField(default=list, help_text="codes of the dictionary of defects, sorted")
    codes = models.TextField(blank=True)
    explanation = models.TextField(blank=True)
    lessons = models.TextField(blank=True, help_text="teaching points, one a line")
    template = models.ForeignKey("sheets.Template", null=True, on_delete=models.PROTECT, related_name="+")
    grade = models.CharField(max_length=16, blank=True)
    score = models.FloatField(null=True)
    vetoed = models.JSONField(default=list)
    basis = models.CharField(max_length=8, choices=Basis.choices, default=Basis.EXPERT)
    basis_reason = models.TextField(blank=True)
    ruling = models.ForeignKey(Ruling, null=True, on_delete=models.PROTECT, related_name="+")
    marks = models.JSONField(default=list)
    search = models.TextField(blank=True)
    n_images = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    reason = models.TextField(blank=True, help_text="why it was withdrawn or sent back")
    revision = models.PositiveIntegerField(default=0)
    made_by_id = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    looked = models.JSONField(default=list)
    checked_by_id = models.CharField(max_length=64, blank=True)
    checked_by_name = models.CharField(max_length=150, blank=True)
    checked_at = models.DateTimeField(null=True)
    published_by_name = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    share = models.CharField(max_length=8, choices=Share.choices, default=Share.NONE, blank=True)
    shared_with = models.ForeignKey("tenancy.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    share_by_name = models.CharField(max_length=150, blank=True)
    share_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["key", "version"], name="review_teaching_version"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(state="published"), name="review_teaching_published_once"
            ),
            models.UniqueConstraint(
                fields=["key"], condition=Q(state__in=["draft", "checked"]), name="review_teaching_draft_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | (Q(checked_at__isnull=False) & ~Q(checked_by_id="") & ~Q(checked_by_id=F("made_by_id"))),
                name="review_teaching_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(state="withdrawn") | ~Q(reason=""), name="review_teaching_withdrawn"),
            models.CheckConstraint(condition=Q(share="") | Q(shared_with__isnull=False), name="review_teaching_shared"),
        )
        indexes = (
            models.Index(fields=["organisation", "state", "-made_at"], name="review_teaching_newest"),
            models.Index(fields=["state", "kind", "modality", "position"], name="review_teaching_standard"),
        )

    def __str__(self) -> str:
        return self.title


class TeachingImage(models.Model):
    """One image of a case without anything of a patient.  Its bytes lie in the store of documents.  Insert only.

    `series` and `index` are its address within the case.  `is_unread`: letters in it could not be looked for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(TeachingCase, on_delete=models.PROTECT, related_name="images")
    series = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    label = models.CharField(max_length=120, blank=True)
    modality = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    picture = models.CharField(max_length=64, help_text="SHA-256 of a small PNG")
    size = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    position_mm = models.FloatField(null=True)
    is_unread = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "series", "index"], name="review_teaching_image"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.series}/{self.index}"


class Exercise(models.Model):
    """Cases of the library to be graded by those who learn.  `audience` are ids of users; empty: all of the place."""

    class Mode(models.TextChoices):
        LEARN = "learn", _("answer after each case")
        EXAM = "exam", _("answers at the end")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    about = models.TextField(blank=True)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    pass_mark = models.FloatField(help_text="points of a hundred")
    minutes = models.PositiveIntegerField(null=True, help_text="time limit of an attempt")
    due_on = models.DateField(null=True)
    with_marks = models.BooleanField(default=False, help_text="places of defects count")
    audience = models.JSONField(default=list)
    seed = models.CharField(max_length=64, blank=True)
    drawn = models.JSONField(default=dict, help_text="the filter that cases were drawn by; empty when chosen by hand")
    n_cases = models.PositiveIntegerField()
    is_open = models.BooleanField(default=True)
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(pass_mark__gte=0, pass_mark__lte=100), name="review_exercise_pass"),
        )
        indexes = (models.Index(fields=["organisation", "is_open", "-made_at"], name="review_exercise_newest"),)

    def __str__(self) -> str:
        return self.title


class ExerciseCase(models.Model):
    """A version of a case at its place in an exercise.  Insert only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="places")
    case = models.ForeignKey(TeachingCase, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exercise", "place"], name="review_exercise_place"),
            models.UniqueConstraint(fields=["exercise", "case"], name="review_exercise_case_once"),
        )

    def __str__(self) -> str:
        return f"{self.exercise_id} {self.place}"


class Attempt(models.Model):
    """One person at one exercise.  A submitted one stays (triggers see to it); the next has the next number."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="attempts")
    person = models.ForeignKey("tenancy.User", on_delete=models.PROTECT, related_name="+")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    local_day = models.DateField(null=True)
    score = models.FloatField(null=True)
    passed = models.BooleanField(null=True)
    n_answered = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exercise", "person", "number"], name="review_attempt_number"),
            models.UniqueConstraint(
                fields=["exercise", "person"], condition=Q(submitted_at__isnull=True), name="review_attempt_open_once"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, passed__isnull=True)
                | Q(submitted_at__isnull=False, passed__isnull=False, score__isnull=False),
                name="review_attempt_scored",
            ),
        )
        indexes = (
            models.Index(fields=["person", "-submitted_at"], name="review_attempt_person"),
            models.Index(fields=["hospital", "-submitted_at"], name="review_attempt_hospital"),
        )

    def __str__(self) -> str:
        return f"{self.exercise_id} {self.person_id} {self.number}"


class AttemptAnswer(models.Model):
    """What somebody said of one case.  Saved while they think; once final it stays (triggers see to it)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="answers")
    case = models.ForeignKey(TeachingCase, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    grade = models.CharField(max_length=16, blank=True)
    veto = models.BooleanField(default=False)
    defects = models.JSONField(default=list)
    marks = models.JSONField(default=list)
    seconds = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    is_final = models.BooleanField(default=False)
    result = models.JSONField(default=dict, help_text="parts of the score as they were calculated")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["attempt", "place"], name="review_answer_place"),)

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.place}"
