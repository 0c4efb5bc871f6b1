"""What was measured, what was judged, what is wrong, and what people decided about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7

SUBJECTS = ("series", "exam", "device", "device_test", "room", "person", "department", "report")
OUTCOMES = ("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE")


class SubjectRow(models.Model):
    """What every row of evidence is about.  `exam` and `device` are set where the subject has them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    modality = models.CharField(max_length=16, blank=True)
    local_day = models.DateField(help_text="local date of the subject")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.subject_type}:{self.subject_id}"


class MeasurementSet(SubjectRow):
    """The values of one set of methods on one subject.  Append-only: only `is_current` ever changes."""

    method_set = models.CharField(max_length=120)
    version = models.CharField(max_length=40)
    input_hash = models.CharField(max_length=64)
    values = models.JSONField(help_text="list of Measurement.as_dict()")
    context = models.JSONField(default=dict, help_text="Context.as_dict(): what rules may ask of the subject")
    protocol_key = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "method_set", "version", "input_hash"],
                name="measurement_set_natural_key",
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "method_set"],
                condition=Q(is_current=True),
                name="measurement_set_one_current",
            ),
            models.CheckConstraint(condition=Q(subject_type__in=SUBJECTS), name="measurement_set_subject_known"),
        )
        indexes = (models.Index(fields=["device", "protocol_key", "local_day"], name="measurement_set_device_day"),)


class Assessment(SubjectRow):
    """All verdicts of one subject under one standard edition.  Append-only: only `is_current` ever changes.

    `family` is the standard without its edition: of one family the newest edition, and of that the newest run, is
    current.  Manual clauses nobody has judged yet are counted in `n_manual`, not in `n_human`, and leave `outcome`.
    """

    class RunKind(models.TextChoices):
        AUTO = "auto", _("automatic")
        SHEET = "sheet", _("from a sheet")
        SHADOW = "shadow", _("trial run")

    standard = models.CharField(max_length=120)
    family = models.CharField(max_length=120)
    valid_from = models.DateField(null=True, help_text="first day of the edition")
    run_kind = models.CharField(max_length=8, choices=RunKind.choices)
    outcome = models.CharField(max_length=16)
    score = models.FloatField(null=True)
    n_pass = models.PositiveIntegerField(default=0)
    n_pass_major = models.PositiveIntegerField(default=0, help_text="of these, of major severity")
    n_fail = models.PositiveIntegerField(default=0)
    n_human = models.PositiveIntegerField(default=0)
    n_unassessable = models.PositiveIntegerField(default=0)
    n_unassessable_minor = models.PositiveIntegerField(default=0, help_text="of these, of minor severity")
    n_manual = models.PositiveIntegerField(default=0)
    failed = models.JSONField(default=list, help_text="ids of the failed criteria")
    verdicts = models.JSONField(help_text="list of Verdict.as_dict()")
    run = models.JSONField(default=dict, help_text="code_version, parameters, inputs, pixel_hash")
    input_hash = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    created_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "family", "run_kind"],
                condition=Q(is_current=True),
                name="assessment_one_current",
            ),
            models.CheckConstraint(condition=Q(subject_type__in=SUBJECTS), name="assessment_subject_known"),
            models.CheckConstraint(condition=Q(outcome__in=OUTCOMES), name="assessment_outcome_known"),
            models.CheckConstraint(condition=Q(run_kind__in=["auto", "sheet", "shadow"]), name="assessment_run_known"),
        )
        indexes = (
            models.Index(fields=["subject_type", "subject_id", "-created_at"], name="assessment_subject_newest"),
            models.Index(fields=["hospital", "local_day"], name="assessment_hospital_day"),
        )


class Finding(SubjectRow):
    """One nonconformity of a subject and quantity, from its first failing verdict until it is settled.

    `quantity` is "clause:<family>/<criterion>" for a clause without a quantity.  `criteria` lists what fails:
    [{standard, family, criterion, clause, severity}].
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CONFIRMED = "confirmed", _("confirmed")
        OVERRULED = "overruled", _("overruled")
        IN_ACTION = "in_action", _("in action")
        VERIFIED = "verified", _("verified")
        CLOSED = "closed", _("closed")

    quantity = models.CharField(max_length=260)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    severity = models.CharField(max_length=8)
    criteria = models.JSONField(default=list)
    value = models.JSONField(null=True, help_text="value of the newest failing verdict")
    unit = models.CharField(max_length=40, blank=True)
    evidence = models.JSONField(null=True, help_text="evidence of the newest failing verdict")
    cause = models.TextField(blank=True)
    input_hash = models.CharField(max_length=64)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="findings")
    closing_assessment = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT, related_name="+")
    closing_reason = models.TextField(blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    n_seen = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "quantity"],
                condition=Q(state__in=["open", "confirmed", "in_action", "verified"]),
                name="finding_one_open",
            ),
            models.CheckConstraint(condition=Q(subject_type__in=SUBJECTS), name="finding_subject_known"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "confirmed", "overruled", "in_action", "verified", "closed"]),
                name="finding_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "overruled"], closed_at__isnull=False)
                | (~Q(state__in=["closed", "overruled"]) & Q(closed_at__isnull=True)),
                name="finding_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "overruled"])
                | Q(closing_assessment__isnull=False)
                | ~Q(closing_reason=""),
                name="finding_closed_has_ground",
            ),
            models.CheckConstraint(condition=Q(severity__in=["veto", "major", "minor"]), name="finding_severity_known"),
        )
        indexes = (
            models.Index(fields=["hospital", "state", "-last_seen_at"], name="finding_hospital_state"),
            models.Index(fields=["subject_type", "subject_id"], name="finding_subject"),
        )


class Decision(SubjectRow):
    """What a person decided on a finding or on one verdict.  Insert only.

    It holds for `criteria` ([{family, criterion, automatic}]) of the subject as long as the inputs judged
    (`input_hash`) are the same, whatever is re-run.  A decision is taken back by another that `withdraws` it.
    """

    class Verb(models.TextChoices):
        CONFIRM = "confirm", _("confirmed")
        OVERRULE = "overrule", _("overruled")
        JUDGE = "judge", _("judged")
        WITHDRAW = "withdraw", _("withdrawn")

    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="decisions")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="decisions")
    verb = models.CharField(max_length=8, choices=Verb.choices)
    criteria = models.JSONField(default=list)
    outcome = models.CharField(max_length=16, blank=True, help_text="what holds by this decision")
    reason = models.TextField(blank=True)
    input_hash = models.CharField(max_length=64)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    withdraws = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="withdrawn_by")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(subject_type__in=SUBJECTS), name="decision_subject_known"),
            models.CheckConstraint(
                condition=~Q(verb__in=["overrule", "withdraw"]) | ~Q(reason=""), name="decision_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(verb="withdraw", withdraws__isnull=False, outcome="")
                | (Q(verb__in=["confirm", "overrule", "judge"], withdraws__isnull=True) & Q(outcome__in=OUTCOMES)),
                name="decision_complete",
            ),
        )
        indexes = (models.Index(fields=["subject_type", "subject_id", "made_at"], name="decision_subject"),)


class Acceptance(SubjectRow):
    """A person let an exam be used as it is, although something about it failed or is open.  Insert only.

    It changes no verdict.  One that `decides` was given by somebody who may decide on findings: those that it covers
    are confirmed and closed with its reason.  One that does not stays in sight until somebody who may has decided.
    """

    outcome = models.CharField(max_length=16, help_text="of the exam when it was accepted")
    findings = models.JSONField(default=list, help_text="ids of the findings that were open")
    reason = models.CharField(max_length=32, blank=True, help_text="code of the list of reasons")
    note = models.TextField(blank=True)
    decides = models.BooleanField(default=False)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(subject_type="exam", exam__isnull=False), name="acceptance_of_exam"),
            models.CheckConstraint(condition=~Q(reason="") | ~Q(note=""), name="acceptance_has_reason"),
        )
        indexes = (models.Index(fields=["exam", "-made_at"], name="acceptance_exam_newest"),)
