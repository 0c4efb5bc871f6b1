"""Identity of devices, persons, rooms and exam items.  What happens to them lives in other apps."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


def item_label(name_zh: str, name_en: str) -> str:
    """The name of an exam item in the language of the reader."""
    return name_en if name_en and (get_language() or "zh").startswith("en") else name_zh


class Room(models.Model):
    """A room of a hospital."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "code"], name="room_natural_key"),)

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """A member of staff; credentials and duties live elsewhere."""

    class Category(models.TextChoices):
        PHYSICIAN = "physician", _("physician")
        TECHNOLOGIST = "technologist", _("technologist")
        NURSE = "nurse", _("nurse")
        ENGINEER = "engineer", _("engineer")
        PHYSICIST = "physicist", _("medical physicist")
        OTHER = "other", _("other")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    staff_number = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=16, choices=Category.choices, default=Category.OTHER)
    user = models.OneToOneField(
        "tenancy.User",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="person",
        help_text="their account",
    )
    active = models.BooleanField(default=True)
    imported = models.JSONField(default=dict, blank=True, help_text="what the newest staff list said: name, category")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "staff_number"], name="person_natural_key"),)

    def __str__(self) -> str:
        return self.name


class ExamItem(models.Model):
    """One entry of the dictionary of exam items, shared by all hospitals; `rules` holds its mapping rules."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    modality = models.CharField(max_length=16)
    body_part = models.CharField(max_length=64, blank=True)
    rules = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the language of the reader."""
        return item_label(self.name_zh, self.name_en)


class ItemMapping(models.Model):
    """What a person decided that a text of a hospital's exams means.

    `key` is modality and text ("CT|胸部CT平扫", see `imagingqc.protocol.suggest.item_key`).  Rows are only added; the
    newest decision of a key is the current one.
    """

    BETWEEN = "|"  # modality and text; texts have none

    class Verb(models.TextChoices):
        ITEM = "item", _("means this item")
        NOT_EXAM = "not_exam", _("not an exam of this list")
        OPEN = "open", _("decision taken back")
        REJECTED = "rejected", _("suggestion turned down")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=220)
    verb = models.CharField(max_length=16, choices=Verb.choices)
    item = models.ForeignKey(ExamItem, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField()
    is_current = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "key", "version"], name="item_mapping_history"),
            models.UniqueConstraint(
                fields=["hospital", "key"], condition=Q(is_current=True), name="item_mapping_one_current"
            ),
            models.CheckConstraint(
                condition=Q(verb__in=["item", "rejected"], item__isnull=False)
                | Q(verb__in=["not_exam", "open"], item__isnull=True),
                name="item_mapping_verb_and_item",
            ),
            models.CheckConstraint(condition=~Q(verb="rejected", is_current=True), name="item_mapping_rejections"),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def modality(self) -> str:
        return self.key.partition(self.BETWEEN)[0]

    @property
    def text(self) -> str:
        return self.key.partition(self.BETWEEN)[2]


class Device(models.Model):
    """An imaging device.

    `identity` is its natural key within the hospital: "sn:<maker>|<serial>", or "ae:<AE title>|<station>" when
    the serial number is missing (see `registry.identity`).  `use_state` changes by `device_restrict` and
    `device_release` alone; `first_seen` and `last_seen` only widen.
    """

    class Status(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("unconfirmed")
        CONFIRMED = "confirmed", _("confirmed")

    class UseState(models.TextChoices):
        IN_USE = "in_use", _("in use")
        RESTRICTED = "restricted", _("restricted")
        DOWN = "down", _("down")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    identity = models.CharField(max_length=260, editable=False)
    maker = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    station_name = models.CharField(max_length=64, blank=True)
    ae_titles = models.JSONField(default=list)
    name = models.CharField(max_length=200, blank=True, help_text="what the department calls it")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.PROTECT, related_name="devices")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.UNCONFIRMED)
    use_state = models.CharField(max_length=16, choices=UseState.choices, default=UseState.IN_USE)
    use_reason = models.TextField(blank=True)
    use_since = models.DateTimeField(null=True, blank=True)
    use_finding = models.UUIDField(null=True, blank=True, help_text="id of the finding behind the restriction")
    use_evidence_type = models.CharField(max_length=16, blank=True, help_text="what the restriction rests on")
    use_evidence_id = models.UUIDField(null=True, blank=True)
    permit_until = models.DateTimeField(null=True, blank=True, help_text="end of a temporary use")
    permit_reason = models.TextField(blank=True)
    permit_by_name = models.CharField(max_length=200, blank=True)
    first_seen = models.DateTimeField(null=True, blank=True)
    last_seen = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "identity"], name="device_natural_key"),
            models.CheckConstraint(condition=Q(status__in=["unconfirmed", "confirmed"]), name="device_status_known"),
            models.CheckConstraint(
                condition=Q(use_state__in=["in_use", "restricted", "down"]), name="device_use_state_known"
            ),
            models.CheckConstraint(
                condition=Q(use_state="in_use") | (~Q(use_reason="") & Q(use_since__isnull=False)),
                name="device_restriction_explained",
            ),
        )
        indexes = (models.Index(fields=["hospital", "modality"], name="device_hospital_modality"),)

    def __str__(self) -> str:
        return self.label

    def is_permitted(self, at: dt.datetime) -> bool:
        """Whether a restricted device may be used for the time being."""
        return self.use_state != self.UseState.IN_USE and self.permit_until is not None and at < self.permit_until

    @property
    def label(self) -> str:
        """What people read: the department's name for it, else maker and model, else station."""
        return self.name or " ".join(filter(None, (self.maker, self.model))) or self.station_name or self.identity


class UseChange(models.Model):
    """Something that was decided about the use of a device.  Insert only (triggers see to it).

    `evidence_type` and `evidence_id` name what it rests on (a finding, a test of the device).  A permit lets people
    use a restricted device until `until`, signed with name and reason.
    """

    class Event(models.TextChoices):
        RESTRICT = "restrict", _("restricted")
        STOP = "stop", _("taken out of use")
        RELEASE = "release", _("released")
        PERMIT = "permit", _("temporary use allowed")
        REVOKE = "revoke", _("temporary use ended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="use_changes")
    event = models.CharField(max_length=8, choices=Event.choices)
    state = models.CharField(max_length=16, choices=Device.UseState.choices, help_text="of the device afterwards")
    reason = models.TextField()
    evidence_type = models.CharField(max_length=16, blank=True)
    evidence_id = models.UUIDField(null=True)
    until = models.DateTimeField(null=True)
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="use_change_has_reason"),
            models.CheckConstraint(
                condition=Q(event="permit", until__isnull=False)
                | (Q(event__in=["restrict", "stop", "release", "revoke"]) & Q(until__isnull=True)),
                name="use_change_permit_ends",
            ),
        )
        indexes = (models.Index(fields=["device", "-made_at"], name="use_change_newest"),)

    def __str__(self) -> str:
        return f"{self.event} {self.made_at:%Y-%m-%d}"
