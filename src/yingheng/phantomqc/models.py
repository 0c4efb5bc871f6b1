"""What came of phantoms, how it is recognised, and the tests of a device on a day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class Occasion(models.TextChoices):
    """The occasions that standards tell apart; they are never mixed."""

    ACCEPTANCE = "acceptance", _("acceptance test")
    STATUS = "status", _("status test")
    CONSTANCY = "constancy", _("constancy test")


class PhantomSelector(models.Model):
    """Which series are of a phantom, and of which test.  An empty condition asks for nothing; all that are set hold.

    `words` are parts of texts (description of exam or series, protocol), any of which will do.  The first rule by
    `position` that a series meets decides.  `together`: all series of the exam that meet it are one run.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=10)
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="+")
    modalities = models.JSONField(default=list)
    words = models.JSONField(default=list)
    test = models.CharField(max_length=40)
    test_type = models.CharField(max_length=12, choices=Occasion.choices)
    parameters = models.JSONField(default=dict)
    together = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(test_type__in=["acceptance", "status", "constancy"]), name="phantom_selector_type"
            ),
        )
        indexes = (models.Index(fields=["hospital", "is_active", "position"], name="phantom_selector_order"),)

    def __str__(self) -> str:
        return self.name


class PhantomCase(models.Model):
    """Series of one exam that belong to one test, and where they stand.  `run` is the result that holds.

    `key` names exam, test and series, so that asking twice makes no second one.  What a person routed stays so.
    """

    class State(models.TextChoices):
        UNKNOWN = "unknown", _("which test?")
        ASKED = "asked", _("to be analysed")
        DONE = "done", _("analysed")
        DISMISSED = "dismissed", _("put aside")

    class Origin(models.TextChoices):
        RULE = "rule", _("a rule")
        WORD = "word", _("its name")
        PERSON = "person", _("a person")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="phantom_cases")
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="+")
    modality = models.CharField(max_length=16, blank=True)
    key = models.CharField(max_length=64)
    series = models.JSONField(help_text="ids of catalog.Series, sorted")
    test = models.CharField(max_length=40, blank=True)
    test_type = models.CharField(max_length=12, choices=Occasion.choices, blank=True)
    parameters = models.JSONField(default=dict)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    selector = models.ForeignKey(PhantomSelector, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.TextField(blank=True, help_text="why it was put aside")
    asked_reason = models.TextField(blank=True, default="", help_text="why a person had it analysed anew")
    trial = models.JSONField(default=dict, help_text="what the tests tried on it said: see services.trying")
    is_patient = models.BooleanField(default=False, help_text="a person said that it is no phantom")
    run = models.ForeignKey("phantomqc.PhantomRun", null=True, on_delete=models.PROTECT, related_name="+")
    changed_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exam", "key"], name="phantom_case_natural_key"),
            models.CheckConstraint(
                condition=Q(state="unknown", test="")
                | (Q(state__in=["asked", "done"]) & ~Q(test="") & ~Q(test_type=""))
                | (Q(state="dismissed") & ~Q(reason="")),
                name="phantom_case_state",
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "state", "-created_at"], name="phantom_case_queue"),
            models.Index(fields=["device", "test", "test_type"], name="phantom_case_device"),
        )

    def __str__(self) -> str:
        return f"{self.test or '?'} {self.exam_id}"


class PhantomRun(models.Model):
    """One analysis of one case.  Insert only.  `key` names code, parameters and bytes: the same again adds nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(PhantomCase, on_delete=models.PROTECT, related_name="runs")
    device = models.ForeignKey("registry.Device", null=True, on_delete=models.PROTECT, related_name="phantom_runs")
    test = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    test_type = models.CharField(max_length=12, choices=Occasion.choices)
    key = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    series = models.JSONField(help_text="ids of catalog.Series, sorted")
    input_hash = models.CharField(max_length=64)
    result = models.JSONField(help_text="PhantomResult.as_dict()")
    phantom = models.CharField(max_length=40, blank=True)
    refused = models.CharField(max_length=60, blank=True, help_text="reason code; empty: measured")
    outcome = models.CharField(max_length=16, blank=True)
    local_day = models.DateField()
    made_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=150, blank=True)
    asked_reason = models.TextField(blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "key"], name="phantom_run_natural_key"),)
        indexes = (models.Index(fields=["device", "test", "-made_at"], name="phantom_run_newest"),)

    def __str__(self) -> str:
        return f"{self.test} {self.version} {self.local_day}"


class DeviceTest(models.Model):
    """One test of a device on a local day by a template.  Submitted, it never changes (triggers see to it)."""

    class State(models.TextChoices):
        OPEN = "open", _("in progress")
        SUBMITTED = "submitted", _("submitted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="device_tests")
    template = models.CharField(max_length=60)
    edition = models.PositiveIntegerField(help_text="of the template")
    test_type = models.CharField(max_length=12, choices=Occasion.choices)
    local_day = models.DateField()
    number = models.PositiveSmallIntegerField(default=1, help_text="of that day")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=16, blank=True)
    items = models.JSONField(default=list, help_text="as submitted: item, source, outcome, values, verdicts")
    note = models.TextField(blank=True)
    begun_by_name = models.CharField(max_length=150, blank=True)
    begun_at = models.DateTimeField()
    submitted_by_id = models.CharField(max_length=64, blank=True)
    submitted_by_name = models.CharField(max_length=150, blank=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["device", "template", "local_day", "number"], name="device_test_natural_key"
            ),
            models.UniqueConstraint(
                fields=["device", "template", "local_day"], condition=Q(state="open"), name="device_test_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", submitted_at__isnull=True, outcome="")
                | (Q(state="submitted", submitted_at__isnull=False) & ~Q(outcome="")),
                name="device_test_submitted",
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "state", "-local_day"], name="device_test_list"),
            models.Index(fields=["device", "-local_day"], name="device_test_device"),
        )

    def __str__(self) -> str:
        return f"{self.template} {self.local_day}"


class ItemValue(models.Model):
    """What one item of a test gave: from a run, or from a filled-in sheet.  Insert only; the newest counts.

    `values` is a list of Measurement.as_dict(), `verdicts` one of Verdict.as_dict().
    """

    class Source(models.TextChoices):
        RUN = "run", _("analysis of images")
        RESPONSE = "response", _("filled-in sheet")
        INSTRUMENT = "instrument", _("sent by an instrument")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device_test = models.ForeignKey(DeviceTest, on_delete=models.PROTECT, related_name="values")
    item = models.CharField(max_length=40)
    source_type = models.CharField(max_length=12, choices=Source.choices)
    source_id = models.UUIDField()
    values = models.JSONField()
    verdicts = models.JSONField()
    outcome = models.CharField(max_length=16)
    refused = models.CharField(max_length=60, blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(source_type__in=["run", "response", "instrument"]), name="item_value_source_known"
            ),
        )
        indexes = (models.Index(fields=["device_test", "item", "-made_at"], name="item_value_newest"),)

    def __str__(self) -> str:
        return f"{self.item} {self.outcome}"


class InstrumentReading(models.Model):
    """Readings that an instrument sent, with what they gave.  Insert only.  The same instrument sends one id once.

    Without a test they are a free reading of the device.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    instrument = models.CharField(max_length=120)
    certificate = models.CharField(max_length=120, blank=True)
    number = models.CharField(max_length=120, help_text="the instrument's id of the reading")
    reading = models.CharField(max_length=60)
    test_type = models.CharField(max_length=12, choices=Occasion.choices)
    device_test = models.ForeignKey(DeviceTest, null=True, on_delete=models.PROTECT, related_name="+")
    item = models.CharField(max_length=40, blank=True)
    given = models.JSONField(help_text="as it came")
    values = models.JSONField(help_text="Measurement.as_dict()")
    verdicts = models.JSONField(help_text="Verdict.as_dict()")
    local_day = models.DateField()
    made_by_id = models.CharField(max_length=64, blank=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "instrument", "number"], name="instrument_reading_key"),
        )
        indexes = (models.Index(fields=["device", "-made_at"], name="instrument_reading_newest"),)

    def __str__(self) -> str:
        return f"{self.instrument} {self.number}"


class Restriction(models.Model):
    """A device that failed a status test and is going to be restricted: announced first, then done.

    It is restricted when an engineer took note, or at `restrict_at` at the latest; unless something settles it before.
    """

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("announced")
        RESTRICTED = "restricted", _("restricted")
        CALLED_OFF = "called_off", _("called off")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey("registry.Device", on_delete=models.PROTECT, related_name="+")
    device_test = models.OneToOneField(DeviceTest, on_delete=models.PROTECT, related_name="restriction")
    failed = models.JSONField(help_text="[standard, criterion] of the verdicts that failed")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ANNOUNCED)
    announced_at = models.DateTimeField()
    restrict_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=32, blank=True, help_text="acknowledged, time, passed, overruled")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="announced", settled_at__isnull=True)
                | Q(state__in=["restricted", "called_off"], settled_at__isnull=False),
                name="restriction_settled",
            ),
        )
        indexes = (models.Index(fields=["restrict_at"], condition=Q(state="announced"), name="restriction_waiting"),)

    def __str__(self) -> str:
        return f"{self.device_id} {self.state}"


class GateSetting(models.Model):
    """How long a hospital waits between announcing and restricting; without a row DEFAULT_HOURS."""

    DEFAULT_HOURS = 4

    hospital = models.OneToOneField("tenancy.Organisation", on_delete=models.PROTECT, primary_key=True)
    hours = models.PositiveSmallIntegerField(default=DEFAULT_HOURS)
    changed_by_name = models.CharField(max_length=150)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hours} h"
