"""Who reads which case, what they drew on it, and what they found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Campaign, Case

ARBITER = 3


class Assignment(models.Model):
    """A case given to a reader.  Slots 1 and 2 read without knowing of each other; slot 3 arbitrates.

    What is typed is a draft of `sheets.Response` (subject "review", its id that of the assignment).  `seconds` counts
    the time with the case open and in sight.
    """

    class State(models.TextChoices):
        ASSIGNED = "assigned", pgettext_lazy("assignment", "to be read")
        BEGUN = "begun", pgettext_lazy("assignment", "begun")
        SUBMITTED = "submitted", pgettext_lazy("assignment", "submitted")
        DECLINED = "declined", pgettext_lazy("assignment", "handed back")
        WITHDRAWN = "withdrawn", pgettext_lazy("assignment", "taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="assignments")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    reader = models.ForeignKey("tenancy.User", on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField(help_text="where it comes in the reader's own order")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASSIGNED)
    due_on = models.DateField()
    assigned_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(default=0)
    reason = models.TextField(blank=True, help_text="why it was handed or taken back")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "slot"],
                condition=~Q(state__in=["declined", "withdrawn"]),
                name="review_assignment_slot",
            ),
            models.UniqueConstraint(
                fields=["case", "reader"],
                condition=~Q(state__in=["declined", "withdrawn"]),
                name="review_assignment_reader_once",
            ),
            models.CheckConstraint(condition=Q(slot__in=[1, 2, ARBITER]), name="review_assignment_slots"),
            models.CheckConstraint(
                condition=~Q(state__in=["declined", "withdrawn"]) | ~Q(reason=""), name="review_assignment_reason"
            ),
        )
        indexes = (
            models.Index(fields=["reader", "state", "due_on", "place"], name="review_assignment_worklist"),
            models.Index(fields=["campaign", "state"], name="review_assignment_campaign"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.slot}"


class Mark(models.Model):
    """A defect marked on an image or in a text.

    On an image: a point, a box or an arrow in image pixels (x right, y down).  In a text: a part of a report and the
    characters from `start` to before `end`, counted by code points of the stored text.  Marks of a submitted reading
    stay (triggers see to it).
    """

    TEXT = "text"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="marks")
    series = models.ForeignKey("catalog.Series", null=True, on_delete=models.PROTECT, related_name="+")
    instance = models.ForeignKey("catalog.Instance", null=True, on_delete=models.PROTECT, related_name="+")
    frame = models.PositiveIntegerField(default=0)
    shape = models.JSONField(
        help_text='{"kind": "point" | "rect" | "arrow", "points"} or {"kind": "text", "part", "start", "end"}'
    )
    defect = models.CharField(max_length=64, blank=True, help_text="code of the dictionary of defects")
    note = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    is_final = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(shape__kind="text", series__isnull=True, instance__isnull=True)
                | (~Q(shape__kind="text") & Q(series__isnull=False, instance__isnull=False)),
                name="review_mark_place",
            ),
        )

    def __str__(self) -> str:
        return f"{self.defect} {self.shape.get('kind', '')}"

    @property
    def in_text(self) -> bool:
        """Whether it stands in a text and not on an image."""
        return self.shape.get("kind") == self.TEXT


class Reading(models.Model):
    """What one reader found.  Insert only (triggers see to it)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="reading")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="readings")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="readings")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    reader = models.ForeignKey("tenancy.User", on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    template = models.ForeignKey("sheets.Template", on_delete=models.PROTECT, related_name="+")
    response = models.OneToOneField("sheets.Response", on_delete=models.PROTECT, related_name="+")
    score = models.FloatField(null=True, help_text="points of a hundred; none where the sheet gives no score")
    grade = models.CharField(max_length=16, blank=True)
    vetoed = models.JSONField(default=list)
    faults = models.JSONField(default=list, help_text="codes of defects, sorted")
    details = models.JSONField(default=dict, help_text="points by item and by dimension")
    seconds = models.PositiveIntegerField()
    submitted_at = models.DateTimeField()
    local_day = models.DateField()

    class Meta:
        indexes = (
            models.Index(fields=["reader", "-submitted_at"], name="review_reading_reader"),
            models.Index(fields=["campaign", "reader"], name="review_reading_campaign"),
            models.Index(fields=["hospital", "local_day"], name="review_reading_day"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.slot} {self.grade}"


class Qualification(models.Model):
    """How a reader did on cases with known answers, by score sheet.  Insert only; the newest one holds."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reader = models.ForeignKey("tenancy.User", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    template_key = models.CharField(max_length=64)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="qualifications")
    passed = models.BooleanField()
    result = models.JSONField(help_text="bias, agreement, recognised vetoes, n, thresholds, reasons")
    valid_until = models.DateField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["reader", "campaign", "template_key"], name="review_qualification_key"),
        )

    def __str__(self) -> str:
        return f"{self.reader_id} {self.template_key}"
