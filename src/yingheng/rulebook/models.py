"""Which built-in standards a hospital uses, the editions of its own rules, and their trial runs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class StandardUse(models.Model):
    """A period in which a hospital is judged by a built-in standard; days are local, both ends included.

    A hospital without any row uses `imagingqc.evaluate.DEFAULT_STANDARDS`.  Rows are added; of one that is there only
    the end is set, once.  A last day before the first: taken back before it began.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    standard = models.CharField(max_length=120)
    from_day = models.DateField(null=True, help_text="first day; empty: from the beginning")
    to_day = models.DateField(null=True, help_text="last day; empty: until further notice")
    set_by_id = models.CharField(max_length=64, blank=True)
    set_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    ended_by_name = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["hospital", "standard"], condition=Q(to_day__isnull=True), name="standard_use_one_open"
            ),
            models.CheckConstraint(
                condition=Q(to_day__isnull=True, ended_at__isnull=True)
                | Q(to_day__isnull=False, ended_at__isnull=False),
                name="standard_use_end_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.standard} {self.from_day or ''}–{self.to_day or ''}"


class RuleEdition(models.Model):
    """One edition of a hospital's own rules.  `text` is the rule file; while it has no criterion it is empty.

    A draft changes; what was published never does (triggers see to it), it can only be withdrawn.  `code` is the id of
    the standard that it is: all editions of a hospital are one family.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("rules", "draft")
        PUBLISHED = "published", pgettext_lazy("rules", "published")
        WITHDRAWN = "withdrawn", pgettext_lazy("rules", "withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=120)
    base = models.CharField(max_length=120, blank=True, help_text="id of the standard it started from")
    title = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    valid_from = models.DateField(null=True, help_text="first local day")
    published_by_id = models.CharField(max_length=64, blank=True)
    published_by_name = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, help_text="what was signed off")
    untried_reason = models.TextField(blank=True, help_text="why it was published without a trial run")
    withdrawn_by_id = models.CharField(max_length=64, blank=True)
    withdrawn_by_name = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "number"], name="rule_edition_number"),
            models.UniqueConstraint(fields=["code"], name="rule_edition_code"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "published", "withdrawn"]), name="rule_edition_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True, valid_from__isnull=True)
                | (
                    Q(state__in=["published", "withdrawn"], published_at__isnull=False, valid_from__isnull=False)
                    & ~Q(text="")
                    & ~Q(sha256="")
                    & ~Q(note="")
                ),
                name="rule_edition_signed",
            ),
            models.CheckConstraint(
                condition=(Q(state="withdrawn", withdrawn_at__isnull=False) & ~Q(withdrawn_reason=""))
                | Q(state__in=["draft", "published"], withdrawn_at__isnull=True),
                name="rule_edition_withdrawn",
            ),
        )
        indexes = (models.Index(F("hospital"), F("number").desc(), name="rule_edition_newest"),)

    def __str__(self) -> str:
        return self.code


class ShadowRun(models.Model):
    """What an edition would change, counted on stored measurements.  `sha256` names the text that was tried."""

    class State(models.TextChoices):
        ASKED = "asked", _("waiting")
        DONE = "done", pgettext_lazy("job", "Done")
        FAILED = "failed", _("not possible")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    edition = models.ForeignKey(RuleEdition, on_delete=models.CASCADE, related_name="shadow_runs")
    sha256 = models.CharField(max_length=64)
    first_day = models.DateField()
    last_day = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by_id = models.CharField(max_length=64, blank=True)
    asked_by_name = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    n_sets = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, help_text="ShadowResult.as_dict()")
    error = models.CharField(max_length=80, blank=True, help_text="code of the refusal")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(state__in=["asked", "done", "failed"]), name="shadow_run_state_known"),
            models.CheckConstraint(condition=Q(first_day__lte=F("last_day")), name="shadow_run_days"),
            models.CheckConstraint(
                condition=Q(state="asked", finished_at__isnull=True)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="shadow_run_finished",
            ),
        )
        indexes = (models.Index(F("edition"), F("asked_at").desc(), name="shadow_run_newest"),)

    def __str__(self) -> str:
        return f"{self.edition_id} {self.first_day}–{self.last_day}"
