"""Standing plans, campaigns (drawn samples) and their cases."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class SubjectKind(models.TextChoices):
    """What is read."""

    EXAM = "exam", _("images of an exam")
    RECORD = "record", _("record of an exam")
    REPORT = "report", _("report")
    SOP = "sop", _("conformity with the SOP")


class Purpose(models.TextChoices):
    """What a campaign is for."""

    DAILY = "daily", _("daily film review")
    MONTHLY = "monthly", _("monthly sample")
    SPECIAL = "special", _("special topic")
    INSPECTION = "inspection", _("self-inspection of the technical-quality group")
    CALIBRATION = "calibration", _("calibration of readers")
    REGIONAL = "regional", _("regional review")
    AUDIT = "audit", _("audit")


class Plan(models.Model):
    """A standing sampling plan of an organisation (hospital or region); every period it gives one campaign.

    `sampling` is SamplingSpec, `reading` ReadingSpec as JSON.  `template` is the key of the score sheet; `templates`
    may name others by modality or "modality|body part", for samples of several kinds of exam.
    """

    class Every(models.TextChoices):
        ONCE = "once", pgettext_lazy("sampling plan", "when asked for")
        DAY = "day", pgettext_lazy("sampling plan", "every day")
        WEEK = "week", pgettext_lazy("sampling plan", "every week")
        MONTH = "month", pgettext_lazy("sampling plan", "every month")
        QUARTER = "quarter", pgettext_lazy("sampling plan", "every quarter")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    subject_kind = models.CharField(max_length=8, choices=SubjectKind.choices, default=SubjectKind.EXAM)
    template = models.CharField(max_length=64)
    templates = models.JSONField(default=dict, blank=True)
    every = models.CharField(max_length=8, choices=Every.choices)
    sampling = models.JSONField()
    reading = models.JSONField()
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "name"], name="review_plan_natural_key"),
            models.CheckConstraint(
                condition=Q(every__in=["once", "day", "week", "month", "quarter"]), name="review_plan_every"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """One drawn sample.  Plan, seed and frame are kept with it, so that the draw can be run again and compared.

    `key` names plan and period: asking twice draws once.  `frame_digest` is that of the keys that could be drawn;
    `draw` is what the draw says of itself (allocation, left out and why, what confidence the sample gives).
    """

    class State(models.TextChoices):
        DRAWN = "drawn", pgettext_lazy("campaign", "drawn")
        READING = "reading", pgettext_lazy("campaign", "being read")
        PUBLISHED = "published", pgettext_lazy("campaign", "results announced")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="campaigns")
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    subject_kind = models.CharField(max_length=8, choices=SubjectKind.choices)
    template = models.ForeignKey("sheets.Template", on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    sampling = models.JSONField()
    reading = models.JSONField()
    seed = models.CharField(max_length=64)
    frame_digest = models.CharField(max_length=64)
    n_frame = models.PositiveIntegerField()
    n_cases = models.PositiveIntegerField(default=0)
    n_settled = models.PositiveIntegerField(default=0)
    draw = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAWN)
    due_on = models.DateField()
    drawn_at = models.DateTimeField()
    drawn_by_name = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField(null=True)
    published_by_name = models.CharField(max_length=150, blank=True)
    cancelled_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "key"], name="review_campaign_natural_key"),
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="review_campaign_days"),
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False)
                | Q(state__in=["drawn", "reading", "cancelled"], published_at__isnull=True),
                name="review_campaign_published",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_reason=""), name="review_campaign_cancelled"
            ),
        )
        indexes = (
            models.Index(fields=["organisation", "state", "-drawn_at"], name="review_campaign_newest"),
            models.Index(fields=["-first_day", "-id"], condition=Q(purpose="daily"), name="review_campaign_daily"),
            models.Index(fields=["-published_at"], condition=Q(state="published"), name="review_campaign_announced"),
        )

    def __str__(self) -> str:
        return self.title


class Case(models.Model):
    """One subject to be read in a campaign.  `number` is what readers see: a random order, the same for nobody else.

    A repeat is the same subject shown again (`repeat_of`); a case with a known answer keeps it in `reference`
    ({"score", "grade", "vetoed"}).  `p` is the probability with which the draw takes it.  `score` and `grade` are those
    of its newest ruling.  A case is never removed: it is withdrawn with a reason, and what came for it `replaces` it.
    """

    class Origin(models.TextChoices):
        DRAWN = "drawn", pgettext_lazy("case", "drawn")
        REPEAT = "repeat", pgettext_lazy("case", "shown again")
        KNOWN = "known", pgettext_lazy("case", "answer known")
        SWAPPED = "swapped", pgettext_lazy("case", "put in for another")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("case", "to be read")
        ARBITRATION = "arbitration", pgettext_lazy("case", "in arbitration")
        SETTLED = "settled", pgettext_lazy("case", "settled")
        WITHDRAWN = "withdrawn", pgettext_lazy("case", "withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="cases")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    subject_id = models.UUIDField(help_text="of the exam, report …")
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.PROTECT, related_name="review_cases")
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="+")
    performer = models.ForeignKey("registry.Person", null=True, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey("registry.ExamItem", null=True, on_delete=models.PROTECT, related_name="+")
    template = models.ForeignKey("sheets.Template", on_delete=models.PROTECT, related_name="+")
    modality = models.CharField(max_length=16, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    position = models.CharField(max_length=64, blank=True, help_text="code of the dictionary of positions")
    position_why = models.CharField(
        max_length=16, blank=True, help_text="how the position was found, or why it was not; empty: not looked at"
    )
    local_day = models.DateField(help_text="of the subject")
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin.choices)
    repeat_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="repeats")
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    reason = models.CharField(max_length=16, blank=True, help_text="random, risk, quota, all")
    stratum = models.JSONField(default=list)
    p = models.FloatField(null=True)
    reference = models.JSONField(null=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    withdrawn_reason = models.TextField(blank=True)
    score = models.FloatField(null=True)
    grade = models.CharField(max_length=16, blank=True)
    settled_at = models.DateTimeField(null=True)
    counted = models.PositiveIntegerField(
        default=0, help_text="version of the ruling that cells and evidence tell of; 0 while results are sealed"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "number"], name="review_case_number"),
            models.UniqueConstraint(
                fields=["campaign", "subject_id"],
                condition=Q(repeat_of__isnull=True) & ~Q(state="withdrawn"),
                name="review_case_subject_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(withdrawn_reason=""), name="review_case_withdrawn"
            ),
            models.CheckConstraint(
                condition=Q(origin="repeat", repeat_of__isnull=False) | (~Q(origin="repeat") & Q(repeat_of=None)),
                name="review_case_repeat",
            ),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(settled_at__isnull=False), name="review_case_settled"
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "state", "-settled_at"], name="review_case_hospital"),
            models.Index(fields=["performer", "-settled_at"], name="review_case_performer"),
            models.Index(fields=["exam"], name="review_case_exam"),
            models.Index(fields=["-local_day", "-id"], condition=Q(counted__gt=0), name="review_case_counted"),
            models.Index(
                fields=["hospital", "-local_day", "-id"], condition=Q(counted__gt=0), name="review_case_counted_own"
            ),
        )

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.number}"
